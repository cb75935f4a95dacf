package gormstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

type limits struct{ t *transaction }

var _ ports.LimitStore = limits{}

// limitID is the SHA-256 of the key's parts, each with its length, so that no two keys run together.
func limitID(key []string) bytesOrNull {
	h := sha256.New()
	for _, part := range key {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(part)))
		h.Write(size[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

type tatRow struct {
	Tat int64 `gorm:"column:tat"`
	Now int64 `gorm:"column:now"`
}

// Take is the generic cell rate algorithm in one statement: the row moves only if the event is allowed.
func (s limits) Take(ctx context.Context, key []string, rate ports.Rate) (ports.Verdict, error) {
	if rate.Limit <= 0 {
		return ports.Verdict{Allowed: true}, nil
	}
	interval := (rate.Window / time.Duration(rate.Limit)).Microseconds()
	burst := interval * int64(rate.Limit)
	id, greatest, now := limitID(key), s.t.greatest(), s.t.micros()
	_, err := one[tatRow](ctx, s.t, `INSERT INTO rate_limits (id, tat) VALUES (?, ? + ?)
		ON CONFLICT (id) DO UPDATE SET tat = `+greatest+`(rate_limits.tat, ?) + ?
		WHERE `+greatest+`(rate_limits.tat, ?) + ? - ? <= ? RETURNING tat`, id, now, interval, now, interval, now, interval, now, burst)
	if err == nil {
		return ports.Verdict{Allowed: true}, nil
	}
	if !errors.Is(err, fault.ErrNotFound) {
		return ports.Verdict{}, err
	}
	row, err := one[tatRow](ctx, s.t, "SELECT tat, ? AS now FROM rate_limits WHERE id = ?", now, id)
	if err != nil {
		return ports.Verdict{}, err
	}
	wait := max(row.Tat, row.Now) + interval - burst - row.Now
	return ports.Verdict{RetryAfter: time.Duration(max(wait, 1)) * time.Microsecond}, nil
}

// TakeAny looks at the other keys only when the first refuses, and then takes the one that has the most left.
func (s limits) TakeAny(ctx context.Context, keys [][]string, rate ports.Rate) (ports.Verdict, error) {
	if len(keys) == 0 {
		return ports.Verdict{}, errScope
	}
	first, err := s.Take(ctx, keys[0], rate)
	if err != nil || first.Allowed || len(keys) == 1 {
		return first, err
	}
	ids := make([][]byte, len(keys))
	byID := make(map[string][]string, len(keys))
	for i, key := range keys {
		ids[i] = limitID(key)
		byID[string(ids[i])] = key
	}
	rows, err := many[struct {
		ID  []byte `gorm:"column:id"`
		Tat int64  `gorm:"column:tat"`
	}](ctx, s.t, "SELECT id, tat FROM rate_limits WHERE id IN ? ORDER BY tat DESC", ids)
	if err != nil {
		return ports.Verdict{}, err
	}
	best := keys[0]
	for _, row := range rows {
		best = byID[string(row.ID)]
		delete(byID, string(row.ID))
	}
	for _, unused := range byID {
		best = unused
	}
	return s.Take(ctx, best, rate)
}

func (s limits) Reset(ctx context.Context, key []string) error {
	_, err := s.t.exec(ctx, "DELETE FROM rate_limits WHERE id = ?", limitID(key))
	return err
}

func (s limits) DeleteIdle(ctx context.Context, now time.Time) (int64, error) {
	return s.t.exec(ctx, "DELETE FROM rate_limits WHERE tat <= ?", now.UnixMicro())
}
