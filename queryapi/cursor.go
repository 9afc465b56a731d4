package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"math"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/clickhouse"
)

// cursor says where a page ended. It holds the position of its last row, not what may be seen behind it: whoever presents
// it sees what the token lets through.
type cursor struct {
	clickhouse.Position
	seen uint64 // how many rows the pages before had
}

// cursorKey binds a cursor to a list: to what is listed, the filter and the order.
type cursorKey [8]byte

func newCursorKey(list string, f *clickhouse.Filter, s clickhouse.Sort, asked ...string) cursorKey {
	text, _ := json.Marshal(struct { // texts and numbers: cannot fail
		List   string
		Filter *clickhouse.Filter
		Sort   clickhouse.Sort
		Asked  []string
	}{list, f, s, asked})
	sum := sha256.Sum256(text)
	return cursorKey(sum[:8])
}

// The first byte of a cursor, for the day that there is another form.
const cursorForm = 1

func (c cursor) encode(key cursorKey) string {
	b := append([]byte{cursorForm}, key[:]...)
	b = binary.AppendVarint(b, c.Value)
	b = binary.AppendUvarint(b, uint64(c.Calldate))
	b = binary.AppendUvarint(b, c.ID)
	b = binary.AppendUvarint(b, c.seen)
	return base64.RawURLEncoding.EncodeToString(b)
}

// readCursor reads what encode wrote, to the letter; anything else is refused.
func readCursor(text string, key cursorKey) (c cursor, err error) {
	refused := &refusal{cursorInvalid, "cursor is none of this list: it is of another filter or order, or was changed; ask for the first page without it", cursorName}
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b) < 1+len(key) || b[0] != cursorForm || !bytes.Equal(b[1:1+len(key)], key[:]) {
		return c, refused
	}
	b = b[1+len(key):]
	var n int
	if c.Value, n = binary.Varint(b); n <= 0 {
		return c, refused
	}
	b = b[n:]
	var at uint64
	for _, to := range []*uint64{&at, &c.ID, &c.seen} {
		if *to, n = binary.Uvarint(b); n <= 0 {
			return c, refused
		}
		b = b[n:]
	}
	c.Calldate = call.Instant(at)
	// A time that the store does not know is nobody's.
	if at > uint64(call.InstantOf(lastDay.AddDate(1, 0, 0))) || c.seen > math.MaxInt32 || c.encode(key) != text {
		return c, refused
	}
	return c, nil
}
