package main

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
)

// wav makes a recording as Asterisk writes it: header of 44 bytes, then sound.
func wav(said, sound int) []byte {
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x00\x00\x00\x00")
	binary.LittleEndian.PutUint32(b[4:], uint32(said+36))
	binary.LittleEndian.PutUint32(b[40:], uint32(said))
	for i := range sound {
		b = append(b, byte(i*7))
	}
	return b
}

func TestShape(t *testing.T) {
	t.Parallel()
	list := append(wav(100, 100), "LIST\x04\x00\x00\x00abcd"...)
	binary.LittleEndian.PutUint32(list[4:], uint32(len(list)-8))
	odd := append(wav(101, 101), 0)
	binary.LittleEndian.PutUint32(odd[4:], uint32(len(odd)-8))
	gsm := append([]byte("RIFF\x34\x00\x00\x00WAVEfmt \x14\x00\x00\x00\x31\x00\x01\x00\x40\x1f\x00\x00\x59\x06\x00\x00\x41\x00\x00\x00\x02\x00\x40\x01fact\x04\x00\x00\x00\x00\x00\x00\x00data"),
		0, 0, 0, 0)
	for _, test := range []struct {
		name string
		file []byte
		want shape
	}{
		{"whole.wav", wav(1000, 1000), whole},
		{"growing.wav", wav(0, 1000), torn},
		{"shorter than said.wav", wav(2000, 1000), torn},
		{"longer than said.wav", wav(500, 1000), torn},
		{"streamed.wav", wav(0xffffffff-36, 1000), torn},
		{"header only.wav", wav(0, 0), hollow},
		{"nothing.wav", nil, hollow},
		{"half a header.wav", wav(0, 0)[:20], hollow},
		{"wav49 header only.WAV", gsm, hollow},
		{"more chunks.wav", list, whole},
		{"odd length, padded.wav", odd, whole},
		{"odd length.wav", wav(101, 101), whole},
		{"no riff.wav", bytes.Repeat([]byte("x"), 1000), torn},
		{"no sound chunk.wav", append([]byte("RIFF\xff\x00\x00\x00WAVE"), bytes.Repeat([]byte("junk\x10\x00\x00\x000123456789abcdef"), 100)...), torn},
		{"any.mp3", bytes.Repeat([]byte("x"), 1000), whole},
		{"nothing.mp3", nil, hollow},
		{"header only.MP3", bytes.Repeat([]byte("x"), 44), hollow},
		{"shortest.gsm", bytes.Repeat([]byte("x"), 45), whole},
	} {
		got, err := shapeOf(test.name, bytes.NewReader(test.file), int64(len(test.file)))
		if err != nil || got != test.want {
			t.Errorf("%s: %d, err %v, want %d", test.name, got, err, test.want)
		}
	}
}

// TestShapeOfRealRecordings goes through what Asterisk wrote.
func TestShapeOfRealRecordings(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.wav")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d recordings in testdata, err %v", len(files), err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want := whole
		if len(content) == emptyWAV {
			want = hollow
		}
		if got, err := shapeOf(name, bytes.NewReader(content), int64(len(content))); err != nil || got != want {
			t.Errorf("%s: %d, err %v, want %d", name, got, err, want)
		}
		// At every moment before its end, a recording with this header is torn.
		for size := emptyWAV + 1; size < len(content); size += 997 {
			if got, err := shapeOf(name, bytes.NewReader(content[:size]), int64(size)); err != nil || got != torn {
				t.Errorf("%s at %d bytes: %d, err %v, want torn", name, size, got, err)
			}
		}
	}
}

func FuzzShape(f *testing.F) {
	f.Add(wav(100, 100))
	f.Add(wav(0, 100))
	f.Add([]byte("RIFF\x34\x00\x00\x00WAVEdata\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := shapeOf("a.wav", bytes.NewReader(file), int64(len(file))); err != nil {
			t.Errorf("bytes in memory gave an error of the disk: %v", err)
		}
	})
}
