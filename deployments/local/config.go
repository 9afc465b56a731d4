package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
	_ "time/tzdata" // a machine may have no zones of its own

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/deployments/local/simulate"
	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/mariadb"
)

// placeConfig says where the house is.
type placeConfig struct {
	// Directory of all data of the house on this machine. cdrflow demo has one of its own, ./data/demo.
	DataDir string `env:"DATA_DIR" envDefault:"./data"`
}

// serversConfig names servers that are there already. The stages get it too, with all else that they know.
type serversConfig struct {
	// Where the API is served, as host:port.
	HTTPAddr string `env:"HTTP_ADDR" envDefault:"127.0.0.1:8080"`
	// NATS with JetStream to be used; empty: one is started.
	NATS string `env:"NATS_URL" secret:"dsn"`
	// ClickHouse to be used; empty: the engine is started.
	ClickHouse string `env:"CLICKHOUSE_DSN" secret:"dsn"`
	// The PBX's database, with an account that may read; empty: a MariaDB with an empty table is started.
	MariaDB string `env:"MARIADB_DSN" secret:"dsn"`
	// MinIO or another S3 store to be used, as host:port; empty: one is started.
	MinIO string `env:"MINIO_ENDPOINT"`
	// LogsUpdate to be told of calls; empty: a small one that keeps tickets in a file is started.
	LogsUpdate string `env:"LOGSUPDATE_URL" secret:"dsn"`
	// Where the PBX writes its recordings; empty: DATA_DIR/recordings.
	Recordings string `env:"RECORDINGS_DIR"`
	// The ClickHouse engine, libchdb.so; empty: beside this program, or in bin/ of the source tree.
	Library string `env:"CHDB_LIBRARY"`
	// The program minio; empty: beside this program, or in bin/ of the source tree.
	MinIOPath string `env:"MINIO_BINARY"`
	// Secret that tokens are signed with; empty: one that is made for DATA_DIR.
	JWTSecret string `env:"JWT_SECRET" secret:"true"`
	// Anything: no colours in the log.
	NoColour string `env:"NO_COLOR"`
}

func (c *serversConfig) house(dir string, more ...string) (house.Config, error) {
	self, err := os.Executable()
	if err != nil {
		return house.Config{}, fmt.Errorf("find this program: %w", err)
	}
	return house.Config{
		Dir: dir, HTTPAddr: c.HTTPAddr, NATS: c.NATS, ClickHouse: c.ClickHouse, MariaDB: c.MariaDB, MinIO: c.MinIO,
		LogsUpdate: c.LogsUpdate, Recordings: c.Recordings, Library: c.Library, MinIOPath: c.MinIOPath,
		JWTSecret: c.JWTSecret, Environ: os.Environ(), More: more, Self: self, Stages: filepath.Dir(self),
	}, nil
}

// config is what `cdrflow up` is told.
type config struct {
	placeConfig
	serversConfig
}

// demoConfig is what `cdrflow demo` is told: the house is a fresh one in a directory of its own.
type demoConfig struct {
	serversConfig
	// Directory of the demonstration, emptied at each start.
	DataDir string `env:"DATA_DIR" envDefault:"./data/demo"`
	// Time zone of the simulated PBX, an IANA name; UTC for cdrflow simulate.
	Timezone string `env:"SOURCE_TIMEZONE" envDefault:"Asia/Kolkata"`
	// How often the poller of a demonstration looks for new rows; cdrflow up leaves it to the poller.
	PollEvery string `env:"POLL_EVERY" envDefault:"1s"`
}

// Validate refuses a database that is not the demonstration's own.
func (c *demoConfig) Validate() error {
	if c.MariaDB != "" {
		return errors.New("MARIADB_DSN is set: a demonstration writes invented calls to a database of its own alone; use cdrflow up")
	}
	_, err := zone(c.Timezone)
	return err
}

// tokenConfig is what it takes to sign a token.
type tokenConfig struct {
	placeConfig
	// Secret that tokens are signed with; empty: the one of the house in DATA_DIR.
	JWTSecret string `env:"JWT_SECRET" secret:"true"`
}

// secret is the configured one, else that of the house.
func (c *tokenConfig) secret() (string, error) {
	if c.JWTSecret != "" {
		return c.JWTSecret, nil
	}
	if _, err := house.ReadPorts(c.DataDir); err != nil {
		return "", noHouse(c.DataDir, "or set JWT_SECRET to the secret that the queryapi has")
	}
	secrets, err := embedded.LoadSecrets(c.DataDir)
	return secrets.JWT, err
}

// simulateConfig is what the simulated call centre needs to know.
type simulateConfig struct {
	placeConfig
	// The PBX's database, with an account that may create the table and insert; empty: the house's own MariaDB.
	MariaDB string `env:"MARIADB_DSN" secret:"dsn"`
	// Where recordings are written; empty: DATA_DIR/recordings.
	Recordings string `env:"RECORDINGS_DIR"`
	// Time zone of the PBX, an IANA name: calldate is its local time.
	Timezone string `env:"SOURCE_TIMEZONE" envDefault:"UTC"`

	zone *time.Location
}

// Validate judges the settings.
func (c *simulateConfig) Validate() error {
	if c.Recordings == "" {
		c.Recordings = filepath.Join(c.DataDir, "recordings")
	}
	var err error
	c.zone, err = zone(c.Timezone)
	return err
}

func zone(name string) (*time.Location, error) {
	z, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("SOURCE_TIMEZONE is %q, want an IANA name such as Asia/Kolkata", name)
	}
	return z, nil
}

// dsn is the configured database, else that of the house in DATA_DIR.
func (c *simulateConfig) dsn() (string, error) {
	if c.MariaDB != "" {
		return c.MariaDB, nil
	}
	ports, err := house.ReadPorts(c.DataDir)
	if err != nil {
		return "", noHouse(c.DataDir, "or set MARIADB_DSN to the database to write to")
	}
	secrets, err := embedded.LoadSecrets(c.DataDir)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", secrets.MariaDBOwner, secrets.MariaDBOwnerPassword, ports.MariaDB,
		house.Database), nil
}

// noHouse complains that a directory holds no house; or is another way out, if there is one.
func noHouse(dir, or string) error {
	if or != "" {
		or = ", " + or
	}
	return fmt.Errorf("no house was ever started in %s: run cdrflow up first, name its directory with DATA_DIR%s", dir, or)
}

// makeTable makes the PBX's table in the house's own MariaDB.
func makeTable(ctx context.Context, dsn string) error {
	writer, err := mariadb.OpenWriter(ctx, dsn)
	if err != nil {
		return err
	}
	return errors.Join(writer.Define(ctx, simulate.Schema), writer.Close())
}
