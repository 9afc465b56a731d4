package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library holds the C functions of libchdb.so that are used here. The signatures are those of chdb.h 26.7.3;
// a chdb_connection* is a pointer to a handle, and the query functions take the handle it points to.
type library struct {
	connect   func(argc int32, argv **byte) *uintptr
	closeConn func(conn *uintptr)

	queryParams  func(conn uintptr, query *byte, queryLen uint, format *byte, formatLen uint, names **byte, nameLens *uint, values **byte, valueLens *uint, count uint) uintptr
	streamParams func(conn uintptr, query *byte, queryLen uint, format *byte, formatLen uint, names **byte, nameLens *uint, values **byte, valueLens *uint, count uint) uintptr
	streamFetch  func(conn, stream uintptr) uintptr
	streamCancel func(conn, stream uintptr)
	destroy      func(result uintptr)

	resultBuffer func(result uintptr) *byte
	resultLength func(result uintptr) uint
	resultError  func(result uintptr) string
	readRows     func(result uintptr) uint64
	readBytes    func(result uintptr) uint64
	writtenRows  func(result uintptr) uint64
	writtenBytes func(result uintptr) uint64

	classify       func(conn uintptr, sql *byte, sqlLen uint, target *byte, targetLen uint, out *classification) int32
	signalHandlers func(enabled int32)
	shutdown       func() int32
	version        func() string
}

// classification is chdb_query_analysis_v1.
type classification struct {
	size       uint32
	statements uint32
	_          uint32 // flags
	class      uint32
}

// Classes of statements, as the engine's own parser sees them (chdb_query_class).
const (
	classReadOnly       = 0
	classMutating       = 1
	classMutatingGlobal = 2
	classControl        = 3
	classUnknown        = 4
)

// openLibrary loads libchdb.so. A symbol that is missing is an error and not purego's panic: an older file may lie
// beside the executable.
func openLibrary(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", path, err)
	}
	l := &library{}
	for name, fn := range map[string]any{
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_query_with_params_n":         &l.queryParams,
		"chdb_stream_query_with_params_n":  &l.streamParams,
		"chdb_stream_fetch_result":         &l.streamFetch,
		"chdb_stream_cancel_query":         &l.streamCancel,
		"chdb_destroy_query_result":        &l.destroy,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_storage_rows_read":    &l.readRows,
		"chdb_result_storage_bytes_read":   &l.readBytes,
		"chdb_result_rows_written":         &l.writtenRows,
		"chdb_result_bytes_written":        &l.writtenBytes,
		"chdb_classify_query_n":            &l.classify,
		"chdb_set_signal_handlers_enabled": &l.signalHandlers,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_version":                     &l.version,
	} {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("find %s in %s: %w", name, path, err)
		}
		purego.RegisterFunc(fn, symbol)
	}
	return l, nil
}

// FindLibrary tells where libchdb.so is: the environment variable CHDB_LIBRARY, else beside the running executable,
// else bin/libchdb.so under the nearest parent of the working directory that holds go.work (how tests find it).
func FindLibrary() (string, error) {
	if path := os.Getenv("CHDB_LIBRARY"); path != "" {
		return path, nil
	}
	if exe, err := os.Executable(); err == nil {
		if path := filepath.Join(filepath.Dir(exe), "libchdb.so"); isFile(path) {
			return path, nil
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find libchdb.so: %w", err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if isFile(filepath.Join(dir, "go.work")) {
			if path := filepath.Join(dir, "bin", "libchdb.so"); isFile(path) {
				return path, nil
			}
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("find libchdb.so: not in CHDB_LIBRARY, not beside the executable, not in bin/ (run make)")
		}
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// result is one chdb_result. It must be freed; its bytes live in the engine's memory until then.
type result struct {
	lib    *library
	handle uintptr
}

func (r result) bytes() []byte {
	n := r.lib.resultLength(r.handle)
	if n == 0 {
		return nil
	}
	return unsafe.Slice(r.lib.resultBuffer(r.handle), n)
}

func (r result) err() error {
	if text := r.lib.resultError(r.handle); text != "" {
		return parseException(text)
	}
	return nil
}

func (r result) free() { r.lib.destroy(r.handle) }
