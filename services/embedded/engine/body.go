package engine

import (
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/ClickHouse/ch-go/compress"
	"golang.org/x/sys/unix"
)

// maxText bounds a statement that is read into memory; rows belong behind an INSERT in the URL and go to a memfd.
const maxText = 64 << 20

// body gives the request's body uncompressed and bounded. compressed is decompress=1 of the URL: ClickHouse's own
// blocks, as clickhouse-go sends them with compress=lz4 or zstd.
func body(w http.ResponseWriter, r *http.Request, limit int64, compressed bool) (io.Reader, error) {
	var reader io.Reader = http.MaxBytesReader(w, r.Body, limit)
	var err error
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		reader, err = gzip.NewReader(reader)
	case "deflate":
		reader, err = zlib.NewReader(reader)
	default:
		return nil, refuse(codeNotImplemented, "Content-Encoding "+encoding+" is not supported by the embedded engine, use gzip or deflate")
	}
	if err != nil {
		return nil, refuse(codeCannotDecompress, "Cannot decompress the body: "+err.Error())
	}
	if compressed {
		reader = blocks{compress.NewReader(reader)}
	}
	return &bounded{reader, limit, limit}, nil
}

// blocks ends cleanly where the last block ends; the reader beneath wraps that io.EOF in words.
type blocks struct{ reader *compress.Reader }

func (b blocks) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return n, io.EOF
	}
	return n, err
}

type bounded struct {
	reader      io.Reader
	left, limit int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.reader.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, tooLarge(b.limit)
	}
	return n, err
}

func tooLarge(limit int64) error {
	return refuse(codeTooLarge, fmt.Sprintf("The request's body is larger than %d bytes", limit))
}

// bodyError gives the reader's own error a code.
func bodyError(err error) error {
	var large *http.MaxBytesError
	var known *exception
	switch {
	case errors.As(err, &large):
		return tooLarge(large.Limit)
	case errors.As(err, &known):
		return known
	}
	return refuse(codeNetwork, "Cannot read the request's body: "+err.Error())
}

// memory is an anonymous file the engine can open by its path and map. The engine cuts rows that stand in the
// statement's text at 256 KiB, and waits for its standard input when there are none.
func memory(rows io.Reader) (file *os.File, path string, err error) {
	fd, err := unix.MemfdCreate("insert", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, "", fmt.Errorf("keep the rows of an insert: %w", err)
	}
	file = os.NewFile(uintptr(fd), "insert")
	// The wrapper keeps io.CopyBuffer from File.ReadFrom, which would copy in pieces of 32 KiB.
	if _, err := io.CopyBuffer(struct{ io.Writer }{file}, rows, make([]byte, 1<<20)); err != nil {
		file.Close()
		return nil, "", bodyError(err)
	}
	return file, fmt.Sprintf("/proc/self/fd/%d", fd), nil
}
