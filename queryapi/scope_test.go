package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
)

// Calls 1 to 9 belong to organisations 0, 1 and 2 in turn, and each has a recording that holds its id.
func threeOrganisations(t *testing.T) *site {
	t.Helper()
	var calls []call.Call
	dir := t.TempDir()
	for id := uint64(1); id <= 9; id++ {
		c := talked(id, uint32(id%3), int(id))
		c.Recordingfile = fmt.Sprintf("call-%d.wav", id)
		calls = append(calls, c)
		if err := os.WriteFile(filepath.Join(dir, c.Recordingfile), fmt.Appendf(nil, "voice of %d", id), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return newSite(t, newStore(t, calls...), nil, func(c *config) { c.RecordingsDir = dir })
}

func TestNoOrganisationReadsAnother(t *testing.T) {
	t.Parallel()
	s := threeOrganisations(t)
	for _, holder := range []struct {
		token string
		orgs  map[uint64]bool // by id modulo 3
	}{
		{tokenOf(t, "agent", 1), map[uint64]bool{1: true}},
		{tokenOf(t, "supervisor", 2), map[uint64]bool{2: true}},
		{tokenOf(t, "admin", 1), map[uint64]bool{1: true}},
		{tokenOf(t, "supervisor", 0, 2), map[uint64]bool{2: true}},
		{tokenOf(t, "admin", 0, 2), map[uint64]bool{0: true, 2: true}},
		{tokenOf(t, "admin", 9), nil},
	} {
		own := len(holder.orgs) * 3
		// Any page: only one's own calls, and a total of them alone.
		for _, limit := range []int{1, 3, 9} {
			for _, offset := range []int{0, 2, 3, 6} {
				l := s.get(t, holder.token, fmt.Sprintf("/api/v1/calls?limit=%d&offset=%d", limit, offset)).list(t)
				if want := max(0, min(limit, own-offset)); len(l.Data) != want || int(*l.Pagination.Total) != own || l.Pagination.HasMore != (offset+want < own) {
					t.Fatalf("%v of limit %d, offset %d; want %d calls of %d", l, limit, offset, want, own)
				}
				for _, c := range l.Data {
					if !holder.orgs[c.ID%3] || uint64(c.OrgID) != c.ID%3 {
						t.Fatalf("call %d of organisation %d is shown to %v", c.ID, c.OrgID, holder.orgs)
					}
				}
			}
		}
		// Any id, by itself and by its recording; what is not one's own answers like what does not exist.
		for id := uint64(1); id <= 10; id++ {
			visible := id <= 9 && holder.orgs[id%3]
			for _, path := range []string{"/api/v1/calls/%d", "/api/v1/calls/%d/recording"} {
				for _, header := range [][]string{nil, {"Range", "bytes=0-3"}} {
					got := s.get(t, holder.token, fmt.Sprintf(path, id), header...)
					if visible {
						if got.StatusCode >= 300 || strings.HasSuffix(path, "recording") && header == nil && got.body != fmt.Sprintf("voice of %d", id) {
							t.Errorf("%s of %d: %s: %s", path, id, got.Status, got.body)
						}
						continue
					}
					absent := s.get(t, holder.token, fmt.Sprintf(path, 999), header...)
					same := strings.Replace(absent.body, absent.Header.Get("X-Request-Id"), got.Header.Get("X-Request-Id"), 1)
					if got.StatusCode != http.StatusNotFound || got.body != same || len(got.Header) != len(absent.Header) {
						t.Errorf("%s of %d answers %s %s, a missing call %s", path, id, got.Status, got.body, absent.body)
					}
				}
			}
		}
	}
}

// Nothing that a request carries beside its token moves the scope.
func TestNoParameterMovesTheScope(t *testing.T) {
	t.Parallel()
	s := threeOrganisations(t)
	token := tokenOf(t, "admin", 1)
	for _, name := range []string{"org", "orgs", "org_id", "organisation", "scope", "role", "token", "search", "direction", "accountcode", "where", "limit)", "source"} {
		for _, path := range []string{"/api/v1/calls", "/api/v1/calls/2", "/api/v1/calls/2/explain", "/api/v1/conversations"} {
			if !strings.Contains(path, "/2") && slices.Contains(filterNames, name) {
				continue
			}
			s.get(t, token, path+"?"+name+"=2").wantProblem(t, parameterUnknown)
		}
	}
	// A filter leaves some of what is seen and adds nothing.
	for _, filter := range []string{"org_id=2", "org_id=2&recurse=true", "search=2&org_id=0", "number=1001&org_id=2", "conversation_id=pbx:1775995633.41&org_id=2"} {
		for _, path := range []string{"/api/v1/calls?", "/api/v1/conversations?"} {
			if got := s.get(t, token, path+filter).list(t).String(); got != "of 0, more false" {
				t.Errorf("%s%s: %s", path, filter, got)
			}
		}
	}
	for _, value := range []string{"1%20OR%201=1", "1;2", "9)%20UNION%20ALL", "'", "1--", "%00"} {
		for _, path := range []string{"/api/v1/calls?limit=" + value, "/api/v1/calls?offset=" + value, "/api/v1/calls?ama=" + value, "/api/v1/conversations?date_from=" + value, "/api/v1/conversations/pbx:1775995633.41?org_id=" + value, "/api/v1/conversations/pbx:" + strings.ReplaceAll(value, ";", "%3B"), "/api/v1/calls/" + strings.ReplaceAll(value, ";", "%3B"), "/api/v1/calls/2" + value + "/recording"} {
			if got := s.get(t, token, path); got.StatusCode < 400 || got.StatusCode >= 500 {
				t.Errorf("%s: %s: %s", path, got.Status, got.body)
			}
		}
	}
	for _, header := range []string{"X-Org-Id", "X-Original-Url", "X-Forwarded-User", "X-HTTP-Method-Override", "Cookie"} {
		if got := s.get(t, token, "/api/v1/calls", header, "orgs=2").list(t).String(); got != "7 4 1 of 3, more false" {
			t.Errorf("with %s: %s", header, got)
		}
	}
}

func TestScopeClaim(t *testing.T) {
	t.Parallel()
	s := threeOrganisations(t)
	for scope, want := range map[string][2]int{
		"calls:read":                 {200, 403},
		"recordings:read":            {403, 200},
		"calls:read recordings:read": {200, 200},
		"calls:reader recordings":    {403, 403},
	} {
		token := sign(t, jwt.MapClaims{"scope": scope})
		list, recording := s.get(t, token, "/api/v1/calls"), s.get(t, token, "/api/v1/calls/1/recording")
		if list.StatusCode != want[0] || recording.StatusCode != want[1] {
			t.Errorf("scope %q: list %d, recording %d, want %v", scope, list.StatusCode, recording.StatusCode, want)
		}
	}
}
