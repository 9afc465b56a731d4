package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

// listening opens a live stream for every way to ask for one, and lets all flocks of both houses call.
func (p *pair) listening(t *testing.T) {
	t.Helper()
	var stream operation
	for _, o := range operationsOf(t, p.both.site) {
		if o.id == "streamCalls" {
			stream = o
		}
	}
	var queries []string
	for _, name := range append([]string{""}, stream.query...) {
		if name == "last_event_id" {
			continue // of another house it is another place
		}
		if name == "" {
			queries = append(queries, "")
			continue
		}
		for _, value := range p.words.values(t, stream, name) {
			queries = append(queries, "?"+url.Values{name: {value}}.Encode())
		}
	}
	token := p.tokens(t)[0]
	type ears struct{ alone, both *ear }
	all := make([]ears, len(queries))
	for i, query := range queries {
		alone, both := p.alone.hears(t, token, query), p.both.hears(t, token, query)
		if (alone == nil) != (both == nil) {
			t.Errorf("the stream %s is opened in one house only", query)
		}
		all[i] = ears{alone, both}
	}
	for _, h := range []*house{p.alone, p.both} {
		for n := range lastRow - 1 {
			for _, f := range h.flocks {
				c := f.rows()[n]
				c.Version = call.NewVersion(2, uint64(p.own.first)+uint64(n), 0)
				h.tell(t, call.NewEvent(call.EventNew, &c))
				c.Version++
				c.Src = f.own("corrected")
				h.tell(t, call.NewEvent(call.EventCorrected, &c), call.NewEvent(call.EventErased, &c))
			}
		}
		last := missed(firstFence+fences.Add(1), p.own.org)
		h.tell(t, event(call.EventErased, last, uint64(p.own.first)))
	}
	for i, query := range queries {
		if all[i].alone == nil || all[i].both == nil {
			continue
		}
		alone, both := all[i].alone.until(t, p.own, query), all[i].both.until(t, p.own, query)
		p.count.Add(1)
		if alone != both && p.differences.Add(1) < 20 {
			t.Errorf("the stream %s tells otherwise where there are others:\n%s", query, difference(alone, both))
		}
		for _, f := range []flock{robins, canaries, cuckoos} {
			if f != p.own && strings.Contains(both, f.bird) {
				t.Errorf("the stream %s tells of the %s", query, f.bird)
			}
		}
	}
}

// hears opens a stream; nil where it is refused.
func (h *house) hears(t *testing.T, token, query string) *ear {
	t.Helper()
	if got := h.request(t, http.MethodHead, "/api/v1/calls/stream"+query, "Authorization", "Bearer "+token); got.StatusCode != http.StatusOK {
		return nil
	}
	return h.listen(t, token, query)
}

// until gives all that is heard before the last event, without the places of events, which are others in every house. A
// stream of nothing of one's own hears not even the last.
func (e *ear) until(t *testing.T, own flock, query string) string {
	t.Helper()
	defer e.leave()
	if values, _ := url.ParseQuery(strings.TrimPrefix(query, "?")); values.Has("org_id") && values.Get("org_id") != fmt.Sprint(own.org) {
		var text strings.Builder
		for len(e.events) > 0 {
			fmt.Fprintln(&text, <-e.events)
		}
		return text.String()
	}
	var text strings.Builder
	for {
		x := e.next(t)
		if id := idIn(x.data); len(id) == len(fmt.Sprint(firstFence)) {
			return text.String()
		}
		fmt.Fprintln(&text, x.name, x.data)
	}
}
