package jetstream

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/s2"
)

const encodingS2 = "s2"

// Messages are written into buffers that are used again: the connection copies what is published.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

func compress(buffer *[]byte, body []byte) []byte {
	out := s2.Encode((*buffer)[:cap(*buffer)], body)
	if cap(out) > cap(*buffer) {
		*buffer = out
	}
	return out
}

// largest is the most that a message may grow to. A chunk has at most half a megabyte and one row of as much.
const largest = 16 << 20

func decompress(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "":
		return body, nil
	case encodingS2:
	default:
		return nil, fmt.Errorf("unknown encoding %q", encoding)
	}
	n, err := s2.DecodedLen(body)
	if err == nil && n > largest {
		err = fmt.Errorf("%d bytes, want at most %d", n, largest)
	}
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	out, err := s2.Decode(make([]byte, n), body)
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return out, nil
}
