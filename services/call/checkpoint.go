package call

import "time"

// Checkpoint is how far a source was read. It is the last message of every page, so that rows and bookmark are stored
// together or not at all.
type Checkpoint struct {
	Source       string `json:"source"`
	SourceNumber uint32 `json:"source_number"`
	// LastID is the highest row id published; every lower id was published too, or is in a gap, or was given up.
	LastID uint64 `json:"last_id"`
	// LastUniqueID of the row LastID: the same id with another uniqueid means a table that was restored or replaced.
	LastUniqueID string `json:"last_uniqueid"`
	// Gaps are ranges of ids below LastID that were not visible when read, oldest first.
	Gaps []Gap `json:"gaps,omitempty"`
	// LookBackID is LastID as it stood LOOK_BACK ago: rows above it are compared again.
	LookBackID uint64 `json:"look_back_id"`
	// Stride between ids (Galera's auto_increment_increment), learnt; 1 on a single server.
	Stride uint64 `json:"stride,omitempty"`
	// PollFrom is the POLL_FROM that was followed last, so that it is followed once and not at every start.
	PollFrom uint64 `json:"poll_from,omitempty"`
	// AgainTo is where known ground ends after a POLL_FROM: rows up to it may have been published before. Those up to
	// BackfillTo, which were there when it was followed, are history on request.
	AgainTo    uint64 `json:"again_to,omitempty"`
	BackfillTo uint64 `json:"backfill_to,omitempty"`
	// Page counts the pages of this source.
	Page uint64 `json:"page"`
	// At is when the checkpoint was made, by the poller's clock; for people, never for a decision.
	At time.Time `json:"at"`
}

// Gap is a range of ids, both ends included, that was skipped by the cursor and is read again until it fills or ages.
type Gap struct {
	From  uint64    `json:"from"`
	To    uint64    `json:"to"`
	Since time.Time `json:"since"`
	// Once: it lies in what was old when the poller started, where no transaction can still be open for long; it is read
	// again a single time, at its end of life.
	Once bool `json:"once,omitempty"`
}
