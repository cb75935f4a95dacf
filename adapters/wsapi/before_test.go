package wsapi_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// climbing is an intent that anybody may submit and that tries for more, leaf what it may do, and membersOnly what it may not.
func climbing() realm.IntentSpec { return trivial("climb", true) }

func leaf() realm.IntentSpec { return trivial("leaf", true) }

func membersOnly() realm.IntentSpec { return trivial("members", false) }

func trivial(name string, anonymous bool) realm.IntentSpec {
	return realm.IntentSpec{
		Type: name, Title: name, Permission: identity.PermWrite, Anonymous: anonymous, Retry: realm.RetryPure,
		Schema: []byte(`{"type":"object"}`), Example: []byte(`{}`),
	}
}

func nothing(context.Context, ports.IntentCall) (ports.IntentResult, error) {
	return ports.IntentResult{}, nil
}

var errWidened = errors.New("it may do what its visitor could not")

// climb stops inside until the test lets it go on, and then does a step, has a child, and asks for what only members may.
func (k *work) climb(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	if _, err := call.Step(ctx, "before", func(context.Context, string) ([]byte, error) { return nil, nil }); err != nil {
		return ports.IntentResult{}, err
	}
	select {
	case <-k.job(call.Execution().ID).done:
	case <-ctx.Done():
		return ports.IntentResult{}, ctx.Err()
	}
	if _, err := call.Step(ctx, "after", func(context.Context, string) ([]byte, error) { return nil, nil }); err != nil {
		return ports.IntentResult{}, err
	}
	if _, err := call.Children(ctx, "up", []ports.ChildSpec{{IntentType: "members"}}, 1); !errors.Is(err, fault.ErrPermission) {
		return ports.IntentResult{}, errors.Join(errWidened, err)
	}
	children, err := call.Children(ctx, "along", []ports.ChildSpec{{IntentType: "leaf"}}, 1)
	if err != nil {
		return ports.IntentResult{}, err
	}
	for _, p := range []identity.Principal{call.Execution().Principal, children[0].Principal} {
		if !p.Anonymous() || p.UserID != "" {
			return ports.IntentResult{}, errWidened
		}
	}
	return ports.IntentResult{Values: map[string]string{"child": string(children[0].State)}}, nil
}

// What a visitor's session had queued or running when it was upgraded goes on, is its owner's, and may do no more than the visitor could (S11).
func TestWorkOfBeforeGoesOnAsTheVisitors(t *testing.T) {
	const each = 50
	w := newWorld(t)
	in := w.Register("ada")
	p := w.Caller(in.AccessToken)
	var running, queued []string
	for range each {
		visit := w.Anonymous()
		id := visit.Session.ID()
		first := w.submitInLane(guest(visit), id, "a")
		require.Eventually(t, func() bool {
			s, err := w.engine.Execution(t.Context(), guest(visit).Scope(), first)
			return err == nil && s.State == execution.Running
		}, patience, time.Millisecond)
		behind := w.submitInLane(guest(visit), id, "a")
		w.upgrade(in.AccessToken, id, visit.Secret)
		running, queued = append(running, first), append(queued, behind)
	}
	widened := 0
	all := append(running, queued...)
	for i, id := range all {
		before, err := w.engine.Execution(t.Context(), p.Scope(), id)
		require.NoError(t, err, "it is the owner's now")
		require.Equal(t, i < each, before.State == execution.Running, "%s", before.State)
	}
	for _, id := range all {
		w.work.job(id).end()
		page, err := w.engine.Wait(t.Context(), p.Scope(), id, patience)
		require.NoError(t, err)
		after := page.Execution
		require.Equal(t, execution.Completed, after.State, after.ErrorCode)
		if !after.Principal.Anonymous() || after.Principal.May(identity.PermAdmin) || after.Principal.TenantID != after.SessionID {
			widened++
		}
		require.Equal(t, in.User.ID, after.OwnerID)
	}
	require.Zero(t, widened)
	sheet.Record(t, "S11", 2*each, fmt.Sprintf("%d running and %d queued at the upgrade went on to their end as the visitor's, with a child each; asked for what members may %d times, widened %d",
		each, each, 2*each, widened), "100 go on with anonymous rights, widened 0")
}

func (w *world) submitInLane(p identity.Principal, sessionID, lane string) string {
	w.t.Helper()
	r, err := w.engine.Submit(w.t.Context(), ports.Submission{
		Intent: intent.Intent{
			ID: system.IDs{}.NewID(typeid.Intent), Type: "climb", Parameters: []byte(`{}`), Metadata: []byte(`{}`), SolutionID: intent.DefaultSolution, Lane: sessionID + lane,
		},
		Spec: climbing(), Realm: "test", Principal: p, SessionID: sessionID,
	})
	require.NoError(w.t, err)
	return r.Execution.ID
}
