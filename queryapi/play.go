package main

import (
	"errors"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/cdrflow/cdrflow/services/minio"
)

// play sends a recording, or the part of it that Range asks for.
func (a *api) play(w http.ResponseWriter, r *http.Request, id uint64, found *audio) error {
	h := w.Header()
	h.Set("Content-Type", minio.ContentType(found.name))
	h.Set("ETag", found.tag)
	name := "call-" + strconv.FormatUint(id, 10)
	if minio.Audio(found.name) {
		name += strings.ToLower(path.Ext(found.name))
	}
	p := &player{ResponseWriter: w, control: http.NewResponseController(w), name: name, patience: a.patience}
	source := &listened{ReadSeeker: found}
	http.ServeContent(p, onlyRange(r), "", found.modified, source)
	switch {
	case p.refused != 0:
		h.Del("ETag")
		return refuse(rangeUnsatisfiable, "the range lies outside of the recording; Content-Range tells its size")
	case source.err != nil && r.Context().Err() == nil:
		// The answer has begun. Being shorter than its Content-Length, it is cut off, and the player asks again.
		a.cutTrouble.Report(a.log, "recording cut off", source.err, "id", id)
	}
	return nil
}

// onlyRange is the request as http.ServeContent shall see it: nothing of ours is cached, so conditions are moot, and of
// ranges a single plain one is served. Others are ignored, which RFC 9110, section 14.2, allows.
func onlyRange(r *http.Request) *http.Request {
	r = r.Clone(r.Context())
	for _, condition := range []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"} {
		r.Header.Del(condition)
	}
	if !oneRange(r.Header.Get("Range")) {
		r.Header.Del("Range")
	}
	return r
}

func oneRange(text string) bool {
	first, last, ok := strings.Cut(strings.TrimPrefix(text, "bytes="), "-")
	switch {
	case !ok || !strings.HasPrefix(text, "bytes="):
		return false
	case first == "": // the last bytes; of none, http.ServeContent would make a range that ends before it starts
		return decimal(last) && strings.Trim(last, "0") != ""
	}
	return decimal(first) && (last == "" || decimal(last))
}

// player is the answer while a recording runs: a download where all of it goes out, inline where a player asked for a
// part, and given up when its listener takes nothing for as long as patience.
type player struct {
	http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration
	name     string
	refused  int // the status that http.ServeContent refused with; its words are not sent
}

func (p *player) WriteHeader(status int) {
	switch status {
	case http.StatusOK:
		p.Header().Set("Content-Disposition", `attachment; filename="`+p.name+`"`)
	case http.StatusPartialContent:
		p.Header().Set("Content-Disposition", `inline; filename="`+p.name+`"`)
	default:
		p.refused = status
		return
	}
	p.ResponseWriter.WriteHeader(status)
}

func (p *player) Write(b []byte) (int, error) {
	if p.refused != 0 {
		return len(b), nil
	}
	_ = p.control.SetWriteDeadline(time.Now().Add(p.patience))
	return p.ResponseWriter.Write(b)
}

// listened keeps the error that reading ended with, which http.ServeContent keeps to itself.
type listened struct {
	io.ReadSeeker
	err error
}

func (l *listened) Read(b []byte) (int, error) {
	n, err := l.ReadSeeker.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}
