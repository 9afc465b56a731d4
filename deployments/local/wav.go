package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/cdrflow/cdrflow/deployments/local/simulate"
)

const (
	sampleRate  = 8000
	headerBytes = 44
)

// wav is a file of 8 kHz, 16 bit, one channel: the header and so many bytes of samples to come.
func wavHeader(bytes int) []byte {
	h := make([]byte, 0, headerBytes)
	h = append(h, "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, uint32(headerBytes-8+bytes))
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, 1) // channels
	h = binary.LittleEndian.AppendUint32(h, sampleRate)
	h = binary.LittleEndian.AppendUint32(h, sampleRate*2)
	h = binary.LittleEndian.AppendUint16(h, 2)
	h = binary.LittleEndian.AppendUint16(h, 16)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, uint32(bytes))
}

// tone is a whole recording: two voices that take turns, of a pitch that its name gives, so that two recordings differ.
func tone(name string, length time.Duration) []byte {
	samples := int(length.Seconds() * sampleRate)
	sum := fnv.New32a()
	sum.Write([]byte(name))
	low := 180 + float64(sum.Sum32()%200)
	wav := append(make([]byte, 0, headerBytes+2*samples), wavHeader(2*samples)...)
	for i := range samples {
		at := float64(i) / sampleRate
		pitch := low
		if int(at*2)%2 == 1 {
			pitch *= 1.5
		}
		// Swelling and fading twice a second, or the change of pitch would click.
		loud := math.Abs(math.Sin(2 * math.Pi * at))
		wav = binary.LittleEndian.AppendUint16(wav, uint16(int16(6000*loud*math.Sin(2*math.Pi*pitch*at))))
	}
	return wav
}

// beginRecording makes the file as MixMonitor does when the call begins: a header, nothing else.
func (s *simulation) beginRecording(r simulate.Recording) error {
	if err := os.WriteFile(filepath.Join(s.config.Recordings, r.File), wavHeader(0), 0o640); err != nil {
		return fmt.Errorf("begin a recording: %w", err)
	}
	return nil
}

// endRecording fills the file; one of a call that nobody answered stays as it is.
func (s *simulation) endRecording(r simulate.Recording) error {
	if r.Seconds == 0 {
		return nil
	}
	path := filepath.Join(s.config.Recordings, r.File)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("write a recording: %w", err)
	}
	length := min(s.audio, time.Duration(r.Seconds*float64(time.Second)))
	_, err = f.Write(tone(r.File, length))
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write a recording: %w", err)
	}
	return nil
}

func (s *simulation) makeRecordings() error {
	if err := os.MkdirAll(s.config.Recordings, 0o750); err != nil {
		return fmt.Errorf("make the directory of the recordings: %w", err)
	}
	return nil
}

// writeRecordings writes the newest recordings of a history.
func (s *simulation) writeRecordings(list []simulate.Recording) error {
	if s.keep == 0 {
		return nil
	}
	if err := s.makeRecordings(); err != nil {
		return err
	}
	for _, r := range list[max(0, len(list)-s.keep):] {
		if err := s.endRecording(r); err != nil {
			return err
		}
	}
	return nil
}
