package jwtauth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/typeid"
)

// serviceClaims is the whole payload of a service credential.
type serviceClaims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	ID        string `json:"jti"`
	IssuedAt  *int64 `json:"iat"`
	NotBefore *int64 `json:"nbf"`
	ExpiresAt *int64 `json:"exp"`
	// Request is the SHA-256 of the one request that it is for.
	Request   string          `json:"req"`
	Principal *principalClaim `json:"principal,omitempty"`
	Scope     *scopeClaim     `json:"scope,omitempty"`

	// request is the request that is looked at.
	request string
}

type principalClaim struct {
	Kind         identity.Kind   `json:"kind"`
	UserID       string          `json:"user,omitempty"`
	TenantID     string          `json:"tenant"`
	SessionID    string          `json:"session"`
	SessionEpoch int             `json:"epoch"`
	Roles        []identity.Role `json:"roles"`
	AuthTime     time.Time       `json:"auth_time,omitzero"`
	ExpiresAt    time.Time       `json:"expires_at,omitzero"`
}

type scopeClaim struct {
	TenantID  string `json:"tenant"`
	OwnerID   string `json:"owner,omitempty"`
	SessionID string `json:"session,omitempty"`
}

// plainServiceClaims has the fields of serviceClaims without its methods.
type plainServiceClaims serviceClaims

// UnmarshalJSON lets the JWT library read a payload by our strict rules instead of its own.
func (c *serviceClaims) UnmarshalJSON(data []byte) error {
	p := plainServiceClaims{request: c.request}
	if err := decodeStrict(data, &p); err != nil {
		return err
	}
	*c = serviceClaims(p)
	return nil
}

// Validate is called by the JWT library beside its own checks of issuer, audience and times.
func (c *serviceClaims) Validate() error {
	switch {
	case c.IssuedAt == nil, c.NotBefore == nil, c.ExpiresAt == nil:
		return errProfile
	case *c.IssuedAt <= 0, *c.NotBefore < *c.IssuedAt, *c.ExpiresAt <= *c.IssuedAt, *c.ExpiresAt-*c.IssuedAt > int64(ServiceLife/time.Second):
		return errProfile
	case !typeid.Valid(typeid.Token, c.ID), !sameRequest(c.Request, c.request):
		return errProfile
	case (c.Principal == nil) == (c.Scope == nil), c.Scope != nil && !c.Scope.port().Valid(), c.Principal != nil && !c.Principal.valid():
		return errProfile
	}
	return nil
}

// valid reports whether the principal is a user of a tenant, or an anonymous session in the scope of its own.
func (p *principalClaim) valid() bool {
	switch p.Kind {
	case identity.KindUser:
		return p.UserID != "" && p.TenantID != "" && p.SessionID != ""
	case identity.KindAnonymous:
		return p.UserID == "" && p.SessionID != "" && p.TenantID == p.SessionID
	}
	return false
}

func principalOf(p *identity.Principal) *principalClaim {
	if p == nil {
		return nil
	}
	return &principalClaim{p.Kind, p.UserID, p.TenantID, p.SessionID, p.SessionEpoch, p.Roles, p.AuthTime, p.ExpiresAt}
}

func (p *principalClaim) port() *identity.Principal {
	if p == nil {
		return nil
	}
	return &identity.Principal{
		Kind: p.Kind, UserID: p.UserID, TenantID: p.TenantID, SessionID: p.SessionID, SessionEpoch: p.SessionEpoch, Roles: p.Roles,
		AuthTime: p.AuthTime, ExpiresAt: p.ExpiresAt,
	}
}

func scopeOf(s *identity.Scope) *scopeClaim {
	if s == nil {
		return nil
	}
	return &scopeClaim{s.TenantID, s.OwnerID, s.SessionID}
}

func (s *scopeClaim) port() *identity.Scope {
	if s == nil {
		return nil
	}
	return &identity.Scope{TenantID: s.TenantID, OwnerID: s.OwnerID, SessionID: s.SessionID}
}

// GetExpirationTime and its siblings below are the face of jwt.Claims.
func (c *serviceClaims) GetExpirationTime() (*jwt.NumericDate, error) {
	return numeric(c.ExpiresAt), nil
}

// GetIssuedAt gives iat.
func (c *serviceClaims) GetIssuedAt() (*jwt.NumericDate, error) { return numeric(c.IssuedAt), nil }

// GetNotBefore gives nbf.
func (c *serviceClaims) GetNotBefore() (*jwt.NumericDate, error) { return numeric(c.NotBefore), nil }

// GetIssuer gives iss.
func (c *serviceClaims) GetIssuer() (string, error) { return c.Issuer, nil }

// GetSubject gives nothing: the caller is in a member of its own.
func (c *serviceClaims) GetSubject() (string, error) { return "", nil }

// GetAudience gives aud, which is always one string here.
func (c *serviceClaims) GetAudience() (jwt.ClaimStrings, error) {
	return jwt.ClaimStrings{c.Audience}, nil
}
