package main

import (
	_ "embed"
	"net/http"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// openapi is the contract: every operation, parameter and answer, held against the router and against real answers by a
// test.
//
//go:embed openapi.yaml
var openapi []byte

// contract answers GET /openapi.yaml.
func (a *api) contract(w http.ResponseWriter, r *http.Request, _ *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	writeUnlessKnown(w, r, "application/yaml", openapi)
	return nil
}

var pages = v5emb.NewHandlerWithConfig(swgui.Config{
	Title: "Call Logs API", SwaggerJSON: "/openapi.yaml", BasePath: "/docs/",
	SettingsUI: map[string]string{"persistAuthorization": "false", "tryItOutEnabled": "true"},
})

// show answers GET /docs and what the page loads: the contract as a page to read and try. The page asks nobody but this
// server.
func (a *api) show(w http.ResponseWriter, r *http.Request, _ *holder) error {
	// The page's own script stands in it, and so do styles and pictures.
	w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "+
		"img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	pages.ServeHTTP(w, r)
	return nil
}
