package agents_test

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/test/sheet"
)

// approval is a call that waits for a person, and what can be tried with it.
type approval struct {
	*world
	p    identity.Principal
	id   string
	hash string
}

func (w *world) approval() approval {
	w.t.Helper()
	w.posture.Strict = true
	a := approval{world: w, p: w.person(identity.RoleMember)}
	a.id = w.ask(a.p, "go").ID
	a.hash = w.waitingHash(a.p, a.id)
	return a
}

// An approval holds for one call with exactly its arguments, by who may give it, once (L6).
func TestApprovals(t *testing.T) {
	tried := 0
	w := newWorld(t, obedient("own_change", `{"n":1,"file_id":"fil_1"}`))
	const ran = `own_change {"file_id":"fil_1","n":1}`
	refused := func(name string, try func(a approval) error) {
		t.Helper()
		tried++
		before := len(w.own.done())
		a := w.approval()
		require.Error(t, try(a), name)
		w.work()
		require.Len(t, w.own.done(), before, name)
	}
	for name, hash := range map[string]func(h string) string{
		"none": func(string) string { return "" }, "zeroes": func(h string) string { return strings.Repeat("0", len(h)) },
		"upper case": strings.ToUpper, "a space": func(h string) string { return h + " " }, "cut": func(h string) string { return h[:63] },
		"longer": func(h string) string { return h + "0" }, "reversed": func(h string) string { return h[32:] + h[:32] },
		"a letter": func(h string) string { return "g" + h[1:] }, "prefixed": func(h string) string { return "sha256:" + h },
		"of the other of two calls": func(string) string { return w.approval().hash[:60] + "0000" },
	} {
		refused(name, func(a approval) error { return w.decide(a.p, a.id, execution.Approve, hash(a.hash)) })
	}
	colleague := func(a approval, role identity.Role) identity.Principal {
		c := a.p
		c.UserID, c.SessionID, c.Roles = "usr_colleague", "ses_colleague", []identity.Role{role}
		return c
	}
	for name, by := range map[string]func(a approval) identity.Principal{
		"a member":   func(a approval) identity.Principal { return colleague(a, identity.RoleMember) },
		"a viewer":   func(a approval) identity.Principal { return colleague(a, identity.RoleViewer) },
		"the owner":  func(a approval) identity.Principal { return colleague(a, identity.RoleOwner) },
		"a stranger": func(approval) identity.Principal { return w.person(identity.RoleOwner) },
		"a visitor":  func(approval) identity.Principal { return w.visitor() },
		"an impostor": func(a approval) identity.Principal {
			s := w.person(identity.RoleOwner)
			s.UserID = a.p.UserID
			return s
		},
		"another scope": func(a approval) identity.Principal { c := a.p; c.TenantID = a.p.SessionID; return c },
		"nobody":        func(a approval) identity.Principal { return identity.Principal{TenantID: a.p.TenantID} },
	} {
		refused("by "+name, func(a approval) error { return w.decide(by(a), a.id, execution.Approve, a.hash) })
	}
	for name, edit := range map[string]string{
		"another field": `{"n":2,"to":"x"}`, "a tenant": `{"tenant_id":"x"}`, "a type": `{"n":"2"}`, "a list": `[]`, "a text": `"x"`, "no json": `{"n":`,
		"too long": `{"file_id":"` + strings.Repeat("x", 65) + `"}`, "huge": `{"file_id":"` + strings.Repeat("x", 65<<10) + `"}`,
		"case": `{"N":1}`, "a principal": `{"_principal":{"roles":["owner"]}}`,
	} {
		refused("edited into "+name, func(a approval) error { return w.decide(a.p, a.id, execution.Edit, a.hash, []byte(edit)...) })
	}
	for _, verdict := range []execution.Verdict{"", "yes", "APPROVE"} {
		refused("verdict "+string(verdict), func(a approval) error { return w.decide(a.p, a.id, verdict, a.hash) })
	}
	refused("expired", func(a approval) error {
		w.clock.Advance(8 * 24 * time.Hour)
		return w.decide(a.p, a.id, execution.Approve, a.hash)
	})
	refused("cancelled", func(a approval) error {
		_, err := w.engine.Cancel(t.Context(), a.p, a.id)
		require.NoError(t, err)
		return w.decide(a.p, a.id, execution.Approve, a.hash)
	})
	refused("rejected before", func(a approval) error {
		require.NoError(t, w.decide(a.p, a.id, execution.Reject, a.hash))
		w.work()
		return w.decide(a.p, a.id, execution.Approve, a.hash)
	})
	refused("for another turn", func(a approval) error { return w.decide(a.p, w.approval().id, execution.Approve, a.hash) })
	refused("four eyes", func(approval) error {
		w.posture.FourEyes = true
		defer func() { w.posture.FourEyes = false }()
		b := w.approval()
		return w.decide(b.p, b.id, execution.Approve, b.hash)
	})

	// The order of keys is no change; what was approved runs once, however often and by how many it is said.
	accepted := func(name string, say func(a approval)) {
		t.Helper()
		tried++
		before := len(w.own.done())
		a := w.approval()
		say(a)
		w.work()
		require.Equal(t, []string{ran}, w.own.done()[before:], name)
	}
	accepted("said twice", func(a approval) {
		require.NoError(t, w.decide(a.p, a.id, execution.Approve, a.hash))
		require.NoError(t, w.decide(a.p, a.id, execution.Approve, a.hash))
	})
	var won atomic.Int64
	accepted("64 clicks", func(a approval) {
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				if w.decide(a.p, a.id, execution.Approve, a.hash) == nil {
					won.Add(1)
				}
			})
		}
		all.Wait()
		require.Positive(t, won.Load())
		require.Len(t, w.data(a.p, a.id, event.ExecutionDecided), 1)
	})
	require.Equal(t, 38, tried)
	tried += twoCalls(t)
	require.Equal(t, 40, tried)
	sheet.Record(t, "L6", tried, "run without exactly this approval 0, run twice 0", "40/40, twice 0")
}

// twoCalls lets a model call one tool twice: what is said about one call is nothing about the other.
func twoCalls(t *testing.T) (tried int) {
	t.Helper()
	w := newWorld(t, obedient("own_change", `{"n":1}`, "own_change", `{"n":2}`))
	a := w.approval()
	require.NoError(t, w.decide(a.p, a.id, execution.Approve, a.hash))
	w.work()
	require.Equal(t, []string{`own_change {"n":1}`}, w.own.done())
	second := w.waitingHash(a.p, a.id)
	require.NotEqual(t, a.hash, second, "changed arguments are another question")
	require.Error(t, w.decide(a.p, a.id, execution.Approve, a.hash), "an approval is not replayed for other arguments")
	w.work()
	require.Len(t, w.own.done(), 1)
	require.NoError(t, w.decide(a.p, a.id, execution.Approve, second))
	w.work()
	require.Equal(t, []string{`own_change {"n":1}`, `own_change {"n":2}`}, w.own.done())
	return 2
}
