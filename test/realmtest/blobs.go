package realmtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Blobs is a ports.BlobStore in memory. Its zero value is empty and ready.
type Blobs struct {
	mu    sync.Mutex
	blobs map[string][]byte
	// Fail, if set, is asked before each operation ("put", "open", "delete", "list"); its error is the operation's.
	Fail func(op, key string) error
}

var _ ports.BlobStore = (*Blobs)(nil)

var goodKey = regexp.MustCompile(`^[a-z0-9_-]+(/[a-z0-9_-]+)*$`)

func (b *Blobs) may(ctx context.Context, op, key string) error {
	if err := ctx.Err(); err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	if op != "list" && !goodKey.MatchString(key) {
		return fault.New(fault.Internal, "blob_key", "bad key "+key)
	}
	if b.Fail != nil {
		return b.Fail(op, key)
	}
	return nil
}

// Put stores r's bytes.
func (b *Blobs) Put(ctx context.Context, key string, r io.Reader, limit int64) (ports.BlobInfo, error) {
	if err := b.may(ctx, "put", key); err != nil {
		return ports.BlobInfo{}, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return ports.BlobInfo{}, err
	}
	if int64(len(raw)) > limit {
		return ports.BlobInfo{}, ports.ErrBlobTooLarge
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, taken := b.blobs[key]; taken {
		return ports.BlobInfo{}, fault.ErrDuplicate
	}
	if b.blobs == nil {
		b.blobs = map[string][]byte{}
	}
	b.blobs[key] = raw
	sum := sha256.Sum256(raw)
	return ports.BlobInfo{Size: int64(len(raw)), SHA256: hex.EncodeToString(sum[:])}, nil
}

type body struct{ *bytes.Reader }

func (body) Close() error { return nil }

// Open reads a blob.
func (b *Blobs) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	if err := b.may(ctx, "open", key); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	raw, ok := b.blobs[key]
	if !ok {
		return nil, fault.ErrNotFound
	}
	return body{bytes.NewReader(raw)}, nil
}

// Delete removes a blob.
func (b *Blobs) Delete(ctx context.Context, key string) error {
	if err := b.may(ctx, "delete", key); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.blobs, key)
	return nil
}

// List calls fn with the keys under prefix.
func (b *Blobs) List(ctx context.Context, prefix string, fn func(key string) error) error {
	if err := b.may(ctx, "list", prefix); err != nil {
		return err
	}
	for _, key := range b.Keys() {
		if strings.HasPrefix(key, prefix) {
			if err := fn(key); err != nil {
				return err
			}
		}
	}
	return nil
}

// Keys gives all keys in order.
func (b *Blobs) Keys() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Sorted(maps.Keys(b.blobs))
}
