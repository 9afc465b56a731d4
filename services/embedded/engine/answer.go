package engine

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"

	"github.com/ClickHouse/ch-go/compress"
)

// answerBuffer is how much of a result is held back: a query that fails before it has given so much is answered
// with a proper status, and a result that fits has a length and a summary.
const answerBuffer = 1 << 20

// answer writes the response to a query.
type answer struct {
	w          http.ResponseWriter
	compressor *compress.Writer // nil: plain
	held       []byte
	begun      bool
	tag        string
}

func newAnswer(w http.ResponseWriter, compressed bool, method string) *answer {
	a := &answer{w: w}
	if compressed {
		m := compress.LZ4
		if method == "ZSTD" {
			m = compress.ZSTD
		}
		a.compressor = compress.NewWriter(compress.LevelZero, m)
	}
	return a
}

// write takes the next piece of the result.
func (a *answer) write(b []byte) error {
	if !a.begun && len(a.held)+len(b) <= answerBuffer {
		a.held = append(a.held, b...)
		return nil
	}
	if !a.begun {
		a.begun = true
		random := make([]byte, 8)
		rand.Read(random) //nolint:errcheck // never fails
		a.tag = hex.EncodeToString(random)
		a.w.Header().Set("X-ClickHouse-Exception-Tag", a.tag)
		a.w.WriteHeader(http.StatusOK)
		if err := a.send(a.held); err != nil {
			return err
		}
		a.held = nil
	}
	return a.send(b)
}

func (a *answer) send(b []byte) error {
	for len(b) > 0 {
		piece := b
		if a.compressor != nil {
			piece = b[:min(len(b), answerBuffer)]
			if err := a.compressor.Compress(piece); err != nil {
				return fmt.Errorf("compress the result: %w", err)
			}
			b = b[len(piece):]
			piece = a.compressor.Data
		} else {
			b = nil
		}
		if _, err := a.w.Write(piece); err != nil {
			return fmt.Errorf("send the result: %w", err)
		}
	}
	return nil
}

// finish ends a query that went well.
func (a *answer) finish(u usage) error {
	if a.begun {
		return nil
	}
	a.w.Header().Set("X-ClickHouse-Summary", fmt.Sprintf(
		`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d"}`,
		u.readRows, u.readBytes, u.writtenRows, u.writtenBytes))
	if a.compressor == nil {
		a.w.Header().Set("Content-Length", strconv.Itoa(len(a.held)))
	}
	a.w.WriteHeader(http.StatusOK)
	return a.send(a.held)
}

// fail ends a query that did not. Once bytes of the result are out, the exception can only follow them, in the frame
// in which drivers look for it.
func (a *answer) fail(err error) {
	e := asException(err)
	if a.begun {
		text := e.text + "\n"
		fmt.Fprintf(a.w, "\r\n__exception__\r\n%s\r\n%s%d %s\r\n__exception__\r\n", a.tag, text, len(text), a.tag)
		return
	}
	a.w.Header().Set("X-ClickHouse-Exception-Code", strconv.Itoa(e.code))
	a.w.Header().Set("Content-Type", "text/plain; charset=UTF-8")
	a.w.WriteHeader(e.status())
	fmt.Fprintln(a.w, e.text)
}
