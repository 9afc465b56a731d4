package jetstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/cdrflow/cdrflow/services/call"
)

// Headers of a chunk.
const (
	headerKind     = "Cdr-Kind"
	headerFirst    = "Cdr-First"
	headerLast     = "Cdr-Last"
	headerCount    = "Cdr-Count"
	headerEncoding = "Cdr-Encoding"
	headerVersion  = "Cdr-Version" // of replayed rows only
)

// MaxPageMessages is the most messages a page may have; an atomic batch ends at 1,000.
const MaxPageMessages = 900

// Codes of the server's errors (server/errors.json).
const (
	codeWrongLastSequence = 10071
	codeMaxBytes          = 10077 // maximum bytes, messages or messages per subject exceeded
	codeInsufficient      = 10023
	codeStorageResources  = 10047
)

// Checkpoint of a source with its revision, which the next page must name. ErrNoCheckpoint where there is none.
func (b *Bus) Checkpoint(ctx context.Context, source string) (cp call.Checkpoint, revision uint64, err error) {
	stream, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return cp, 0, err
	}
	msg, err := stream.GetLastMsgForSubject(ctx, "checkpoint.v1."+source)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return cp, 0, fmt.Errorf("source %s: %w", source, ErrNoCheckpoint)
	}
	if err != nil {
		return cp, 0, fmt.Errorf("read checkpoint of %s: %w", source, err)
	}
	if err := json.Unmarshal(msg.Data, &cp); err != nil {
		return cp, 0, fmt.Errorf("read checkpoint of %s: %w", source, err)
	}
	return cp, msg.Sequence, nil
}

// PublishPage stores chunks and checkpoint together or not at all, provided that the checkpoint on the log still is the
// one at revision (0: none yet). It returns the new revision.
//
// ErrFenced: another poller was faster; nothing was stored. ErrFull: the stream took nothing and will not until rows have
// aged. Any other error: nothing was stored, and the same page may be published again. After an unknown outcome the
// checkpoint itself is asked, so an error never hides a page that was stored.
func (b *Bus) PublishPage(ctx context.Context, source string, chunks []call.Chunk, cp call.Checkpoint, revision uint64) (uint64, error) {
	if len(chunks) > MaxPageMessages {
		return 0, fmt.Errorf("publish page: %d chunks, want at most %d", len(chunks), MaxPageMessages)
	}
	bookmark, err := json.Marshal(cp)
	if err != nil {
		return 0, fmt.Errorf("publish page: %w", err)
	}
	messages := make([]*nats.Msg, 0, len(chunks)+1)
	for i := range chunks {
		messages = append(messages, chunkMessage(source, &chunks[i]))
	}
	last := nats.NewMsg("checkpoint.v1." + source)
	last.Data = bookmark
	last.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
	messages = append(messages, last)

	ack, err := jetstreamext.PublishMsgBatch(ctx, b.js, messages)
	if err == nil {
		return ack.Sequence, nil
	}
	if verdict := refusal(err); verdict != nil {
		return 0, fmt.Errorf("publish page of %d chunks: %w", len(chunks), verdict)
	}
	return b.resolve(ctx, source, bookmark, revision, err)
}

// resolve an unknown outcome: the checkpoint on the log tells whether the page is in.
func (b *Bus) resolve(ctx context.Context, source string, bookmark []byte, revision uint64, cause error) (uint64, error) {
	for {
		stream, err := b.stream(ctx, StreamCDR)
		if err == nil {
			var msg *jetstream.RawStreamMsg
			msg, err = stream.GetLastMsgForSubject(ctx, "checkpoint.v1."+source)
			switch {
			case errors.Is(err, jetstream.ErrMsgNotFound) && revision == 0, err == nil && msg.Sequence == revision:
				return 0, fmt.Errorf("publish page: %w", cause)
			case err == nil && bytes.Equal(msg.Data, bookmark):
				return msg.Sequence, nil
			case err == nil, errors.Is(err, jetstream.ErrMsgNotFound):
				return 0, fmt.Errorf("publish page: %w", ErrFenced)
			}
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("publish page: outcome unknown (%w): %w", cause, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// refusal turns a definite no of the server into one of our errors; nil for anything whose outcome is unknown.
func refusal(err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return nil
	}
	switch api.ErrorCode {
	case codeWrongLastSequence:
		return ErrFenced
	case codeMaxBytes, codeInsufficient, codeStorageResources:
		return fmt.Errorf("%w: %s", ErrFull, api.Description)
	}
	return err
}

func chunkMessage(source string, c *call.Chunk) *nats.Msg {
	msg := nats.NewMsg("cdr.v1." + source + "." + strconv.Itoa(c.Partition))
	msg.Header.Set(headerKind, string(c.Kind))
	msg.Header.Set(headerFirst, strconv.FormatUint(c.First, 10))
	msg.Header.Set(headerLast, strconv.FormatUint(c.Last, 10))
	msg.Header.Set(headerCount, strconv.Itoa(c.Count))
	msg.Header.Set(headerEncoding, "s2")
	msg.Data = s2.Encode(nil, c.Body)
	return msg
}

// PublishChunks stores chunks without a checkpoint, all or none: a backfill beside the poller that reads on.
func (b *Bus) PublishChunks(ctx context.Context, source string, chunks []call.Chunk) error {
	messages := make([]*nats.Msg, 0, len(chunks))
	for i := range chunks {
		messages = append(messages, chunkMessage(source, &chunks[i]))
	}
	if len(messages) == 0 {
		return nil
	}
	if _, err := jetstreamext.PublishMsgBatch(ctx, b.js, messages); err != nil {
		if verdict := refusal(err); verdict != nil {
			err = verdict
		}
		return fmt.Errorf("publish %d chunks: %w", len(chunks), err)
	}
	return nil
}
