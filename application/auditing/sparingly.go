package auditing

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

// Sparingly appends a record at most once a minute for its action and a key: a flood of refusals is not to become a flood of records. The key
// names who or what is refused, and never holds more than the limiter's own keys do.
func Sparingly(ctx context.Context, tx ports.Tx, r audit.Record, key ...string) error {
	v, err := tx.Limits.Take(ctx, append([]string{"audit", r.Action}, key...), ports.Rate{Limit: 1, Window: time.Minute})
	if err != nil || !v.Allowed {
		return err
	}
	return tx.Audit.Append(ctx, r)
}
