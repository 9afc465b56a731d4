package minio

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"path"
	"time"

	driver "github.com/minio/minio-go/v7"
)

// Upload is a recording on its way into the store.
type Upload struct {
	Key     string
	Content io.ReaderAt
	Size    int64
	// SHA256 of the content, taken beforehand: the server computes its own and refuses content that differs, so a file
	// that grew or changed since then is not stored.
	SHA256 [32]byte
	// Origin and Modified describe the file; see Info.
	Origin   string
	Modified time.Time
	// Replaces is the ETag of the object that this one takes the place of; empty where none may exist yet.
	Replaces string
	// Moved is called whenever bytes were sent; nil for nobody.
	Moved func()
}

// Names of the metadata on an object.
const (
	metaSHA256   = "Sha256"
	metaOrigin   = "Origin"
	metaModified = "Modified"
	checksum     = "x-amz-checksum-sha256"
)

// Put stores a recording as one whole object, up to 5 GiB. ErrChanged: the key holds something else than Replaces says,
// or anything at all where Replaces is empty; nothing was overwritten. ErrChecksum: the content is not what SHA256 says;
// nothing was stored. Without progress for 30 s it is given up.
func (s *Store) Put(ctx context.Context, u Upload) error {
	ctx, moved, done := watch(ctx)
	defer done()
	options := driver.PutObjectOptions{
		ContentType: ContentType(path.Base(u.Key)),
		UserMetadata: map[string]string{
			metaSHA256:   hex.EncodeToString(u.SHA256[:]),
			metaOrigin:   u.Origin,
			metaModified: u.Modified.UTC().Format(time.RFC3339Nano),
			checksum:     base64.StdEncoding.EncodeToString(u.SHA256[:]),
		},
		// A checksum over parts would be one of checksums; of one piece it is that of the file. An hour of WAV is 58 MB.
		DisableMultipart: true,
		Progress:         progress{moved, u.Moved},
	}
	if u.Replaces == "" {
		options.SetMatchETagExcept("*")
	} else {
		options.SetMatchETag(u.Replaces)
	}
	_, err := s.client.Client.PutObject(ctx, s.bucket, u.Key, io.NewSectionReader(u.Content, 0, u.Size), u.Size, options)
	if err != nil {
		return s.explain("put a recording on", because(ctx, err))
	}
	return nil
}

// because prefers the reason why a context ended over the fact that it did.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && answer(err).StatusCode == 0 {
		return fmt.Errorf("%w (%w)", cause, bare(err))
	}
	return err
}

// progress is told of bytes by the driver in the form of a reader.
type progress []func()

func (p progress) Read(b []byte) (int, error) {
	for _, moved := range p {
		if moved != nil {
			moved()
		}
	}
	return len(b), nil
}
