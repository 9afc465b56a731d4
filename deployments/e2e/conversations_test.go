package e2e

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/servertest"
)

// legs of a conversation as one organisation sees it, by "organisation conversation_id".
type legs map[string][]string

// conversationsAreWhole holds the conversations that a token sees against its calls: each call is a leg of exactly one, and
// an enricher explains every conversation and some of the calls, about this organisation's rows alone.
func conversationsAreWhole(t *testing.T, h *house, token string, calls []map[string]any) {
	t.Helper()
	want := legs{}
	for _, c := range calls {
		key := fmt.Sprint(c["org_id"], " ", c["conversation_id"])
		want[key] = append(want[key], fmt.Sprint(c["id"]))
	}
	servertest.Eventually(t, 2*time.Minute, func() error {
		listed, err := h.conversations(token)
		if err != nil {
			return err
		}
		if !maps.EqualFunc(listed, want, func(a, b []string) bool {
			return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
		}) {
			return fmt.Errorf("%d conversations listed, the calls are of %d", len(listed), len(want))
		}
		return nil
	}, "every call is a leg of one conversation")

	for key, ids := range want {
		var org int
		var id string
		if _, err := fmt.Sscan(key, &org, &id); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("/api/v1/conversations/%s", url.PathEscape(id))
		var whole struct{ Legs []map[string]any }
		if status, err := h.get(fmt.Sprintf("%s?org_id=%d", path, org), token, &whole); err != nil || status != http.StatusOK || len(whole.Legs) != len(ids) {
			t.Errorf("%s: %d, %v, %d legs, want %d", key, status, err, len(whole.Legs), len(ids))
		}
		h.explains(token, fmt.Sprintf("%s/explain?org_id=%d", path, org), org, id, ids)
		h.explains(token, "/api/v1/calls/"+ids[0]+"/explain", org, id, ids)
	}
}

// conversations reads every conversation that a token sees, as long as they fit on one page.
func (h *house) conversations(token string) (legs, error) {
	var p page
	if status, err := h.get("/api/v1/conversations?limit=200", token, &p); err != nil || status != http.StatusOK || p.Pagination.HasMore {
		return nil, fmt.Errorf("conversations answered %d, more %v: %w", status, p.Pagination.HasMore, err)
	}
	found := legs{}
	for _, c := range p.Data {
		key := fmt.Sprint(c["org_id"], " ", c["conversation_id"])
		if found[key] != nil {
			return nil, fmt.Errorf("conversation %s is listed twice", key)
		}
		for _, l := range c["legs"].([]any) {
			found[key] = append(found[key], fmt.Sprint(l.(map[string]any)["id"]))
		}
		if fmt.Sprint(c["leg_count"]) != fmt.Sprint(len(found[key])) {
			return nil, fmt.Errorf("conversation %s has %v legs and names %v", key, c["leg_count"], found[key])
		}
	}
	if len(found) != p.Pagination.Total {
		return nil, fmt.Errorf("%d conversations listed, total says %d", len(found), p.Pagination.Total)
	}
	return found, nil
}

// explains asks why, and holds the answer to the rows that may stand in it.
func (h *house) explains(token, path string, org int, conversation string, ids []string) {
	h.t.Helper()
	type field struct {
		Field, Rule string
		Used        []struct{ ID json.Number }
	}
	var why struct {
		OrgID          int    `json:"org_id"`
		ConversationID string `json:"conversation_id"`
		Fields         []field
		Legs           []struct {
			ID     json.Number
			Fields []field
		}
	}
	status, err := h.get(path, token, &why)
	if err != nil || status != http.StatusOK || why.OrgID != org || why.ConversationID != conversation || len(why.Fields) == 0 {
		h.t.Errorf("%s: %d, %v: %+v", path, status, err, why)
		return
	}
	all := why.Fields
	for _, l := range why.Legs {
		all = append(all, l.Fields...)
		if !slices.Contains(ids, l.ID.String()) {
			h.t.Errorf("%s explains row %s, which is none of its legs", path, l.ID)
		}
	}
	for _, f := range all {
		if f.Field == "" || f.Rule == "" {
			h.t.Errorf("%s has a field without name or rule: %+v", path, f)
		}
		for _, u := range f.Used {
			if !slices.Contains(ids, u.ID.String()) {
				h.t.Errorf("%s: %s is explained by row %s, which is none of its legs", path, f.Field, u.ID)
			}
		}
	}
}
