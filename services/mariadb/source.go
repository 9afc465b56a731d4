package mariadb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"log"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/cdrflow/cdrflow/services/call"
)

// Source reads one table of call records over one connection. Its methods take turns; all but Ping belong to one
// goroutine.
type Source struct {
	db     *sql.DB
	schema string
	name   string
	own    map[string]string // standard column → the table's own name for it
	driver *mysql.Config

	table *call.Table
	id    int    // place of the id among the columns
	list  string // the columns as they are selected
	from  string // FROM, table and index
	key   string // the id column, quoted
}

const (
	queryTime = 20 * time.Second // the server ends a query that takes longer
	netTime   = 30 * time.Second // no byte for so long: the connection is dead
)

// Open connects, and looks at the table's columns. It fails with one message that says what to do; the password is never
// in it.
func Open(ctx context.Context, cfg Config) (*Source, error) {
	d, err := cfg.driver()
	if err != nil {
		return nil, err
	}
	s := &Source{driver: d}
	if s.schema, s.name, err = cfg.table(); err != nil {
		return nil, err
	}
	if s.own, err = cfg.columnMap(); err != nil {
		return nil, err
	}
	if s.schema == "" {
		s.schema = d.DBName
	}
	if s.schema == "" {
		return nil, fmt.Errorf("MARIADB_DSN names no database, want it behind the slash, or CDR_TABLE=schema.%s", s.name)
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	if _, err := s.Refresh(ctx); err != nil {
		_ = s.db.Close()
		return nil, err
	}
	return s, nil
}

func (s *Source) connect() error {
	d := s.driver
	// A text of any character set arrives as UTF-8, bytes arrive as they are.
	if err := d.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return fmt.Errorf("read MARIADB_DSN: %w", err)
	}
	d.ParseTime = false // a zero date and a local time are texts until somebody knows the zone
	d.InterpolateParams = true
	d.MultiStatements = false
	d.Logger = log.New(io.Discard, "", 0) // it would write to standard error beside the error that it returns
	if d.Timeout == 0 {
		d.Timeout = 5 * time.Second
	}
	if d.ReadTimeout == 0 {
		d.ReadTimeout = netTime
	}
	if d.WriteTimeout == 0 {
		d.WriteTimeout = netTime
	}
	c, err := mysql.NewConnector(d)
	if err != nil {
		return fmt.Errorf("read MARIADB_DSN: %w", err)
	}
	s.db = sql.OpenDB(session{c})
	s.db.SetMaxOpenConns(1) // a PBX has few to give
	return nil
}

// Close ends the connection.
func (s *Source) Close() error { return s.db.Close() }

// Ping tells whether the server answers.
func (s *Source) Ping(ctx context.Context) error { return s.explain(s.db.PingContext(ctx)) }

// Table lists the columns as Refresh saw them last.
func (s *Source) Table() *call.Table { return s.table }

// session prepares each new connection.
type session struct{ driver.Connector }

// setUp does not depend on how the server is configured: dirty reads, padded texts, another character set for results, or
// a query that waits a day behind an ALTER TABLE. MariaDB and MySQL name the time limit differently, hence the comments
// that only one of them reads; MySQL would also answer for AUTO_INCREMENT with what it was yesterday.
//
// The blanks make the driver's buffer large: it starts with 4 KiB, which makes a system call of every six rows, and it
// grows only to hold a packet.
var setUp = []string{
	"SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
	fmt.Sprintf("SET autocommit=1, sql_mode='', character_set_results=utf8mb4, lock_wait_timeout=10"+
		" /*M!100000 , max_statement_time=%d */ /*!80000 , max_execution_time=%d, information_schema_stats_expiry=0 */",
		int(queryTime.Seconds()), queryTime.Milliseconds()) + strings.Repeat(" ", 128<<10),
}

func (s session) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := s.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, statement := range setUp {
		if _, err := conn.(driver.ExecerContext).ExecContext(ctx, statement, nil); err != nil {
			_ = conn.Close()
			return nil, err
		}
	}
	return conn, nil
}
