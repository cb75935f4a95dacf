package gormstore

import (
	"context"
	"hash/fnv"
	"strings"
)

// count gives the number of rows under the conditions.
func (t *transaction) count(ctx context.Context, table string, c conditions) (int64, error) {
	row, err := one[struct {
		N int64 `gorm:"column:n"`
	}](ctx, t, "SELECT COUNT(*) AS n FROM "+table+" WHERE "+c.sql(), c.args...)
	return row.N, err
}

// greatest is the function that gives the larger of two numbers.
func (d dialect) greatest() string {
	if d.sqlite {
		return "MAX"
	}
	return "GREATEST"
}

// tuples is a list of n places of three values for an IN over rows.
func (d dialect) tuples(n int) string {
	list := strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", n), ", ")
	if d.sqlite {
		return "VALUES " + list
	}
	return list
}

// lockLane lets one transaction at a time append to a lane on PostgreSQL. Two lanes of one hash wait for each other, which does no harm.
func (t *transaction) lockLane(ctx context.Context, tenantID, lane string) error {
	if t.sqlite {
		return nil
	}
	h := fnv.New64a()
	h.Write([]byte(tenantID + "\x00" + lane))
	_, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(h.Sum64()))
	return err
}
