package minio

import (
	"context"
	"errors"
	"io"
	"time"

	driver "github.com/minio/minio-go/v7"
)

// Windows are what one request asks for: small at first, since a player that seeks wants little and goes elsewhere, then
// larger, since one that stays wants it all.
const (
	firstWindow = 64 << 10
	lastWindow  = 8 << 20
)

// Object reads the content of one object. It is made for http.ServeContent: seeking costs nothing, and reading fetches
// about what is read. Every byte comes from the content that Info describes; when that is replaced meanwhile, reading
// ends with ErrChanged. It is for one goroutine.
type Object struct {
	Info

	store  *Store
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  *time.Timer

	offset int64         // of the next byte
	body   io.ReadCloser // nil, or the rest of the current window
	left   int64         // bytes in body
	size   int64         // of the next window
}

// Get opens an object for reading; ErrNotFound where there is none. The context holds for all of the reading. Close it.
func (s *Store) Get(ctx context.Context, key string) (*Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	o := &Object{Info: info, store: s, size: firstWindow}
	o.ctx, o.cancel = context.WithCancelCause(ctx)
	o.stall = time.AfterFunc(stallAfter, func() { o.cancel(errStalled) })
	o.stall.Stop() // the time between two reads is the reader's own
	return o, nil
}

// Read reads on from the current offset. A connection that breaks is made again where it broke.
func (o *Object) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	defer o.stall.Stop()
	var err error
	for range 3 {
		o.stall.Reset(stallAfter)
		if o.offset >= o.Size {
			return 0, io.EOF
		}
		if o.body == nil {
			if err = o.open(); err != nil {
				return 0, err // the driver has tried again already
			}
		}
		var n int
		n, err = o.body.Read(p[:min(int64(len(p)), o.left)])
		o.offset += int64(n)
		o.left -= int64(n)
		if o.left == 0 || err != nil {
			o.leave()
		}
		if n > 0 {
			return n, nil
		}
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return 0, o.store.explain("read a recording on", because(o.ctx, err))
}

// Seek moves the offset; see io.Seeker. Nothing is asked of the server.
func (o *Object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.Size
	}
	if offset < 0 {
		return 0, errors.New("seek in a recording: before its start")
	}
	if offset != o.offset {
		o.leave()
		o.offset, o.size = offset, firstWindow
	}
	return offset, nil
}

// Close ends the reading.
func (o *Object) Close() error {
	o.leave()
	o.cancel(nil)
	return nil
}

// open asks for the next window.
func (o *Object) open() error {
	var options driver.GetObjectOptions
	last := min(o.offset+o.size, o.Size) - 1
	if err := errors.Join(options.SetRange(o.offset, last), options.SetMatchETag(o.ETag)); err != nil {
		return err
	}
	body, _, _, err := o.store.client.GetObject(o.ctx, o.store.bucket, o.Key, options)
	if err != nil {
		return o.store.explain("read a recording on", because(o.ctx, err))
	}
	o.body, o.left = body, last-o.offset+1
	o.size = min(o.size*4, lastWindow)
	return nil
}

// leave drops the rest of the window. A short rest is read to its end, so that the connection can be used again.
func (o *Object) leave() {
	if o.body == nil {
		return
	}
	if o.left > 0 && o.left <= firstWindow {
		o.stall.Reset(stallAfter)
		defer o.stall.Stop()
		_, _ = io.CopyN(io.Discard, o.body, o.left)
	}
	_ = o.body.Close()
	o.body, o.left = nil, 0
}
