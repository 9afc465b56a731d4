package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/cdrflow/cdrflow/deployments/local/house"
	"github.com/cdrflow/cdrflow/services/embedded"
	"github.com/cdrflow/cdrflow/services/process"
)

const runUsage = `usage: cdrflow run STAGE COMMAND [flags]

Runs a command of a stage on the house in DATA_DIR, as in: cdrflow run enricher generate -d 30. Everything else that the
stage was told, such as RULES_FILE or SOURCE, has to be in the environment here too. cdrflow run enricher -h lists commands.
`

// runConfig says where the servers of the house are; those that were configured are not asked for.
type runConfig struct {
	placeConfig
	// NATS with JetStream; empty: the house's own.
	NATS string `env:"NATS_URL" secret:"dsn"`
	// ClickHouse; empty: the house's own.
	ClickHouse string `env:"CLICKHOUSE_DSN" secret:"dsn"`
	// The PBX's database; empty: the house's own.
	MariaDB string `env:"MARIADB_DSN" secret:"dsn"`
}

// runCommand is the command: a stage's own command with the addresses and passwords of the house.
func runCommand(_ context.Context, p *process.Process) error {
	if len(p.Args) > 0 && slices.Contains([]string{"-h", "-help", "--help"}, p.Args[0]) {
		fmt.Fprint(p.Out, runUsage)
		return nil
	}
	if len(p.Args) < 2 || !slices.Contains(house.Stages, p.Args[0]) {
		return fmt.Errorf("want a stage (%s) and its command, as in cdrflow run enricher generate -d 30", strings.Join(house.Stages, ", "))
	}
	cfg, err := process.Config[runConfig](p)
	if err != nil {
		return err
	}
	set, err := cfg.environment()
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	path := filepath.Join(filepath.Dir(self), p.Args[0])
	// The stage takes this process's place, so that signals, terminal and exit code are its own.
	if err := syscall.Exec(path, append([]string{path}, p.Args[1:]...), append(os.Environ(), set...)); err != nil {
		return fmt.Errorf("run %s: %w; make build makes the stages", path, err)
	}
	return nil
}

// environment that the stage needs beyond ours.
func (c *runConfig) environment() ([]string, error) {
	ports, err := house.ReadPorts(c.DataDir)
	if err != nil {
		if c.NATS != "" && c.ClickHouse != "" {
			return nil, nil // nothing of it is the house's own
		}
		return nil, noHouse(c.DataDir, "")
	}
	secrets, err := embedded.LoadSecrets(c.DataDir)
	if err != nil {
		return nil, err
	}
	engine := embedded.EngineConfig{User: secrets.ClickHouseUser, Password: secrets.ClickHousePassword, Addr: ports.ClickHouse}
	var set []string
	for _, one := range []struct{ name, given, own string }{
		{"NATS_URL", c.NATS, "nats://" + ports.NATS},
		{"CLICKHOUSE_DSN", c.ClickHouse, engine.DSN(house.ClickHouseDatabase)},
		{"MARIADB_DSN", c.MariaDB, fmt.Sprintf("%s:%s@tcp(%s)/%s", secrets.MariaDBReader, secrets.MariaDBReaderPassword, ports.MariaDB, house.Database)},
	} {
		if one.given == "" {
			set = append(set, one.name+"="+one.own)
		}
	}
	return set, nil
}
