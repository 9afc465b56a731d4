package minio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	driver "github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// Store is one bucket. It is safe for concurrent use.
type Store struct {
	client    driver.Core
	transport *http.Transport
	address   string // for messages
	bucket    string
	region    string
}

// A request on which no byte moved for stallAfter is given up, and one that has no content to move after answerWithin:
// both together are less than the minute within which a stage must show life.
const (
	stallAfter   = 30 * time.Second
	answerWithin = 15 * time.Second
)

// Open prepares the store without asking it anything, for a stage that works without recordings too.
func Open(cfg Config) (*Store, error) {
	host, secure, err := cfg.host()
	if err != nil {
		return nil, err
	}
	transport, err := driver.DefaultTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("open MinIO at %s: %w", host, err)
	}
	transport.ResponseHeaderTimeout = stallAfter
	client, err := driver.NewCore(host, &driver.Options{
		Creds:           credentials.NewStaticV4(cfg.AccessKey, cfg.SecretKey, ""),
		Secure:          secure,
		Region:          cfg.Region,
		Transport:       transport,
		TrailingHeaders: true, // without it the driver refuses to send a checksum
		MaxRetries:      3,    // the callers have loops of their own
	})
	if err != nil {
		return nil, fmt.Errorf("open MinIO at %s: %w", host, err)
	}
	return &Store{client: *client, transport: transport, address: host, bucket: cfg.Bucket, region: cfg.Region}, nil
}

// Connect opens the store, asks whether the keys are good and the bucket is there, and creates it where it is not. It
// waits up to five seconds for a server that is just starting.
func Connect(ctx context.Context, cfg Config) (*Store, error) {
	s, err := Open(cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		err = s.ensureBucket(ctx)
		if err == nil {
			return s, nil
		}
		if !starting(err) || !pause(ctx, 250*time.Millisecond) {
			s.Close()
			return nil, err
		}
	}
}

// Close lets go of idle connections.
func (s *Store) Close() { s.transport.CloseIdleConnections() }

// Ping asks for the bucket.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, errSilent)
	defer cancel()
	found, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.explain("reach", because(ctx, err))
	}
	if !found {
		return fmt.Errorf("reach MinIO at %s: bucket %s: %w", s.address, s.bucket, ErrNotFound)
	}
	return nil
}

func (s *Store) ensureBucket(ctx context.Context) error {
	found, err := s.client.BucketExists(ctx, s.bucket)
	if err != nil {
		return s.explain("reach", err)
	}
	if found {
		return nil
	}
	err = s.client.MakeBucket(ctx, s.bucket, driver.MakeBucketOptions{Region: s.region})
	switch answer(err).Code {
	case driver.BucketAlreadyOwnedByYou, driver.BucketAlreadyExists:
		return nil // another archiver was first
	}
	if err != nil {
		return s.explain("create bucket "+s.bucket+" on", err)
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Why a request was given up.
var (
	errStalled = errors.New("no byte moved for " + stallAfter.String())
	errSilent  = errors.New("no answer within " + answerWithin.String())
)

// watch gives a context that ends when moved was not called for stallAfter. Done releases it.
func watch(ctx context.Context) (watched context.Context, moved, done func()) {
	watched, cancel := context.WithCancelCause(ctx)
	timer := time.AfterFunc(stallAfter, func() { cancel(errStalled) })
	return watched, func() { timer.Reset(stallAfter) }, func() { timer.Stop(); cancel(nil) }
}
