package main

import (
	"encoding/binary"
	"errors"
	"io"
	"path"
	"strings"
)

// shape is what a file's first bytes and its length say about it.
type shape int

const (
	whole  shape = iota // as long as its header says, or of a format that has no such header
	torn                // its header says another length: still being written, or its writer was killed
	hollow              // no sound in it
)

// emptyWAV is the length of a WAV header. Whatever its format, a file no longer than that holds nothing.
const emptyWAV = 44

// shapeOf looks at a file of the given name and size. Asterisk writes a WAV header with length 0 first and the true one
// when it closes the file, so the header tells what no clock can.
func shapeOf(name string, file io.ReaderAt, size int64) (shape, error) {
	if size <= emptyWAV {
		return hollow, nil
	}
	if !strings.EqualFold(path.Ext(name), ".wav") {
		return whole, nil
	}
	return wavShape(file, size)
}

func wavShape(file io.ReaderAt, size int64) (shape, error) {
	var riff [12]byte
	if _, err := file.ReadAt(riff[:], 0); err != nil {
		return torn, cut(err)
	}
	if string(riff[:4]) != "RIFF" || string(riff[8:]) != "WAVE" {
		return torn, nil
	}
	said := int64(binary.LittleEndian.Uint32(riff[4:])) + 8
	const most = 64 // chunks before the sound; more is no recording
	offset := int64(len(riff))
	for range most {
		var chunk [8]byte
		if _, err := file.ReadAt(chunk[:], offset); err != nil {
			return torn, cut(err)
		}
		length := int64(binary.LittleEndian.Uint32(chunk[4:]))
		offset += int64(len(chunk))
		if string(chunk[:4]) != "data" {
			offset += length + length&1
			continue
		}
		switch end := offset + length; {
		case end == size && length == 0:
			return hollow, nil
		case end == size, length > 0 && end < size && (said == size || said == size+1):
			return whole, nil // the latter with more chunks behind the sound
		}
		return torn, nil
	}
	return torn, nil
}

// cut takes a header that is shorter than it should be for no error of the disk.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
