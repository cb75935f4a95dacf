package jwtauth

import (
	"errors"
	"fmt"

	"github.com/golang-jwt/jwt/v5"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Issuer signs access tokens; it implements ports.TokenIssuer.
type Issuer struct {
	keys  *Keys
	cfg   Config
	clock ports.Clock
	ids   ports.IDs
}

var _ ports.TokenIssuer = (*Issuer)(nil)

// NewIssuer makes an issuer that signs with the first of the keys; a configuration that Validate refuses is an error.
func NewIssuer(keys *Keys, cfg Config, clock ports.Clock, ids ports.IDs) (*Issuer, error) {
	if keys == nil || clock == nil || ids == nil {
		return nil, errors.New("jwtauth: an issuer needs keys, a clock and ids")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Issuer{keys: keys, cfg: cfg, clock: clock, ids: ids}, nil
}

// Issue signs claims for the configured life from now, in whole seconds. Claims that the verifier would refuse are an error: a user,
// tenant and session id, an epoch from 1 and an AuthTime that is not in the future are needed.
func (i *Issuer) Issue(c ports.Claims) (string, ports.Claims, error) {
	iat := i.clock.Now().Unix()
	exp, auth := iat+int64(i.cfg.life().Seconds()), c.AuthTime.Unix()
	p := &claims{
		Issuer: i.cfg.Issuer, Audience: i.cfg.Audience, Subject: c.UserID, Tenant: c.TenantID, Session: c.SessionID,
		Epoch: c.SessionEpoch, ID: i.ids.NewID(typeid.Token), IssuedAt: &iat, NotBefore: &iat, ExpiresAt: &exp, AuthTime: &auth,
		life: i.cfg.life(),
	}
	if err := p.Validate(); err != nil {
		return "", ports.Claims{}, fmt.Errorf("jwtauth: issue a token: %w", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, p)
	token.Header["typ"] = tokenType
	token.Header["kid"] = i.keys.SigningID()
	text, err := token.SignedString(i.keys.signing)
	if err != nil {
		return "", ports.Claims{}, fmt.Errorf("jwtauth: sign a token: %w", err)
	}
	return text, p.toPort(), nil
}
