package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
	"github.com/cdrflow/cdrflow/services/minio"
	"github.com/cdrflow/cdrflow/services/process"
)

// erasing is where it is written what was erased.
type erasing interface {
	// Sharing gives the calls of c's organisation that name the recording file, c among them, as they are stored.
	Sharing(ctx context.Context, c *call.Call, file string) ([]call.Call, error)
	Erasures(ctx context.Context, ids []uint64) ([]clickhouse.Erasure, error)
	SaveErasures(ctx context.Context, list []clickhouse.Erasure) error
	// Unfinished are those of all organisations that were wanted before a time and are not done.
	Unfinished(ctx context.Context, before time.Time) ([]clickhouse.Erasure, error)
}

// erasure of one recording: the calls that name it, and where it may lie.
type erasure struct {
	list  []clickhouse.Erasure
	keys  []string // in MinIO
	paths []string // below RECORDINGS_DIR
}

// eraseRecording answers DELETE /api/v1/calls/{id}/recording.
func (a *api) eraseRecording(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	c, err := a.find(r, h.scope)
	if err != nil {
		return err
	}
	e, err := a.toErase(r, &c)
	if err != nil {
		return err
	}
	if e == nil {
		return refuse(recordingNotFound, "this call has no recording")
	}
	return a.eraseAll(w, r, h, []call.Call{c}, []*erasure{e})
}

// mostErasures is how many recordings one request may erase.
const mostErasures = 100

// eraseRecordings answers DELETE /api/v1/calls/recordings.
func (a *api) eraseRecordings(w http.ResponseWriter, r *http.Request, h *holder) error {
	if _, err := parameters(r.URL.RawQuery); err != nil {
		return err
	}
	var body struct {
		IDs []uint64 `json:"ids"`
	}
	if err := readBody(w, r, &body); err != nil {
		return err
	}
	if err := checkIDs(body.IDs); err != nil {
		return err
	}
	slices.Sort(body.IDs)
	body.IDs = slices.Compact(body.IDs)
	if n := len(body.IDs); n > mostErasures {
		return &refusal{parameterInvalid, fmt.Sprintf("ids has %d ids, want 1 to %d", n, mostErasures), "ids"}
	}
	calls, err := a.pick(r, h, body.IDs)
	if err != nil {
		return err
	}
	var list []*erasure
	for i := range calls {
		e, err := a.toErase(r, &calls[i])
		if err != nil {
			return err
		}
		if e != nil { // of a call without a recording nothing is left to erase
			list = append(list, e)
		}
	}
	return a.eraseAll(w, r, h, calls, list)
}

// toErase finds what the erasure of a call's recording takes; nil where there never was one. What was begun before is found
// again, since nobody is shown the name of the file any more.
func (a *api) toErase(r *http.Request, c *call.Call) (e *erasure, err error) {
	err = a.ask(r, func(ctx context.Context) error {
		known, err := a.history.Erasures(ctx, []uint64{c.ID})
		if err != nil {
			return err
		}
		var files []string
		for _, k := range known {
			files = append(files, k.File)
		}
		if c.Recordingfile != "" {
			files = append(files, c.Recordingfile)
		}
		slices.Sort(files)
		for _, file := range slices.Compact(files) {
			sharing, err := a.history.Sharing(ctx, c, file)
			if err != nil {
				return err
			}
			if e == nil {
				e = &erasure{}
			}
			e.add(sharing, file)
		}
		return nil
	})
	return e, err
}

func (e *erasure) add(sharing []call.Call, file string) {
	for i := range sharing {
		c := sharing[i]
		c.Recordingfile = file // its own may be taken out already, or name the same file by another path
		if !slices.ContainsFunc(e.list, func(l clickhouse.Erasure) bool { return l.ID == c.ID }) {
			e.list = append(e.list, clickhouse.Erasure{
				ID: c.ID, OrgID: c.OrgID, Source: c.Source, File: file, ConversationID: c.ConversationID(), Calldate: c.Calldate,
			})
		}
		if key := minio.Key(c.Source, file); key != "" {
			e.keys = appendNew(e.keys, key)
		}
		for _, path := range recordingPaths(&c) {
			e.paths = appendNew(e.paths, path)
		}
	}
}

