//go:build chaos

package chaos

import (
	"context"
	"io"

	"github.com/symphainy/symphainy/ports"
)

// Blobs has a place before a blob is stored (blob.put) and one before it is read (blob.open).
type Blobs struct {
	ports.BlobStore

	Points *Points
}

// Put stores a blob.
func (b Blobs) Put(ctx context.Context, key string, r io.Reader, limit int64) (ports.BlobInfo, error) {
	if err := b.Points.Hit(ctx, "blob.put"); err != nil {
		return ports.BlobInfo{}, err
	}
	return b.BlobStore.Put(ctx, key, r, limit)
}

// Open reads a blob.
func (b Blobs) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	if err := b.Points.Hit(ctx, "blob.open"); err != nil {
		return nil, err
	}
	return b.BlobStore.Open(ctx, key)
}
