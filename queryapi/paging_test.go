package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// pageOf is a list with all that it says of itself.
type pageOf struct {
	Data []struct {
		ID           uint64 `json:"id"`
		Conversation string `json:"conversation_id"`
	} `json:"data"`
	Pagination struct {
		Total    uint64  `json:"total"`
		Relation string  `json:"total_relation"`
		HasMore  bool    `json:"has_more"`
		Next     *string `json:"next_cursor"`
	} `json:"pagination"`
}

func (r reply) page(t testing.TB) (p pageOf) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s %s: %v: %s", r.Request.URL, r.Status, err, r.body)
	}
	if p.Pagination.HasMore != (p.Pagination.Next != nil) {
		t.Errorf("%s: has_more and next_cursor differ: %+v", r.Request.URL, p.Pagination)
	}
	return p
}

// some calls of two organisations, several at once.
func someCalls(n uint64) (calls []call.Call) {
	for id := uint64(1); id <= n; id++ {
		c := missed(id, uint32(1+id%2))
		c.Calldate += call.Instant(id/3) * 60_000
		c.Linkedid = fmt.Sprintf("1775995633.%d", id)
		c.Duration = int64(id % 4)
		c.Conversation.Legs, c.Conversation.End = 1, c.Calldate+call.Instant(id%5)*1000
		calls = append(calls, c)
	}
	return calls
}

// A walk by cursor gives every call once, in every order, whatever the pages' sizes; so does one by offset.
func TestCursors(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, someCalls(47)...), nil, nil)
	token := tokenOf(t, "agent", 1, 2)
	for _, path := range []string{"/api/v1/calls?", "/api/v1/calls?sort=duration&", "/api/v1/calls?sort=id&order=asc&", "/api/v1/calls?order=asc&", "/api/v1/calls?search=9199&", "/api/v1/conversations?", "/api/v1/conversations?sort=duration&order=asc&"} {
		whole := s.get(t, token, path+"limit=200").page(t)
		var want, got []string
		for _, c := range whole.Data {
			want = append(want, c.Conversation)
		}
		if whole.Pagination.Total != uint64(len(want)) || whole.Pagination.HasMore || len(want) < 10 {
			t.Fatalf("%s: %d, %+v", path, len(want), whole.Pagination)
		}
		next := ""
		for n := 0; n < 60; n++ {
			page := s.get(t, token, path+"limit="+fmt.Sprint(1+n%5)+next).page(t)
			for _, c := range page.Data {
				got = append(got, c.Conversation)
			}
			if page.Pagination.Total != uint64(len(want)) || page.Pagination.Relation != "eq" || page.Pagination.HasMore != (len(got) < len(want)) {
				t.Fatalf("%s: after %d of %d it says %+v", path, len(got), len(want), page.Pagination)
			}
			if page.Pagination.Next == nil {
				break
			}
			next = "&cursor=" + *page.Pagination.Next
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: by cursor %v, want %v", path, got, want)
		}
		for _, offset := range []int{0, 5, len(want) - 5, len(want) - 4, len(want), 500} {
			page := s.get(t, token, fmt.Sprintf("%slimit=5&offset=%d", path, offset)).page(t)
			if len(page.Data) != max(0, min(5, len(want)-offset)) || page.Pagination.HasMore != (offset+5 < len(want)) || page.Pagination.Total != uint64(len(want)) {
				t.Errorf("%s: from %d %d, %+v", path, offset, len(page.Data), page.Pagination)
			}
		}
	}
}

// A cursor is taken only as it was given, for the list that it was given for, and shows nobody what the token does not.
func TestCursorsAreStrict(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, someCalls(20)...), nil, nil)
	token := tokenOf(t, "agent", 1)
	const path = "/api/v1/calls?limit=3&direction=inbound"
	good := *s.get(t, token, path).page(t).Pagination.Next
	if got := s.get(t, token, "/api/v1/calls?limit=5&direction=inbound&cursor="+good).page(t); len(got.Data) != 5 {
		t.Errorf("with another limit %d", len(got.Data))
	}
	for _, other := range []string{"", "direction=all", "direction=outbound", "direction=inbound&sort=duration", "direction=inbound&order=asc", "direction=inbound&search=1", "direction=inbound&org_id=1", "direction=inbound&date_from=2020-01-01"} {
		s.get(t, token, "/api/v1/calls?"+other+"&cursor="+good).wantProblem(t, cursorInvalid)
	}
	s.get(t, token, "/api/v1/conversations?direction=inbound&cursor="+good).wantProblem(t, cursorInvalid)
	if p := s.get(t, token, path+"&offset=0&cursor="+good).wantProblem(t, parameterInvalid); p.Parameter != "offset" {
		t.Errorf("beside an offset: %+v", p)
	}
	plain, err := base64.RawURLEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	coded := base64.RawURLEncoding.EncodeToString
	bad := []string{
		"", "x", "'", good + "=", good + "A", " " + good, good[:len(good)-1], good[:len(good)-3], strings.ToLower(good), coded(append(slices.Clone(plain), 0)), coded(plain[:12]), coded(plain[:9]), coded(nil),
		coded(append(slices.Clone(plain[:9]), 0, 0x80, 0, 1, 1)), coded(append(slices.Clone(plain[:9]), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1)), strings.Repeat("A", 5000), "1 OR 1=1",
	}
	for i := range plain[:9] {
		changed := slices.Clone(plain)
		changed[i] ^= 1
		bad = append(bad, coded(changed))
	}
	for _, text := range bad {
		if p := s.get(t, token, path+"&cursor="+url.QueryEscape(text)).wantProblem(t, cursorInvalid); p.Parameter != "cursor" {
			t.Errorf("%q: %+v", text, p)
		}
	}
	// Another organisation's position is a position.
	other := tokenOf(t, "agent", 2)
	for _, c := range s.get(t, other, path+"&cursor="+good).page(t).Data {
		if c.ID%2 == 0 {
			t.Errorf("organisation 2 sees call %d", c.ID)
		}
	}
}

