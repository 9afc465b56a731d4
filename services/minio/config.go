package minio

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// Config says where the recordings are kept. The zero value means nowhere: a stage that can do without asks Configured.
type Config struct {
	// MinIO or another S3 store that keeps the recordings: host:port for plain HTTP, or a URL such as https://s3.example.com.
	Endpoint string `env:"MINIO_ENDPOINT"`
	// Access key of an account that may read and write MINIO_BUCKET.
	AccessKey string `env:"MINIO_ACCESS_KEY"`
	// Secret key that belongs to the access key.
	SecretKey string `env:"MINIO_SECRET_KEY" secret:"true"`
	// Bucket of the recordings; the archiver creates it when it is missing and allowed to.
	Bucket string `env:"MINIO_BUCKET" envDefault:"recordings"`
	// Region of the bucket. Empty asks the server, which MinIO answers by itself.
	Region string `env:"MINIO_REGION"`
}

// Configured tells whether there is a store at all.
func (c *Config) Configured() bool { return c.Endpoint != "" }

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// Validate judges the settings of a configured store.
func (c *Config) Validate() error {
	if !c.Configured() {
		return nil
	}
	var errs []error
	if _, _, err := c.host(); err != nil {
		errs = append(errs, err)
	}
	if c.AccessKey == "" {
		errs = append(errs, errors.New("MINIO_ACCESS_KEY is not set, want the access key for MINIO_ENDPOINT"))
	}
	if c.SecretKey == "" {
		errs = append(errs, errors.New("MINIO_SECRET_KEY is not set, want the secret key (or its path in MINIO_SECRET_KEY_FILE)"))
	}
	if !bucketName.MatchString(c.Bucket) || strings.Contains(c.Bucket, "..") {
		errs = append(errs, fmt.Errorf("MINIO_BUCKET is %q, want 3 to 63 small letters, digits, dots and hyphens", c.Bucket))
	}
	return errors.Join(errs...)
}

// host splits the endpoint into host:port and whether it speaks TLS.
func (c *Config) host() (host string, secure bool, err error) {
	wrong := fmt.Errorf("MINIO_ENDPOINT is %q, want host:port, or a URL with nothing behind the host such as https://s3.example.com",
		withoutUser(c.Endpoint))
	text := c.Endpoint
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil ||
		strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return "", false, wrong
	}
	if _, port, err := net.SplitHostPort(u.Host); err == nil {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", false, wrong
		}
	}
	return u.Host, u.Scheme == "https", nil
}

// withoutUser hides keys that somebody put into the address.
func withoutUser(endpoint string) string {
	if at := strings.LastIndexByte(endpoint, '@'); at >= 0 {
		return "***" + endpoint[at:]
	}
	return endpoint
}
