package jetstream

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// What a source's poller is asked for by whoever misses rows. The one that holds the lease answers; one that stands by
// does not.

// MostNamed is how many rows one answer names, MostAgain how many one question may have published.
const (
	MostNamed = 10_000
	MostAgain = 2000
)

// Named is an answer to Names: rows of a source's table, the highest id first.
type Named struct {
	Number uint32   `json:"number"` // of the source
	IDs    []uint64 `json:"ids"`
	// Times of the calls, one an id, in Unix seconds: good for an order and a date, no better. A row that has none bears
	// its neighbour's.
	Times []int64 `json:"times"`
	End   bool    `json:"end"` // no row has a lower id
}

// Again is an answer to PublishAgain.
type Again struct {
	Rows int `json:"rows"` // published
	// Left were not published since the poller is about to do so by itself: they changed, or were not visible before.
	Left int    `json:"left"`
	Next uint64 `json:"next"` // the id to go on from; 0: all was read
	// Full: the log has no room for history just now, and nothing was published.
	Full bool `json:"full"`
}

type (
	namesQuestion struct {
		Below uint64 `json:"below"`
		Limit int    `json:"limit"`
	}
	againQuestion struct {
		IDs []uint64 `json:"ids"`
	}
)

// askPollerWait is how long a poller may take: a query of the PBX, a page for the log, and the round it was in.
const askPollerWait = 60 * time.Second

// Names asks the poller of a source for the rows of its table below an id, MostNamed at most. ErrNobody when none polls.
func (b *Bus) Names(ctx context.Context, source string, below uint64) (Named, error) {
	return askPoller[Named](ctx, b, source, "ids", namesQuestion{Below: below, Limit: MostNamed})
}

// PublishAgain asks the poller of a source to publish rows once more as kind backfill: MostAgain ids at most, in rising
// order. Ids that the table does not have are passed over. ErrNobody when none polls.
func (b *Bus) PublishAgain(ctx context.Context, source string, ids []uint64) (Again, error) {
	return askPoller[Again](ctx, b, source, "publish", againQuestion{IDs: ids})
}

func askPoller[A any](ctx context.Context, b *Bus, source, what string, question any) (answer A, err error) {
	if err := subjectToken("source", source); err != nil {
		return answer, err
	}
	body, err := json.Marshal(question)
	if err != nil {
		return answer, fmt.Errorf("ask the poller of %s: %w", source, err)
	}
	ctx, cancel := context.WithTimeout(ctx, askPollerWait+askWait)
	defer cancel()
	body, err = b.Ask(ctx, pollerSubject(source, what), body)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return answer, fmt.Errorf("read the answer of the poller of %s: %w", source, err)
	}
	return answer, nil
}

// AnswerNames has answer called when somebody asks for the rows of a source, until ctx ends.
func (b *Bus) AnswerNames(ctx context.Context, source string, answer func(ctx context.Context, below uint64, limit int) (Named, error)) error {
	return answerPoller(ctx, b, source, "ids", func(ctx context.Context, q namesQuestion) (Named, error) {
		return answer(ctx, q.Below, max(1, min(q.Limit, MostNamed)))
	})
}

// AnswerAgain has answer called when somebody asks to have rows of a source published once more, until ctx ends. The ids
// rise.
func (b *Bus) AnswerAgain(ctx context.Context, source string, answer func(ctx context.Context, ids []uint64) (Again, error)) error {
	return answerPoller(ctx, b, source, "publish", func(ctx context.Context, q againQuestion) (Again, error) {
		for i := 1; i < len(q.IDs); i++ {
			if q.IDs[i-1] >= q.IDs[i] {
				return Again{}, &Refusal{"the ids do not rise"}
			}
		}
		if len(q.IDs) > MostAgain {
			return Again{}, &Refusal{fmt.Sprintf("%d ids at once, want at most %d", len(q.IDs), MostAgain)}
		}
		return answer(ctx, q.IDs)
	})
}

func answerPoller[Q, A any](ctx context.Context, b *Bus, source, what string, answer func(context.Context, Q) (A, error)) error {
	if err := subjectToken("source", source); err != nil {
		return err
	}
	return b.Answer(ctx, pollerSubject(source, what), askPollerWait, func(ctx context.Context, body []byte) ([]byte, error) {
		var question Q
		if err := json.Unmarshal(body, &question); err != nil {
			return nil, &Refusal{"the question cannot be read"}
		}
		a, err := answer(ctx, question)
		if err != nil {
			return nil, err
		}
		return json.Marshal(a)
	})
}

func pollerSubject(source, what string) string { return "ask.v1.poller." + source + "." + what }
