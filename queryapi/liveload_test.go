package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cdrflow/cdrflow/services/call"
	"github.com/cdrflow/cdrflow/services/servertest"
)

// A thousand live streams at once, and each hears of each call within two seconds.
func TestLiveThousand(t *testing.T) {
	const streams, calls = 1000, 20
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil || files.Cur < 2*streams+500 {
		t.Fatalf("the test needs %d open files, the limit is %d (ulimit -n)", 2*streams+500, files.Cur)
	}
	f := newFeed(t, func(c *config) { c.LiveStreams, c.LiveStreamsPerToken = streams, streams })
	server := httptest.NewServer(f.handler()) // what is heard is not held against the contract: that is the client's time
	t.Cleanup(server.Close)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)

	ctx, leave := context.WithCancel(t.Context())
	client := &http.Client{Transport: &http.Transport{}}
	var (
		listening, started sync.WaitGroup
		told               [calls + 1]atomic.Int64 // when, in nanoseconds
		mu                 sync.Mutex
		took               []time.Duration
	)
	token := tokenOf(t, "agent", 1)
	started.Add(streams)
	for range streams {
		listening.Go(func() {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/calls/stream", nil)
			if err != nil {
				t.Error(err)
				return
			}
			request.Header.Set("Authorization", "Bearer "+token)
			response, err := client.Do(request)
			if err != nil || response.StatusCode != http.StatusOK {
				t.Errorf("a stream is not opened: %v %v", response, err)
				started.Done()
				return
			}
			defer response.Body.Close()
			started.Done()
			var mine []time.Duration
			for lines := bufio.NewScanner(response.Body); len(mine) < calls && lines.Scan(); {
				if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
					var id int
					if _, err := fmt.Sscan(idIn(data), &id); err != nil || id != len(mine)+1 {
						t.Errorf("heard of call %d where %d is due", id, len(mine)+1)
						return
					}
					mine = append(mine, time.Duration(time.Now().UnixNano()-told[id].Load()))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
		})
	}
	started.Wait()
	servertest.Eventually(t, time.Minute, func() bool { return f.seats.open() == streams }, "all streams are open")
	runtime.ReadMemStats(&after)
	refused, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/v1/calls/stream?token="+token, nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := client.Do(refused); err != nil || response.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more: %v %v", response, err)
	} else {
		response.Body.Close()
	}
	for id := 1; id <= calls; id++ {
		told[id].Store(time.Now().UnixNano())
		f.tell(t, event(call.EventNew, missed(uint64(id), 1), 1))
		pace := time.NewTimer(200 * time.Millisecond) // a call now and then, as in a house
		<-pace.C
	}
	listening.Wait()
	leave()
	client.CloseIdleConnections()
	if len(took) != streams*calls {
		t.Fatalf("%d events were heard, want %d", len(took), streams*calls)
	}
	slices.Sort(took)
	t.Logf("p50 %s, p99 %s, longest %s; %d KiB a stream, both ends", took[len(took)/2], took[len(took)*99/100], took[len(took)-1],
		(after.HeapInuse+after.StackInuse-before.HeapInuse-before.StackInuse)/streams/1024)
	if worst := took[len(took)-1]; worst > 2*time.Second {
		t.Errorf("a stream heard of a call after %s", worst)
	}
}