// A large house does not wait for a count: the page says what is there at least, and the next one knows.
func TestTotals(t *testing.T) {
	t.Parallel()
	release, counted := make(chan struct{}), make(chan struct{}, 10)
	far := &fixed{calls: someCalls(30), size: smallHouse + 1, counting: func() { counted <- struct{}{}; <-release }}
	s := newSite(t, far, nil, nil)
	token := tokenOf(t, "agent", 1, 2)
	for range 3 {
		got := s.get(t, token, "/api/v1/calls?limit=4").page(t).Pagination
		if got.Total != 5 || got.Relation != "gte" || !got.HasMore {
			t.Errorf("before the count is done: %+v", got)
		}
	}
	if <-counted; len(counted) > 0 {
		t.Error("the same is counted twice at once")
	}
	// The last page needs no count.
	if got := s.get(t, token, "/api/v1/calls?limit=4&offset=28").page(t).Pagination; got.Total != 30 || got.Relation != "eq" || got.HasMore {
		t.Errorf("the last page: %+v", got)
	}
	waiting := make(chan pageOf)
	go func() { waiting <- s.get(t, token, "/api/v1/calls?limit=4&total=exact").page(t) }()
	select {
	case got := <-waiting:
		t.Errorf("total=exact did not wait: %+v", got.Pagination)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if got := (<-waiting).Pagination; got.Total != 30 || got.Relation != "eq" {
		t.Errorf("exact: %+v", got)
	}
	servertest.Eventually(t, time.Minute, func() error {
		if got := s.get(t, token, "/api/v1/calls?limit=4").page(t).Pagination; got.Total != 30 || got.Relation != "eq" {
			return fmt.Errorf("after the count: %+v", got)
		}
		return nil
	}, "the total is known")
	if len(counted) > 0 {
		t.Error("what was counted a moment ago is counted again")
	}
	// Another scope is another count.
	s.get(t, tokenOf(t, "agent", 1), "/api/v1/calls?limit=4").page(t)
	if <-counted; len(counted) > 0 {
		t.Error("more than one count")
	}
	for query, parameter := range map[string]string{
		"total=yes": "total", "total=": "total", "sort=": "sort", "sort=src": "sort", "sort=calldate,id": "sort", "sort=-id": "sort", "sort=id;DROP": "sort",
		"order=": "order", "order=DESC": "order", "sort=start": "sort", "order=up": "order",
	} {
		got := s.get(t, token, "/api/v1/calls?"+strings.ReplaceAll(query, ";", "%3B")).wantProblem(t, parameterInvalid)
		if got.Parameter != parameter {
			t.Errorf("%s: %+v", query, got)
		}
	}
	s.get(t, token, "/api/v1/conversations?sort=calldate").wantProblem(t, parameterInvalid)
}

// An exact total is of now, not of a moment ago: what was tagged since counts.
func TestTotalsAreOfNow(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, someCalls(30)...), nil, nil)
	token := tokenOf(t, "admin", 1, 2)
	total := func(more string) uint64 {
		t.Helper()
		got := s.get(t, token, "/api/v1/calls?limit=1&tag=vip"+more).page(t).Pagination
		if got.Relation != "eq" {
			t.Errorf("%+v", got)
		}
		return got.Total
	}
	tag := func(ids string) {
		t.Helper()
		if got := s.post(t, token, "/api/v1/calls/tags", `{"ids":[`+ids+`],"add":["vip"]}`); got.StatusCode != http.StatusOK {
			t.Fatal(got.body)
		}
	}
	tag("1,2")
	if n := total(""); n != 2 {
		t.Errorf("a total of %d, want 2", n)
	}
	tag("3,4")
	if n := total(""); n != 4 {
		t.Errorf("a total of %d in a small house, want 4", n)
	}
	s.totals.lock.Lock()
	s.totals.size = smallHouse + 1
	s.totals.lock.Unlock()
	tag("5,6")
	if n := total("&total=exact"); n != 6 {
		t.Errorf("an exact total of %d in a large house, want 6", n)
	}
}

// A page does not fail because its count does, unless the count is what is asked for.
func TestPageWithoutItsCount(t *testing.T) {
	t.Parallel()
	far := &fixed{calls: someCalls(30), uncounted: clickhouse.ErrTooExpensive}
	s := newSite(t, far, nil, nil)
	token := tokenOf(t, "agent", 1, 2)
	for _, size := range []uint64{0, smallHouse + 1} {
		s.totals.lock.Lock()
		s.totals.size, s.totals.asked = size, time.Now()
		s.totals.lock.Unlock()
		for range 3 {
			if got := s.get(t, token, "/api/v1/calls?limit=4").page(t).Pagination; got.Total != 5 || got.Relation != "gte" {
				t.Errorf("a house of %d: %+v", size, got)
			}
		}
		s.get(t, token, "/api/v1/calls?limit=4&total=exact").wantProblem(t, queryTooExpensive)
	}
	far.uncounted, s.totals.within = context.DeadlineExceeded, time.Millisecond
	s.get(t, token, "/api/v1/calls?limit=4&total=exact").wantProblem(t, queryTimeout)
}
