package e2e

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// killInTurn kills stages and servers with SIGKILL, one after the other and round again, until the writer is done and
// each was killed at least once. A victim is killed when it has work in hand, and started again.
func (h *house) killInTurn(written <-chan error) (kills int) {
	h.t.Helper()
	type victim struct {
		name          string
		busy          func() bool
		kill, restart func()
	}
	stage := func(name string, busy func() bool) victim {
		return victim{name, busy, func() { h.stages[name].Kill() }, func() { h.restart(name) }}
	}
	server := func(name string, p *servertest.Process) victim {
		return victim{name, h.unacknowledged, p.Kill, func() { p.Restart(h.t) }}
	}
	always := func() bool { return true }
	victims := []victim{
		stage("enricher-1", h.unacknowledged), server("nats", h.nats.Process), stage("poller-1", always), server("clickhouse", h.clickhouse.Process),
		stage("ticketer-1", always), server("mariadb", h.mariadb.Process), stage("enricher-2", h.unacknowledged), stage("queryapi", always),
		stage("poller-2", always), server("minio", h.minio.Process), stage("archiver", always),
	}
	done := false
	for round := 0; !done || round < len(victims); round++ {
		v := victims[round%len(victims)]
		if !done {
			h.waitBusy(v.busy)
		}
		v.kill()
		kills++
		select {
		case err := <-written:
			if err != nil {
				h.t.Fatal(err)
			}
			done = true
		case <-time.After(500 * time.Millisecond): // how long the victim stays away
		}
		v.restart()
		if !done {
			select {
			case err := <-written:
				if err != nil {
					h.t.Fatal(err)
				}
				done = true
			case <-time.After(2 * time.Second): // the house works for a while between two kills
			}
		}
	}
	return kills
}

// waitBusy waits for work in hand, but not for ever: the writer may be waiting for a server itself.
func (h *house) waitBusy(busy func() bool) {
	for deadline := time.Now().Add(5 * time.Second); !busy() && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond) // the pace of asking
	}
}

// consumers of the enricher as the log sees them.
func (h *house) consumers() ([]*jetstream.ConsumerInfo, error) {
	conn, err := nats.Connect(h.nats.URL, nats.Timeout(2*time.Second))
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		return nil, err
	}
	stream, err := js.Stream(h.t.Context(), "CDR")
	if err != nil {
		return nil, err
	}
	var all []*jetstream.ConsumerInfo
	list := stream.ListConsumers(h.t.Context())
	for info := range list.Info() {
		if strings.HasPrefix(info.Name, "enricher") {
			all = append(all, info)
		}
	}
	return all, list.Err()
}

// unacknowledged tells whether an enricher holds chunks that it has not acknowledged.
func (h *house) unacknowledged() bool {
	all, err := h.consumers()
	if err != nil {
		return false
	}
	for _, c := range all {
		if c.NumAckPending > 0 {
			return true
		}
	}
	return false
}

// redelivered counts deliveries beyond one a chunk.
func (h *house) redelivered() int {
	h.t.Helper()
	all, err := h.consumers()
	if err != nil {
		h.t.Fatal(err)
	}
	delivered := 0
	for _, c := range all {
		delivered += int(c.Delivered.Consumer)
	}
	conn, err := nats.Connect(h.nats.URL)
	if err != nil {
		h.t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		h.t.Fatal(err)
	}
	stream, err := js.Stream(h.t.Context(), "CDR")
	if err != nil {
		h.t.Fatal(err)
	}
	info, err := stream.Info(h.t.Context(), jetstream.WithSubjectFilter("cdr.v1.>"))
	if err != nil {
		h.t.Fatal(err)
	}
	chunks := 0
	for _, n := range info.State.Subjects {
		chunks += int(n)
	}
	return delivered - chunks
}

func (h *house) awaitWithin(token string, n int, within time.Duration) {
	h.t.Helper()
	last := 0
	defer func() {
		if last != n {
			h.t.Logf("the API showed %d calls, want %d", last, n)
		}
	}()
	servertest.Eventually(h.t, within, func() bool { last = h.total(token); return last == n }, "every call is queryable")
}

// awaitCorrections waits until every row that changed after it was read shows its last form.
func (h *house) awaitCorrections(token string) {
	h.t.Helper()
	changed := h.tableRows("SELECT id, userfield FROM asterisk_cdr WHERE recordingfile = 'late.wav'")
	servertest.Eventually(h.t, 3*time.Minute, func() bool {
		return h.ask("SELECT count() FROM calls FINAL WHERE recordingfile = 'late.wav'") == fmt.Sprint(len(changed))
	}, fmt.Sprintf("%d changed rows are corrected", len(changed)))
}

// ask ClickHouse itself, past every stage.
func (h *house) ask(query string) string {
	body := h.stream(query)
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

// stream is the answer while it arrives; an error is the answer too.
func (h *house) stream(query string) io.ReadCloser {
	failed := func(err error) io.ReadCloser { return io.NopCloser(strings.NewReader(err.Error())) }
	base, rest, _ := strings.Cut(h.clickhouse.Warehouse.DSN, "@")
	address, database, _ := strings.Cut(rest, "/")
	request, err := http.NewRequestWithContext(h.t.Context(), http.MethodPost, "http://"+address+"/?database="+database, bytes.NewReader([]byte(query)))
	if err != nil {
		return failed(err)
	}
	user, password, _ := strings.Cut(strings.TrimPrefix(base, "http://"), ":")
	request.SetBasicAuth(user, password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return failed(err)
	}
	return response.Body
}

// sameSums holds counts and sums of the store against the table's.
func (h *house) sameSums() {
	h.t.Helper()
	sums := []string{"count(*)", "sum(duration)", "sum(billsec)", "sum(sequence)", "count(distinct uniqueid)", "count(distinct linkedid)", "sum(id)"}
	for _, sum := range sums {
		var want string
		if err := h.db.QueryRowContext(h.t.Context(), "SELECT CAST("+sum+" AS CHAR) FROM asterisk_cdr").Scan(&want); err != nil {
			h.t.Fatal(err)
		}
		if got := h.ask("SELECT toString(" + strings.Replace(sum, "count(*)", "count()", 1) + ") FROM calls FINAL"); got != want {
			h.t.Errorf("%s is %s in ClickHouse and %s in MariaDB", sum, got, want)
		}
	}
	if twice := h.ask("SELECT count() FROM (SELECT id FROM calls FINAL GROUP BY id HAVING count() > 1)"); twice != "0" {
		h.t.Errorf("%s ids live twice", twice)
	}
}

// wholeConversations holds the conversations against their legs: each leg is counted in exactly one, and each conversation
// of an organisation has one head.
func (h *house) wholeConversations() {
	h.t.Helper()
	const heads = "SELECT concat(toString(count()), ' with ', toString(sum(conv_legs)), ' legs') FROM calls FINAL WHERE conv_legs > 0"
	const wanted = "SELECT concat(toString(uniqExact(org_id, conversation_id)), ' with ', toString(count()), ' legs') FROM calls FINAL"
	if got, want := h.ask(heads), h.ask(wanted); got != want {
		h.t.Errorf("conversations: %s, want %s", got, want)
	}
}
