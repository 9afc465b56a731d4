package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// gapsOf reads "1-4 7-7!" : ranges, with ! for those that are read once.
func gapsOf(text string) ledger {
	var l ledger
	for _, field := range strings.Fields(text) {
		g := call.Gap{Since: noon, Once: strings.HasSuffix(field, "!")}
		fmt.Sscanf(field, "%d-%d", &g.From, &g.To)
		l = append(l, g)
	}
	return l
}

func (l ledger) String() string {
	var b strings.Builder
	for i, g := range l {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%d-%d", g.From, g.To)
		if g.Once {
			b.WriteByte('!')
		}
	}
	return b.String()
}

func TestFill(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		gaps string
		ids  []uint64
		want string
	}{
		{"", nil, ""},
		{"3-5 9-9", nil, "3-5 9-9"},
		{"3-5 9-9", []uint64{9}, "3-5"},
		{"3-5 9-9", []uint64{4}, "3-3 5-5 9-9"},
		{"3-5! 9-9", []uint64{3}, "4-5! 9-9"},
		{"3-5 9-9", []uint64{5, 6, 7}, "3-4 9-9"},
		{"3-5 9-9", []uint64{1, 3, 4, 5, 9, 12}, ""},
		{"1-100", []uint64{50, 51, 60}, "1-49 52-59 61-100"},
	} {
		l := gapsOf(tt.gaps)
		if got := l.fill(tt.ids).String(); got != tt.want {
			t.Errorf("%s filled with %v: got %s, want %s", tt.gaps, tt.ids, got, tt.want)
		}
		if l.String() != tt.gaps {
			t.Errorf("%s changed to %s", tt.gaps, l)
		}
	}
}

func TestDueAndExpire(t *testing.T) {
	t.Parallel()
	l := gapsOf("1-1 5-6!")
	l[0].Since = noon.Add(-3 * time.Minute)
	if got := l.due(noon, 10*time.Minute).String(); got != "1-1" {
		t.Errorf("due are %s", got)
	}
	if got := l.due(noon.Add(10*time.Minute), 10*time.Minute).String(); got != "1-1 5-6!" {
		t.Errorf("due ten minutes later are %s", got)
	}
	left, closed := l.expire(noon.Add(7*time.Minute), 10*time.Minute)
	if left.String() != "5-6!" || closed != 1 {
		t.Errorf("left are %s, %d closed", left, closed)
	}
}

// At 1,001 ranges the two closest become one; nothing that was open is closed by it.
func TestJoin(t *testing.T) {
	t.Parallel()
	var l ledger
	for i := range uint64(1001) {
		l = append(l, call.Gap{From: 10*i + 1, To: 10*i + 3, Since: noon.Add(time.Duration(i) * time.Millisecond)})
	}
	l[500].To = l[501].From - 2 // one row between
	joined := l.join(mostGaps, 10*time.Minute)
	if len(joined) != mostGaps {
		t.Fatalf("%d ranges", len(joined))
	}
	if g := joined[500]; g.From != 5001 || g.To != 5013 || !g.Since.Equal(l[501].Since) {
		t.Errorf("the closest two became %+v", g)
	}
	if got := l[:1000].join(mostGaps, 10*time.Minute); len(got) != 1000 {
		t.Errorf("1000 ranges became %d", len(got))
	}
}

func TestJoinCoversEverything(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	var l ledger
	id := uint64(1)
	for range 5000 {
		id += 2 + random.Uint64N(50)
		g := call.Gap{From: id, To: id + random.Uint64N(4), Since: noon.Add(time.Duration(id) * time.Second), Once: id < 20_000}
		id = g.To
		l = append(l, g)
	}
	joined := l.join(mostGaps, 10*time.Minute)
	if len(joined) != mostGaps || !slices.IsSortedFunc(joined, func(a, b call.Gap) int { return int(a.From) - int(b.To) }) {
		t.Fatalf("%d ranges, or not in order", len(joined))
	}
	for _, g := range l {
		i := slices.IndexFunc(joined, func(j call.Gap) bool { return j.From <= g.From && j.To >= g.To })
		if i < 0 || joined[i].Since.Before(g.Since) || joined[i].Once && !g.Once {
			t.Fatalf("%+v is in none, or in one that is given up before it", g)
		}
	}
}

