package main

import (
	"bytes"
	"errors"
	"fmt"
	"testing"
)

// leaver takes a few pieces and then leaves.
type leaver struct {
	bytes.Buffer
	takes int
}

func (l *leaver) Write(piece []byte) (int, error) {
	if l.takes--; l.takes < 0 {
		return 0, errors.New("left")
	}
	return l.Buffer.Write(piece)
}

// Pieces arrive whole and in order, and whoever makes them hears when nobody reads any more.
func TestWriteBehind(t *testing.T) {
	t.Parallel()
	for _, takes := range []int{0, 1, 3, 1000} {
		to := &leaver{takes: takes}
		b := writeBehind(to)
		piece, ok, made := []byte(nil), true, 0
		var want bytes.Buffer
		for ; ok && made < 1000; made++ {
			piece = fmt.Appendf(piece, "%d,", made)
			if made < takes {
				want.Write(piece)
			}
			piece, ok = b.write(piece)
			if len(piece) != 0 {
				t.Fatalf("memory for piece %d holds %q", made+1, piece)
			}
		}
		b.end()
		if to.String() != want.String() || ok != (takes == 1000) {
			t.Errorf("who takes %d pieces has %d bytes, want %d; %d were made, the last one was taken: %v", takes, to.Len(), want.Len(), made, ok)
		}
	}
}
