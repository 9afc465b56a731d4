package engine

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// statement is one query with all that came with it.
type statement struct {
	sql      string
	format   string // of the result, where the statement names none
	database string
	queryID  string // the client's, only for people who look at system.processes
	settings map[string]string
	params   map[string]string
	whole    bool // gather the result in the engine before the first byte is handed over
}

// usage counts what a query read and wrote.
type usage struct {
	readRows, readBytes, writtenRows, writtenBytes uint64
}

func (u *usage) add(r result) {
	u.readRows += r.lib.readRows(r.handle)
	u.readBytes += r.lib.readBytes(r.handle)
	u.writtenRows += r.lib.writtenRows(r.handle)
	u.writtenBytes += r.lib.writtenBytes(r.handle)
}

// run waits for a connection and runs the statement on it; write gets the result in pieces that live until it
// returns. When ctx ends the query is killed and the error is that of ctx.
func (e *Engine) run(ctx context.Context, s statement, write func([]byte) error) (usage, error) {
	c, err := e.acquire(ctx)
	if err != nil {
		return usage{}, err
	}
	defer e.release(c)
	if err := c.prepare(s.database, s.settings); err != nil {
		return usage{}, err
	}
	class, statements := c.class(s.sql)
	if err := admit(s.sql, class, statements); err != nil {
		return usage{}, err
	}
	if class >= classControl {
		c.spoilt = true // SET, USE and temporary tables are gone with the next request, as on a server
	}
	mark := e.mark(s.queryID)
	s.sql = mark + s.sql
	finished := make(chan struct{})
	stop := context.AfterFunc(ctx, func() { e.kill(mark, finished) })
	defer stop()
	defer close(finished)

	var u usage
	if class != classReadOnly || s.whole || !streamable(s.sql) {
		u, err = c.runWhole(s, write)
	} else if q := parseSelect(s.sql, s.format); isPiecewise(q.format) {
		u, err = c.runStream(s, write)
	} else {
		u, err = c.runPiped(s, q, write)
	}
	if err != nil {
		c.spoilt = true // the library keeps the pieces of a failed query, with all their memory, until the next one
		if ctx.Err() != nil {
			return u, ctx.Err()
		}
	}
	return u, err
}

// admit refuses what a server refuses over HTTP and the library would do.
func admit(sql string, class, statements uint32) error {
	if statements > 1 || statements == 0 && severalStatements(sql) {
		return refuse(codeSyntax, "Syntax error (Multi-statements are not allowed)")
	}
	if class == classControl && streamable(sql) {
		return refuse(codeNotImplemented, "INTO OUTFILE is not supported over HTTP")
	}
	return nil
}

// streamable tells a SELECT: the library streams nothing else.
func streamable(sql string) bool {
	switch firstWord(sql) {
	case "SELECT", "WITH", "(":
		return true
	}
	return false
}

func (c *connection) runWhole(s statement, write func([]byte) error) (usage, error) {
	var u usage
	r := c.query(s.sql, s.format, s.params)
	defer r.free()
	if err := r.err(); err != nil {
		return u, err
	}
	u.add(r)
	if b := r.bytes(); len(b) > 0 {
		return u, write(b)
	}
	return u, nil
}

func (c *connection) runStream(s statement, write func([]byte) error) (usage, error) {
	var u usage
	stream := c.stream(s.sql, s.format, s.params)
	defer stream.free()
	if err := stream.err(); err != nil {
		if strings.Contains(err.Error(), "Streaming query is not supported") {
			return c.runWhole(s, write) // it is refused before anything runs
		}
		return u, err
	}
	for {
		more, err := c.piece(stream, &u, write)
		if err != nil {
			c.cancel(stream)
			return u, err
		}
		if !more {
			return u, nil
		}
	}
}

func (c *connection) piece(stream result, u *usage, write func([]byte) error) (more bool, err error) {
	r := c.fetch(stream)
	defer r.free()
	if err := r.err(); err != nil {
		return false, err
	}
	u.add(r)
	b := r.bytes()
	if len(b) == 0 {
		return false, nil
	}
	return true, write(b)
}

// mark is a comment before the statement by which kill finds it: the library gives no way to choose a query's id.
func (e *Engine) mark(queryID string) string {
	if !settingName.MatchString("_" + strings.ReplaceAll(queryID, "-", "_")) {
		queryID = ""
	}
	return fmt.Sprintf("/*q%d %s*/ ", e.queries.Add(1), queryID)
}

// kill ends the query that begins with mark. The query may not have begun when it is cancelled, so this repeats
// until it has ended.
func (e *Engine) kill(mark string, finished <-chan struct{}) {
	for {
		if err := e.killOnce(mark, finished); err != nil {
			e.cfg.Log.Warn("kill a query", "err", err)
		}
		select {
		case <-finished:
			return
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (e *Engine) killOnce(mark string, finished <-chan struct{}) error {
	e.killing.Lock()
	defer e.killing.Unlock()
	select {
	case <-finished: // and perhaps the engine is closed by now
		return nil
	default:
		return e.control.exec("KILL QUERY WHERE startsWith(query, " + quote(strings.TrimSpace(mark)) + ") ASYNC")
	}
}
