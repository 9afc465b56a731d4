package main

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
	"github.com/klauspost/compress/gzip"
)

// squeeze compresses answers for those who take gzip. What is small is left as it is, and so is what is compressed already.
var squeeze = func() func(http.Handler) http.HandlerFunc {
	wrap, err := gzhttp.NewWrapper(
		gzhttp.EnableZstd(false), gzhttp.CompressionLevel(gzip.BestSpeed), gzhttp.MinSize(1024), gzhttp.SuffixETag(squeezed),
		gzhttp.ContentTypes([]string{"application/json", "application/problem+json", "application/yaml", "application/x-ndjson", "text/csv", "text/html", "text/css", "text/javascript"}),
	)
	if err != nil {
		panic(err) // the options stand right above
	}
	return wrap
}()

// squeezable tells the operations whose answers may be compressed: recordings are audio, of which a part may be asked for,
// and an event of a stream must leave at once.
func squeezable(op route) bool { return op.need != readRecordings && op.need != streamCalls }

// unsqueezed is the answer to a squeezable operation itself, for a file that is compressed already and begins before there is
// anything of it to send.
func unsqueezed(w http.ResponseWriter) http.ResponseWriter {
	if wrapped, is := w.(interface{ Unwrap() http.ResponseWriter }); is {
		return wrapped.Unwrap()
	}
	return w
}
