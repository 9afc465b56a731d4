package minio

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	driver "github.com/minio/minio-go/v7"
)

// mark is the key of an empty object which says that a recording was erased, so that nobody stores it again. Recordings have
// keys of two parts, and this one has three. It does not tell whose recording it was: names of files hold telephone numbers.
func mark(key string) string {
	sum := sha256.Sum256([]byte(key))
	return "erased/recordings/" + hex.EncodeToString(sum[:])
}

// Erase removes an object for good, with every older version that a versioned bucket keeps of it, and remembers that it was
// erased. One that does not exist is remembered all the same. After an error some of it may be there still: do it again.
func (s *Store) Erase(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, errSilent)
	defer cancel()
	// The mark comes first: whoever stores the recording at this moment looks for the mark afterwards.
	err := s.remember(ctx, key)
	if errors.Is(err, ErrNotFound) { // no bucket, since nothing was archived yet
		if err = s.ensureBucket(ctx); err == nil {
			err = s.remember(ctx, key)
		}
	}
	if err != nil {
		return err
	}
	for version := range s.client.ListObjectsIter(ctx, s.bucket, driver.ListObjectsOptions{Prefix: key, WithVersions: true, Recursive: true}) {
		if version.Err != nil {
			return s.explain("look for versions of a recording on", because(ctx, version.Err))
		}
		if version.Key != key {
			continue // a longer name
		}
		if err := s.client.Client.RemoveObject(ctx, s.bucket, key, driver.RemoveObjectOptions{VersionID: version.VersionID}); err != nil {
			return s.explain("erase a recording from", because(ctx, err))
		}
	}
	if err := ctx.Err(); err != nil {
		return s.explain("erase a recording from", because(ctx, err))
	}
	return nil
}

func (s *Store) remember(ctx context.Context, key string) error {
	if known, err := s.Erased(ctx, key); known || err != nil {
		return err
	}
	if _, err := s.client.Client.PutObject(ctx, s.bucket, mark(key), bytes.NewReader(nil), 0, driver.PutObjectOptions{}); err != nil {
		return s.explain("remember an erasure on", because(ctx, err))
	}
	return nil
}

// Erased tells whether the recording of this key was erased.
func (s *Store) Erased(ctx context.Context, key string) (bool, error) {
	_, err := s.Stat(ctx, mark(key))
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}
