package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestAccept(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "json", "*/*": "json", "application/json": "json", "text/csv": "csv", "TEXT/CSV": "csv", "text/*": "csv", "application/x-ndjson": "ndjson",
		"application/vnd.apache.parquet": "parquet", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
		"text/csv;q=0.5, application/json;q=0.4": "csv", "text/csv;q=0.4, application/json;q=0.5": "json", "text/csv, */*": "json", "text/csv, */*;q=0.1": "csv",
		"text/csv;q=0, */*": "json", "application/*;q=0.2, text/csv;q=0.3": "csv", "application/json;q=0, application/*": "ndjson", "application/json;q=0, */*": "csv",
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8": "json", "text/html": "", "application/pdf, image/*": "", "application/json;q=0": "",
		"text/csv;q=0": "", "application/problem+json, application/json": "json", "nonsense": "json", "text/csv;q=2, application/x-ndjson": "ndjson",
		"text/csv; charset=utf-8": "csv",
	} {
		got, err := accepted(header)
		name := "json"
		switch {
		case err != nil:
			name = ""
		case got != nil:
			name = got.name
		}
		if name != want {
			t.Errorf("Accept %q gives %q, want %q", header, name, want)
		}
	}
}

func TestExportByHeader(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1), talked(2, 2, 2)), nil, nil)
	token := tokenOf(t, "supervisor", 1)
	for media, want := range map[string]string{"text/csv": "text/csv; charset=utf-8; header=present", "application/x-ndjson": "application/x-ndjson", "application/json": "application/json"} {
		if got := s.get(t, token, "/api/v1/calls", "Accept", media); got.StatusCode != http.StatusOK || got.Header.Get("Content-Type") != want {
			t.Errorf("%s: %s, %v", media, got.Status, got.Header)
		}
	}
	s.get(t, token, "/api/v1/calls", "Accept", "text/html").wantProblem(t, notAcceptable)
	if got := s.get(t, token, "/api/v1/calls?format=json", "Accept", "text/csv").list(t).String(); got != "1 of 1, more false" {
		t.Errorf("the parameter does not go before the header: %s", got)
	}
	if got := s.get(t, token, "/api/v1/calls?format=csv&bom=true").body; !strings.HasPrefix(got, "\ufeffid,calldate,") {
		t.Errorf("no byte order mark: %.40q", got)
	}
	if got := s.get(t, token, "/api/v1/calls?format=csv&bom=false").body; !strings.HasPrefix(got, "id,calldate,") {
		t.Errorf("a byte order mark: %.40q", got)
	}
	head := s.request(t, http.MethodHead, "/api/v1/calls?format=xlsx", "Authorization", "Bearer "+token)
	if head.StatusCode != http.StatusOK || head.body != "" || !strings.HasSuffix(head.Header.Get("Content-Disposition"), `.xlsx"`) {
		t.Errorf("HEAD: %s, %v", head.Status, head.Header)
	}
	empty := s.get(t, tokenOf(t, "supervisor", 7), "/api/v1/calls?format=csv")
	if lines := strings.Count(empty.body, "\r\n"); lines != 1 || empty.Trailer.Get("X-Rows") != "0" {
		t.Errorf("an empty export has %d lines, X-Rows %q", lines, empty.Trailer.Get("X-Rows"))
	}
}

func TestExportParameters(t *testing.T) {
	t.Parallel()
	s := newSite(t, &fixed{calls: []call.Call{talked(1, 1, 1)}}, nil, func(c *config) { c.ExportRows = 5 })
	token := tokenOf(t, "supervisor", 1)
	for query, parameter := range map[string]string{
		"format=pdf": "format", "format=CSV": "format", "format=": "format", "format=csv&limit=10": "limit", "format=ndjson&offset=0": "offset",
		"format=csv&cursor=x": "cursor", "format=csv&sort=id": "sort", "format=csv&order=asc": "order", "format=csv&total=exact": "total", "format=csv&bom=1": "bom", "format=csv&raw=yes": "raw", "format=xlsx&raw=true": "raw",
		"format=parquet&bom=false": "bom", "format=csv&ama=x": "ama",
	} {
		if p := s.get(t, token, "/api/v1/calls?"+query).wantProblem(t, parameterInvalid); p.Parameter != parameter {
			t.Errorf("%s: parameter %q: %s", query, p.Parameter, p.Detail)
		}
	}
	for query, want := range map[string]code{
		"format=csv&format=csv": parameterRepeated, "format=csv&token=x": parameterUnknown, "format=csv;raw": queryMalformed,
		"raw=true": parameterUnknown, "format=json&bom=true": parameterUnknown,
	} {
		s.get(t, token, "/api/v1/calls?"+query).wantProblem(t, want)
	}
	full := newSite(t, &fixed{calls: make([]call.Call, 6)}, nil, func(c *config) { c.ExportRows = 5 })
	got := full.get(t, token, "/api/v1/calls?format=csv")
	if p := got.wantProblem(t, exportTooLarge); !strings.Contains(p.Detail, "date_from") || got.Header.Get("Content-Disposition") != "" {
		t.Errorf("too large: %s, %v", p.Detail, got.Header)
	}
	sheet := newSite(t, &fixed{calls: make([]call.Call, mostSheetRows)}, nil, func(c *config) { c.ExportRows = 5_000_000 })
	if p := sheet.get(t, token, "/api/v1/calls?format=xlsx").wantProblem(t, exportTooLarge); !strings.Contains(p.Detail, "1048575 calls") || !strings.Contains(p.Detail, "format=csv") {
		t.Error(p.Detail)
	}
}

func TestExportRights(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1)), nil, nil)
	scoped := func(scope string) string { return sign(t, jwt.MapClaims{"role": "admin", "scope": scope}) }
	for _, f := range fileFormats {
		for token, allowed := range map[string]bool{
			tokenOf(t, "agent", 1): f.name == "csv", tokenOf(t, "supervisor", 1): true, tokenOf(t, "admin", 1): true,
			scoped("calls:read"): false, scoped("calls:read calls:export"): f.name == "csv", scoped("calls:read calls:export-bulk"): f.name != "csv",
			scoped("calls:export calls:export-bulk"): false,
		} {
			for _, got := range []reply{s.get(t, token, "/api/v1/calls?format="+f.name), s.get(t, token, "/api/v1/calls", "Accept", f.media)} {
				if !allowed {
					got.wantProblem(t, scopeInsufficient)
				} else if got.StatusCode != http.StatusOK {
					t.Errorf("%s: %s: %s", f.name, got.Status, got.body)
				}
			}
		}
	}
}

// Whoever exports is written down before, with what was asked for.
func TestExportIsAudited(t *testing.T) {
	t.Parallel()
	s := newSite(t, newStore(t, talked(1, 1, 1)), nil, nil)
	s.get(t, tokenOf(t, "supervisor", 1), "/api/v1/calls?format=ndjson&ama=omit")
	log := s.get(t, tokenOf(t, "admin", 1), "/api/v1/audit?action=export")
	if !strings.Contains(strings.ReplaceAll(log.body, `\"`, `"`), `"ama":["omit"]`) {
		t.Errorf("%s: %s", log.Status, log.body)
	}
}
