package main

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// What people did to a call is told of it as the list shows it, also to one who comes back for it; and while the history
// cannot say, nothing is told.
func TestLiveAmends(t *testing.T) {
	t.Parallel()
	var tag atomic.Pointer[string]
	var away atomic.Bool
	asked := make(chan struct{}, 1000)
	f := newFeedOf(t, &fixed{amend: func(calls []call.Call) error {
		asked <- struct{}{}
		if away.Load() {
			return errors.New("away")
		}
		for i := range calls {
			if now := tag.Load(); now != nil {
				calls[i].Tags = []string{*now}
			}
		}
		return nil
	}}, nil)
	token := tokenOf(t, "agent", 1)
	e := f.listen(t, token, "")
	begun := e.place()
	set := func(text string) { tag.Store(&text) }
	set("vip")
	f.tell(t, event(call.EventNew, missed(1, 1), 1))
	if x := e.next(t); !strings.Contains(x.data, `"tags":["vip"]`) {
		t.Errorf("heard %s", x.data)
	}
	set("complaint")
	back := f.listen(t, token, "", "Last-Event-ID", begun)
	if x := back.next(t); !strings.Contains(x.data, `"tags":["complaint"]`) {
		t.Errorf("who came back heard %s", x.data)
	}
	away.Store(true)
	f.tell(t, event(call.EventNew, missed(2, 1), 1))
	for len(asked) > 0 {
		<-asked
	}
	servertest.Eventually(t, time.Minute, func() bool { return len(asked) > 1 }, "the history is asked again and again")
	if len(e.events) > 0 {
		t.Errorf("heard %v while the history is away", <-e.events)
	}
	away.Store(false)
	if x := e.next(t); idIn(x.data) != "2" {
		t.Errorf("heard %v", x)
	}
}
