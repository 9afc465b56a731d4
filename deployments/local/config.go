package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/embedded"
)

// placeConfig says where the house is.
type placeConfig struct {
	// Directory of all data of the house on this machine.
	DataDir string `env:"DATA_DIR" envDefault:"./data"`
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

func (c *simulateConfig) Validate() error {
	var err error
	if c.zone, err = time.LoadLocation(c.Timezone); err != nil {
		return fmt.Errorf("SOURCE_TIMEZONE is %q, want an IANA name such as Asia/Kolkata", c.Timezone)
	}
	if c.Recordings == "" {
		c.Recordings = filepath.Join(c.DataDir, "recordings")
	}
	return nil
}

// dsn is the configured database, else that of the house in DATA_DIR.
func (c *simulateConfig) dsn() (string, error) {
	if c.MariaDB != "" {
		return c.MariaDB, nil
	}
	ports, err := house.ReadPorts(c.DataDir)
	if err != nil {
		return "", errors.New("MARIADB_DSN is not set and no house was ever started in " + c.DataDir +
			": run `cdrflow up` first, or set MARIADB_DSN to the database to write to")
	}
	secrets, err := embedded.LoadSecrets(c.DataDir)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s:%s@tcp(%s)/%s", secrets.MariaDBOwner, secrets.MariaDBOwnerPassword, ports.MariaDB,
		house.Database), nil
}
