package jwtauth

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"

	"github.com/symphainy/symphainy/ports"
)

// maxToken bounds a token before anything of it is decoded; ours have about 500 bytes.
const maxToken = 8 << 10

// Verifier checks access tokens; it implements ports.TokenVerifier.
type Verifier struct {
	keys   *Keys
	cfg    Config
	parser *jwt.Parser
}

var _ ports.TokenVerifier = (*Verifier)(nil)

// NewVerifier makes a verifier for tokens of any of the keys; a configuration that Validate refuses is an error.
func NewVerifier(keys *Keys, cfg Config, clock ports.Clock) (*Verifier, error) {
	if keys == nil || clock == nil {
		return nil, errors.New("jwtauth: a verifier needs keys and a clock")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Verifier{keys: keys, cfg: cfg, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{algorithm}),
		jwt.WithIssuer(cfg.Issuer),
		jwt.WithAudience(cfg.Audience),
		jwt.WithExpirationRequired(),
		jwt.WithNotBeforeRequired(),
		jwt.WithIssuedAt(),
		jwt.WithLeeway(leeway),
		jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(clock.Now),
	)}, nil
}

// Verify gives the claims of a good token. A genuine token whose only fault is its age is ports.ErrTokenExpired, anything else
// ports.ErrToken; the cause says which check failed and never quotes the token.
func (v *Verifier) Verify(token string) (ports.Claims, error) {
	if err := checkForm(token); err != nil {
		return ports.Claims{}, ports.ErrToken.Because(err)
	}
	if err := v.keys.checkHeader(token[:strings.IndexByte(token, '.')], tokenType); err != nil {
		return ports.Claims{}, ports.ErrToken.Because(err)
	}
	c := &claims{life: v.cfg.life()}
	switch _, err := v.parser.ParseWithClaims(token, c, v.keys.find); {
	case err == nil:
		return c.toPort(), nil
	case onlyExpired(err):
		return ports.Claims{}, ports.ErrTokenExpired
	default:
		return ports.Claims{}, ports.ErrToken.Because(reason(err))
	}
}

// checkForm looks at the characters only. The base64 decoder skips line breaks even when strict, so the alphabet is checked here.
func checkForm(token string) error {
	if len(token) > maxToken {
		return errors.New("the token is too long")
	}
	dots := 0
	for i := range len(token) {
		switch c := token[i]; {
		case c == '.':
			dots++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_':
		default:
			return errors.New("the token has a character that base64url has not")
		}
	}
	if dots != 2 {
		return fmt.Errorf("the token has %d dots instead of 2", dots)
	}
	return nil
}

// checkHeader holds a header against the one that our tokens of the type have.
func (k *Keys) checkHeader(segment, typ string) error {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(segment)
	if err != nil {
		return errors.New("the header is not base64url")
	}
	var h header
	if err := decodeStrict(raw, &h); err != nil {
		return errors.New("the header is not exactly alg, kid and typ")
	}
	if h.Algorithm != algorithm || h.Type != typ {
		return errors.New("the header names another algorithm or type")
	}
	if _, ok := k.public[h.KeyID]; !ok {
		return errors.New("the header names a key that is not live")
	}
	return nil
}

// find gives the JWT library the key that checkHeader has already found to be live.
func (k *Keys) find(t *jwt.Token) (any, error) {
	kid, _ := t.Header["kid"].(string)
	pub, ok := k.public[kid]
	if !ok {
		return nil, errors.New("no such key")
	}
	return pub, nil
}

// onlyExpired reports whether the signature and all claims but exp were good. The library collects all failed checks of the claims.
func onlyExpired(err error) bool {
	if !errors.Is(err, jwt.ErrTokenExpired) {
		return false
	}
	for _, other := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet, errProfile,
	} {
		if errors.Is(err, other) {
			return false
		}
	}
	return true
}

// reason names the class of a failure. The library's own text is dropped: its decoding errors quote pieces of the input.
func reason(err error) error {
	for _, class := range []error{
		jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable, jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing,
		jwt.ErrTokenInvalidAudience, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenNotValidYet, errProfile,
	} {
		if errors.Is(err, class) {
			return class
		}
	}
	return errors.New("the token was refused")
}
