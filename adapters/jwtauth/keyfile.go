package jwtauth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	// keyFileName is the key that GenerateIn makes.
	keyFileName = "signing-key.pem"
	pemType     = "PRIVATE KEY"
	// maxKeyFile bounds what is read of a key file; an Ed25519 key in PEM has about 120 bytes.
	maxKeyFile = 16 << 10
)

// LoadKeys reads one or two private keys, PKCS#8 in PEM; the first signs. A file that others than its owner may touch, or that lies in
// a directory others may write to, is refused, as is any key that is not Ed25519. All reasons are given at once.
func LoadKeys(files ...string) (*Keys, error) {
	var private []ed25519.PrivateKey
	var errs []error
	for _, file := range files {
		key, err := readKey(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		private = append(private, key)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return NewKeys(private...)
}

// GenerateIn gives the path of the signing key in dir and makes directory (0700) and key (0600) if they are missing. The key appears
// complete or not at all, and of several processes that start at once all get the same one.
func GenerateIn(dir string) (file string, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("jwtauth: make the key directory: %w", err)
	}
	if err := checkDir(dir); err != nil {
		return "", err
	}
	file = filepath.Join(dir, keyFileName)
	if _, err := os.Lstat(file); err == nil {
		return file, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("jwtauth: look for the signing key: %w", err)
	}
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", fmt.Errorf("jwtauth: make a signing key: %w", err)
	}
	if err := writeKey(file, private); err != nil {
		return "", err
	}
	return file, nil
}

// writeKey writes to a temporary file and links it into place: unlike a rename, a link never replaces a key that another process made
// meanwhile.
func writeKey(file string, private ed25519.PrivateKey) (err error) {
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return fmt.Errorf("jwtauth: encode the signing key: %w", err)
	}
	// CreateTemp opens with O_EXCL and mode 0600.
	tmp, err := os.CreateTemp(filepath.Dir(file), ".signing-key-*")
	if err != nil {
		return fmt.Errorf("jwtauth: write the signing key: %w", err)
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, werr := tmp.Write(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	if err := errors.Join(werr, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("jwtauth: write the signing key: %w", err)
	}
	if err := os.Link(tmp.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("jwtauth: put the signing key in place: %w", err)
	}
	return syncDir(filepath.Dir(file))
}

func syncDir(dir string) error {
	d, err := os.Open(dir) //nolint:gosec // the operator's own directory
	if err != nil {
		return fmt.Errorf("jwtauth: sync the key directory: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("jwtauth: sync the key directory: %w", err)
	}
	return nil
}

func readKey(file string) (_ ed25519.PrivateKey, err error) {
	if err := checkDir(filepath.Dir(file)); err != nil {
		return nil, err
	}
	f, err := os.Open(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("jwtauth: open a signing key: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// The open file is examined, not the path: what is checked is what is read.
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("jwtauth: examine a signing key: %w", err)
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("jwtauth: the signing key %s is not a regular file", file)
	case info.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("jwtauth: the signing key %s has mode %#o; make it 0600", file, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("jwtauth: read a signing key: %w", err)
	}
	return parseKey(file, text)
}

func parseKey(file string, text []byte) (ed25519.PrivateKey, error) {
	block, rest := pem.Decode(text)
	if block == nil || block.Type != pemType || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("jwtauth: %s is not exactly one PKCS#8 private key in PEM", file)
	}
	// The cause is not wrapped: parsers may quote what they read, and that is the key.
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("jwtauth: %s is not a PKCS#8 private key", file)
	}
	private, ok := key.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("jwtauth: %s holds a %T; only Ed25519 keys sign access tokens", file, key)
	}
	return private, nil
}

// checkDir refuses a directory in which others could put a key of their own.
func checkDir(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("jwtauth: examine the key directory: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("jwtauth: the key directory %s has mode %#o; others must not write to it", dir, info.Mode().Perm())
	}
	return nil
}
