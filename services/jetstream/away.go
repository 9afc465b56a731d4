package jetstream

import "errors"

// Away tells whether an error of the bus passes by itself: the server is away or full for now, or took too long.
func Away(err error) bool {
	return away(err) || errors.Is(err, ErrFull) || errors.Is(err, errUnknown) || errors.Is(err, errContended)
}
