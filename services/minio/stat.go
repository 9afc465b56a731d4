package minio

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"time"

	driver "github.com/minio/minio-go/v7"
)

// Info is what the store knows of an object.
type Info struct {
	Key         string
	Size        int64
	ContentType string
	ETag        string    // names this content of this key; for conditions only
	Stored      time.Time // by the server's clock, whole seconds
	// SHA256 of the content in hex, as the server computed it. Empty for an object that came here by other means.
	SHA256 string
	// Origin is where the archiver found the file: its directory below RECORDINGS_DIR, escaped. It tells a file that was
	// written again from another file of the same name.
	Origin string
	// Modified is the file's own modification time.
	Modified time.Time
}

// Stat describes an object; ErrNotFound where there is none.
func (s *Store) Stat(ctx context.Context, key string) (Info, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, errSilent)
	defer cancel()
	object, err := s.client.StatObject(ctx, s.bucket, key, driver.StatObjectOptions{Checksum: true})
	if err != nil {
		return Info{}, s.explain("look up a recording on", because(ctx, err))
	}
	info := Info{
		Key: key, Size: object.Size, ContentType: object.ContentType, ETag: object.ETag, Stored: object.LastModified,
		Origin: object.UserMetadata[metaOrigin], SHA256: object.UserMetadata[metaSHA256],
	}
	// What the server computed counts for more than what it was told. One written in parts ("<hash>-<parts>") says nothing.
	if sum, err := base64.StdEncoding.DecodeString(object.ChecksumSHA256); err == nil && len(sum) == 32 {
		info.SHA256 = hex.EncodeToString(sum)
	}
	if at, err := time.Parse(time.RFC3339Nano, object.UserMetadata[metaModified]); err == nil {
		info.Modified = at
	}
	return info, nil
}

// Remove removes an object. One that does not exist is no error: the end is the same.
func (s *Store) Remove(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeoutCause(ctx, answerWithin, errSilent)
	defer cancel()
	if err := s.client.Client.RemoveObject(ctx, s.bucket, key, driver.RemoveObjectOptions{}); err != nil {
		return s.explain("remove a recording from", because(ctx, err))
	}
	return nil
}
