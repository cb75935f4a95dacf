package trafficcop

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/ports"
)

const (
	// maxShares bounds into how many shares the cap on all creations is divided.
	maxShares = 64
	// minShare is the least that a share may be: small caps are not divided.
	minShare = 100
)

// shares gives into how many equal shares a cap is divided, so that creations at the same time do not all wait for one counter.
func shares(limit int) int {
	for n := min(maxShares, limit/minShare); n > 1; n-- {
		if limit%n == 0 {
			return n
		}
	}
	return 1
}

// takeTotal counts a creation under the cap that holds for all: under a share that chance chooses, or else under any that has something left.
func (s *Sessions) takeTotal(ctx context.Context, tx ports.Tx) error {
	n := shares(s.cfg.AnonymousTotal.Limit)
	rate := ports.Rate{Limit: s.cfg.AnonymousTotal.Limit / n, Window: s.cfg.AnonymousTotal.Window}
	first := 0
	if n > 1 {
		first = int(binary.BigEndian.Uint16(s.d.IDs.Secret())) % n
	}
	keys := make([][]string, n)
	for i := range keys {
		keys[i] = []string{"session.anonymous.total", strconv.Itoa((first + i) % n)}
	}
	v, err := tx.Limits.TakeAny(ctx, keys, rate)
	return allowed(v, err)
}

// allowed turns a refusal into accounts.ErrRateLimited.
func allowed(v ports.Verdict, err error) error {
	if err == nil && !v.Allowed {
		err = accounts.ErrRateLimited.WithMsg("Too many new sessions; try again later.").After(v.RetryAfter)
	}
	return err
}