func appendNew(list []string, text string) []string {
	if slices.Contains(list, text) {
		return list
	}
	return append(list, text)
}

// eraseAll erases recordings: what is wanted is written down first, then everything is removed, and only then is it called
// done. What is cut off in between is finished by followErasures; until then the recording is shown to nobody.
func (a *api) eraseAll(w http.ResponseWriter, r *http.Request, h *holder, calls []call.Call, list []*erasure) error {
	var all []clickhouse.Erasure
	for _, e := range list {
		for _, l := range e.list {
			l.By = h.subject
			if !slices.ContainsFunc(all, func(o clickhouse.Erasure) bool { return o.ID == l.ID }) {
				all = append(all, l)
			}
		}
	}
	if err := a.audit(r, h, actOfErasure(calls, all)); err != nil {
		return err
	}
	if err := a.ask(r, func(ctx context.Context) error { return a.want(ctx, all) }); err != nil {
		return err
	}
	process.Point("queryapi.wanted")
	// What was begun goes on when the caller leaves.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), a.queryTimeout)
	defer cancel()
	var troubles error
	for _, e := range list {
		troubles = errors.Join(troubles, a.removeRecording(ctx, e))
	}
	if troubles != nil {
		a.eraseTrouble.Report(a.log, "recordings cannot be erased", troubles, "request_id", requestID(r.Context()))
		return incomplete(troubles)
	}
	a.eraseTrouble.Over(a.log, "recordings can be erased again")
	process.Point("queryapi.removed")
	for i := range all {
		all[i].Done = true
	}
	if err := a.history.SaveErasures(ctx, all); err != nil {
		return fmt.Errorf("erase recordings: %w", err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// want writes down what is wanted. What was before stays as it is: nothing that is done becomes undone.
func (a *api) want(ctx context.Context, all []clickhouse.Erasure) error {
	ids := make([]uint64, len(all))
	for i := range all {
		ids[i] = all[i].ID
	}
	known, err := a.history.Erasures(ctx, ids)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(all), func(l clickhouse.Erasure) bool {
		return slices.ContainsFunc(known, func(k clickhouse.Erasure) bool { return k.ID == l.ID && k.OrgID == l.OrgID })
	})
	return a.history.SaveErasures(ctx, fresh)
}

// removeRecording from wherever it may lie. MinIO comes first: it remembers the erasure, so that an archiver that has the
// file in hand does not bring it back.
func (a *api) removeRecording(ctx context.Context, e *erasure) error {
	var troubles error
	for _, key := range e.keys {
		if a.vault != nil {
			troubles = errors.Join(troubles, a.vault.Erase(ctx, key))
		}
	}
	if len(e.list) > 0 && (a.recordingsSource == "" || e.list[0].Source == a.recordingsSource) {
		troubles = errors.Join(troubles, eraseFiles(a.recordings, e.paths))
	}
	return troubles
}

// incomplete says what stands in the way, without a path or an address.
func incomplete(err error) *refusal {
	detail := "the erasure is noted, and nobody hears the recording any more; but not all of it could be removed yet: try again"
	switch {
	case errors.Is(err, errReadOnly):
		detail = "the erasure is noted, and nobody hears the recording any more; but this process may not remove it from the disk, RECORDINGS_DIR: " +
			"an operator must give it the right to write there; then try again"
	case errors.Is(err, minio.ErrDenied):
		detail = "the erasure is noted, and nobody hears the recording any more; but the storage does not let this process remove it: " +
			"an operator must give its account the right to list and delete versions of objects; then try again"
	}
	return refuse(erasureIncomplete, detail)
}

// actOfErasure is how it is written down; of a recording that several calls share it names them all.
func actOfErasure(calls []call.Call, all []clickhouse.Erasure) act {
	what := act{action: actEraseRecording, orgs: orgsOf(calls)}
	if len(calls) == 1 {
		what.object = strconv.FormatUint(calls[0].ID, 10)
	}
	var ids []uint64
	for _, l := range all {
		ids = append(ids, l.ID)
	}
	if len(calls) != 1 || len(ids) > 1 {
		what.detail = map[string]any{"ids": ids}
	}
	return what
}
