package embedded

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
)

// Secrets are the accounts of the servers on this machine, 160 bits of randomness each.
type Secrets struct {
	ClickHouseUser     string `json:"clickhouse_user"`
	ClickHousePassword string `json:"clickhouse_password"`

	MariaDBOwner          string `json:"mariadb_owner"` // writes the table, as the PBX does
	MariaDBOwnerPassword  string `json:"mariadb_owner_password"`
	MariaDBReader         string `json:"mariadb_reader"` // reads it, as the poller does
	MariaDBReaderPassword string `json:"mariadb_reader_password"`

	MinIOUser     string `json:"minio_user"`
	MinIOPassword string `json:"minio_password"`

	JWT string `json:"jwt"` // the HS256 key of the tokens, 64 characters
}

// LogValue hides everything.
func (Secrets) LogValue() slog.Value { return slog.StringValue("hidden") }

// LoadSecrets reads dir/secrets.json and makes what it lacks, so that a second start continues with the same accounts.
// The file is readable by its owner alone.
func LoadSecrets(dir string) (Secrets, error) {
	var s Secrets
	path := filepath.Join(dir, "secrets.json")
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &s); err != nil {
			return Secrets{}, fmt.Errorf("read %s: %w", path, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return Secrets{}, fmt.Errorf("read secrets: %w", err)
	}

	before := s
	s.complete()
	if s == before {
		return s, nil
	}
	if err := s.write(path); err != nil {
		return Secrets{}, fmt.Errorf("write %s: %w", path, err)
	}
	return s, nil
}

func (s *Secrets) complete() {
	names := map[*string]string{
		&s.ClickHouseUser: "cdrflow",
		&s.MariaDBOwner:   "asterisk",
		&s.MariaDBReader:  "cdrflow",
		&s.MinIOUser:      "cdrflow",
	}
	for field, name := range names {
		if *field == "" {
			*field = name
		}
	}
	if s.JWT == "" {
		s.JWT = password() + password()
	}
	v := reflect.ValueOf(s).Elem()
	for i := range v.NumField() {
		if field := v.Field(i); field.String() == "" {
			field.SetString(password())
		}
	}
}

// write replaces the file in one step: half a file of secrets would lock the owner out of the data.
func (s *Secrets) write(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "secrets-*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(append(text, '\n'))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// password consists of letters and digits only, so that it needs no escaping in a DSN, in SQL or in a shell.
func password() string { return rand.Text() + rand.Text()[:6] }
