package jwtauth

import (
	"errors"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/golang-jwt/jwt/v5"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const (
	algorithm = "EdDSA"
	tokenType = "at+jwt"
)

// errProfile is a token whose claims are readable and not those of the profile.
var errProfile = errors.New("the claims are not those of an access token")

// header is the whole header of our tokens. Decoding is strict, so that jku, x5u, jwk, crit, b64 and whatever comes next are refused
// as unknown members.
type header struct {
	Algorithm string `json:"alg"`
	KeyID     string `json:"kid"`
	Type      string `json:"typ"`
}

// claims is the whole payload of our tokens. Times are whole seconds and numbers: the JWT library would take them as strings too.
type claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"`
	Tenant    string `json:"tid"`
	Session   string `json:"sid"`
	Epoch     int    `json:"sep"`
	ID        string `json:"jti"`
	IssuedAt  *int64 `json:"iat"`
	NotBefore *int64 `json:"nbf"`
	ExpiresAt *int64 `json:"exp"`
	AuthTime  *int64 `json:"auth_time"`

	// life is the longest life that the verifier accepts.
	life time.Duration
}

// plainClaims has the fields of claims without its methods.
type plainClaims claims

// decodeStrict refuses duplicate, unknown and differently-cased members, wrong types, invalid UTF-8 and trailing data.
func decodeStrict(data []byte, into any) error {
	return json.Unmarshal(data, into, json.RejectUnknownMembers(true))
}

// UnmarshalJSON lets the JWT library read a payload by our strict rules instead of its own.
func (c *claims) UnmarshalJSON(data []byte) error {
	p := plainClaims{life: c.life}
	if err := decodeStrict(data, &p); err != nil {
		return err
	}
	*c = claims(p)
	return nil
}

// Validate is called by the JWT library beside its own checks of issuer, audience and times.
func (c *claims) Validate() error {
	switch {
	case c.IssuedAt == nil, c.NotBefore == nil, c.ExpiresAt == nil, c.AuthTime == nil:
		return errProfile
	case *c.IssuedAt <= 0, *c.AuthTime <= 0, *c.NotBefore < *c.IssuedAt, *c.AuthTime > *c.IssuedAt, *c.ExpiresAt <= *c.IssuedAt:
		return errProfile
	// Both are positive here, so the difference does not overflow.
	case *c.ExpiresAt-*c.IssuedAt > int64(c.life/time.Second):
		return errProfile
	case !typeid.Valid(typeid.User, c.Subject), !typeid.Valid(typeid.Tenant, c.Tenant), !typeid.Valid(typeid.Session, c.Session):
		return errProfile
	case !typeid.Valid(typeid.Token, c.ID), c.Epoch < 1:
		return errProfile
	}
	return nil
}

// GetExpirationTime and its siblings below are the face of jwt.Claims.
func (c *claims) GetExpirationTime() (*jwt.NumericDate, error) { return numeric(c.ExpiresAt), nil }

// GetIssuedAt gives iat.
func (c *claims) GetIssuedAt() (*jwt.NumericDate, error) { return numeric(c.IssuedAt), nil }

// GetNotBefore gives nbf.
func (c *claims) GetNotBefore() (*jwt.NumericDate, error) { return numeric(c.NotBefore), nil }

// GetIssuer gives iss.
func (c *claims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject gives sub.
func (c *claims) GetSubject() (string, error) { return c.Subject, nil }

// GetAudience gives aud, which is always one string here.
func (c *claims) GetAudience() (jwt.ClaimStrings, error) { return jwt.ClaimStrings{c.Audience}, nil }

func numeric(seconds *int64) *jwt.NumericDate {
	if seconds == nil {
		return nil
	}
	return jwt.NewNumericDate(time.Unix(*seconds, 0))
}

func (c *claims) toPort() ports.Claims {
	return ports.Claims{
		UserID: c.Subject, TenantID: c.Tenant, SessionID: c.Session, SessionEpoch: c.Epoch, TokenID: c.ID,
		AuthTime: instant(*c.AuthTime), IssuedAt: instant(*c.IssuedAt), ExpiresAt: instant(*c.ExpiresAt),
	}
}

func instant(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }
