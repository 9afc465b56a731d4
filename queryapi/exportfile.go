package main

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

// download is the answer while an export runs. Its beginning is held back until the export has a first piece of the calls,
// so that what fails before is still answered with a problem.
type download struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	pulse    *time.Timer // ends the export when the history is silent; it rests while the caller takes a piece
	silence  time.Duration
	held     bytes.Buffer
	begun    bool
}

const (
	// rowsTrailer tells at the end of a file how many calls are in it, and so that it is complete.
	rowsTrailer = "X-Rows"
	// downloadPiece is sent at once, and downloadHeld held back at most.
	downloadPiece = 64 << 10
	downloadHeld  = 1 << 20
)

// Write takes a piece of the file.
func (d *download) Write(b []byte) (int, error) {
	d.held.Write(b)
	switch n := d.held.Len(); {
	case !d.begun && n >= downloadHeld:
		return len(b), d.begin()
	case d.begun && n >= downloadPiece:
		return len(b), d.send()
	}
	return len(b), nil
}

// begin the answer: from here on nothing but a cut connection can tell that it fails.
func (d *download) begin() error {
	if d.begun {
		return nil
	}
	d.begun = true
	d.w.WriteHeader(http.StatusOK)
	if err := d.send(); err != nil {
		return err
	}
	return d.control.Flush()
}

// send what is held. The caller may take its patience for each piece, however long all of them last.
func (d *download) send() error {
	d.pulse.Stop()
	defer d.pulse.Reset(d.silence)
	_ = d.control.SetWriteDeadline(time.Now().Add(d.patience)) // a writer without deadlines, as in a test, needs none
	_, err := d.held.WriteTo(d.w)
	return err
}

// end sends the rest, and the trailer.
func (d *download) end(rows int) error {
	if err := d.begin(); err != nil {
		return err
	}
	if err := d.send(); err != nil {
		return err
	}
	d.w.Header().Set(rowsTrailer, strconv.Itoa(rows))
	return nil
}
