package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	clickhouse "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Store is an open connection to ClickHouse. It is safe for concurrent use; inserts run one at a time.
type Store struct {
	conn     driver.Conn
	database string
	address  string

	inserting sync.Mutex
	columns   []*column
	newest    map[place]int // of the block that is being inserted
	// Selects leave columns out that they do not show: each costs a quarter of a millisecond, however few the rows.
	rowColumns   []*column // of rows without their conversation
	shownColumns []*column // of those, what people are shown
	headColumns  []*column // of a list of conversations
	wholeColumns []*column // of conversations with their legs

	months months
}

// ErrNotFound is returned for a call that does not exist, or that the scope may not see: the caller cannot tell which.
var ErrNotFound = errors.New("no such call")

// ErrAway wraps every error that says the store could not be reached or could not answer now: trying again can help.
var ErrAway = errors.New("ClickHouse is away")

// Open the store. It does not wait for the server: Ping does, so that a stage may start before its store.
func Open(cfg Config, name string) (*Store, error) {
	options, err := clickhouse.ParseDSN(cfg.DSN)
	if err != nil {
		return nil, errors.New("CLICKHOUSE_DSN cannot be understood, want for example http://user:password@host:8123/cdrflow")
	}
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"cdrflow-" + name, "1"})
	options.DialTimeout = 5 * time.Second
	options.MaxOpenConns, options.MaxIdleConns = 64, 16
	conn, err := clickhouse.Open(options)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	s := &Store{conn: conn, database: options.Auth.Database, address: options.Addr[0], columns: columns(), rowColumns: rowColumns()}
	s.shownColumns, s.wholeColumns = without(s.rowColumns, inward), without(s.columns, inward)
	s.headColumns = without(s.wholeColumns, unshown)
	return s, nil
}

// Close the store.
func (s *Store) Close() error { return s.conn.Close() }

// Ping answers whether the server does.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.conn.Ping(ctx); err != nil {
		return s.explain("ping", err)
	}
	return nil
}

// ErrRefused wraps an error that lies in the rows themselves: the same rows will be refused for ever.
var ErrRefused = errors.New("ClickHouse refuses the rows")

// Codes of ClickHouse's exceptions that somebody branches on (src/Common/ErrorCodes.cpp).
const (
	codeUnknownTable         = 60
	codeUnknownIdentifier    = 47
	codeUnknownDatabase      = 81
	codeTooManyRows          = 158
	codeTimeoutExceeded      = 159
	codeTooManyQueries       = 202
	codeMemoryLimit          = 241
	codeTooManyBytes         = 307
	codeTooManyRowsOrBytes   = 396
	codeAuthenticationFailed = 516
)

// Exceptions about values: cannot parse text, quoted string, date, number, UUID; decimal overflow; type mismatch, value
// out of bounds, cannot convert, incorrect data, too large a string, violated constraint, invalid partition.
var refusals = map[int32]bool{
	6: true, 26: true, 27: true, 38: true, 41: true, 53: true, 69: true, 70: true, 72: true, 117: true, 131: true,
	248: true, 376: true, 407: true, 469: true,
}

// explain wraps err with what was being done and says what to do about the errors that an operator can mend.
func (s *Store) explain(doing string, err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		if tooExpensive(exception) {
			return fmt.Errorf("%s: %w: %w", doing, ErrTooExpensive, err)
		}
		switch exception.Code {
		case codeAuthenticationFailed:
			return fmt.Errorf("%s: ClickHouse at %s refuses the user or password of CLICKHOUSE_DSN", doing, s.address)
		case codeUnknownDatabase:
			return fmt.Errorf("%s: %w: it has no database %s yet; the enricher creates it", doing, ErrAway, s.database)
		case codeUnknownTable:
			return fmt.Errorf("%s: %w: its database %s has no tables yet; the enricher creates them", doing, ErrAway, s.database)
		case codeUnknownIdentifier:
			return fmt.Errorf("%s: %w: its tables lack columns that this version knows; an enricher of this version adds them when it starts", doing, ErrAway)
		case codeTimeoutExceeded, codeTooManyQueries, codeMemoryLimit:
			return fmt.Errorf("%s: %w: %w", doing, ErrAway, err)
		}
		if refusals[exception.Code] {
			return fmt.Errorf("%s: %w: %w", doing, ErrRefused, err)
		}
		return fmt.Errorf("%s: %w", doing, err)
	}
	var network net.Error
	if errors.As(err, &network) {
		return fmt.Errorf("%s: %w: no answer from %s (%s); check CLICKHOUSE_DSN and that the server runs", doing, ErrAway, s.address, reason(network))
	}
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, ErrAway, err)
}

// reason of a network error without the URL, which carries user and password.
func reason(err net.Error) string {
	var op *net.OpError
	switch {
	case errors.As(err, &op):
		return op.Err.Error()
	case err.Timeout():
		return "timed out"
	}
	return "connection lost"
}
