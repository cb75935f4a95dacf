package accounts

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"

	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
)

// A refresh token is "rft_" and the base64url of: session id, counter (4 bytes, big endian), HMAC-SHA256 of both under the family's
// key. It is not stored, so the same token can be made again as long as the family stands.
const (
	refreshPrefix  = "rft_"
	sessionIDBytes = len(typeid.Session) + 1 + 26
	refreshBytes   = sessionIDBytes + 4 + sha256.Size
)

// refreshContext keeps the family's key from ever signing the same bytes for another purpose.
const refreshContext = "symphainy refresh token\x00"

// refreshToken gives the token of the login's present counter.
func refreshToken(l session.Login) string {
	body := make([]byte, 0, refreshBytes)
	body = append(body, l.SessionID...)
	body = binary.BigEndian.AppendUint32(body, uint32(l.Counter))
	return refreshPrefix + base64.RawURLEncoding.EncodeToString(append(body, refreshMAC(l.Key, body)...))
}

func refreshMAC(key, body []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(refreshContext))
	h.Write(body)
	return h.Sum(nil)
}

// presented is a refresh token that was taken apart and not yet believed.
type presented struct {
	sessionID string
	counter   int
	body      []byte
	mac       []byte
}

// parseRefresh takes a token apart; it is false for what is not exactly in the form that refreshToken gives.
func parseRefresh(token string) (presented, bool) {
	text, ok := strings.CutPrefix(token, refreshPrefix)
	if !ok || len(text) != base64.RawURLEncoding.EncodedLen(refreshBytes) {
		return presented{}, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != refreshBytes {
		return presented{}, false
	}
	p := presented{sessionID: string(raw[:sessionIDBytes]), body: raw[:sessionIDBytes+4], mac: raw[sessionIDBytes+4:]}
	p.counter = int(binary.BigEndian.Uint32(raw[sessionIDBytes:]))
	return p, typeid.Valid(typeid.Session, p.sessionID)
}

// genuine compares in constant time.
func (p presented) genuine(key []byte) bool { return hmac.Equal(p.mac, refreshMAC(key, p.body)) }
