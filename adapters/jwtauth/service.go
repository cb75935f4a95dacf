package jwtauth

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// ServiceLife is how long a service credential is good. It is made for one request, so it needs no more.
const ServiceLife = time.Minute

// The profile of service credentials (security.md §1.1): nothing in it is configured, so nothing can be switched off.
const (
	serviceType     = "svc+jwt"
	serviceIssuer   = "symphainy-experience"
	serviceAudience = "runtime"
)

// ServiceIssuer signs service credentials; it implements ports.ServiceTokenIssuer.
type ServiceIssuer struct {
	keys  *Keys
	clock ports.Clock
	ids   ports.IDs
}

var _ ports.ServiceTokenIssuer = (*ServiceIssuer)(nil)

// NewServiceIssuer makes an issuer that signs with the first of the keys, which must be a private one.
func NewServiceIssuer(keys *Keys, clock ports.Clock, ids ports.IDs) (*ServiceIssuer, error) {
	if keys == nil || clock == nil || ids == nil {
		return nil, errors.New("jwtauth: a service issuer needs keys, a clock and ids")
	}
	if keys.signing == nil {
		return nil, errors.New("jwtauth: the first key of the service credential must be a private one: it signs")
	}
	return &ServiceIssuer{keys: keys, clock: clock, ids: ids}, nil
}

// Issue signs a credential for one request.
func (i *ServiceIssuer) Issue(c ports.ServiceCaller, request []byte) (string, error) {
	iat := i.clock.Now().Unix()
	exp := iat + int64(ServiceLife/time.Second)
	p := &serviceClaims{
		Issuer: serviceIssuer, Audience: serviceAudience, ID: i.ids.NewID(typeid.Token), IssuedAt: &iat, NotBefore: &iat, ExpiresAt: &exp,
		Request: encode(request), Principal: principalOf(c.Principal), Scope: scopeOf(c.Scope), request: encode(request),
	}
	if err := p.Validate(); err != nil {
		return "", fmt.Errorf("jwtauth: issue a service credential: %w", err)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, p)
	token.Header["typ"], token.Header["kid"] = serviceType, i.keys.SigningID()
	text, err := token.SignedString(i.keys.signing)
	if err != nil {
		return "", fmt.Errorf("jwtauth: sign a service credential: %w", err)
	}
	return text, nil
}

// ServiceVerifier checks service credentials; it implements ports.ServiceTokenVerifier.
type ServiceVerifier struct {
	keys   *Keys
	parser *jwt.Parser
}

var _ ports.ServiceTokenVerifier = (*ServiceVerifier)(nil)

// NewServiceVerifier makes a verifier for credentials of any of the keys, which may be public ones.
func NewServiceVerifier(keys *Keys, clock ports.Clock) (*ServiceVerifier, error) {
	if keys == nil || clock == nil {
		return nil, errors.New("jwtauth: a service verifier needs keys and a clock")
	}
	return &ServiceVerifier{keys: keys, parser: jwt.NewParser(
		jwt.WithValidMethods([]string{algorithm}), jwt.WithIssuer(serviceIssuer), jwt.WithAudience(serviceAudience),
		jwt.WithExpirationRequired(), jwt.WithNotBeforeRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithStrictDecoding(),
		jwt.WithTimeFunc(clock.Now),
	)}, nil
}

// Verify gives the caller of a good credential for this very request. The cause of a refusal says which check failed and never quotes
// the credential.
func (v *ServiceVerifier) Verify(token string, request []byte) (ports.ServiceCaller, time.Time, error) {
	if err := checkForm(token); err != nil {
		return ports.ServiceCaller{}, time.Time{}, ports.ErrServiceToken.Because(err)
	}
	if err := v.keys.checkHeader(token[:strings.IndexByte(token, '.')], serviceType); err != nil {
		return ports.ServiceCaller{}, time.Time{}, ports.ErrServiceToken.Because(err)
	}
	c := &serviceClaims{request: encode(request)}
	if _, err := v.parser.ParseWithClaims(token, c, v.keys.find); err != nil {
		return ports.ServiceCaller{}, time.Time{}, ports.ErrServiceToken.Because(reason(err))
	}
	return ports.ServiceCaller{Principal: c.Principal.port(), Scope: c.Scope.port()}, instant(*c.ExpiresAt), nil
}

// sameRequest compares in constant time.
func sameRequest(a, b string) bool {
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}
