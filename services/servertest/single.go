package servertest

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/embedded"
)

// startTime is generous: the machine may be compiling and running other tests.
const startTime = 2 * time.Minute

// single is a server that the tests of this binary have in common. It is started once; a failure is for everybody.
type single[T any] struct {
	once   sync.Once
	server T
	err    error
}

// running are the shared servers, for Main.
var running struct {
	sync.Mutex
	children []*embedded.Child
}

func (s *single[T]) get(t testing.TB, start func(context.Context) (T, *embedded.Child, error)) T {
	t.Helper()
	s.once.Do(func() {
		// Not the context of the test that happens to be the first.
		ctx, cancel := context.WithTimeout(context.Background(), startTime)
		defer cancel()
		var child *embedded.Child
		if s.server, child, s.err = start(ctx); s.err == nil {
			running.Lock()
			running.children = append(running.children, child)
			running.Unlock()
		}
	})
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.server
}

// fresh returns a name that no other test uses: letters and digits, beginning with the word given.
func fresh(word string) string { return word + strings.ToLower(rand.Text()[:12]) }

// secret returns a password that needs no escaping anywhere.
func secret() string { return rand.Text() }
