package jwtauth

import (
	"errors"
	"strings"
	"time"
)

// DefaultLife is how long an access token lives if nothing else is configured.
const DefaultLife = 10 * time.Minute

// maxLife bounds Config.Life: revocation is checked against the store, but a token that lives for hours is a mistake.
const maxLife = time.Hour

// leeway is how far the clocks of two replicas may be apart.
const leeway = 30 * time.Second

// Config says for whom tokens are made. Issuer and Audience have no default: an empty one would switch its check off in the JWT
// library, so New refuses it.
type Config struct {
	// Issuer is the value of iss, usually the deployment's base URL.
	Issuer string
	// Audience is the value of aud.
	Audience string
	// Life is how long a token is valid, from one second to one hour; 0 is DefaultLife. Tokens that claim a longer life are refused.
	Life time.Duration
}

// Validate names everything that is wrong, or returns nil.
func (c Config) Validate() error {
	var errs []error
	if strings.TrimSpace(c.Issuer) == "" {
		errs = append(errs, errors.New("jwtauth: the issuer must not be empty"))
	}
	if strings.TrimSpace(c.Audience) == "" {
		errs = append(errs, errors.New("jwtauth: the audience must not be empty"))
	}
	if life := c.life(); life < time.Second || life > maxLife || life%time.Second != 0 {
		errs = append(errs, errors.New("jwtauth: the life of an access token must be whole seconds from 1s to 1h"))
	}
	return errors.Join(errs...)
}

func (c Config) life() time.Duration {
	if c.Life == 0 {
		return DefaultLife
	}
	return c.Life
}
