package gormstore

import (
	"context"
	"strings"
	"time"

	"github.com/symphainy/symphainy/ports"
)

type sockets struct{ t *transaction }

var _ ports.SocketStore = sockets{}

// placeID is the key of a place; addresses are not kept as they are.
func placeID(p ports.Place) bytesOrNull { return limitID([]string{p.Kind, p.ID}) }

// Live looks for replicas that are gone each time, which is a look at a table with a row for each replica; counts are searched only if there is one.
func (s sockets) Live(ctx context.Context, replica string, lease time.Duration) (known bool, err error) {
	gone, err := s.t.exec(ctx, "DELETE FROM socket_replicas WHERE live_until <= ?", s.t.now())
	if err != nil {
		return false, err
	}
	if gone > 0 {
		if _, err := s.t.exec(ctx, "DELETE FROM socket_counts WHERE replica NOT IN (SELECT id FROM socket_replicas)"); err != nil {
			return false, err
		}
	}
	kept, err := s.t.exec(ctx, "UPDATE socket_replicas SET live_until = ? WHERE id = ?", s.t.after(lease), replica)
	if err != nil || kept > 0 {
		return kept > 0, err
	}
	_, err = s.t.exec(ctx, "INSERT INTO socket_replicas (id, live_until) VALUES (?, ?)", replica, s.t.after(lease))
	return false, err
}

// setSize is how many counts one statement writes at most. Lists go in parts whose sizes are powers of two, so that statements come in few forms.
const setSize = 256

func (s sockets) Set(ctx context.Context, replica string, held []ports.Held) error {
	var none []any
	var some []ports.Held
	for _, h := range held {
		if h.Open > 0 {
			some = append(some, h)
		} else {
			none = append(none, placeID(h.Place))
		}
	}
	for len(some) > 0 {
		n := setSize
		for n > len(some) {
			n /= 2
		}
		args := make([]any, 0, 3*n)
		for _, h := range some[:n] {
			args = append(args, placeID(h.Place), replica, h.Open)
		}
		some = some[n:]
		if _, err := s.t.exec(ctx, "INSERT INTO socket_counts (place, replica, sockets) VALUES "+
			strings.TrimSuffix(strings.Repeat("(?, ?, ?), ", n), ", ")+" ON CONFLICT (place, replica) DO UPDATE SET sockets = excluded.sockets", args...); err != nil {
			return err
		}
	}
	for len(none) > 0 {
		part := none[:min(len(none), setSize)]
		none = none[len(part):]
		if _, err := s.t.exec(ctx, "DELETE FROM socket_counts WHERE replica = ? AND place IN ?", replica, padded(part)); err != nil {
			return err
		}
	}
	return nil
}

type placeRow struct {
	Place   bytesOrNull `gorm:"column:place"`
	Sockets int         `gorm:"column:sockets"`
}

func (s sockets) Others(ctx context.Context, replica string, places []ports.Place) ([]int, error) {
	found := make([]int, len(places))
	at := map[string][]int{}
	var keys []any
	for i, p := range places {
		key := placeID(p)
		if _, asked := at[string(key)]; !asked {
			keys = append(keys, key)
		}
		at[string(key)] = append(at[string(key)], i)
	}
	for len(keys) > 0 {
		part := keys[:min(len(keys), setSize)]
		keys = keys[len(part):]
		rows, err := many[placeRow](ctx, s.t, `SELECT c.place, CAST(SUM(c.sockets) AS bigint) AS sockets FROM socket_counts c
			JOIN socket_replicas r ON r.id = c.replica WHERE c.place IN ? AND c.replica <> ? AND r.live_until > ? GROUP BY c.place`,
			padded(part), replica, s.t.now())
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			for _, i := range at[string(row.Place)] {
				found[i] = row.Sockets
			}
		}
	}
	return found, nil
}

func (s sockets) Leave(ctx context.Context, replica string) error {
	if _, err := s.t.exec(ctx, "DELETE FROM socket_counts WHERE replica = ?", replica); err != nil {
		return err
	}
	_, err := s.t.exec(ctx, "DELETE FROM socket_replicas WHERE id = ?", replica)
	return err
}
