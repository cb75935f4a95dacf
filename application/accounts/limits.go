package accounts

import (
	"context"
	"strconv"
	"time"

	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

// The first parts of limiter keys; the rest is an address or a mail key.
const (
	limitLoginAddress    = "login.address"
	limitLoginAccount    = "login.account"
	limitLoginFailure    = "login.failure"
	limitRegisterAddress = "register.address"
	limitRegisterAccount = "register.account"
)

// attempt is a password check that the limiter let in. It is counted as a failure beforehand, so that parallel guesses cannot pass
// the limit together; success gives the place back.
type attempt struct {
	key   string
	place int
}

// admit counts a password check against the address, the account and the account's failures. It commits also when it refuses.
func (s *Service) admit(ctx context.Context, c Client, key string) (attempt, error) {
	a := attempt{key: key}
	var refused error
	err := s.d.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		refused = nil
		verdict, err := takeAll(ctx, tx, s.cfg.LoginRate, []string{limitLoginAddress, c.LimitKey()}, []string{limitLoginAccount, key})
		if err != nil {
			return err
		}
		if verdict.Allowed {
			if a.place, verdict, err = s.takePlace(ctx, tx, key); err != nil {
				return err
			}
		}
		if verdict.Allowed {
			return nil
		}
		refused = ErrRateLimited.After(verdict.RetryAfter)
		return s.auditLimit(ctx, tx, actionLogin, key)
	})
	if err != nil {
		return a, err
	}
	return a, refused
}

// takePlace takes one of FailureLimit places, each of which one failure holds for FailureWindow: in any window of that length at most
// that many failures fit, without the second burst that a single leaking counter would allow.
func (s *Service) takePlace(ctx context.Context, tx ports.Tx, key string) (int, ports.Verdict, error) {
	var shortest time.Duration
	for place := range s.cfg.FailureLimit {
		v, err := tx.Limits.Take(ctx, failureKey(key, place), ports.Rate{Limit: 1, Window: s.cfg.FailureWindow})
		if err != nil || v.Allowed {
			return place, v, err
		}
		if place == 0 || v.RetryAfter < shortest {
			shortest = v.RetryAfter
		}
	}
	return 0, ports.Verdict{RetryAfter: shortest}, nil
}

// giveBack frees the place of an attempt that was no failure.
func (a attempt) giveBack(ctx context.Context, tx ports.Tx) error {
	return tx.Limits.Reset(ctx, failureKey(a.key, a.place))
}

func failureKey(key string, place int) []string {
	return []string{limitLoginFailure, key, strconv.Itoa(place)}
}

// takeAll counts one event under each key, up to the first that refuses.
func takeAll(ctx context.Context, tx ports.Tx, rate ports.Rate, keys ...[]string) (ports.Verdict, error) {
	for _, key := range keys {
		if v, err := tx.Limits.Take(ctx, key, rate); err != nil || !v.Allowed {
			return v, err
		}
	}
	return ports.Verdict{Allowed: true}, nil
}

// auditLimit records a hit of a limiter, at most once a minute for a key.
func (s *Service) auditLimit(ctx context.Context, tx ports.Tx, action, key string) error {
	return auditing.Sparingly(ctx, tx, s.record(action, audit.Denied, "", "", "", codeDetail(ErrRateLimited.Code)), key)
}
