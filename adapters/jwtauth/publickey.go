package jwtauth

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
)

// publicType is the PEM type of a public key (PKIX), as "openssl pkey -pubout" writes it.
const publicType = "PUBLIC KEY"

// LoadPublicKeys reads one or two public keys (PKIX PEM), for a process that verifies and never signs. It needs no secret, so a private key is
// refused.
func LoadPublicKeys(files ...string) (*Keys, error) {
	if len(files) == 0 || len(files) > maxKeys {
		return nil, fmt.Errorf("jwtauth: %d public keys are configured; there must be 1 or %d", len(files), maxKeys)
	}
	k := &Keys{public: make(map[string]ed25519.PublicKey, len(files))}
	var errs []error
	for _, file := range files {
		pub, err := readPublicKey(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		kid := Thumbprint(pub)
		if _, twice := k.public[kid]; twice {
			errs = append(errs, fmt.Errorf("jwtauth: the public key %s is configured twice", kid))
		}
		k.public[kid] = pub
		k.order = append(k.order, kid)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return k, nil
}

func readPublicKey(file string) (ed25519.PublicKey, error) {
	text, err := os.ReadFile(file) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("jwtauth: read a public key: %w", err)
	}
	if len(text) > maxKeyFile {
		return nil, fmt.Errorf("jwtauth: %s is too long for a public key", file)
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, fmt.Errorf("jwtauth: examine a public key: %w", err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, fmt.Errorf("jwtauth: the public key %s has mode %#o: others could put theirs in its place", file, info.Mode().Perm())
	}
	block, rest := pem.Decode(text)
	if block == nil || block.Type != publicType || len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("jwtauth: %s is not exactly one public key in PEM (openssl pkey -in key.pem -pubout)", file)
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("jwtauth: %s is not a PKIX public key", file)
	}
	pub, ok := key.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("jwtauth: %s holds a %T; only Ed25519 keys sign service credentials", file, key)
	}
	return pub, nil
}
