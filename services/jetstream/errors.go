package jetstream

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

var (
	// ErrNoStream means that the log has not been created yet.
	ErrNoStream = errors.New("the log has no such stream")
	// ErrNoCheckpoint means that the source was never read, or so long ago that its checkpoint aged out.
	ErrNoCheckpoint = errors.New("no checkpoint")
	// ErrFenced means that somebody else has moved the checkpoint on.
	ErrFenced = errors.New("fenced: another poller has moved the checkpoint")
	// ErrFull means that the log refuses for size.
	ErrFull = errors.New("the log is full")
	// ErrClosed is returned by a consumer after Close.
	ErrClosed = errors.New("consumer closed")

	// errContended means that another batch writes the same subject just now.
	errContended = errors.New("another batch is under way")
	// errUnknown means that nobody can tell from here whether the batch was stored.
	errUnknown = errors.New("no answer")
)

// Error codes of the server; the client library has no names for them.
const (
	codeAccountFull  jetstream.ErrorCode = 10002
	codeServerFull   jetstream.ErrorCode = 10023
	codeStorageFull  jetstream.ErrorCode = 10047
	codeStoreRefused jetstream.ErrorCode = 10077
)

// verdict gives the server's refusals our names.
func verdict(err error) error {
	var api *jetstream.APIError
	if errors.Is(err, nats.ErrReconnectBufExceeded) {
		return fmt.Errorf("%w (%w)", errConnectionLost, err) // the client library's word says nothing
	}
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode {
	case jetstream.JSErrCodeStreamWrongLastSequence:
		return fmt.Errorf("%w (%w)", ErrFenced, err)
	case jetstream.JSErrCodeStreamWrongLastSequenceConstant:
		return fmt.Errorf("%w (%w)", errContended, err)
	case jetstream.JSErrCodeStreamNotFound:
		return fmt.Errorf("%w (%w)", ErrNoStream, err)
	case codeAccountFull, codeServerFull, codeStorageFull:
		return fmt.Errorf("%w (%w)", ErrFull, err)
	case codeStoreRefused:
		// One code for everything a store refuses; the text alone says what.
		if strings.HasPrefix(api.Description, "maximum bytes") || strings.HasPrefix(api.Description, "maximum messages exceeded") {
			return fmt.Errorf("%w (%w)", ErrFull, err)
		}
	}
	return err
}

// away tells an error that passes when the server is back.
func away(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, nats.ErrNoResponders) || errors.Is(err, nats.ErrDisconnected) ||
		errors.Is(err, nats.ErrReconnectBufExceeded) || errors.Is(err, nats.ErrConnectionReconnecting) || errors.Is(err, errConnectionLost) ||
		errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, context.DeadlineExceeded)
}
