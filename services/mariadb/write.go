package mariadb

import (
	"bufio"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"sync/atomic"

	"github.com/go-sql-driver/mysql"

	"github.com/cdrflow/cdrflow/services/call"
)

// Writer writes rows as a PBX does. The stages never write to MariaDB; the simulated call centre and the tests do.
type Writer struct {
	db *sql.DB
}

// OpenWriter connects with an account that may create tables and insert.
func OpenWriter(ctx context.Context, dsn string) (*Writer, error) {
	cfg, err := mysql.ParseDSN(dsn)
	if err != nil {
		return nil, fmt.Errorf("read the DSN of MariaDB: %w, want user:password@tcp(host:port)/database", err)
	}
	// One round trip an insert instead of three.
	cfg.InterpolateParams = true
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("read the DSN of MariaDB: %w", err)
	}
	w := &Writer{db: sql.OpenDB(connector)}
	if err := w.db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to MariaDB at %s: %w", cfg.Addr, err), w.Close())
	}
	return w, nil
}

// Close ends the connections.
func (w *Writer) Close() error { return w.db.Close() }

// Define runs a statement that makes or alters a table.
func (w *Writer) Define(ctx context.Context, ddl string) error {
	if _, err := w.db.ExecContext(ctx, ddl); err != nil {
		return fmt.Errorf("define a table: %w", err)
	}
	return nil
}

// Empty tells whether a table has no rows.
func (w *Writer) Empty(ctx context.Context, table string) (bool, error) {
	var one int
	err := w.db.QueryRowContext(ctx, "SELECT 1 FROM "+backquoted(table)+" LIMIT 1").Scan(&one)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return true, nil
	case err != nil:
		return false, fmt.Errorf("look into %s: %w", table, err)
	default:
		return false, nil
	}
}

// Insert writes rows in one statement, hence in one transaction.
func (w *Writer) Insert(ctx context.Context, table string, columns []string, rows [][]call.Value) error {
	if len(rows) == 0 {
		return nil
	}
	place := "(?" + strings.Repeat(",?", len(columns)-1) + ")"
	statement := "INSERT INTO " + backquoted(table) + columnList(columns) + " VALUES " +
		place + strings.Repeat(","+place, len(rows)-1)
	args := make([]any, 0, len(rows)*len(columns))
	for _, row := range rows {
		for _, v := range row {
			if v.Valid {
				args = append(args, v.Text)
			} else {
				args = append(args, nil)
			}
		}
	}
	if _, err := w.db.ExecContext(ctx, statement, args...); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", len(rows), table, err)
	}
	return nil
}

var loads atomic.Int64

// Load writes rows with LOAD DATA LOCAL INFILE, in one transaction, and returns how many were written. The sequence may
// yield the same slice again and again. The server must allow local_infile.
func (w *Writer) Load(ctx context.Context, table string, columns []string, rows iter.Seq[[]call.Value]) (int64, error) {
	return w.loadAs(ctx, table, columns, rows, true)
}

// Fill is Load for a table that is empty and has no unique key but its primary one: nothing is checked, and InnoDB builds
// the pages in bulk, which is faster by half.
func (w *Writer) Fill(ctx context.Context, table string, columns []string, rows iter.Seq[[]call.Value]) (int64, error) {
	return w.loadAs(ctx, table, columns, rows, false)
}

func (w *Writer) loadAs(ctx context.Context, table string, columns []string, rows iter.Seq[[]call.Value], checked bool) (int64, error) {
	name := fmt.Sprintf("rows-%d", loads.Add(1))
	pipe, into := io.Pipe()
	done := make(chan struct{})
	mysql.RegisterReaderHandler(name, func() io.Reader { return pipe })
	defer mysql.DeregisterReaderHandler(name)
	go func() {
		defer close(done)
		_ = into.CloseWithError(writeTabbed(into, rows))
	}()
	// Explicit formats: the defaults of a server can be configured.
	statement := "LOAD DATA LOCAL INFILE 'Reader::" + name + "' INTO TABLE " + backquoted(table) +
		` CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'` + columnList(columns)
	n, err := w.load(ctx, statement, checked)
	// Where the server refused before it read, the writer still waits for a reader.
	_ = pipe.CloseWithError(io.ErrClosedPipe)
	<-done
	if err != nil {
		return n, fmt.Errorf("load rows into %s: %w%s", table, err, infileHint(err))
	}
	return n, nil
}

func (w *Writer) load(ctx context.Context, statement string, checked bool) (n int64, err error) {
	conn, err := w.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if !checked {
		if _, err := conn.ExecContext(ctx, "SET unique_checks = 0, foreign_key_checks = 0"); err != nil {
			return 0, err
		}
		// The next user of the connection finds it as it was; one that cannot be reset is thrown away.
		defer func() {
			if _, err := conn.ExecContext(context.WithoutCancel(ctx), "SET unique_checks = 1, foreign_key_checks = 1"); err != nil {
				_ = conn.Raw(func(any) error { return driver.ErrBadConn })
			}
		}()
	}
	result, err := conn.ExecContext(ctx, statement)
	if err != nil {
		return 0, err
	}
	// LOCAL makes warnings of errors: a text that is cut or a row that is dropped would go unnoticed.
	var level, text string
	var code int
	err = conn.QueryRowContext(ctx, "SHOW WARNINGS LIMIT 1").Scan(&level, &code, &text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return result.RowsAffected()
	case err != nil:
		return 0, err
	default:
		n, _ := result.RowsAffected()
		return n, fmt.Errorf("%s %d: %s", level, code, text)
	}
}

func infileHint(err error) string {
	var refused *mysql.MySQLError
	const notAllowed, notAllowedHere = 1148, 4166
	if errors.As(err, &refused) && (refused.Number == notAllowed || refused.Number == notAllowedHere) {
		return " (bulk loading needs local_infile=1 at the server)"
	}
	return ""
}

// writeTabbed writes rows in the format of LOAD DATA.
func writeTabbed(to io.Writer, rows iter.Seq[[]call.Value]) error {
	out := bufio.NewWriterSize(to, 256<<10)
	var line []byte
	for row := range rows {
		line = line[:0]
		for i, v := range row {
			if i > 0 {
				line = append(line, '\t')
			}
			line = appendTabbed(line, v)
		}
		if _, err := out.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

func appendTabbed(line []byte, v call.Value) []byte {
	if !v.Valid {
		return append(line, `\N`...)
	}
	if !strings.ContainsAny(v.Text, "\\\t\n\x00") {
		return append(line, v.Text...)
	}
	for i := range len(v.Text) {
		switch c := v.Text[i]; c {
		case '\\':
			line = append(line, `\\`...)
		case '\t':
			line = append(line, `\t`...)
		case '\n':
			line = append(line, `\n`...)
		case 0:
			line = append(line, `\0`...)
		default:
			line = append(line, c)
		}
	}
	return line
}

func columnList(columns []string) string {
	quoted := make([]string, len(columns))
	for i, c := range columns {
		quoted[i] = backquoted(c)
	}
	return " (" + strings.Join(quoted, ",") + ")"
}

func backquoted(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
