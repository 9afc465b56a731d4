package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// exports is how calls leave as files.
type exports struct {
	seats seats
	most  int // calls in one
}

// exporting is the part of the history that exports need.
type exporting interface {
	Snapshot(ctx context.Context, scope clickhouse.Scope, f *clickhouse.Filter, most int) (*clickhouse.Snapshot, error)
	Stream(ctx context.Context, snapshot *clickhouse.Snapshot, each func(*call.Call) error) error
}

// export answers GET /api/v1/calls where it asks for a file: the whole list, as it is at one moment. It tells whether it
// did.
func (a *api) export(w http.ResponseWriter, r *http.Request, h *holder) (done bool, err error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return false, nil //nolint:nilerror // the list says what is wrong with it
	}
	format, err := formatOf(r, values)
	if format == nil || err != nil {
		return false, err
	}
	return true, a.exportAs(w, r, h, format)
}

func (a *api) exportAs(w http.ResponseWriter, r *http.Request, h *holder, format *fileFormat) error {
	if !slices.Contains(h.rights, format.need) {
		return refuse(scopeInsufficient, fmt.Sprintf("the token's scope does not include %s, which %s needs", format.need, format.name))
	}
	values, err := parameters(r.URL.RawQuery, slices.Concat(filterNames, []string{formatName, bomName, rawName}, pageNames)...)
	if err != nil {
		return err
	}
	for _, name := range pageNames {
		if values.Has(name) {
			return &refusal{parameterInvalid, name + " does not go with an export, which holds the whole list, newest first: leave it out, or choose with date_from and date_to", name}
		}
	}
	options, err := exportOptionsOf(format, values)
	if err != nil {
		return err
	}
	scope, filter, err := a.filter(r.Context(), values, h)
	if err != nil {
		return err
	}
	leave, err := a.exports.seats.take(h.key)
	if err != nil {
		return refuse(tooManyExports, fmt.Sprintf("exports run one after the other where there are more than %d of one token or %d in all; try again when one has ended",
			a.exports.seats.mostEach, a.exports.seats.most))
	}
	defer leave()

	if !strings.HasPrefix(format.media, "text/") && format.name != "ndjson" {
		w = unsqueezed(w)
	}
	header := w.Header()
	header.Set("Content-Type", format.media)
	if format.name == "csv" {
		header.Set("Content-Type", format.media+"; charset=utf-8; header=present")
	}
	header.Set("Content-Disposition", fmt.Sprintf(`attachment; filename="calls-%s.%s"`, time.Now().UTC().Format("20060102T150405Z"), format.name))
	header.Set("Trailer", rowsTrailer)
	if r.Method == http.MethodHead {
		return nil
	}
	if err := a.audit(r, h, act{action: actExport, orgs: scope.Orgs, detail: map[string]any{"format": format.name, "query": values}}); err != nil {
		return unnamed(header, err)
	}
	return unnamed(header, a.send(w, r, h, &exported{format, options, scope, filter}))
}

// unnamed takes the file's headers away from an answer that has become a problem.
func unnamed(header http.Header, err error) error {
	if err != nil {
		header.Del("Content-Disposition")
		header.Del("Trailer")
	}
	return err
}

// exported is what somebody asked for.
type exported struct {
	format  *fileFormat
	options exportOptions
	scope   clickhouse.Scope
	filter  clickhouse.Filter
}

// snapshots are taken at most so often for one export: a call that changed at the very moment makes one useless.
const snapshots = 4

// send the file. Once it has begun an error of the history cuts the connection: a file that just ended would pass for a
// whole one.
func (a *api) send(w http.ResponseWriter, r *http.Request, h *holder, what *exported) error {
	ctx, cancel := context.WithCancelCause(clickhouse.Within(r.Context(), a.budget.limits(h.role, exportWork)))
	defer cancel(nil)
	pulse := time.AfterFunc(a.queryTimeout, func() { cancel(errSlow) })
	defer pulse.Stop()
	started := time.Now()
	var out *download
	var rows int
	var err error
	for range snapshots {
		out = &download{w: w, control: http.NewResponseController(w), patience: a.patience, pulse: pulse, silence: a.queryTimeout}
		if rows, err = a.file(ctx, out, h, what); out.begun || !errors.Is(err, clickhouse.ErrChanged) {
			break
		}
	}
	switch {
	case err == nil:
		a.historyTrouble.Over(a.log, "call history answers again")
		a.metrics.export(what.format.name, "complete", rows)
		a.log.Debug("calls exported", "format", what.format.name, "rows", rows, "took", time.Since(started), "request_id", requestID(r.Context()))
		return nil
	case r.Context().Err() != nil:
		a.metrics.export(what.format.name, "left", rows)
		err = r.Context().Err()
	case errors.Is(context.Cause(ctx), errSlow):
		err = fmt.Errorf("%w: %w", errSlow, err)
	}
	if !out.begun {
		if code := refusalOf(err).code; code == historyUnavailable || code == queryTimeout {
			a.historyTrouble.Report(a.log, "call history does not answer", err)
		}
		return err
	}
	if r.Context().Err() == nil {
		a.metrics.export(what.format.name, "cut", rows)
		a.cutTrouble.Report(a.log, "export cut off", err, "format", what.format.name, "rows", rows)
	}
	panic(http.ErrAbortHandler)
}

// file writes all of it, and tells how many calls are in it.
func (a *api) file(ctx context.Context, out *download, h *holder, what *exported) (rows int, err error) {
	most := a.exports.most
	if what.format.most > 0 {
		most = min(most, what.format.most)
	}
	snapshot, err := a.history.Snapshot(ctx, what.scope, &what.filter, most)
	if errors.Is(err, clickhouse.ErrTooMany) {
		return 0, tooMuch(what.format, most, a.exports.most)
	}
	if err != nil {
		return 0, err
	}
	file, err := what.format.encode(out, what.options)
	if err != nil {
		return 0, err
	}
	var record []byte
	err = a.history.Stream(ctx, snapshot, func(c *call.Call) error {
		if rows++; rows%beginAfter == 0 {
			out.pulse.Reset(out.silence)
			if err := out.begin(); err != nil {
				return err
			}
		}
		record = h.appendCall(record[:0], c)
		return file.add(record)
	})
	if err != nil {
		return rows, err
	}
	if err := file.end(); err != nil {
		return rows, err
	}
	return rows, out.end(rows)
}

// beginAfter so many calls the file is sent: the newest ones, which change most, are read by then.
const beginAfter = 1000

// tooMuch says how to get more calls than a file holds.
func tooMuch(format *fileFormat, most, all int) error {
	detail := fmt.Sprintf("there are more than %d calls, the most that ", most)
	if most < all {
		return refuse(exportTooLarge, detail+strings.ToUpper(format.name)+" holds: ask for format=csv, or for less with date_from and date_to")
	}
	return refuse(exportTooLarge, detail+"one export gives: ask for several, each of another time, with date_from and date_to")
}
