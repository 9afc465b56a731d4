package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// house is the whole API on real servers: store, disk, MinIO, NATS, and an enricher that explains.
type house struct {
	*feed
	dsn    string
	flocks []flock
}

// newHouse makes a house in which these flocks live.
func newHouse(t testing.TB, flocks ...flock) *house {
	t.Helper()
	h := &house{dsn: servertest.ClickHouse(t).DSN, flocks: flocks}
	store, err := clickhouse.Open(clickhouse.Config{DSN: h.dsn}, "test")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	if err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir, vault := t.TempDir(), newVault(t, servertest.MinIO(t))
	organisations := []clickhouse.Organisation{{ID: 7, Name: "holding", Zone: "Asia/Kolkata"}}
	for _, f := range flocks {
		if err := store.Insert(t.Context(), f.rows(), f.bird); err != nil {
			t.Fatal(err)
		}
		for _, c := range f.rows() {
			if content := fmt.Sprintf("RIFF the voice of %s %d", f.bird, c.ID); c.Source == "pbx" && c.Recordingfile != "" {
				put(t, dir, c.Recordingfile, content)
			} else if c.Recordingfile != "" {
				upload(t, vault, c.Source+"/"+c.Recordingfile, content)
			}
		}
		organisations = append(organisations, f.organisation())
		f.leaveTraces(t, store)
	}
	if err := store.SaveOrganisations(t.Context(), organisations); err != nil {
		t.Fatal(err)
	}
	h.feed = newFeedOf(t, store, func(c *config) { c.RecordingsDir, c.Source = dir, "pbx" })
	h.vault, h.enrichers = vault, h.line
	explainer(t, h.nats.URL)
	return h
}

// organisation of the flock. All are below the robins, as far as parents go.
func (f flock) organisation() clickhouse.Organisation {
	o := clickhouse.Organisation{ID: f.org, Name: f.own("organisation"), Parent: robins.org, Zone: "Asia/Kolkata"}
	if f.org == robins.org {
		o.Parent, o.Zone = 7, "Europe/Paris"
	}
	return o
}

// leaveTraces writes what people of the flock did: tags, an erasure, the audit log.
func (f flock) leaveTraces(t testing.TB, store *clickhouse.Store) {
	t.Helper()
	at := call.InstantOf(hatched)
	edit := func(id uint64, tag string, present bool) clickhouse.TagEdit {
		return clickhouse.TagEdit{OrgID: f.org, ID: id, Tag: tag, Present: present, ConversationID: "pbx:" + bothLinked, Calldate: at, By: f.own("editor")}
	}
	edits := []clickhouse.TagEdit{edit(f.id(rowSpanning), f.own("added"), true), edit(f.id(rowSpanning), sharedTag, false), edit(f.id(rowQueue), "vip", true)}
	if f.org == canaries.org { // rows that were theirs before they were the robins'
		edits = append(edits, edit(robins.id(rowMissed), f.own("left"), true), edit(robins.id(rowQueue), sharedTag, false))
	}
	if err := store.EditTags(t.Context(), edits); err != nil {
		t.Fatal(err)
	}
	err := store.SaveErasures(t.Context(), []clickhouse.Erasure{{
		ID: f.id(rowInternal), OrgID: f.org, Done: true, Source: "pbx", File: fmt.Sprintf("%s-%d.wav", f.bird, f.id(rowInternal)),
		ConversationID: "pbx:" + linkedidOf(1000+int(f.id(rowInternal))), Calldate: at, By: f.own("eraser"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	entry := func(name string, orgs ...uint32) clickhouse.AuditEntry {
		return clickhouse.AuditEntry{
			At: hatched, Entry: f.own(name), Orgs: orgs, Subject: f.own("subject"), Role: "admin", Action: string(actChangeTags),
			Object: fmt.Sprint(f.id(rowMissed)), Detail: `{"add":["` + f.own("detail") + `"]}`, RequestID: f.own("request"), Remote: "192.0.2.1",
		}
	}
	entries := []clickhouse.AuditEntry{entry("entry", f.org)}
	if f.org == canaries.org { // about both, and so for nobody who sees one alone
		entries = append(entries, entry("both", robins.org, canaries.org), entry("nobody"))
	}
	if err := store.WriteAudit(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
}

// explainer answers like an enricher that is asked about what a caller may see, and tells whose it is.
func explainer(t testing.TB, url string) {
	t.Helper()
	answer := func(_ context.Context, question []byte) ([]byte, error) {
		var q call.Explain
		if err := json.Unmarshal(question, &q); err != nil {
			return nil, err
		}
		whose := map[uint32]string{robins.org: robins.bird, canaries.org: canaries.bird, chicks.org: chicks.bird, cuckoos.org: cuckoos.bird}[q.OrgID]
		return fmt.Appendf(nil, `{"org_id":%d,"conversation_id":"pbx:1.1","rules_revision":"4f2a91c0","fields":[{"field":"answered_by","value":%q,"rule":"","why":"","used":[],"rejected":[]}]}`, q.OrgID, whose), nil
	}
	enricher(t, url, answer)
}

// settle waits until no conversation is shown as one that may still grow: that goes by the clock alone.
func (h *house) settle(t testing.TB) {
	t.Helper()
	servertest.Eventually(t, time.Minute, func() bool {
		return strings.TrimSpace(h.sql(t, "SELECT count() FROM calls WHERE conv_legs > 0 AND conv_settled = 0")) == "0"
	}, "all conversations are settled")
}

// holding is a line for each table: how many rows there are of an organisation, and the sum of their hashes; -1 takes all.
func (h *house) holding(t testing.TB, org int) string {
	t.Helper()
	var lines strings.Builder
	for _, table := range strings.Fields(h.sql(t, "SELECT name FROM system.tables WHERE database = currentDatabase() AND total_rows IS NOT NULL ORDER BY name")) {
		whose := "1"
		switch columns := h.sql(t, "SELECT groupConcat(',')(name) FROM system.columns WHERE database = currentDatabase() AND table = '"+table+"'"); {
		case org < 0:
		case strings.Contains(","+columns, ",org_id"):
			whose = fmt.Sprintf("org_id = %d", org)
		case strings.Contains(","+columns, ",orgs"):
			whose = fmt.Sprintf("has(orgs, %d)", org)
		}
		fmt.Fprintf(&lines, "%s %s\n", table, strings.TrimSpace(h.sql(t, "SELECT count(), sum(cityHash64(*)) FROM `"+table+"` WHERE "+whose)))
	}
	return lines.String()
}

// sql asks the store what no door of the house tells.
func (h *house) sql(t testing.TB, statement string) string {
	t.Helper()
	at, err := url.Parse(h.dsn)
	if err != nil {
		t.Fatal(err)
	}
	password, _ := at.User.Password()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at.Host+"/?database="+strings.Trim(at.Path, "/"), strings.NewReader(statement+" FORMAT TSV"))
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth(at.User.Username(), password)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v: %s", statement, response.Status, err, text)
	}
	return string(text)
}
