package jetstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/cdrflow/cdrflow/services/call"
)

// Headers of a chunk.
const (
	headerKind     = "Cdr-Kind"
	headerFirst    = "Cdr-First"
	headerLast     = "Cdr-Last"
	headerCount    = "Cdr-Count"
	headerEncoding = "Cdr-Encoding"
	headerVersion  = "Cdr-Version" // of replayed rows
)

// MaxPageMessages is how many chunks a page may have.
const MaxPageMessages = 900

const (
	// resolveWait is how long the fate of a page is asked for while nobody answers.
	resolveWait = time.Minute
	// resolveAsk is short: a question that went out over a connection that was lost meanwhile is never answered.
	resolveAsk = 2 * time.Second
)

// PublishPage stores the chunks of a page and the checkpoint that follows from them, all or nothing, and returns the
// checkpoint's new revision. revision is that of the checkpoint the page was read from, 0 where there was none. No chunks
// means that only the checkpoint is renewed.
//
// ErrFenced means that the checkpoint is not at that revision any more, ErrFull that the log takes no more for now. After
// any other error the page is not stored, as far as can be told; publishing it again with the same revision is safe in
// any case, since the revision lets only one through.
func (b *Bus) PublishPage(ctx context.Context, source string, chunks []call.Chunk, cp call.Checkpoint, revision uint64) (uint64, error) {
	if err := subjectToken("source", source); err != nil {
		return 0, err
	}
	if len(chunks) > MaxPageMessages {
		return 0, fmt.Errorf("publish page of %d chunks: want at most %d", len(chunks), MaxPageMessages)
	}
	body, err := json.Marshal(cp)
	if err != nil {
		return 0, fmt.Errorf("write checkpoint: %w", err)
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	sequence, err := b.together(ctx, len(chunks)+1, func(i int) *nats.Msg {
		if i < len(chunks) {
			return chunkMessage(source, &chunks[i], compress(buffer, chunks[i].Body))
		}
		m := &nats.Msg{Subject: checkpointSubject(source), Data: body, Header: nats.Header{}}
		m.Header.Set(jetstream.ExpectedLastSubjSeqHeader, strconv.FormatUint(revision, 10))
		return m
	})
	if errors.Is(err, errUnknown) || errors.Is(err, ErrFenced) || errors.Is(err, errContended) {
		sequence, err = b.resolve(ctx, source, body, revision, err)
	}
	if err != nil {
		return 0, fmt.Errorf("publish page %d of %s, %d chunks: %w", cp.Page, source, len(chunks), err)
	}
	return sequence, nil
}

// PublishChunks stores chunks without a checkpoint, all or nothing: history that is read beside the poller. After an error
// they may be stored all the same; to publish them again is harmless, since rows that are known change nothing.
func (b *Bus) PublishChunks(ctx context.Context, source string, chunks []call.Chunk) error {
	if err := subjectToken("source", source); err != nil {
		return err
	}
	if len(chunks) == 0 {
		return nil
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	_, err := b.together(ctx, len(chunks), func(i int) *nats.Msg {
		return chunkMessage(source, &chunks[i], compress(buffer, chunks[i].Body))
	})
	if err != nil {
		return fmt.Errorf("publish %d chunks of %s: %w", len(chunks), source, err)
	}
	return nil
}

// resolve finds out what became of a page by reading the checkpoint: it is the page's last message, so where it is, all
// of the page is. A page that was stored although its answer got lost meets itself when it is published again, and that
// is success too.
func (b *Bus) resolve(ctx context.Context, source string, body []byte, revision uint64, why error) (uint64, error) {
	ctx, cancel := context.WithTimeout(ctx, resolveWait)
	defer cancel()
	for {
		ask, done := context.WithTimeout(ctx, resolveAsk)
		is, at, err := b.lastCheckpoint(ask, source)
		done()
		switch {
		case err == nil && at > revision && bytes.Equal(is, body):
			return at, nil
		case err == nil && at == revision, errors.Is(err, ErrNoCheckpoint) && revision == 0:
			return 0, why
		case err == nil, errors.Is(err, ErrNoCheckpoint):
			return 0, fmt.Errorf("%w: it is at %d, not at %d", ErrFenced, at, revision)
		}
		if !pause(ctx, 250*time.Millisecond) {
			return 0, fmt.Errorf("%w; ask the checkpoint: %w", why, err)
		}
	}
}

func chunkMessage(source string, c *call.Chunk, data []byte) *nats.Msg {
	return &nats.Msg{
		Subject: chunkSubject(source, c.Partition), Data: data, Header: nats.Header{
			headerKind:     []string{string(c.Kind)},
			headerFirst:    []string{strconv.FormatUint(c.First, 10)},
			headerLast:     []string{strconv.FormatUint(c.Last, 10)},
			headerCount:    []string{strconv.Itoa(c.Count)},
			headerEncoding: []string{encodingS2},
		},
	}
}

func chunkSubject(source string, partition int) string {
	return "cdr.v1." + source + "." + strconv.Itoa(partition)
}
