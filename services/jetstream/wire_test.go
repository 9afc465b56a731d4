package jetstream_test

import (
	"bytes"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// wire stands between a client and the server. At the next commit of a batch it does what it is told, once. From then on
// no answer comes back until the connections are cut.
type wire struct {
	URL      string
	server   string
	listener net.Listener
	at       atomic.Pointer[func(forward, cut func())]
	deaf     atomic.Bool

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// mark stands in the header of a batch's last message only.
var mark = []byte("Nats-Batch-Commit")

func newWire(t testing.TB, url string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{
		URL: "nats://" + listener.Addr().String(), server: strings.TrimPrefix(url, "nats://"), listener: listener, conns: map[net.Conn]bool{},
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { w.join(conn) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		w.cut()
		running.Wait()
	})
	return w
}

// atCommit is called in the middle of the stream; forward sends the commit on, cut breaks all connections.
func (w *wire) atCommit(do func(forward, cut func())) { w.at.Store(&do) }

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for conn := range w.conns {
		_ = conn.Close()
	}
	clear(w.conns)
	w.deaf.Store(false)
}

func (w *wire) join(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", w.server)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	w.mu.Lock()
	w.conns[client], w.conns[server] = true, true
	w.mu.Unlock()
	var back sync.WaitGroup
	back.Go(func() {
		defer func() { _ = client.Close() }()
		buffer := make([]byte, 1<<16)
		for {
			n, err := server.Read(buffer)
			if err != nil {
				return
			}
			if w.deaf.Load() {
				continue
			}
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	defer back.Wait()
	defer func() { _ = server.Close() }()
	buffer, kept := make([]byte, 1<<20), 0
	for {
		n, err := client.Read(buffer[kept:])
		if err != nil {
			return
		}
		// The mark may begin at the end of what was read before.
		if do := w.at.Load(); do != nil && bytes.Contains(buffer[:kept+n], mark) && w.at.CompareAndSwap(do, nil) {
			w.deaf.Store(true)
			(*do)(func() { _, _ = server.Write(buffer[kept : kept+n]) }, w.cut)
		} else if _, err := server.Write(buffer[kept : kept+n]); err != nil {
			return
		}
		tail := buffer[max(0, kept+n-len(mark)) : kept+n]
		kept = copy(buffer, tail)
	}
}
