package jwtauth

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// maxKeys is how many keys live at once: the one that signs, and during a rotation the one before or after it.
const maxKeys = 2

// Keys are the live signing keys. The first signs; all verify. It never changes after it was made and is safe for concurrent use.
type Keys struct {
	signing ed25519.PrivateKey
	// order holds the key ids, the signing one first.
	order  []string
	public map[string]ed25519.PublicKey
}

// NewKeys makes a set of one or two private keys, of which the first signs. The id of a key is its RFC 7638 thumbprint, so it needs
// no configuration and cannot collide.
func NewKeys(private ...ed25519.PrivateKey) (*Keys, error) {
	if len(private) == 0 {
		return nil, errors.New("jwtauth: no signing key is configured")
	}
	if len(private) > maxKeys {
		return nil, fmt.Errorf("jwtauth: %d signing keys are configured, at most %d can live at once", len(private), maxKeys)
	}
	k := &Keys{signing: private[0], public: make(map[string]ed25519.PublicKey, len(private))}
	for _, p := range private {
		if len(p) != ed25519.PrivateKeySize {
			return nil, errors.New("jwtauth: a signing key is not a complete Ed25519 private key")
		}
		pub := ed25519.PublicKey(p[ed25519.PrivateKeySize-ed25519.PublicKeySize:])
		kid := Thumbprint(pub)
		if _, twice := k.public[kid]; twice {
			return nil, fmt.Errorf("jwtauth: the signing key %s is configured twice", kid)
		}
		k.public[kid] = pub
		k.order = append(k.order, kid)
	}
	return k, nil
}

// SigningID gives the id of the key that signs.
func (k *Keys) SigningID() string { return k.order[0] }

// IDs gives the ids of all live keys, the signing one first.
func (k *Keys) IDs() []string { return append([]string(nil), k.order...) }

// Thumbprint is the RFC 7638 thumbprint (SHA-256, base64url) of an Ed25519 public key.
func Thumbprint(pub ed25519.PublicKey) string {
	// The members in this order and without spaces are what RFC 8037 §2 requires to be hashed.
	sum := sha256.Sum256([]byte(`{"crv":"Ed25519","kty":"OKP","x":"` + encode(pub) + `"}`))
	return encode(sum[:])
}

type jwk struct {
	Type      string `json:"kty"`
	Curve     string `json:"crv"`
	X         string `json:"x"`
	ID        string `json:"kid"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
}

// JWKS gives the public keys as a JSON Web Key Set (RFC 7517), the signing key first.
func (k *Keys) JWKS() ([]byte, error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: make([]jwk, 0, len(k.order))}
	for _, kid := range k.order {
		set.Keys = append(set.Keys, jwk{
			Type: "OKP", Curve: "Ed25519", X: encode(k.public[kid]), ID: kid, Use: "sig", Algorithm: algorithm,
		})
	}
	out, err := json.Marshal(set)
	if err != nil {
		return nil, fmt.Errorf("jwtauth: encode the key set: %w", err)
	}
	return out, nil
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
