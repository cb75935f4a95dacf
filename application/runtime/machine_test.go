package runtime_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/adapters/membus"
	"github.com/symphainy/symphainy/adapters/memstore"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/clock"
	"github.com/symphainy/symphainy/test/sheet"
)

// F5: in whatever order people decide, time passes, somebody cancels, and the work is looked at: what is asked about is done at most once, and only after an
// approval in time, by one who may, of exactly these arguments.
func TestMachineOfAnApproval(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		did := 0
		w := &world{t: t, clock: clock.Fixed(), desk: &desk{}, bus: membus.New(), grants: &grants{roles: []identity.Role{identity.RoleMember}}}
		w.store = memstore.New(w.clock, memstore.OnEnqueue(w.desk.add))
		w.uow = w.store
		w.engine = w.idle(map[string]ports.IntentHandler{"act": func(ctx context.Context, c ports.IntentCall) (ports.IntentResult, error) {
			d, err := c.AwaitDecision(ctx, "ask", execution.DecisionRequest{
				Prompt: "Remove it?", Arguments: []byte(`{"file_id":"fil_1"}`), Deciders: execution.Deciders{Owner: true}, Within: time.Hour,
			})
			if err == nil && d.Verdict == execution.Approve {
				did++
			}
			return ports.IntentResult{}, err
		}})
		require.NoError(rt, w.engine.Start(rt.Context()))
		defer func() { require.NoError(rt, w.engine.Stop(context.WithoutCancel(rt.Context()))) }()
		id := w.submit(submission("act"))
		w.work()
		hash, _ := w.waiting(id)["arguments_hash"].(string)
		require.NotEmpty(rt, hash)
		asked, decided, approved, cancelled := w.clock.Now(), false, false, false
		at := asked
		rt.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				w.clock.Advance(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "wait")))
			},
			"work": func(*rapid.T) { w.work() },
			"decide": func(t *rapid.T) {
				p := rapid.SampledFrom([]identity.Principal{ada(), {Kind: identity.KindUser, UserID: "usr_bob", TenantID: "ten_a", SessionID: "ses_b", Roles: ada().Roles},
					{Kind: identity.KindUser, UserID: "usr_ada", TenantID: "ten_b", SessionID: "ses_c", Roles: ada().Roles}, {}}).Draw(t, "who")
				about := rapid.SampledFrom([]string{hash, hash[1:] + "0", ""}).Draw(t, "about")
				verdict := rapid.SampledFrom([]execution.Verdict{execution.Approve, execution.Reject, execution.Edit, "yes"}).Draw(t, "verdict")
				_, err := w.engine.Decide(t.Context(), p, id, ports.DecisionCommand{Verdict: verdict, ArgumentsHash: about})
				if err != nil {
					return
				}
				if decided {
					require.Equal(t, approved, verdict == execution.Approve, "one decision; the same one may be told again")
					return
				}
				require.False(t, cancelled, "one decision")
				require.Less(t, w.clock.Now().Sub(asked), time.Hour, "in time")
				require.Equal(t, ada().UserID+ada().TenantID, p.UserID+p.TenantID, "by one who may")
				require.Equal(t, hash, about, "about these arguments")
				require.Contains(t, []execution.Verdict{execution.Approve, execution.Reject}, verdict)
				decided, approved, at = true, verdict == execution.Approve, w.clock.Now()
			},
			"cancel": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") > 0 {
					return
				}
				_, err := w.engine.Cancel(t.Context(), ada(), id)
				cancelled = cancelled || err == nil
			},
			"": func(t *rapid.T) {
				require.LessOrEqual(t, did, 1, "done once")
				require.False(t, did == 1 && !approved, "done without an approval")
			},
		})
		w.work()
		if approved && !cancelled && w.clock.Now().Sub(at) < 15*time.Minute { // later its own time is over
			require.Equal(rt, 1, did)
			require.Equal(rt, execution.Completed, w.get(id).State)
		}
	})
	sheet.RecordMachine(t, "F5", 10_000, "approvals")
}
