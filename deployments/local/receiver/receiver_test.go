package receiver

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func open(t *testing.T, path string) *Receiver {
	t.Helper()
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func post(r *Receiver, key, body string) *httptest.ResponseRecorder {
	q := httptest.NewRequest(http.MethodPost, "/auto-ticket", strings.NewReader(body))
	if key != "" {
		q.Header.Set("Idempotency-Key", key)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, q)
	return w
}

func listed(t *testing.T, r *Receiver, query string) (total int, keys []string) {
	t.Helper()
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tickets"+query, nil))
	var body struct {
		Total   int
		Tickets []Ticket
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || w.Code != http.StatusOK {
		t.Fatalf("GET /tickets%s: %d %s", query, w.Code, w.Body)
	}
	for _, ticket := range body.Tickets {
		keys = append(keys, ticket.Key)
	}
	return body.Total, keys
}

func TestOneTicketForAKey(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tickets.ndjson")
	r := open(t, path)
	var all sync.WaitGroup
	created := make(chan bool, 40)
	for range 20 {
		for _, key := range []string{"call-1", "call-2"} {
			all.Go(func() { created <- post(r, key, `{"event":"new","call":{"id":1}}`).Code == http.StatusCreated })
		}
	}
	all.Wait()
	close(created)
	n := 0
	for one := range created {
		if one {
			n++
		}
	}
	if n != 2 {
		t.Errorf("%d tickets opened for two keys", n)
	}

	// A second life, after a line that broke off.
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"ticket":3,"idempotency_key":"call-3","ca`); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	r = open(t, path)
	if w := post(r, "call-1", `{"call":{"id":1}}`); w.Code != http.StatusOK || w.Header().Get("Idempotent-Replayed") != "true" {
		t.Errorf("a known key after a restart: %d %v", w.Code, w.Header())
	}
	if w := post(r, "call-3", `{"call":{"id":3}}`); w.Code != http.StatusCreated {
		t.Errorf("the key of the broken line: %d %s", w.Code, w.Body)
	}
	if total, keys := listed(t, r, "?limit=1"); total != 3 || len(keys) != 1 || keys[0] != "call-3" {
		t.Errorf("%d tickets, the newest %v, want 3 and call-3", total, keys)
	}
	if total, keys := listed(t, r, ""); total != 3 || len(keys) != 3 {
		t.Errorf("%d tickets, listed %v", total, keys)
	}
}

func TestTheCallIsKeptAsItCame(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "tickets.ndjson")
	r := open(t, path)
	const call = `{"id":9007199254740993,"clid":"\"O'Reilly & <Co>\" 😀","amount":1.10}`
	if w := post(r, "call-9", `{"event":"new","call":`+call+`}`); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/tickets", nil))
	var body struct {
		Tickets []struct {
			Call struct {
				ID     json.Number
				Clid   string
				Amount json.Number
			}
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	got := body.Tickets[0].Call
	if got.ID != "9007199254740993" || got.Amount != "1.10" || got.Clid != `"O'Reilly & <Co>" 😀` {
		t.Errorf("kept as %+v", got)
	}
}

func TestWhatIsNoCallIsRefused(t *testing.T) {
	t.Parallel()
	r := open(t, filepath.Join(t.TempDir(), "tickets.ndjson"))
	for _, c := range [][2]string{
		{"", `{"call":{}}`}, {"k", ``}, {"k", `{"call":null}`}, {"k", `{"call":[]}`}, {"k", `{"event":"new"}`}, {"k", `{"call":{}`},
	} {
		if w := post(r, c[0], c[1]); w.Code != http.StatusBadRequest {
			t.Errorf("key %q, body %s: %d, want 400", c[0], c[1], w.Code)
		}
	}
	if total, _ := listed(t, r, ""); total != 0 {
		t.Errorf("%d tickets of bad requests", total)
	}
}
