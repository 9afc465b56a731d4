package process

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		if !Pause(t.Context(), 30*time.Second) || time.Since(start) != 30*time.Second {
			t.Errorf("paused %s, want 30s in full", time.Since(start))
		}
		if start = time.Now(); !Pause(t.Context(), 0) || time.Since(start) != 0 {
			t.Error("no pause is not passed at once")
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if start = time.Now(); Pause(ctx, time.Hour) || time.Since(start) != time.Second {
			t.Errorf("paused %s of an ended context, want 1s and false", time.Since(start))
		}
		if Pause(ctx, 0) {
			t.Error("a context that has ended counts as a whole pause")
		}
	})
}

func TestLiveness(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := New("stage", nil, &bytes.Buffer{})
		alive := func(want bool, when string) {
			t.Helper()
			if ago, got := p.alive(); got != want {
				t.Errorf("%s: alive %v after %s, want %v", when, got, ago, want)
			}
		}
		alive(true, "just started")
		time.Sleep(59 * time.Second)
		alive(true, "within the first minute")
		time.Sleep(2 * time.Second)
		alive(false, "never turned")
		p.Turned()
		alive(true, "turned")
		time.Sleep(61 * time.Second)
		alive(false, "stuck")

		done := make(chan bool)
		go func() { done <- p.Pause(t.Context(), time.Hour) }()
		for range 50 {
			time.Sleep(time.Minute)
			alive(true, "asleep on purpose")
		}
		start := time.Now()
		if !<-done || time.Since(start) != 10*time.Minute {
			t.Errorf("the pause ended after another %s, want the whole hour", time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		if p.Pause(ctx, time.Hour) {
			t.Error("the pause did not end with its context")
		}
	})
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	tests := []struct {
		backoff Backoff
		most    []time.Duration
	}{
		{Backoff{}, []time.Duration{200 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, 1600 * time.Millisecond}},
		{Backoff{First: time.Second, Most: 3 * time.Second}, []time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}},
		{Backoff{First: time.Minute, Most: time.Second}, []time.Duration{time.Second, time.Second}},
	}
	for _, tt := range tests {
		for range 2 { // the second time after Reset
			for i, most := range tt.most {
				if got := tt.backoff.Next(); got < most/2 || got > most {
					t.Errorf("wait %d is %s, want %s to %s", i, got, most/2, most)
				}
			}
			tt.backoff.Reset()
		}
	}
	b := Backoff{}
	for range 1000 {
		if wait := b.Next(); wait <= 0 || wait > 30*time.Second {
			t.Fatalf("wait %s, want up to 30s", wait)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if b.Wait(ctx) {
		t.Error("waited for an ended context")
	}
}

func TestTrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		var trouble Trouble
		said := func(want string) {
			t.Helper()
			if got := strings.TrimSpace(out.String()); got != want {
				t.Errorf("logged %q, want %q", got, want)
			}
			out.Reset()
		}
		trouble.Over(log, "stored again")
		said("")
		trouble.Report(log, "insert refused", errors.New("insert 812 calls: refused"), "org", 1)
		said(`level=ERROR msg="insert refused" org=1 err="insert 812 calls: refused"`)
		for i := range 59 {
			time.Sleep(time.Second)
			trouble.Report(log, "insert refused", fmt.Errorf("insert %d calls: refused", i))
		}
		said("")
		time.Sleep(time.Second)
		trouble.Report(log, "insert refused", errors.New("insert 9 calls: refused"))
		said(`level=ERROR msg="insert refused" unsaid=59 err="insert 9 calls: refused"`)
		trouble.Report(log, "insert refused", errors.New("insert 9 calls: too slow"))
		said(`level=ERROR msg="insert refused" err="insert 9 calls: too slow"`)
		trouble.Over(log, "stored again", "rows", 9)
		said(`level=INFO msg="stored again" rows=9 lasted=1m0s`)
		trouble.Over(log, "stored again")
		said("")
		trouble.Report(log, "insert refused", errors.New("insert 9 calls: too slow"))
		said(`level=ERROR msg="insert refused" err="insert 9 calls: too slow"`)
	})
}

func TestBytes(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"0": "0", "512": "512B", "512B": "512B", "1024": "1KiB", "100MiB": "100MiB", "100 MiB": "100MiB", " 3GiB ": "3GiB", "1536KiB": "1536KiB",
		"2048MiB": "2GiB", "-1": "", "1.5GiB": "", "100MB": "", "": "", "MiB": "", "9999999999GiB": "",
	} {
		var b Bytes
		err := b.UnmarshalText([]byte(text))
		if (err != nil) != (want == "") || err == nil && b.String() != want {
			t.Errorf("%q reads as %s (%v), want %q", text, b, err, want)
		}
	}
}
