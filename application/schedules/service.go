package schedules

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Config bounds the schedules of a tenant.
type Config struct {
	// PerTenant is how many may be there that have not ended.
	PerTenant int
	// MinInterval is how close two ticks of one may come.
	MinInterval time.Duration
}

// Defaults gives bounds for a deployment that says nothing.
func Defaults() Config { return Config{PerTenant: 100, MinInterval: time.Minute} }

// Validate reports bounds that mean nothing.
func (c Config) Validate() error {
	var problems []error
	if c.PerTenant < 1 {
		problems = append(problems, errors.New("schedules: per_tenant must be at least 1"))
	}
	if c.MinInterval < time.Second {
		problems = append(problems, errors.New("schedules: min_interval must be at least a second"))
	}
	return errors.Join(problems...)
}

// Service makes, changes and shows schedules. It is safe for concurrent use.
type Service struct {
	catalogue *intents.Catalogue
	uow       ports.UnitOfWork
	clock     ports.Clock
	ids       ports.IDs
	cfg       Config
}

// New makes the service.
func New(c *intents.Catalogue, uow ports.UnitOfWork, clock ports.Clock, ids ports.IDs, cfg Config) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Service{catalogue: c, uow: uow, clock: clock, ids: ids, cfg: cfg}, nil
}

// Create stores a schedule of the caller, which acts for the caller's session. A known idempotency key gives the first one again, with
// another order intent.ErrIdempotencyReused.
func (s *Service) Create(ctx context.Context, p identity.Principal, o schedule.Order, key string) (schedule.Snapshot, error) {
	if err := writer(p); err != nil {
		return schedule.Snapshot{}, err
	}
	if err := intent.CheckKey(key); err != nil {
		return schedule.Snapshot{}, err
	}
	same := fingerprint("schedule", o)
	now := s.clock.Now()
	o, next, err := s.order(p, o, now)
	if err != nil {
		return schedule.Snapshot{}, err
	}
	made, err := schedule.New(s.ids.NewID(typeid.Schedule), o, p, next, now)
	if err != nil {
		return schedule.Snapshot{}, err
	}
	snap := made.Snapshot()
	err = s.uow.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		known, err := s.reserve(ctx, tx, p, key, same, made.Snapshot().ID, now)
		if err != nil || known != "" {
			if known != "" {
				snap, err = s.find(ctx, tx, p, known)
			}
			return err
		}
		if err := s.room(ctx, tx, p); err != nil {
			return err
		}
		snap = made.Snapshot()
		if err := tx.Schedules.Insert(ctx, made); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(p, snap, "schedule.created", now))
	})
	return snap, err
}

// room refuses one schedule more than a tenant may have.
func (s *Service) room(ctx context.Context, tx ports.Tx, p identity.Principal) error {
	n, err := tx.Schedules.Count(ctx, p.TenantID)
	if err == nil && n >= s.cfg.PerTenant {
		return schedule.ErrTooMany
	}
	return err
}

// writer refuses who may not have schedules.
func writer(p identity.Principal) error {
	switch {
	case p.Anonymous() || p.UserID == "":
		return schedule.ErrVisitor
	case !p.May(identity.PermWrite):
		return fault.ErrPermission
	}
	return nil
}

// order checks an order against the catalogue and the caller's rights, and gives its first tick.
func (s *Service) order(p identity.Principal, o schedule.Order, now time.Time) (schedule.Order, time.Time, error) {
	entry, err := s.catalogue.Find(o.IntentType)
	switch {
	case err != nil || entry.Spec.Internal:
		return o, time.Time{}, intent.ErrUnknown
	case !p.May(entry.Spec.Permission):
		return o, time.Time{}, fault.ErrPermission
	}
	o.IntentType, o.SolutionID = entry.Spec.Type, cmp.Or(o.SolutionID, intent.DefaultSolution)
	if len(bytes.TrimSpace(o.Parameters)) == 0 {
		o.Parameters = []byte("{}")
	}
	if o.Parameters, err = entry.Parameters(o.Parameters); err != nil {
		return o, time.Time{}, err
	}
	if !o.Once() {
		o.Zone = zoneOf(o)
	}
	following, err := Following(o)
	if err != nil {
		return o, time.Time{}, err
	}
	if gap := closest(following, now); !o.Once() && gap > 0 && gap < s.cfg.MinInterval {
		return o, time.Time{}, wrong("/cron", "too_often", fmt.Sprintf("at most once in %s", s.cfg.MinInterval))
	}
	return o, following(now), nil
}

