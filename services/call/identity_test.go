package call

import "testing"

// Whatever was written of a row, the next version is above it; only the last correction that a chunk has a number for
// takes that of the chunk behind.
func TestNextVersionIsAboveAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ v, next, chunk Version }{
		{NewVersion(1, 50, 0), NewVersion(1, 50, 1), NewVersion(1, 50, 0)},
		{NewVersion(1, 50, 4094), NewVersion(1, 50, 4095), NewVersion(1, 50, 0)},
		{NewVersion(1, 50, 4095), NewVersion(1, 51, 0), NewVersion(1, 51, 0)},
		{NewVersion(1, 51, 0), NewVersion(1, 51, 1), NewVersion(1, 51, 0)},
		{NewVersion(1, 1<<32-1, 4095), NewVersion(2, 0, 0), NewVersion(2, 0, 0)},
	} {
		if next := c.v.Next(); next != c.next || next <= c.v || next.Chunk() != c.chunk {
			t.Errorf("behind %v comes %v of chunk %v, want %v of %v", c.v, next, next.Chunk(), c.next, c.chunk)
		}
	}
}
