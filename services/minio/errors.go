package minio

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	driver "github.com/minio/minio-go/v7"
)

var (
	// ErrNotFound is an object, or a bucket, that does not exist.
	ErrNotFound = errors.New("not found")
	// ErrChanged is an object that is not, or no longer, what the caller took it for.
	ErrChanged = errors.New("changed meanwhile")
	// ErrDenied is an account that may not do what it tried.
	ErrDenied = errors.New("access denied")
	// ErrChecksum is content that did not arrive as it was announced.
	ErrChecksum = errors.New("content does not have the announced checksum")
)

// explain says what was tried, what went wrong, and, where the settings are to blame, which one.
func (s *Store) explain(doing string, err error) error {
	where := doing + " MinIO at " + s.address
	response := answer(err)
	switch response.Code {
	case driver.InvalidAccessKeyID:
		return fmt.Errorf("%s: %w: the server does not know this MINIO_ACCESS_KEY", where, ErrDenied)
	case driver.SignatureDoesNotMatch:
		return fmt.Errorf("%s: %w: MINIO_SECRET_KEY does not belong to MINIO_ACCESS_KEY", where, ErrDenied)
	case driver.AccessDenied, driver.AllAccessDisabled:
		return fmt.Errorf("%s: %w: the account of MINIO_ACCESS_KEY needs the right to do this in bucket %s", where, ErrDenied, s.bucket)
	case driver.RequestTimeTooSkewed:
		return fmt.Errorf("%s: the clocks of this machine and the server differ by more than 15 minutes: %w", where, err)
	case driver.NoSuchKey, driver.NoSuchBucket, driver.NoSuchVersion:
		return fmt.Errorf("%s: %w", where, ErrNotFound)
	case driver.PreconditionFailed, "ConditionalRequestConflict":
		return fmt.Errorf("%s: %w", where, ErrChanged)
	case "XAmzContentChecksumMismatch", driver.BadDigest, "XAmzContentSHA256Mismatch", "IncompleteBody":
		return fmt.Errorf("%s: %w (%s)", where, ErrChecksum, response.Code)
	}
	switch cause := bare(err); {
	case errors.Is(err, syscall.ECONNREFUSED), isDNS(err), errors.Is(err, syscall.EHOSTUNREACH):
		return fmt.Errorf("%s: %w: is it running, and is MINIO_ENDPOINT its address?", where, cause)
	case strings.Contains(cause.Error(), "HTTP response to HTTPS client"):
		return fmt.Errorf("%s: %w: it speaks plain HTTP, so MINIO_ENDPOINT begins with http://", where, cause)
	case response.StatusCode == http.StatusBadRequest && strings.Contains(response.Message, "HTTPS server"):
		return fmt.Errorf("%s: it speaks TLS, so MINIO_ENDPOINT begins with https://", where)
	case response.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%s: %w", where, ErrDenied)
	default:
		return fmt.Errorf("%s: %w", where, cause)
	}
}

// answer is what the server said; empty where it said nothing.
func answer(err error) driver.ErrorResponse {
	var response driver.ErrorResponse
	errors.As(err, &response)
	return response
}

// bare takes the URL out of a network error: it holds the file's name, hence telephone numbers.
func bare(err error) error {
	var request *url.Error
	if errors.As(err, &request) {
		return request.Err
	}
	return err
}

func isDNS(err error) bool {
	var dns *net.DNSError
	return errors.As(err, &dns)
}

// starting tells whether the server may answer differently in a moment.
func starting(err error) bool {
	switch answer(err).StatusCode {
	case http.StatusServiceUnavailable, http.StatusBadGateway:
		return true
	}
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, context.DeadlineExceeded)
}
