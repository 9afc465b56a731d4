package jetstream

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"

	"github.com/cdrflow/cdrflow/services/call"
)

// Logged is a chunk as it lies on the log.
type Logged struct {
	Source    string
	Partition int
	Kind      call.Kind
	First     uint64 // lowest and highest row id
	Last      uint64
	Count     int
	Sequence  uint64
	Stored    time.Time // when the log took it; no row in it was written later

	encoding string
	data     []byte
}

// Open the chunk. Its data is unpacked only now: whoever looks for a few rows passes most chunks by.
func (l *Logged) Open() (*call.Reader, error) {
	body, err := decompress(l.encoding, l.data)
	if err != nil {
		return nil, fmt.Errorf("read chunk %d: %w", l.Sequence, err)
	}
	r, err := call.NewReader(body)
	if err != nil {
		return nil, fmt.Errorf("read chunk %d: %w", l.Sequence, err)
	}
	return r, nil
}

// A stretch of the log is read at once. Chunks of a busy hour have 500 rows, those of a quiet one a single row, so its
// length follows what came of the last one.
const (
	leastStretch = 64
	mostStretch  = 8192
	stretchBytes = 4 << 20
)

// Backwards yields the chunks of a source, or of all where it is empty, the newest first. It begins at a sequence, which
// is included. What comes to the log meanwhile is not among them. Chunks that age away meanwhile may be among them or not.
func (b *Bus) Backwards(ctx context.Context, source string, from uint64) iter.Seq2[*Logged, error] {
	return func(yield func(*Logged, error) bool) {
		subject := "cdr.v1.>"
		if source != "" {
			subject = "cdr.v1." + source + ".*"
		}
		first, _, err := b.ends(ctx)
		for high, length := from, uint64(leastStretch); err == nil && high >= first && high > 0; {
			low := max(first, high-min(high-1, length-1))
			var chunks []*Logged
			var size int
			if chunks, size, err = b.stretch(ctx, subject, low, high); err != nil {
				break
			}
			for _, c := range slices.Backward(chunks) {
				if !yield(c, nil) {
					return
				}
			}
			switch {
			case size < stretchBytes/4:
				length = min(mostStretch, length*2)
			case size > stretchBytes:
				length = max(leastStretch, length/2)
			}
			high = low - 1
		}
		if err != nil {
			yield(nil, fmt.Errorf("read the log backwards: %w", err))
		}
	}
}

// stretch reads the chunks between two sequences, both included, and tells how many bytes they are.
func (b *Bus) stretch(ctx context.Context, subject string, low, high uint64) (chunks []*Logged, size int, err error) {
	for low <= high {
		page, err := b.chunksFrom(ctx, subject, low, int(high-low+1))
		if err != nil {
			return nil, 0, err
		}
		for _, m := range page {
			low = m.Sequence + 1
			if m.Sequence > high {
				break
			}
			size += len(m.Data)
			if c, ok := logged(m); ok {
				chunks = append(chunks, c)
			}
		}
		if len(page) == 0 {
			break
		}
	}
	return chunks, size, nil
}

func (b *Bus) chunksFrom(ctx context.Context, subject string, sequence uint64, most int) ([]*jetstream.RawStreamMsg, error) {
	ctx, cancel := context.WithTimeout(ctx, commitWait)
	defer cancel()
	all, err := jetstreamext.GetBatch(ctx, b.js, StreamCDR, most,
		jetstreamext.GetBatchSeq(sequence), jetstreamext.GetBatchSubject(subject), jetstreamext.GetBatchMaxBytes(stretchBytes))
	if err != nil {
		return nil, err
	}
	var page []*jetstream.RawStreamMsg
	for m, err := range all {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			return page, nil
		}
		if err != nil {
			return nil, err
		}
		page = append(page, m)
	}
	return page, ctx.Err() // the iterator ends without a word when time is up
}

// Chunk at a sequence; false where it is not there any more.
func (b *Bus) Chunk(ctx context.Context, sequence uint64) (*Logged, bool, error) {
	s, err := b.stream(ctx, StreamCDR)
	if err != nil {
		return nil, false, err
	}
	m, err := s.GetMsg(ctx, sequence)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("read chunk %d: %w", sequence, verdict(err))
	}
	c, ok := logged(m)
	return c, ok, nil
}

// logged reads a message's subject and headers; false for what is no chunk.
func logged(m *jetstream.RawStreamMsg) (*Logged, bool) {
	parts := strings.Split(m.Subject, ".")
	if len(parts) != 4 || parts[0] != "cdr" {
		return nil, false
	}
	partition, err := strconv.Atoi(parts[3])
	if err != nil {
		return nil, false
	}
	c := &Logged{
		Source: parts[2], Partition: partition, Kind: call.Kind(m.Header.Get(headerKind)), Sequence: m.Sequence, Stored: m.Time.UTC(),
		encoding: m.Header.Get(headerEncoding), data: m.Data,
	}
	c.First, _ = strconv.ParseUint(m.Header.Get(headerFirst), 10, 64)
	c.Last, _ = strconv.ParseUint(m.Header.Get(headerLast), 10, 64)
	c.Count, _ = strconv.Atoi(m.Header.Get(headerCount))
	return c, true
}
