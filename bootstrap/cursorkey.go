package bootstrap

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"os"
)

// cursorKeySize is the length of the key that authenticates the cursors of lists.
const cursorKeySize = 32

// cursorKey derives the key of cursors from the signing key's file, so that all replicas have the same one without another setting. A new
// signing key makes the cursors of pages that are being read invalid; their readers start again.
func cursorKey(signingKeyFile string) ([]byte, error) {
	secret, err := os.ReadFile(signingKeyFile) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("derive the cursor key: %w", err)
	}
	return hkdf.Key(sha256.New, secret, nil, "symphainy list cursors v1", cursorKeySize)
}
