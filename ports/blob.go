package ports

import (
	"context"
	"io"

	"github.com/symphainy/symphainy/domain/fault"
)

// BlobInfo describes stored bytes.
type BlobInfo struct {
	Size   int64
	SHA256 string
}

// ErrBlobTooLarge is content over the given limit; nothing is left of it.
var ErrBlobTooLarge = fault.New(fault.TooLarge, "limit_exceeded", "The file is larger than allowed.")

// BlobStore keeps bytes under keys that the server made. Keys are slash-separated segments of [a-z0-9_-]; anything else is refused.
type BlobStore interface {
	// Put stores at most limit bytes of r under a new key; more is ErrBlobTooLarge, an existing key ErrDuplicate. Nothing is visible
	// until all bytes are stored.
	Put(ctx context.Context, key string, r io.Reader, limit int64) (BlobInfo, error)
	// Open reads a blob; a missing one is ErrNotFound.
	Open(ctx context.Context, key string) (io.ReadSeekCloser, error)
	// Delete removes a blob; a missing one is no error.
	Delete(ctx context.Context, key string) error
	// List calls fn with every key under the prefix, in order.
	List(ctx context.Context, prefix string, fn func(key string) error) error
}
