package house

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"reflect"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// Ports are the addresses of the servers inside of the house, 127.0.0.1:port each. They are drawn once for a data
// directory and kept, so that what was configured with one of them stays right.
type Ports struct {
	NATS       string `json:"nats"`
	ClickHouse string `json:"clickhouse"`
	MariaDB    string `json:"mariadb"`
	MinIO      string `json:"minio"`
	LogsUpdate string `json:"logsupdate"`

	// Admin addresses of the stages: /livez, /readyz and /metrics.
	Poller   string `json:"poller"`
	Enricher string `json:"enricher"`
	Ticketer string `json:"ticketer"`
	QueryAPI string `json:"queryapi"`
	Archiver string `json:"archiver"`
}

func portsFile(dir string) string { return filepath.Join(dir, "ports.json") }

// ReadPorts reads the ports of a data directory; fs.ErrNotExist where no house was ever started in it.
func ReadPorts(dir string) (Ports, error) {
	var p Ports
	text, err := os.ReadFile(portsFile(dir))
	if err != nil {
		return p, fmt.Errorf("read ports: %w", err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return p, fmt.Errorf("read %s: %w", portsFile(dir), err)
	}
	return p, nil
}

// claimPorts reads the ports and replaces those that are missing or that somebody else listens on by now. Only the one
// house that runs in dir may call it.
func claimPorts(dir string) (Ports, error) {
	p, err := ReadPorts(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return p, err
	}
	before := p
	v := reflect.ValueOf(&p).Elem()
	for i := range v.NumField() {
		if free(v.Field(i).String()) {
			continue
		}
		addr, err := embedded.FreeAddr()
		if err != nil {
			return p, err
		}
		v.Field(i).SetString(addr)
	}
	if p == before {
		return p, nil
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return p, err
	}
	if err := writeWhole(portsFile(dir), append(text, '\n')); err != nil {
		return p, fmt.Errorf("write ports: %w", err)
	}
	return p, nil
}

func free(addr string) bool {
	if addr == "" {
		return false
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return false
	}
	return l.Close() == nil
}

// writeWhole replaces a file in one step, readable by its owner alone.
func writeWhole(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
