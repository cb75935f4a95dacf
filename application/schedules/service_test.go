package schedules_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/schedule"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/faulty"
)

type module struct{}

func (module) Declaration() realm.Declaration {
	spec := func(name string, perm identity.Permission, internal bool) realm.IntentSpec {
		return realm.IntentSpec{
			Type: name, Permission: perm, Internal: internal, Example: []byte(`{}`),
			Schema: []byte(`{"type":"object","additionalProperties":false,"properties":{"n":{"type":"integer"}}}`),
		}
	}
	return realm.Declaration{Name: "test", Intents: []realm.IntentSpec{
		spec("act", identity.PermWrite, false), spec("destroy", identity.PermDelete, false), spec("secret", identity.PermRead, true),
	}}
}

func (module) Handlers() map[string]ports.IntentHandler {
	nothing := func(context.Context, ports.IntentCall) (ports.IntentResult, error) { return ports.IntentResult{}, nil }
	return map[string]ports.IntentHandler{"act": nothing, "destroy": nothing, "secret": nothing}
}

type world struct {
	*schedules.Service
	store *memstore.Store
	clock *clock.Clock
}

func open(t *testing.T, uow ports.UnitOfWork, c *clock.Clock) *schedules.Service {
	t.Helper()
	catalogue, err := intents.NewCatalogue(module{})
	require.NoError(t, err)
	s, err := schedules.New(catalogue, uow, c, system.IDs{}, schedules.Config{PerTenant: 3, MinInterval: time.Minute})
	require.NoError(t, err)
	return s
}

func newWorld(t *testing.T) world {
	t.Helper()
	c := clock.Fixed()
	store := memstore.New(c)
	return world{open(t, store, c), store, c}
}

func person(name string, role identity.Role) identity.Principal {
	return identity.Principal{Kind: identity.KindUser, UserID: "usr_" + name, TenantID: "ten_a", SessionID: "ses_" + name, Roles: []identity.Role{role}}
}

func order(edit func(*schedule.Order)) schedule.Order {
	o := schedule.Order{IntentType: "act", Parameters: []byte(`{"n":1}`), Expression: "0 9 * * *"}
	if edit != nil {
		edit(&o)
	}
	return o
}

func (w world) audited(t *testing.T) (actions []string) {
	t.Helper()
	require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		list, err := tx.Audit.List(ctx, "ten_a", ports.Page{Limit: 100})
		for i := len(list) - 1; i >= 0; i-- {
			actions = append(actions, list[i].Action)
		}
		return err
	}))
	return actions
}

