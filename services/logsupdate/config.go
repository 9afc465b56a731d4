package logsupdate

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Config says where LogsUpdate is.
type Config struct {
	// Address of LogsUpdate, such as https://logs.example.com; calls go to /auto-ticket below it.
	URL string `env:"LOGSUPDATE_URL" secret:"dsn"`
	// Bearer token that LogsUpdate asks for; empty where it asks for none.
	Token string `env:"LOGSUPDATE_TOKEN" secret:"true"`
	// How long one request may take, from dialling to the last byte of the answer.
	Timeout time.Duration `env:"LOGSUPDATE_TIMEOUT" envDefault:"10s"`
}

// Validate judges the settings.
func (c *Config) Validate() error {
	var errs []error
	if c.URL == "" {
		errs = append(errs, errors.New("LOGSUPDATE_URL is not set, want the address of LogsUpdate, such as https://logs.example.com"))
	} else if _, err := c.endpoint(); err != nil {
		errs = append(errs, err)
	}
	if strings.ContainsFunc(c.Token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		errs = append(errs, errors.New("LOGSUPDATE_TOKEN holds a space, a line break or another character that no header can carry"))
	}
	if c.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("LOGSUPDATE_TIMEOUT is %s, want more than 0s", c.Timeout))
	}
	return errors.Join(errs...)
}

// endpoint is where tickets are opened.
func (c *Config) endpoint() (*url.URL, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, errors.New("LOGSUPDATE_URL is no web address without a query, want one such as https://logs.example.com")
	}
	return u.JoinPath("auto-ticket"), nil
}
