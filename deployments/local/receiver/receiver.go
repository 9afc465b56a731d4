// Package receiver is a small LogsUpdate: it takes calls, opens a ticket for each, and lists them. Its tickets are lines
// of one file.
package receiver

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// Ticket is one line of the file.
type Ticket struct {
	Ticket   int             `json:"ticket"` // counted from 1
	Key      string          `json:"idempotency_key"`
	Received time.Time       `json:"received"`
	Event    string          `json:"event,omitempty"`
	Call     json.RawMessage `json:"call"` // as it came
}

// Receiver keeps the tickets of one file. It serves
//
//	POST /auto-ticket   takes {"event": "new", "call": {…}} under an Idempotency-Key; 201 opens a ticket, 200 had it
//	GET  /tickets       the newest first, ?limit=50
type Receiver struct {
	mux *http.ServeMux

	mu    sync.Mutex
	file  *os.File
	size  int64
	byKey map[string]int // ticket
	lines []int64        // where each ticket begins
}

// Open reads the file, which it makes when it is missing. A last line that was cut off by a crash is dropped: nobody was
// told that its ticket exists.
func Open(path string) (*Receiver, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the tickets: %w", err)
	}
	r := &Receiver{file: f, byKey: map[string]int{}, mux: http.NewServeMux()}
	if err := r.read(); err != nil {
		return nil, errors.Join(fmt.Errorf("read the tickets in %s: %w", path, err), f.Close())
	}
	r.mux.HandleFunc("POST /auto-ticket", r.take)
	r.mux.HandleFunc("GET /tickets", r.list)
	return r, nil
}

// Close closes the file.
func (r *Receiver) Close() error { return r.file.Close() }

// ServeHTTP answers both paths.
func (r *Receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) { r.mux.ServeHTTP(w, q) }

func (r *Receiver) read() error {
	in := bufio.NewReaderSize(r.file, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return r.file.Truncate(r.size)
		}
		if err != nil {
			return err
		}
		var t Ticket
		if err := json.Unmarshal(line, &t); err != nil {
			return fmt.Errorf("line %d: %w", len(r.lines)+1, err)
		}
		r.keep(t.Key, len(line))
	}
}

// keep notes a ticket whose line of so many bytes is in the file.
func (r *Receiver) keep(key string, bytes int) {
	r.lines = append(r.lines, r.size)
	r.byKey[key] = len(r.lines)
	r.size += int64(bytes)
}

// mostBody is the most that is read of a request, in bytes; a row of an Asterisk is far below.
const mostBody = 4 << 20

func (r *Receiver) take(w http.ResponseWriter, q *http.Request) {
	key := q.Header.Get("Idempotency-Key")
	if key == "" {
		refuse(w, http.StatusBadRequest, "there is no Idempotency-Key")
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, mostBody))
	if err != nil {
		refuse(w, http.StatusRequestEntityTooLarge, "the body is too long or broke off")
		return
	}
	var asked struct {
		Event string          `json:"event"`
		Call  json.RawMessage `json:"call"`
	}
	if err := json.Unmarshal(body, &asked); err != nil || !bytes.HasPrefix(asked.Call, []byte("{")) {
		refuse(w, http.StatusBadRequest, `the body is no {"call": {…}}`)
		return
	}
	ticket, created, err := r.open(Ticket{
		Key: key, Received: time.Now().UTC().Truncate(time.Millisecond), Event: asked.Event, Call: asked.Call,
	})
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the ticket could not be stored")
		return
	}
	status := http.StatusCreated
	if !created {
		w.Header().Set("Idempotent-Replayed", "true")
		status = http.StatusOK
	}
	answer(w, status, map[string]any{"ticket": ticket, "created": created})
}

// open stores a ticket, unless there is one for its key.
func (r *Receiver) open(t Ticket) (number int, created bool, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if known := r.byKey[t.Key]; known != 0 {
		return known, false, nil
	}
	t.Ticket = len(r.lines) + 1
	line, err := json.Marshal(t)
	if err != nil {
		return 0, false, err
	}
	line = append(line, '\n')
	// At the known end: a part of a line that a full disk left behind is written over.
	if _, err := r.file.WriteAt(line, r.size); err != nil {
		return 0, false, errors.Join(err, r.file.Truncate(r.size))
	}
	r.keep(t.Key, len(line))
	return t.Ticket, true, nil
}

func (r *Receiver) list(w http.ResponseWriter, q *http.Request) {
	limit := 50
	if text := q.URL.Query().Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 1000 {
			refuse(w, http.StatusBadRequest, "limit is to be 1 to 1000")
			return
		}
		limit = n
	}
	tickets, total, err := r.newest(limit)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "the tickets could not be read")
		return
	}
	answer(w, http.StatusOK, map[string]any{"total": total, "tickets": tickets})
}

func (r *Receiver) newest(limit int) (tickets []json.RawMessage, total int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	tickets, end := []json.RawMessage{}, r.size
	for i := len(r.lines) - 1; i >= 0 && len(tickets) < limit; i-- {
		line := make([]byte, end-r.lines[i])
		if _, err := r.file.ReadAt(line, r.lines[i]); err != nil {
			return nil, 0, err
		}
		tickets, end = append(tickets, line), r.lines[i]
	}
	return tickets, len(r.lines), nil
}

func refuse(w http.ResponseWriter, status int, why string) {
	answer(w, status, map[string]string{"error": why})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	out := json.NewEncoder(w)
	out.SetEscapeHTML(false)
	_ = out.Encode(body)
}
