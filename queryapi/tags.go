package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// tagging is where tags are put on calls after the fact.
type tagging interface {
	Pick(ctx context.Context, scope clickhouse.Scope, ids []uint64) ([]call.Call, error)
	EditTags(ctx context.Context, edits []clickhouse.TagEdit) error
}

// tagEdit is what a holder wants of calls.
type tagEdit struct {
	IDs    []uint64 `json:"ids"`
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
}

// mostCalls is how many calls one request may change.
const mostCalls = 1000

// addTags answers POST /api/v1/calls/{id}/tags.
func (a *api) addTags(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	id, err := callID(r)
	if err != nil {
		return err
	}
	var body struct {
		Tags []string `json:"tags"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if len(body.Tags) == 0 {
		return &refusal{parameterInvalid, "tags is missing or empty, want the tags to put on the call", "tags"}
	}
	if err := checkTags("tags", body.Tags); err != nil {
		return err
	}
	return a.editOne(w, r, h, tagEdit{IDs: []uint64{id}, Add: body.Tags})
}

// removeTag answers DELETE /api/v1/calls/{id}/tags/{tag}.
func (a *api) removeTag(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	id, err := callID(r)
	if err != nil {
		return err
	}
	tag := chi.URLParam(r, "tag")
	if r.URL.RawPath != "" { // then the router has cut that one up
		if plain, err := url.PathUnescape(tag); err == nil {
			tag = plain
		}
	}
	if err := checkTags("tag", []string{tag}); err != nil {
		return err
	}
	return a.editOne(w, r, h, tagEdit{IDs: []uint64{id}, Remove: []string{tag}})
}

// editOne answers with the tags that the call has now.
func (a *api) editOne(w http.ResponseWriter, r *http.Request, h *holder, e tagEdit) error {
	tags, _, err := a.editTags(r, h, e)
	if err != nil {
		return err
	}
	answer, err := json.Marshal(struct {
		ID   uint64   `json:"id"`
		Tags []string `json:"tags"`
	}{e.IDs[0], append([]string{}, tags[0]...)})
	if err != nil {
		return err
	}
	return writeJSON(w, json.RawMessage(h.shown(answer)))
}

// editCalls answers POST /api/v1/calls/tags.
func (a *api) editCalls(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	var e tagEdit
	if err := readBody(w, r, &e); err != nil {
		return err
	}
	if err := checkIDs(e.IDs); err != nil {
		return err
	}
	if len(e.Add)+len(e.Remove) == 0 {
		return &refusal{parameterInvalid, "add and remove are both missing or empty, want tags in one of them", "add"}
	}
	if err := checkTags("add", e.Add); err != nil {
		return err
	}
	if err := checkTags("remove", e.Remove); err != nil {
		return err
	}
	for _, tag := range e.Remove {
		if slices.Contains(e.Add, tag) {
			return &refusal{parameterInvalid, quoted(tag) + " is in add and in remove, want it in one of them", "remove"}
		}
	}
	slices.Sort(e.IDs)
	e.IDs = slices.Compact(e.IDs)
	tags, changed, err := a.editTags(r, h, e)
	if err != nil {
		return err
	}
	return writeJSON(w, struct {
		Calls   int `json:"calls"`
		Changed int `json:"changed"`
	}{len(tags), changed})
}

// editTags of calls, all or none: one that is missing, or another's, leaves all as they are. It gives the tags of each call
// afterwards, in the order of the ids, and how many calls have others than before.
func (a *api) editTags(r *http.Request, h *holder, e tagEdit) (tags [][]string, changed int, err error) {
	calls, err := a.pick(r, h, e.IDs)
	if err != nil {
		return nil, 0, err
	}
	var edits []clickhouse.TagEdit
	for i := range calls {
		c := &calls[i]
		after, added, removed := changeOf(c.Tags, e.Add, e.Remove)
		if len(after) > mostTags && len(added) > 0 {
			return nil, 0, &refusal{parameterInvalid, fmt.Sprintf("call %d would have %d tags, want at most %d", c.ID, len(after), mostTags), "tags"}
		}
		edit := clickhouse.TagEdit{OrgID: c.OrgID, ID: c.ID, ConversationID: c.ConversationID(), Calldate: c.Calldate, By: h.subject}
		for _, edit.Tag = range added {
			edit.Present = true
			edits = append(edits, edit)
		}
		for _, edit.Tag = range removed {
			edit.Present = false
			edits = append(edits, edit)
		}
		if len(added)+len(removed) > 0 {
			changed++
		}
		tags = append(tags, after)
	}
	if err := a.audit(r, h, e.act(calls)); err != nil {
		return nil, 0, err
	}
	return tags, changed, a.ask(r, func(ctx context.Context) error { return a.history.EditTags(ctx, edits) })
}

// act is how an edit is written down.
func (e *tagEdit) act(calls []call.Call) act {
	detail := map[string]any{}
	if len(e.Add) > 0 {
		detail["add"] = e.Add
	}
	if len(e.Remove) > 0 {
		detail["remove"] = e.Remove
	}
	what := act{action: actChangeTags, orgs: orgsOf(calls), detail: detail}
	if len(e.IDs) == 1 {
		what.object = strconv.FormatUint(e.IDs[0], 10)
	} else {
		detail["ids"] = e.IDs
	}
	return what
}

// pick finds calls by their ids, in the order of these, or refuses with the first that is missing.
func (a *api) pick(r *http.Request, h *holder, ids []uint64) ([]call.Call, error) {
	var found []call.Call
	err := a.ask(r, func(ctx context.Context) (err error) {
		found, err = a.history.Pick(ctx, h.scope, ids)
		return err
	})
	if err != nil {
		return nil, err
	}
	by := make(map[uint64]*call.Call, len(found))
	for i := range found {
		by[found[i].ID] = &found[i]
	}
	calls := make([]call.Call, len(ids))
	for i, id := range ids {
		if by[id] == nil {
			return nil, refuse(callNotFound, fmt.Sprintf("there is no call with the id %d; nothing was changed", id))
		}
		calls[i] = *by[id]
	}
	return calls, nil
}

func orgsOf(calls []call.Call) []uint32 {
	var orgs []uint32
	for i := range calls {
		if !slices.Contains(orgs, calls[i].OrgID) {
			orgs = append(orgs, calls[i].OrgID)
		}
	}
	return orgs
}

// checkIDs holds the ids of a request against their limits.
func checkIDs(ids []uint64) error {
	if len(ids) == 0 || len(ids) > mostCalls {
		return &refusal{parameterInvalid, fmt.Sprintf("ids has %d ids, want 1 to %d", len(ids), mostCalls), "ids"}
	}
	for _, id := range ids {
		if id == 0 || id >= 1<<53 {
			return &refusal{parameterInvalid, fmt.Sprintf("ids holds %d, want whole numbers from 1 to %d", id, uint64(1<<53-1)), "ids"}
		}
	}
	return nil
}

// writeJSON writes one object.
func writeJSON(w http.ResponseWriter, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write an answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(body, '\n'))
	return nil
}