// A range does not stay open for ever because younger gaps keep being joined to it.
func TestJoinKeepsAgesApart(t *testing.T) {
	t.Parallel()
	l := gapsOf("1-1 3-3 5-5 100-100 200-200")
	l[2].Since = noon.Add(5 * time.Minute)
	l[3].Since, l[4].Since = l[2].Since, l[2].Since
	if got := l.join(3, 10*time.Minute).String(); got != "1-3 5-100 200-200" {
		t.Errorf("got %s", got)
	}
	if got := l.join(1, 10*time.Minute).String(); got != "1-200" {
		t.Errorf("down to one: %s", got)
	}
}

func TestStride(t *testing.T) {
	t.Parallel()
	feed := func(s *stride, known uint64, times int, differences ...uint64) uint64 {
		for range times {
			for _, d := range differences {
				known = s.saw(100, 100+d, known)
			}
		}
		return known
	}
	for _, tt := range []struct {
		name        string
		known       uint64
		times       int
		differences []uint64
		want        uint64
	}{
		{"one server", 0, 100, []uint64{1}, 1},
		{"one server with rolled-back ids", 1, 100, []uint64{1, 1, 1, 4}, 1},
		{"a node of three", 0, 100, []uint64{3}, 3},
		{"a node of three with rolled-back ids", 0, 100, []uint64{3, 3, 3, 9}, 3},
		{"two nodes of three write", 3, 100, []uint64{1, 2}, 1},
		{"too few to know", 0, 10, []uint64{3}, 1},
		{"known from before", 3, 1, []uint64{3, 6}, 3},
		{"known from before, another node takes over", 3, 1, []uint64{3, 4, 3}, 1},
	} {
		var s stride
		if got := feed(&s, tt.known, tt.times, tt.differences...); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
	// A cluster that grows is learnt anew.
	var s stride
	known := feed(&s, 0, 50, 3)
	if known = feed(&s, known, 5, 4); known != 1 {
		t.Errorf("in between: %d, want 1", known)
	}
	if known = feed(&s, known, 50, 4); known != 4 {
		t.Errorf("afterwards: %d, want 4", known)
	}
}

func TestGaleraStrideIsLearnt(t *testing.T) {
	t.Parallel()
	s := newSite(t, asteriskDDL)
	s.sql.exec("SET auto_increment_increment=3, auto_increment_offset=2")
	for range 200 {
		s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES (UUID_SHORT())")
	}
	log := s.read()
	p := s.poll("PAGE_ROWS=50", "GAP_TIMEOUT=1m", "LOOK_BACK=1m")
	servertest.Eventually(t, soon, func() bool { return len(log.ids(call.KindPage)) == 200 }, "all rows are read")
	if got := p.metric("poller_gaps_open"); got > 32 {
		t.Errorf("%v gaps are open: the stride was not learnt", got)
	}
	if got := s.checkpoint().Stride; got != 3 {
		t.Errorf("the stride is %d", got)
	}
	// Another node writes; then its late row is no less found.
	late := newClient(t, s.database)
	late.exec("SET auto_increment_increment=3, auto_increment_offset=3; BEGIN; INSERT INTO asterisk_cdr (uniqueid) VALUES ('late')")
	s.sql.exec("INSERT INTO asterisk_cdr (uniqueid) VALUES ('other')")
	servertest.Eventually(t, soon, func() bool { return len(log.ids(call.KindPage)) == 201 }, "the row of the first node")
	late.exec("COMMIT")
	servertest.Eventually(t, soon, func() bool {
		return slices.ContainsFunc(log.all(), func(r published) bool { return r.text("uniqueid") == "late" })
	}, "the late row of the other node")
}
