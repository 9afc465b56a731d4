package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/process"
	"github.com/cdrflow/cdrflow/services/servertest"
)

func (d *desk) organisations() string {
	list, err := d.store.Organisations(d.t.Context())
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(list)
}

func TestRulesAreReloadedAndOrganisationsSaved(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, name: Acme, accountcodes: [a]}, {id: 2, name: Globex, parent: 1, zone: Asia/Kolkata}]")
	reloads := func(outcome string) float64 { return counter(t, d, "enricher_rules_reloads_total", outcome) }
	first := "[{1 Acme 0 UTC} {2 Globex 1 Asia/Kolkata}]"
	servertest.Eventually(t, 20*time.Second, func() bool { return d.organisations() == first }, "the organisations are saved at the start")

	old := d.e.rules.Load()
	d.write("organisations: [{id: 1, name: Acme, accountcodes: [b]}]\ntrunk: [x]")
	servertest.Eventually(t, 20*time.Second, func() bool { return reloads("refused") == 1 }, "the bad file is refused")
	// Another mistake is another refusal; the same one, looked at again and again, is not.
	d.write("organisations: [{id: 1, name: Acme, accountcodes: [b]}]\ntrunkz: [x, y]")
	servertest.Eventually(t, 20*time.Second, func() bool { return reloads("refused") == 2 }, "the second bad file is refused")
	if d.e.rules.Load() != old || d.organisations() != first || reloads("taken") != 0 {
		t.Error("a bad file changed something")
	}

	d.write("organisations: [{id: 1, name: Acme & Sons, accountcodes: [b]}]\ntrunks: [x]")
	servertest.Eventually(t, 20*time.Second, func() bool { return d.organisations() == "[{1 Acme & Sons 0 UTC}]" }, "the mended file is taken and its organisations are saved")
	if r := d.e.rules.Load(); r.accountcodes["b"] != 1 || r.accountcodes["a"] != 0 || !r.isTrunk("x") {
		t.Error("the new rules are not in force")
	}
	if taken, refused := reloads("taken"), reloads("refused"); taken != 1 || refused != 2 {
		t.Errorf("%v taken, %v refused; want 1 and 2", taken, refused)
	}
}

// slowDirectory fails at first.
type slowDirectory struct {
	tries atomic.Int64
	last  atomic.Pointer[[]clickhouse.Organisation]
}

func (s *slowDirectory) SaveOrganisations(_ context.Context, list []clickhouse.Organisation) error {
	if s.tries.Add(1) < 3 {
		return errors.New("not now")
	}
	s.last.Store(&list)
	return nil
}

func TestOrganisationsAreSavedOnceTheStoreIsBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1, name: Acme}]")
	s := new(slowDirectory)
	go d.e.watch(t.Context(), s)
	servertest.Eventually(t, 30*time.Second, func() bool { return s.last.Load() != nil }, "the list is saved")
	if got := fmt.Sprint(*s.last.Load()); got != "[{1 Acme 0 UTC}]" {
		t.Error(got)
	}
}

// A file that is being written is left alone until it is whole.
func TestFileBeingWrittenIsLeftAlone(t *testing.T) {
	t.Parallel()
	d := newDesk(t, "organisations: [{id: 1}]")
	e := &enricher{cfg: d.e.cfg, log: d.p.Log, metrics: d.e.metrics}
	e.rules.Store(d.e.rules.Load())
	w := rulesWatch{path: d.rules, trouble: new(process.Trouble)}
	d.write("trunks: [x]")
	e.reload(&w)
	info, err := os.Stat(d.rules)
	if err != nil {
		t.Fatal(err)
	}
	if e.rules.Load().isTrunk("x") && time.Since(info.ModTime()) < settleTime {
		t.Error("taken at once")
	}
	servertest.Eventually(t, 20*time.Second, func() bool { e.reload(&w); return e.rules.Load().isTrunk("x") }, "taken when it has settled")
}
