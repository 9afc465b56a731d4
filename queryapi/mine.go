package main

import (
	"net/http"

	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// mine answers GET /api/v1/users/me/calls: the calls that the holder's extension had a part in, those that it rang for and
// did not take among them.
func (a *api) mine(w http.ResponseWriter, r *http.Request, h *holder) error {
	return a.listCalls(w, r, h, func(f *clickhouse.Filter) error {
		if h.extension == "" {
			return refuse(extensionMissing, "the token names no extension, so nobody can tell which calls are its holder's: it wants the claim extension")
		}
		f.Participant = h.extension
		return nil
	})
}
