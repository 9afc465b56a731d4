package mariadb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"

	"github.com/go-sql-driver/mysql"
)

// ErrColumns means that the table has no longer the columns it had: Refresh tells which it has.
var ErrColumns = errors.New("the columns changed")

// The server's numbers for what an operator can mend (MariaDB's list of error codes).
const (
	tooManyConnections = 1040
	databaseDenied     = 1044
	accessDenied       = 1045
	noDatabase         = 1049
	badField           = 1054
	hostDenied         = 1130
	tableDenied        = 1142
	columnDenied       = 1143
	noTable            = 1146
	userConnections    = 1203
	userResource       = 1226
	viewInvalid        = 1356
	accessDeniedNoPass = 1698
	statementTime      = 1969
)

// explain makes one message of an error: what is wrong and what to do. The server's own text is kept only where it says
// more; it never holds a password.
func (s *Source) explain(err error) error {
	if err == nil {
		return nil
	}
	var refused *mysql.MySQLError
	if errors.As(err, &refused) {
		return s.refusal(refused, err)
	}
	addr := s.driver.Addr
	var dns *net.DNSError
	var op *net.OpError
	switch {
	case errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &dns):
		return fmt.Errorf("MariaDB at %s cannot be reached: host %s is not known, check the address in MARIADB_DSN: %w", addr, dns.Name, err)
	case errors.As(err, &op) && op.Op == "dial":
		return fmt.Errorf("MariaDB at %s cannot be reached, check that the server runs and that MARIADB_DSN has the right address: %w", addr, err)
	case errors.Is(err, mysql.ErrInvalidConn), errors.Is(err, driver.ErrBadConn):
		return fmt.Errorf("the connection to MariaDB at %s broke, or the server did not answer in time: %w", addr, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("MariaDB at %s does not answer in time: %w", addr, err)
	}
	return fmt.Errorf("read MariaDB at %s: %w", addr, err)
}

func (s *Source) refusal(e *mysql.MySQLError, err error) error {
	addr, user := s.driver.Addr, s.driver.User
	switch e.Number {
	case accessDenied, accessDeniedNoPass:
		return fmt.Errorf("MariaDB at %s refuses user %q: check the user's name and password in MARIADB_DSN, and that the account may log in from this host (error %d)",
			addr, user, e.Number)
	case hostDenied:
		return fmt.Errorf("MariaDB at %s accepts nobody from this host: CREATE USER %s@'<this host>', or check the address in MARIADB_DSN (error %d)",
			addr, quotedUser(user), e.Number)
	case databaseDenied, tableDenied, columnDenied:
		return fmt.Errorf("user %q may not read %s at %s: GRANT SELECT ON %s TO %s@'<this host>' (error %d)",
			user, s, addr, s.quoted(), quotedUser(user), e.Number)
	case noDatabase:
		return fmt.Errorf("MariaDB at %s has no database %q: check the name behind the slash in MARIADB_DSN, or the schema in CDR_TABLE (error %d)",
			addr, s.driver.DBName, e.Number)
	case noTable:
		return fmt.Errorf("MariaDB at %s has no table %s: set CDR_TABLE to the table of call records, as table or schema.table (error %d)",
			addr, s, e.Number)
	case badField:
		return fmt.Errorf("read %s: %w: %w", s, ErrColumns, err)
	case tooManyConnections, userConnections, userResource:
		return fmt.Errorf("MariaDB at %s has no connection left for user %q: raise max_connections or the account's limit: %w", addr, user, err)
	case statementTime:
		return fmt.Errorf("a query of %s took longer than %s: check that its id is indexed and that the table is not locked: %w", s, queryTime, err)
	case viewInvalid:
		return fmt.Errorf("view %s cannot be read: its table or columns are gone, or its definer lacks rights: %w", s, err)
	}
	return fmt.Errorf("read %s at %s: %w", s, addr, err)
}

func quotedUser(user string) string { return "'" + user + "'" }
