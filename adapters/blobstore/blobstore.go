// Package blobstore keeps the bytes of files in a bucket: a folder of the data dir by default, memory in tests, and whatever else
// gocloud.dev/blob speaks to once a deployment needs it.
package blobstore

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"regexp"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

var (
	// errKey is a key that the server did not make: a mistake in the program, never something a client can cause.
	errKey = fault.New(fault.Internal, "invalid_blob_key", "a blob key is not one of ours")
	keys   = regexp.MustCompile(`^[a-z0-9_-]+(/[a-z0-9_-]+)*$`)
	// prefixes may end in a slash and may be empty.
	prefixes = regexp.MustCompile(`^([a-z0-9_-]+/?)*$`)
)

// maxKey bounds a key in bytes.
const maxKey = 512

// Store is a ports.BlobStore over a bucket.
type Store struct {
	bucket *blob.Bucket
	// publishing makes "only if it is new" hold within the process: a folder checks first and renames afterwards. Across processes keys do
	// not meet, because each is made of a fresh id.
	publishing [64]sync.Mutex
}

// publish ends a write under the lock of its key.
func (s *Store) publish(key string, w *blob.Writer) error {
	h := fnv.New32a()
	h.Write([]byte(key))
	lock := &s.publishing[h.Sum32()%uint32(len(s.publishing))]
	lock.Lock()
	defer lock.Unlock()
	return w.Close()
}

var (
	_ ports.BlobStore   = (*Store)(nil)
	_ ports.HealthCheck = (*Store)(nil)
)

// OpenFolder keeps blobs as files under dir, which is made with mode 0700. A file is written beside its place and renamed into it, so
// that it is visible whole or not at all.
func OpenFolder(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob store: make the folder: %w", err)
	}
	b, err := fileblob.OpenBucket(dir, &fileblob.Options{
		CreateDir: true, DirFileMode: 0o700, NoTempDir: true, Metadata: fileblob.MetadataDontWrite,
	})
	if err != nil {
		return nil, fmt.Errorf("blob store: open the folder: %w", err)
	}
	return &Store{bucket: b}, nil
}

// OpenMemory keeps blobs in memory, for tests.
func OpenMemory() *Store { return &Store{bucket: memblob.OpenBucket(nil)} }

// Close gives the bucket back.
func (s *Store) Close() error { return s.bucket.Close() }

// Put streams at most limit bytes into a new blob. Whatever goes wrong, the key stays free.
func (s *Store) Put(ctx context.Context, key string, r io.Reader, limit int64) (ports.BlobInfo, error) {
	if err := check(key); err != nil {
		return ports.BlobInfo{}, err
	}
	writing, abandon := context.WithCancel(ctx)
	defer abandon()
	w, err := s.bucket.NewWriter(writing, key, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream"})
	if err != nil {
		return ports.BlobInfo{}, translate(err)
	}
	sum := sha256.New()
	source := &reading{r: io.LimitReader(r, limit+1)}
	n, err := io.Copy(io.MultiWriter(w, sum), source)
	if err == nil && n > limit {
		err = ports.ErrBlobTooLarge
	}
	if err != nil {
		abandon() // a writer whose context has ended drops what it has instead of publishing it
		if closing := w.Close(); closing == nil {
			return ports.BlobInfo{}, errors.Join(translate(err), s.bucket.Delete(context.WithoutCancel(ctx), key))
		}
		if source.err != nil {
			return ports.BlobInfo{}, source.err // the sender's failure, in its own words
		}
		return ports.BlobInfo{}, translate(err)
	}
	if err := s.publish(key, w); err != nil {
		return ports.BlobInfo{}, translate(err)
	}
	return ports.BlobInfo{Size: n, SHA256: hex.EncodeToString(sum.Sum(nil))}, nil
}

// reading remembers why the source failed, to tell its failures from the bucket's.
type reading struct {
	r   io.Reader
	err error
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err //nolint:wrapcheck // the reader's own error, io.EOF above all
}

// Open reads a blob. The reader outlives ctx: whoever opened it closes it.
func (s *Store) Open(ctx context.Context, key string) (io.ReadSeekCloser, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	r, err := s.bucket.NewReader(context.WithoutCancel(ctx), key, nil)
	if err != nil {
		return nil, translate(err)
	}
	return r, nil
}

// Delete removes a blob; a missing one is no error.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := check(key); err != nil {
		return err
	}
	if err := s.bucket.Delete(ctx, key); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return translate(err)
	}
	return nil
}

// List calls fn with every key under the prefix, in order.
func (s *Store) List(ctx context.Context, prefix string, fn func(key string) error) error {
	if !prefixes.MatchString(prefix) {
		return errKey
	}
	for i := s.bucket.List(&blob.ListOptions{Prefix: prefix}); ; {
		object, err := i.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return translate(err)
		}
		if check(object.Key) != nil {
			continue // a half-written temporary file, or something that is not ours
		}
		if err := fn(object.Key); err != nil {
			return err
		}
	}
}

// Name is the name of the health check.
func (s *Store) Name() string { return "files" }

// Check reports whether the bucket can be reached.
func (s *Store) Check(ctx context.Context) error {
	ok, err := s.bucket.IsAccessible(ctx)
	if err != nil {
		return translate(err)
	}
	if !ok {
		return fault.ErrUnavailable
	}
	return nil
}

func check(key string) error {
	if len(key) > maxKey || !keys.MatchString(key) {
		return errKey
	}
	return nil
}

// translate turns what a bucket says into a fault; the driver's words, which hold paths, stay in the cause.
func translate(err error) error {
	var known *fault.Error
	if errors.As(err, &known) {
		return err
	}
	switch gcerrors.Code(err) { //nolint:exhaustive // all other codes are a bucket that does not work
	case gcerrors.NotFound:
		return fault.ErrNotFound
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return fault.ErrDuplicate
	}
	return fault.ErrUnavailable.Because(err)
}
