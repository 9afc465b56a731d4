package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Serve answers ClickHouse's HTTP interface on the listener until ctx ends, then lets running queries finish for at
// most Config.Stop, kills the rest and returns nil. A listener that others than this machine can reach is refused.
func (e *Engine) Serve(ctx context.Context, listener net.Listener) error {
	if addr, ok := listener.Addr().(*net.TCPAddr); ok && !addr.IP.IsLoopback() {
		return fmt.Errorf("serve the engine on %s: want a loopback address", addr)
	}
	// Requests outlive ctx by the time they have to finish.
	base, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	server := &http.Server{
		Handler:           e,
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    16 << 20, // query parameters and settings come in the URL
		BaseContext:       func(net.Listener) context.Context { return base },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve the engine: %w", err)
	case <-ctx.Done():
	}
	finish, cancel := context.WithTimeout(base, e.cfg.Stop)
	defer cancel()
	if err := server.Shutdown(finish); err != nil {
		kill()
		e.cfg.Log.Warn("queries killed at shutdown")
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			server.Close()
		}
	}
	return nil
}

// ServeHTTP answers one request.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if r.URL.Path == "/ping" || r.Method == http.MethodGet && r.URL.Path == "/" && !query.Has("query") {
		io.WriteString(w, "Ok.\n") //nolint:errcheck // the client has gone
		return
	}
	a := newAnswer(w, query.Get("compress") == "1", query.Get("network_compression_method"))
	header := w.Header()
	header.Set("X-ClickHouse-Server-Display-Name", "cdrflow")
	header.Set("X-ClickHouse-Timezone", e.timezone)
	if id := query.Get("query_id"); id != "" {
		header.Set("X-ClickHouse-Query-Id", id)
	}
	if !e.known(r, query) {
		a.fail(refuse(codeAuthentication, "Authentication failed: password is incorrect, or there is no user with such name"))
		return
	}
	u, err := e.answer(w, r, query, a)
	if err == nil {
		err = a.finish(u)
	}
	if err != nil {
		if r.Context().Err() != nil {
			err = refuse(codeCancelled, "Query was cancelled")
		}
		a.fail(err)
	}
}

// known checks the user and the password wherever a ClickHouse client may have put them.
func (e *Engine) known(r *http.Request, query url.Values) bool {
	user, password, ok := r.BasicAuth()
	if h := r.Header.Get("X-ClickHouse-User"); h != "" {
		user, password, ok = h, r.Header.Get("X-ClickHouse-Key"), true
	}
	if !ok {
		user, password = query.Get("user"), query.Get("password")
	}
	// Hashes, because the comparison tells the length.
	got, want := sha256.Sum256([]byte(user+"\x00"+password)), sha256.Sum256([]byte(e.cfg.User+"\x00"+e.cfg.Password))
	return subtle.ConstantTimeCompare(got[:], want[:]) == 1
}

// answer reads the statement from the request and runs it.
func (e *Engine) answer(w http.ResponseWriter, r *http.Request, query url.Values, a *answer) (usage, error) {
	s := statement{
		database: cmp.Or(query.Get("database"), r.Header.Get("X-ClickHouse-Database")),
		format:   cmp.Or(query.Get("default_format"), r.Header.Get("X-ClickHouse-Format"), "TabSeparated"),
		queryID:  query.Get("query_id"),
		params:   parameters(query),
		whole:    query.Get("wait_end_of_query") == "1" || query.Get("wait_end_of_query") == "true",
	}
	var err error
	if s.settings, err = settings(query); err != nil {
		return usage{}, err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/form-data") {
		return usage{}, refuse(codeNotImplemented, "external tables are not supported by the embedded engine")
	}
	rows, err := body(w, r, e.cfg.MaxBody, query.Get("decompress") == "1")
	if err != nil {
		return usage{}, err
	}
	a.w.Header().Set("X-ClickHouse-Format", s.format)
	if i, ok, err := parseInsert(query.Get("query"), "Values"); err != nil {
		return usage{}, err
	} else if ok {
		return e.insert(r.Context(), s, i, io.MultiReader(strings.NewReader(i.data), rows), a)
	}
	text, err := io.ReadAll(io.LimitReader(rows, maxText+1))
	if err != nil {
		return usage{}, bodyError(err)
	}
	if len(text) > maxText {
		return usage{}, tooLarge(maxText)
	}
	s.sql = query.Get("query") + string(text)
	if isHello(s.sql) {
		b, err := e.hello()
		if err != nil {
			return usage{}, err
		}
		return usage{}, a.write(b)
	}
	if i, ok, err := parseInsert(s.sql, "Values"); err != nil {
		return usage{}, err
	} else if ok {
		return e.insert(r.Context(), s, i, strings.NewReader(i.data), a)
	}
	return e.run(r.Context(), s, a.write)
}

// insert runs an INSERT with its rows in a file of memory.
func (e *Engine) insert(ctx context.Context, s statement, i insert, rows io.Reader, a *answer) (usage, error) {
	file, path, err := memory(rows)
	if err != nil {
		return usage{}, err
	}
	defer file.Close()
	s.sql = i.from(path)
	return e.run(ctx, s, a.write)
}