func TestAScheduleIsMadeChangedAndRemoved(t *testing.T) {
	w, ada := newWorld(t), person("ada", identity.RoleMember)
	made, err := w.Create(t.Context(), ada, order(nil), "")
	require.NoError(t, err)
	require.Equal(t, 9, made.Next.Hour())
	require.Equal(t, "UTC", made.Order.Zone)
	require.Equal(t, ada, made.Principal)
	for range 2 {
		s, err := w.Pause(t.Context(), ada, made.ID)
		require.NoError(t, err)
		require.Equal(t, schedule.Paused, s.Status)
	}
	again := ada
	again.SessionID = "ses_later"
	w.clock.Advance(72 * time.Hour)
	s, err := w.Resume(t.Context(), again, made.ID)
	require.NoError(t, err)
	require.True(t, s.Next.After(w.clock.Now()), "what went by in a pause is not caught up")
	require.Equal(t, "ses_later", s.Principal.SessionID)
	s, err = w.Change(t.Context(), again, made.ID, func(o *schedule.Order) { o.Expression, o.Zone = "30 10 * * *", "Asia/Tokyo" })
	require.NoError(t, err)
	require.Equal(t, "01:30", s.Next.Format("15:04"))
	for range 2 {
		s, err = w.Trigger(t.Context(), ada, made.ID, "k")
		require.NoError(t, err)
		require.Equal(t, w.clock.Now(), s.TriggerAt)
	}
	list, err := w.List(t.Context(), ada, ports.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.NoError(t, w.Delete(t.Context(), ada, made.ID))
	_, err = w.Find(t.Context(), ada, made.ID)
	require.ErrorIs(t, err, fault.ErrNotFound)
	require.Equal(t, []string{"schedule.created", "schedule.paused", "schedule.resumed", "schedule.changed", "schedule.triggered", "schedule.deleted"}, w.audited(t))
}

func TestForOthersAScheduleDoesNotExist(t *testing.T) {
	w := newWorld(t)
	made, err := w.Create(t.Context(), person("ada", identity.RoleMember), order(nil), "")
	require.NoError(t, err)
	colleague, stranger := person("bob", identity.RoleOwner), person("ada", identity.RoleOwner)
	stranger.TenantID = "ten_b"
	for _, p := range []identity.Principal{colleague, stranger} {
		for name, act := range map[string]func() error{
			"find":    func() error { _, err := w.Find(t.Context(), p, made.ID); return err },
			"runs":    func() error { _, err := w.Runs(t.Context(), p, made.ID, time.Time{}, 1); return err },
			"change":  func() error { _, err := w.Change(t.Context(), p, made.ID, func(*schedule.Order) {}); return err },
			"pause":   func() error { _, err := w.Pause(t.Context(), p, made.ID); return err },
			"resume":  func() error { _, err := w.Resume(t.Context(), p, made.ID); return err },
			"trigger": func() error { _, err := w.Trigger(t.Context(), p, made.ID, ""); return err },
			"delete":  func() error { return w.Delete(t.Context(), p, made.ID) },
		} {
			require.ErrorIs(t, act(), fault.ErrNotFound, name)
		}
	}
	_, err = w.Find(t.Context(), person("ada", identity.RoleMember), made.ID)
	require.NoError(t, err)
}

func TestSchedulesThatAreRefused(t *testing.T) {
	w := newWorld(t)
	visitor := identity.Principal{Kind: identity.KindAnonymous, TenantID: "ses_v", SessionID: "ses_v", Roles: []identity.Role{identity.RoleAnonymous}}
	for name, c := range map[string]struct {
		by   identity.Principal
		edit func(*schedule.Order)
		want error
	}{
		"a visitor":           {visitor, nil, schedule.ErrVisitor},
		"a viewer":            {person("vi", identity.RoleViewer), nil, fault.ErrPermission},
		"beyond one's rights": {person("ada", identity.RoleMember), func(o *schedule.Order) { o.IntentType = "destroy" }, fault.ErrPermission},
		"an internal intent":  {person("ada", identity.RoleMember), func(o *schedule.Order) { o.IntentType = "secret" }, intent.ErrUnknown},
		"no intent":           {person("ada", identity.RoleMember), func(o *schedule.Order) { o.IntentType = "nothing" }, intent.ErrUnknown},
		"wrong parameters":    {person("ada", identity.RoleMember), func(o *schedule.Order) { o.Parameters = []byte(`{"n":"x"}`) }, intent.ErrParameters},
		"too often":           {person("ada", identity.RoleMember), func(o *schedule.Order) { o.Expression = "0,1 * * * * *" }, schedule.ErrOrder},
		"never":               {person("ada", identity.RoleMember), func(o *schedule.Order) { o.Expression = "0 0 30 2 *" }, schedule.ErrNever},
		"in the past":         {person("ada", identity.RoleMember), func(o *schedule.Order) { o.Expression, o.At = "", w.clock.Now().Add(-time.Second) }, schedule.ErrNever},
	} {
		_, err := w.Create(t.Context(), c.by, order(c.edit), "")
		require.ErrorIs(t, err, c.want, name)
	}
	require.Empty(t, w.audited(t))
}

func TestATenantHasSoManySchedulesAndAKeyMakesOne(t *testing.T) {
	w, ada := newWorld(t), person("ada", identity.RoleMember)
	first, err := w.Create(t.Context(), ada, order(nil), "key")
	require.NoError(t, err)
	same, err := w.Create(t.Context(), ada, order(nil), "key")
	require.NoError(t, err)
	require.Equal(t, first.ID, same.ID)
	_, err = w.Create(t.Context(), ada, order(func(o *schedule.Order) { o.Name = "other" }), "key")
	require.ErrorIs(t, err, intent.ErrIdempotencyReused)
	for range 2 {
		_, err = w.Create(t.Context(), ada, order(nil), "")
		require.NoError(t, err)
	}
	_, err = w.Create(t.Context(), person("bob", identity.RoleOwner), order(nil), "")
	require.ErrorIs(t, err, schedule.ErrTooMany)
	require.NoError(t, w.Delete(t.Context(), ada, first.ID))
	_, err = w.Create(t.Context(), person("bob", identity.RoleOwner), order(nil), "")
	require.NoError(t, err)
	require.Error(t, schedules.Config{}.Validate())
	require.NoError(t, schedules.Defaults().Validate())
}

// A change that meets a tick starts again from what the tick left.
func TestAChangeThatMeetsATickStartsAgain(t *testing.T) {
	c, ada := clock.Fixed(), person("ada", identity.RoleMember)
	store := faulty.Wrap(memstore.New(c))
	s := open(t, store, c)
	made, err := s.Create(t.Context(), ada, order(nil), "")
	require.NoError(t, err)
	store.Fail("Schedules.Save", 1, fault.ErrStale)
	paused, err := s.Pause(t.Context(), ada, made.ID)
	require.NoError(t, err)
	require.Equal(t, schedule.Paused, paused.Status)
	require.Equal(t, "Schedules.Save", store.Struck())
}
