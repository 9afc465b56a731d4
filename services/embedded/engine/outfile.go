package engine

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// piecewise are the formats whose pieces can be put one behind the other. In every other format the library writes
// a head and a foot around each piece of a stream.
var piecewise = map[string]bool{
	"native": true, "rowbinary": true, "jsoneachrow": true, "jsonlines": true, "ndjson": true, "jsoncompacteachrow": true,
	"csv": true, "tsv": true, "tabseparated": true, "tsvraw": true, "tabseparatedraw": true, "rawblob": true,
}

// selection is a SELECT cut where INTO OUTFILE belongs.
type selection struct {
	query  string
	format string // as the statement names it, or the request's default
	rest   string // SETTINGS behind FORMAT, or empty
}

// parseSelect finds the FORMAT clause of a SELECT: the last word FORMAT outside of brackets with a word behind it,
// after which only SETTINGS may come. A column may be called format as well.
func parseSelect(sql, format string) selection {
	l := lexer{sql: sql}
	found := selection{format: format}
	end, prev := len(sql), token{}
	cut := -1
	for {
		t, ok := l.next()
		if !ok {
			break
		}
		if t.depth == 0 && sql[t.from:t.to] == ";" {
			end = t.from
			break
		}
		if prev.depth == 0 && l.is(prev, "FORMAT") && t.word {
			after := l // a copy looks one token ahead
			if next, ok := after.next(); !ok || sql[next.from:next.to] == ";" || after.is(next, "SETTINGS") {
				found.format, cut, found.rest = sql[t.from:t.to], prev.from, sql[t.to:]
			}
		}
		prev = t
	}
	if cut < 0 {
		found.query = sql[:end]
		return found
	}
	found.query = sql[:cut]
	found.rest = found.rest[:len(found.rest)-(len(sql)-end)]
	return found
}

// into is the statement with its result written to a file. A server has no such statement; the library contains the
// client, which has.
func (s selection) into(path string) string {
	// A comment up to the end of the line may stand last, so the clause begins on its own.
	return s.query + "\nINTO OUTFILE " + quote(path) + " TRUNCATE FORMAT " + s.format + " " + s.rest
}

var formatName = regexp.MustCompile(`^[A-Za-z0-9_]+$`)

// runPiped runs a SELECT whose result cannot be put together from pieces: the engine writes it into a pipe as it
// comes, so it is never whole in memory either.
func (c *connection) runPiped(s statement, q selection, write func([]byte) error) (usage, error) {
	if !formatName.MatchString(q.format) {
		return usage{}, refuse(codeUnknownFormat, "Unknown format "+q.format)
	}
	read, feed, err := os.Pipe()
	if err != nil {
		return usage{}, fmt.Errorf("pipe a result: %w", err)
	}
	defer read.Close()
	sent := make(chan error, 1)
	go func() { sent <- pass(read, write) }()

	s.sql = q.into(fmt.Sprintf("/proc/self/fd/%d", feed.Fd()))
	r := c.query(s.sql, q.format, s.params)
	defer r.free()
	feed.Close() // the engine has closed its own end, so the reader comes to an end
	err = <-sent
	if failed := r.err(); failed != nil {
		return usage{}, failed
	}
	var u usage
	u.add(r)
	return u, err
}

// pass hands on what comes out of the pipe. After an error it goes on reading, because the engine would hang on a
// full pipe, and die of a closed one.
func pass(read *os.File, write func([]byte) error) error {
	buf := make([]byte, 256<<10)
	var failed error
	for {
		n, err := read.Read(buf)
		if n > 0 && failed == nil {
			failed = write(buf[:n])
		}
		if err != nil {
			return failed
		}
	}
}

func isPiecewise(format string) bool { return piecewise[strings.ToLower(format)] }
