package securityguard

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Kind is the prefix by which the secrets that the platform hands out are told apart. Only their SHA-256 is ever stored.
type Kind string

// The kinds of secrets.
const (
	LoginCookie     Kind = "lgn_"
	AnonymousSecret Kind = "sas_"
	SocketTicket    Kind = "wst_"
	InvitationToken Kind = "ivt_"
)

// secretBytes is the length of the random part before encoding.
const secretBytes = 32

// NewSecret gives the text of a secret made of 32 random bytes.
func NewSecret(kind Kind, random []byte) string {
	return string(kind) + base64.RawURLEncoding.EncodeToString(random)
}

// HashSecret gives what is stored of a secret: the SHA-256 of its whole text. A secret has 256 random bits, so it needs no salt.
func HashSecret(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// isSecret reports whether the text has the form of a secret of the kind, so that nothing else is ever hashed and looked up.
func isSecret(kind Kind, text string) bool {
	random, ok := strings.CutPrefix(text, string(kind))
	return ok && len(random) == base64.RawURLEncoding.EncodedLen(secretBytes)
}
