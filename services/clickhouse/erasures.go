package clickhouse

import (
	"context"
	"fmt"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
)

// Erasure of the recording of a call.
type Erasure struct {
	ID             uint64
	OrgID          uint32 // the call's organisation when it was asked for
	Done           bool   // false: wanted, and some of it may still be there
	Source         string
	File           string // recordingfile, as the row had it
	ConversationID string
	Calldate       call.Instant
	By             string // who asked for it
}

// erasedRecordings is the condition of a call whose recording is erased, or is to be.
const erasedRecordings = "id IN (SELECT id FROM erasures WHERE what = 'recording')"

// recorded is the condition of a call whose recording can be asked for, as call.Call.HasRecording says it of an amended one.
const recorded = "recordingfile != '' AND billsec > 0 AND NOT " + erasedRecordings

// SaveErasures stores them as one block. From then on nobody is shown what leads to these recordings.
func (s *Store) SaveErasures(ctx context.Context, list []Erasure) error {
	type row struct {
		ID             uint64 `json:"id"`
		OrgID          uint32 `json:"org_id"`
		What           string `json:"what"`
		Done           uint8  `json:"done"`
		Source         string `json:"source"`
		File           string `json:"file"`
		ConversationID string `json:"conversation_id"`
		Calldate       string `json:"calldate"`
		By             string `json:"by"`
	}
	rows := make([]row, len(list))
	for i, e := range list {
		rows[i] = row{e.ID, e.OrgID, "recording", bit(e.Done), e.Source, e.File, e.ConversationID, e.Calldate.Time().UTC().Format(milliseconds), e.By}
	}
	return insertRows(ctx, s, "erasures", rows)
}

// Erasures of the recordings of calls, whatever organisation asked for them.
func (s *Store) Erasures(ctx context.Context, ids []uint64) ([]Erasure, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	where, wanted := idFilter(ids)
	list, err := s.erasures(ctx, where)
	if wanted == nil {
		return list, err
	}
	kept := list[:0]
	for _, e := range list {
		if wanted[e.ID] {
			kept = append(kept, e)
		}
	}
	return kept, err
}

// Unfinished are those of all organisations that were wanted before a time and are not done.
func (s *Store) Unfinished(ctx context.Context, before time.Time) ([]Erasure, error) {
	return s.erasures(ctx, fmt.Sprintf("done = 0 AND at < fromUnixTimestamp64Milli(%d) ORDER BY id, org_id", before.UnixMilli()))
}

func (s *Store) erasures(ctx context.Context, where string) ([]Erasure, error) {
	rows, err := s.conn.Query(long(ctx), "SELECT id, org_id, done = 1, source, file, conversation_id, toUnixTimestamp64Milli(calldate), by FROM erasures FINAL WHERE what = 'recording' AND "+where)
	if err != nil {
		return nil, s.explain("read erasures", err)
	}
	defer rows.Close()
	var list []Erasure
	for rows.Next() {
		var e Erasure
		if err := rows.Scan(&e.ID, &e.OrgID, &e.Done, &e.Source, &e.File, &e.ConversationID, (*int64)(&e.Calldate), &e.By); err != nil {
			return nil, fmt.Errorf("read erasures: %w", err)
		}
		list = append(list, e)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain("read erasures", err)
	}
	return list, nil
}

// mostSharing is how many calls a recording is looked for in: all legs of a conversation may name one file.
const mostSharing = 1000

// Sharing finds the calls of the organisation, c itself among them, that name the same recording: the same file of the same
// source, within a day. They are as they are stored, not amended.
func (s *Store) Sharing(ctx context.Context, c *call.Call, file string) ([]call.Call, error) {
	name := call.RecordingName(file)
	q := &question{conditions: []string{Scope{[]uint32{c.OrgID}}.where()}, bound: map[string]string{}}
	q.and(between(c.Calldate-dayMillis, c.Calldate+dayMillis))
	q.and("source = " + q.text(c.Source))
	q.and(fmt.Sprintf("(id = %d OR recordingfile = %s OR endsWith(recordingfile, %s))", c.ID, q.text(name), q.text("/"+name)))
	return s.calls(q.carry(ctx), fmt.Sprintf("WHERE %s ORDER BY calldate, id LIMIT %d", q.where(), mostSharing))
}

const dayMillis = 24 * 60 * 60 * 1000

// Unerased finds the living rows that still lead to a recording that was erased, whole and not amended: of recordings erased
// since then, and of rows stored since then. A later row of the organisation that names the file of an erased recording is
// one.
func (s *Store) Unerased(ctx context.Context, erased, stored time.Time) ([]call.Call, error) {
	const name = "arrayElement(splitByChar('/', %s), -1)"
	done := "FROM erasures FINAL WHERE what = 'recording' AND done = 1"
	unmarked := "NOT has(splitByChar(',', flags), " + literal(call.FlagRecordingErased) + ")"
	from := func(at time.Time) string { return fmt.Sprintf("fromUnixTimestamp64Milli(%d)", max(0, at.UnixMilli())) }
	file := fmt.Sprintf("recordingfile != '' AND (org_id, source, "+name+") IN (SELECT org_id, source, "+name+" "+done+")", "recordingfile", "file")
	places, err := s.places(ctx, nil, unmarked,
		fmt.Sprintf("id IN (SELECT id %s AND at >= %s)", done, from(erased)),
		fmt.Sprintf("stored_at >= %s AND (id IN (SELECT id %s) OR %s)", from(stored), done, file))
	if err != nil {
		return nil, err
	}
	var calls []call.Call
	err = s.at(ctx, unknown(places, map[place]bool{}), func(h *Head) {
		if !h.Flagged(call.FlagRecordingErased) { // the search meets old versions, too
			calls = append(calls, h.Call)
		}
	})
	return calls, err
}
