package blobstore_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/blobstore"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func TestBuckets(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) *blobstore.Store{
		"folder": func(t *testing.T) *blobstore.Store {
			s, err := blobstore.OpenFolder(filepath.Join(t.TempDir(), "blobs"))
			require.NoError(t, err)
			return s
		},
		"memory": func(*testing.T) *blobstore.Store { return blobstore.OpenMemory() },
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			conformance(t, s)
		})
	}
}

func read(t *testing.T, s *blobstore.Store, key string) []byte {
	t.Helper()
	r, err := s.Open(t.Context(), key)
	require.NoError(t, err)
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return raw
}

func keysOf(t *testing.T, s *blobstore.Store, prefix string) []string {
	t.Helper()
	var keys []string
	require.NoError(t, s.List(t.Context(), prefix, func(k string) error { keys = append(keys, k); return nil }))
	return keys
}

func conformance(t *testing.T, s *blobstore.Store) {
	content := bytes.Repeat([]byte("0123456789"), 100_000)
	sum := sha256.Sum256(content)
	info, err := s.Put(t.Context(), "files/ses_1/fil_1", bytes.NewReader(content), int64(len(content)))
	require.NoError(t, err, "the limit itself passes")
	require.Equal(t, ports.BlobInfo{Size: int64(len(content)), SHA256: hex.EncodeToString(sum[:])}, info)
	require.True(t, bytes.Equal(content, read(t, s, "files/ses_1/fil_1")))

	t.Run("reading seeks and outlives its context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := s.Open(ctx, "files/ses_1/fil_1")
		require.NoError(t, err)
		cancel()
		_, err = r.Seek(-3, io.SeekEnd)
		require.NoError(t, err)
		tail, err := io.ReadAll(r)
		require.NoError(t, err)
		require.Equal(t, "789", string(tail))
		_, err = r.Seek(1, io.SeekStart)
		require.NoError(t, err)
		two := make([]byte, 2)
		_, err = io.ReadFull(r, two)
		require.NoError(t, err)
		require.Equal(t, "12", string(two))
		require.NoError(t, r.Close())
	})
	t.Run("a key is written once", func(t *testing.T) {
		_, err := s.Put(t.Context(), "files/ses_1/fil_1", strings.NewReader("other"), 100)
		require.ErrorIs(t, err, fault.ErrDuplicate)
		require.Len(t, read(t, s, "files/ses_1/fil_1"), len(content))
	})
	t.Run("one of many writers wins", func(t *testing.T) {
		var group sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for range 16 {
			group.Go(func() {
				_, err := s.Put(t.Context(), "race/one", strings.NewReader("x"), 10)
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if !errors.Is(err, fault.ErrDuplicate) {
					t.Errorf("unexpected: %v", err)
				}
			})
		}
		group.Wait()
		require.Equal(t, 1, won)
	})
	t.Run("nothing is left of what failed", func(t *testing.T) {
		_, err := s.Put(t.Context(), "half/large", strings.NewReader("12345"), 4)
		require.ErrorIs(t, err, ports.ErrBlobTooLarge)
		broken := errors.New("connection reset")
		_, err = s.Put(t.Context(), "half/broken", io.MultiReader(strings.NewReader("123"), iotest.ErrReader(broken)), 100)
		require.ErrorIs(t, err, broken)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Put(ctx, "half/cancelled", strings.NewReader("123"), 100)
		require.Error(t, err)
		require.Empty(t, keysOf(t, s, "half/"))
		_, err = s.Put(t.Context(), "half/large", strings.NewReader("1234"), 4)
		require.NoError(t, err, "the key stayed free")
	})
	t.Run("missing", func(t *testing.T) {
		_, err := s.Open(t.Context(), "files/none")
		require.ErrorIs(t, err, fault.ErrNotFound)
		require.NoError(t, s.Delete(t.Context(), "files/none"))
	})
	t.Run("keys are the server's", func(t *testing.T) {
		for _, bad := range []string{"", "/", "../x", "a/../b", "a//b", "/a", "a/", "A", "a b", "a\x00b", "ä", `a\b`, strings.Repeat("a", 513)} {
			_, err := s.Put(t.Context(), bad, strings.NewReader("x"), 10)
			require.Equal(t, "invalid_blob_key", fault.As(err).Code, bad)
			_, err = s.Open(t.Context(), bad)
			require.Equal(t, "invalid_blob_key", fault.As(err).Code, bad)
			require.Equal(t, "invalid_blob_key", fault.As(s.Delete(t.Context(), bad)).Code, bad)
		}
	})
	t.Run("list and delete", func(t *testing.T) {
		for _, k := range []string{"list/b", "list/a/1", "list/a/2"} {
			_, err := s.Put(t.Context(), k, strings.NewReader("x"), 10)
			require.NoError(t, err)
		}
		require.Equal(t, []string{"list/a/1", "list/a/2", "list/b"}, keysOf(t, s, "list/"))
		require.NoError(t, s.Delete(t.Context(), "list/a/1"))
		require.Equal(t, []string{"list/a/2"}, keysOf(t, s, "list/a/"))
		stop := errors.New("enough")
		require.ErrorIs(t, s.List(t.Context(), "", func(string) error { return stop }), stop)
	})
	require.NoError(t, s.Check(t.Context()))
	require.Equal(t, "files", s.Name())
}

func TestAFolderIsItsOwnersAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "blobs")
	s, err := blobstore.OpenFolder(dir)
	require.NoError(t, err)
	_, err = s.Put(t.Context(), "files/one", strings.NewReader("x"), 10)
	require.NoError(t, err)
	seen := 0
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		if d.IsDir() { // files lie behind folders that nobody else may enter
			require.Zero(t, info.Mode().Perm()&0o077, path)
		}
		seen++
		return nil
	}))
	require.Equal(t, 3, seen, "the folder, its one folder, the file, and nothing beside them")
	require.NoError(t, s.Close())
}