// reserve binds an idempotency key to an id and gives the id that it was bound to before, "" if it is new or there is none.
func (s *Service) reserve(ctx context.Context, tx ports.Tx, p identity.Principal, key string, same []byte, id string, now time.Time) (string, error) {
	if key == "" {
		return "", nil
	}
	before, err := tx.Idempotency.Reserve(ctx, intent.IdempotencyRecord{
		TenantID: p.TenantID, Actor: p.Actor(), Key: key, Fingerprint: same, ExecutionID: id, ExpiresAt: now.Add(intent.IdempotencyLife),
	})
	if err != nil || before == nil {
		return "", err
	}
	if !bytes.Equal(before.Fingerprint, same) {
		return "", intent.ErrIdempotencyReused
	}
	return before.ExecutionID, nil
}

// fingerprint is the SHA-256 of what is asked for.
func fingerprint(what string, of any) []byte {
	raw, err := json.Marshal(of)
	if err != nil { // values of strings, numbers, bytes and times always encode
		return nil
	}
	sum := sha256.Sum256(append([]byte(what+"\n"), raw...))
	return sum[:]
}

func (s *Service) find(ctx context.Context, tx ports.Tx, p identity.Principal, id string) (schedule.Snapshot, error) {
	found, err := tx.Schedules.ByID(ctx, p.Scope(), id)
	return found.Snapshot(), err
}

// Find gives a schedule of the caller.
func (s *Service) Find(ctx context.Context, p identity.Principal, id string) (found schedule.Snapshot, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		found, err = s.find(ctx, tx, p, id)
		return err
	})
	return found, err
}

// List gives schedules of the caller, newest first.
func (s *Service) List(ctx context.Context, p identity.Principal, page ports.Page) (list []schedule.Snapshot, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		found, err := tx.Schedules.List(ctx, p.Scope(), page)
		list = make([]schedule.Snapshot, len(found))
		for i, v := range found {
			list[i] = v.Snapshot()
		}
		return err
	})
	return list, err
}

// Runs gives what was decided about a schedule's ticks, the newest first, before the given one.
func (s *Service) Runs(ctx context.Context, p identity.Principal, id string, before time.Time, limit int) (runs []schedule.Run, err error) {
	err = s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		if _, err := s.find(ctx, tx, p, id); err != nil {
			return err
		}
		runs, err = tx.Ticks.Runs(ctx, p.TenantID, id, before, limit)
		return err
	})
	return runs, err
}

// record makes the audit record of an act on a schedule.
func (s *Service) record(p identity.Principal, of schedule.Snapshot, action string, now time.Time) audit.Record {
	return Record(s.ids, p.Actor(), of, action, audit.Allowed, "", now)
}

// Record makes the audit record of what was done to a schedule, or by it.
func Record(ids ports.IDs, actor string, of schedule.Snapshot, action string, result audit.Result, code string, now time.Time) audit.Record {
	hash := sha256.Sum256(of.Order.Parameters)
	detail := map[string]any{
		"session_id": of.Principal.SessionID, "cron": of.Order.Expression, "time_zone": of.Order.Zone, "overlap": of.Order.Overlap, "catch_up": of.Order.CatchUp,
	}
	if code != "" {
		detail["code"] = code
	}
	raw, err := json.Marshal(detail)
	if err != nil { // texts always encode
		raw = []byte("{}")
	}
	return audit.Record{
		ID: ids.NewID(typeid.AuditRecord), TenantID: of.TenantID, Actor: actor, Action: action, Target: of.ID, IntentType: of.Order.IntentType,
		ArgumentsHash: fmt.Sprintf("%x", hash), Result: result, Detail: raw, At: now,
	}
}
