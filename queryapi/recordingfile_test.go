package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cdrflow/cdrflow/services/call"
)

func TestRecordingPaths(t *testing.T) {
	t.Parallel()
	// The call was at 17:37 on 2026-04-12 by the PBX's clock.
	const day, next, before = "2026/04/12/", "2026/04/13/", "2026/04/11/"
	for _, test := range []struct {
		file string
		want []string // without the days of the call, which follow; "-" for none at all
	}{
		{"in-0800-919-20260412-173713-1775995633.41.wav", []string{"", day, next, before}},
		{"20250327-092517-919944421125-1001.wav", []string{"", "2025/03/27/", day, next, before}},
		{"force-0821-3201-20250327-092517-1743042317.12206.wav", []string{"", "2025/03/27/", day, next, before}},
		{"exten-92252-253-20250110-103636-606.wav", []string{"", "2025/01/10/", day, next, before}},
		{"out-20240101-123456-20250327-092517-1.2.wav", []string{"", "2025/03/27/", "2024/01/01/", day, next, before}},
		{"in-20259999-092517-1.2.wav", []string{"", day, next, before}},
		{"/mnt/zapis/2016/05/03/a.wav", []string{"", "2016/05/03/", day, next, before}},
		{"monitor/20160503/a.wav", []string{"", day, next, before}},
		{"a.wav", []string{"", day, next, before}},
		{"../../etc/passwd", []string{"", day, next, before}},
		{`..\..\a.wav`, []string{"", day, next, before}},
		{"", nil},
		{".", nil},
		{"..", nil},
		{"/", nil},
		{"2026/04/12/", nil},
		{"a/..", nil},
		{"a\x00.wav", nil},
		{"a\n.wav", nil},
		{"a\xff.wav", nil},
		{strings.Repeat("a", 256), nil},
	} {
		c := missed(1, 1)
		c.Recordingfile = test.file
		var want []string
		for _, prefix := range test.want {
			want = append(want, prefix+test.file[strings.LastIndexByte(test.file, '/')+1:])
		}
		if got := recordingPaths(&c); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", test.file, got, want)
		}
	}

	// By the PBX's clock, not by UTC's, and over the end of a month.
	c := call.Call{Calldate: call.InstantOf(noon) + 19*24*3600_000 - 8*3600_000, CalldateOffset: -5 * 3600, Recordingfile: "a.wav"}
	if got := recordingPaths(&c); !slices.Equal(got, []string{"a.wav", "2026/04/30/a.wav", "2026/05/01/a.wav", "2026/04/29/a.wav"}) {
		t.Errorf("%s at offset %d: %q", c.Calldate.Time(), c.CalldateOffset, got)
	}
}

func FuzzRecordingPaths(f *testing.F) {
	for _, seed := range []string{"a.wav", "../../etc/passwd", "/2016/05/03/x.wav", "in-20260412-173713-1.2.wav", "20260412-173713-20260412-173713-", "a\\..\\b", "..", "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		c := call.Call{Recordingfile: file}
		for _, path := range recordingPaths(&c) {
			if !filepath.IsLocal(path) || strings.Count(path, "/") > 3 || strings.ContainsRune(path, 0) {
				t.Errorf("%q leads to %q", file, path)
			}
		}
	})
}
