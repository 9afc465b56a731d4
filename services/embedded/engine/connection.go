package engine

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// connection is one chdb connection: it runs one query at a time and remembers what USE and SET left on it.
type connection struct {
	lib      *library
	handle   *uintptr
	database string
	settings map[string]string
	spoilt   bool // what the session holds is not known any more: reconnect
}

func (e *Engine) connect() (*connection, error) {
	args := cStrings(e.args)
	handle := e.lib.connect(int32(len(args)), &args[0])
	runtime.KeepAlive(args)
	if handle == nil {
		// The library gives no reason; it may have written one to stderr.
		return nil, fmt.Errorf("open %s with the embedded engine: refused", e.cfg.DataDir)
	}
	return &connection{lib: e.lib, handle: handle, database: "default", settings: maps.Clone(standing)}, nil
}

func (c *connection) close() {
	if c.handle != nil {
		c.lib.closeConn(c.handle)
		c.handle = nil
	}
}

// inUse reports a directory that a living process has open. The engine takes a lock on the file status as well, but
// its refusal has no words; after kill -9 the file is left behind without a lock, which is fine.
func inUse(dir string) error {
	file, err := os.Open(filepath.Join(dir, "status"))
	if err != nil {
		return nil //nolint:nilerror // no such file: nobody has it
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return fmt.Errorf("open %s with the embedded engine: another process has it open: %w", dir, err)
	}
	return nil
}

// acquire waits in line for a connection.
func (e *Engine) acquire(ctx context.Context) (*connection, error) {
	if e.closed.Load() {
		return nil, errClosed
	}
	select {
	case c := <-e.pool:
		if err := e.mend(c); err != nil { // it could not be when it was released, either
			e.pool <- c
			return nil, err
		}
		return c, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// release puts a connection back in line.
func (e *Engine) release(c *connection) {
	if err := e.mend(c); err != nil {
		e.cfg.Log.Warn("reconnect to the engine", "err", err)
	}
	e.pool <- c
}

// mend gives a spoilt connection a new session.
func (e *Engine) mend(c *connection) error {
	if !c.spoilt {
		return nil
	}
	c.close()
	fresh, err := e.connect()
	if err != nil {
		return err
	}
	*c = *fresh
	return nil
}

// prepare brings the connection to the database and the settings of a query.
func (c *connection) prepare(database string, settings map[string]string) error {
	if database == "" {
		database = "default"
	}
	wants := maps.Clone(standing)
	maps.Copy(wants, settings)
	if set := setStatement(c.settings, wants); set != "" {
		c.spoilt = true // part of it may have been taken when it fails
		if err := c.exec(set); err != nil {
			return err
		}
		c.spoilt = false
		c.settings = wants
	}
	if c.database != database {
		if err := c.exec("USE " + quoteName(database)); err != nil {
			return err
		}
		c.database = database
	}
	return nil
}

// query runs a statement to its end and hands over the whole result.
func (c *connection) query(sql, format string, params map[string]string) result {
	names, nameLens, values, valueLens := cParams(params)
	r := c.lib.queryParams(*c.handle, unsafe.StringData(sql), uint(len(sql)), unsafe.StringData(format), uint(len(format)),
		unsafe.SliceData(names), unsafe.SliceData(nameLens), unsafe.SliceData(values), unsafe.SliceData(valueLens), uint(len(names)))
	runtime.KeepAlive(params)
	return result{c.lib, r}
}

// stream starts a SELECT; its result comes piece by piece with fetch.
func (c *connection) stream(sql, format string, params map[string]string) result {
	names, nameLens, values, valueLens := cParams(params)
	r := c.lib.streamParams(*c.handle, unsafe.StringData(sql), uint(len(sql)), unsafe.StringData(format), uint(len(format)),
		unsafe.SliceData(names), unsafe.SliceData(nameLens), unsafe.SliceData(values), unsafe.SliceData(valueLens), uint(len(names)))
	runtime.KeepAlive(params)
	return result{c.lib, r}
}

// fetch gives the next piece of a stream; an empty one without error is the end.
func (c *connection) fetch(stream result) result {
	return result{c.lib, c.lib.streamFetch(*c.handle, stream.handle)}
}

// cancel ends a stream before its end was fetched.
func (c *connection) cancel(stream result) { c.lib.streamCancel(*c.handle, stream.handle) }

func (c *connection) exec(sql string) error {
	r := c.query(sql, "TSV", nil)
	defer r.free()
	return r.err()
}

func (c *connection) text(sql string) (string, error) {
	r := c.query(sql, "TSV", nil)
	defer r.free()
	return strings.TrimSuffix(string(r.bytes()), "\n"), r.err()
}

// class asks the engine's parser what kind of statement it is and how many there are (0: it does not parse).
func (c *connection) class(sql string) (class, statements uint32) {
	out := classification{size: uint32(unsafe.Sizeof(classification{}))}
	if c.lib.classify(*c.handle, unsafe.StringData(sql), uint(len(sql)), nil, 0, &out) != 0 {
		return classUnknown, 0
	}
	return out.class, out.statements
}

func cStrings(texts []string) []*byte {
	pointers := make([]*byte, len(texts))
	for i, text := range texts {
		pointers[i] = unsafe.StringData(text + "\x00")
	}
	return pointers
}

func cParams(params map[string]string) (names []*byte, nameLens []uint, values []*byte, valueLens []uint) {
	for name, value := range params {
		// An empty Go string has no address, and the library refuses a null value.
		names, nameLens = append(names, unsafe.StringData(name+"\x00")), append(nameLens, uint(len(name)))
		values, valueLens = append(values, unsafe.StringData(value+"\x00")), append(valueLens, uint(len(value)))
	}
	return names, nameLens, values, valueLens
}
