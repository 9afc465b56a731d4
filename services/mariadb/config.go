// Package mariadb is the door to a PBX's MariaDB.
package mariadb

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/cdrflow/cdrflow/services/call"
)

// Config says where a source's rows are.
type Config struct {
	// MariaDB of the PBX, in the form of the Go driver: user:password@tcp(host:3306)/database. An account with SELECT on the
	// one table suffices.
	DSN string `env:"MARIADB_DSN,required" secret:"dsn" want:"user:password@tcp(host:3306)/database"`
	// The table of call records, alone or as schema.table.
	Table string `env:"CDR_TABLE" envDefault:"asterisk_cdr"`
	// Columns that stand for standard ones under names of their own, as standard=own pairs: uniqueid=callid,src=caller.
	ColumnMap string `env:"COLUMN_MAP"`
}

// Validate judges what can be judged without the server; Open does the rest.
func (c Config) Validate() error {
	var errs []error
	if c.DSN != "" {
		if _, err := c.driver(); err != nil {
			errs = append(errs, err)
		}
	}
	if _, _, err := c.table(); err != nil {
		errs = append(errs, err)
	}
	if _, err := c.columnMap(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

var errDSN = errors.New("MARIADB_DSN is not readable, want user:password@tcp(host:3306)/database")

// driver reads the DSN. The driver's own complaints are repeated only where they are constant: the others quote pieces of
// what they were given, which may be a password with an unlucky character.
func (c Config) driver() (*mysql.Config, error) {
	if scheme, _, ok := strings.Cut(c.DSN, "://"); ok && !strings.ContainsAny(scheme, ":@/(") {
		return nil, fmt.Errorf("MARIADB_DSN is a URL, want user:password@tcp(host:3306)/database without %s://", scheme)
	}
	cfg, err := mysql.ParseDSN(c.DSN)
	if err != nil {
		if why, ok := strings.CutPrefix(err.Error(), "invalid DSN: "); ok {
			return nil, fmt.Errorf("%w: %s", errDSN, why)
		}
		return nil, errDSN
	}
	return cfg, nil
}

// table splits the name; schema is empty where the DSN names it.
func (c Config) table() (schema, table string, err error) {
	schema, table, dotted := strings.Cut(c.Table, ".")
	if !dotted {
		schema, table = "", schema
	}
	if table == "" || dotted && schema == "" || strings.ContainsAny(c.Table, "`\x00") || strings.Contains(table, ".") {
		return "", "", fmt.Errorf("CDR_TABLE is %q, want a table's name, or schema.table", c.Table)
	}
	return schema, table, nil
}

// columnMap gives the own name of every standard column that has one.
func (c Config) columnMap() (map[string]string, error) {
	own := map[string]string{}
	var errs []error
	for pair := range strings.SplitSeq(c.ColumnMap, ",") {
		if pair = strings.TrimSpace(pair); pair == "" {
			continue
		}
		standard, name, ok := strings.Cut(pair, "=")
		standard, name = strings.TrimSpace(standard), strings.TrimSpace(name)
		switch {
		case !ok || standard == "" || name == "":
			errs = append(errs, fmt.Errorf("COLUMN_MAP has %q, want pairs such as uniqueid=callid", pair))
		case !call.IsStandard(standard):
			errs = append(errs, fmt.Errorf("COLUMN_MAP maps %q, which is no standard column, want one of %s",
				standard, strings.Join(call.Standard(), " ")))
		case own[standard] != "":
			errs = append(errs, fmt.Errorf("COLUMN_MAP maps %s twice", standard))
		default:
			own[standard] = name
		}
	}
	return own, errors.Join(errs...)
}
