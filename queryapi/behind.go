package main

import "io"

// behind writes pieces in the background while the next one is made: to compress a large answer takes as long as to make it.
type behind struct {
	to     io.Writer
	pieces chan []byte
	free   chan []byte // written, and empty again
	failed chan struct{}
	done   chan struct{}
}

// pieceSize is how much is made before it is written.
const pieceSize = 32 << 10

func writeBehind(to io.Writer) *behind {
	b := &behind{to: to, pieces: make(chan []byte, 1), free: make(chan []byte, 3), failed: make(chan struct{}), done: make(chan struct{})}
	go b.run()
	return b
}

func (b *behind) run() {
	defer close(b.done)
	for piece := range b.pieces {
		if _, err := b.to.Write(piece); err != nil {
			close(b.failed)
			for range b.pieces { // the caller left; who makes pieces may hear it with the next one
			}
			return
		}
		b.free <- piece[:0]
	}
}

// write takes a piece over and gives memory for the next one; ok is false once nobody reads any more.
func (b *behind) write(piece []byte) (next []byte, ok bool) {
	select {
	case <-b.failed:
		return piece[:0], false
	case b.pieces <- piece:
	}
	select {
	case next = <-b.free:
	default:
		next = make([]byte, 0, 2*pieceSize)
	}
	return next, true
}

// end waits until all is written.
func (b *behind) end() {
	close(b.pieces)
	<-b.done
}
