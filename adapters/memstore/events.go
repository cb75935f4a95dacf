package memstore

import (
	"context"
	"slices"
	"sort"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
)

type events struct{ *txn }

func (s events) Append(ctx context.Context, tenantID string, list []event.Event) error {
	if err := s.writes(ctx); err != nil {
		return err
	}
	if err := needTenant(tenantID); err != nil {
		return err
	}
	for _, e := range list {
		if err := s.append(tenantID, clone(e)); err != nil {
			return err
		}
	}
	return nil
}

func (s events) append(tenantID string, e event.Event) error {
	log, err := s.st.logs.get(e.ExecutionID)
	if err != nil {
		log = &eventLog{tenantID: tenantID}
	}
	if log.tenantID != tenantID {
		return fault.ErrNotFound
	}
	i := log.past(e.Seq - 1)
	switch {
	case i == len(log.events):
		s.st.logs.put(e.ExecutionID, &eventLog{tenantID: tenantID, events: append(log.events, e)})
	case log.events[i].Seq == e.Seq:
		return fault.ErrDuplicate
	default:
		s.st.logs.put(e.ExecutionID, &eventLog{tenantID: tenantID, events: slices.Insert(slices.Clone(log.events), i, e)})
	}
	return nil
}

// past gives the index of the first event with a number over seq.
func (l *eventLog) past(seq int64) int {
	return sort.Search(len(l.events), func(i int) bool { return l.events[i].Seq > seq })
}

func (s events) Read(ctx context.Context, tenantID, executionID string, after int64, limit int) ([]event.Event, error) {
	if err := s.ofTenant(ctx, tenantID); err != nil {
		return nil, err
	}
	log, err := s.st.logs.get(executionID)
	if err != nil || log.tenantID != tenantID {
		return []event.Event{}, nil //nolint:nilerr // a log that nobody wrote to is empty
	}
	part := log.events[log.past(after):]
	part = part[:min(len(part), max(limit, 0))]
	list := make([]event.Event, len(part))
	for i, e := range part {
		list[i] = clone(e)
	}
	return list, nil
}

type idempotency struct{ *txn }

func idempotencyKey(r intent.IdempotencyRecord) string { return tuple(r.TenantID, r.Actor, r.Key) }

// Reserve returns nil and no error for a key that is new: that is the port's way to say "go on".
func (s idempotency) Reserve(ctx context.Context, r intent.IdempotencyRecord) (*intent.IdempotencyRecord, error) {
	if err := s.writes(ctx); err != nil {
		return nil, err
	}
	if err := needTenant(r.TenantID); err != nil {
		return nil, err
	}
	stored, err := s.st.idempotency.get(idempotencyKey(r))
	if err == nil && s.now().Before(stored.ExpiresAt) {
		return &stored, nil
	}
	s.st.idempotency.put(idempotencyKey(r), r)
	return nil, nil //nolint:nilnil // as above
}

func (s idempotency) DeleteExpired(ctx context.Context, now time.Time) (int64, error) {
	if err := s.writes(ctx); err != nil {
		return 0, err
	}
	return s.st.idempotency.prune(func(r intent.IdempotencyRecord) bool { return !now.Before(r.ExpiresAt) }), nil
}
