package runtime_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/test/sheet"
)

// F5: whatever is asked of an execution, in whatever order: it moves only where the machine goes, each claim has a new fence and none is given while an
// owner lives, an end is for ever, whoever is not running owns nothing, and its events are numbered without holes.
func TestMachineOfAnExecution(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(1_800_000_000, 0)
		p := identity.Principal{Kind: identity.KindUser, UserID: "usr_a", TenantID: "ten_a"}
		e := execution.Accept("exe_1", "r", intent.Intent{}, p, "ses_a", "trace", now.Add(time.Hour), now)
		before, seq := e.Snapshot(), int64(0)
		at := func(t *rapid.T) time.Time {
			return now.Add(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "until")))
		}
		refusable := func(f func(t *rapid.T) error) func(*rapid.T) {
			return func(t *rapid.T) {
				if f(t) != nil {
					require.Equal(t, before, e.Snapshot(), "a refusal changes nothing")
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) { now = at(t) },
			"claim": refusable(func(t *rapid.T) error {
				lived, could := e.Owned(now), e.Claimable(now)
				err := e.Claim("wrk", at(t), now)
				require.Equal(t, could, err == nil)
				require.False(t, lived && err == nil, "a live owner keeps it")
				if err == nil {
					require.Equal(t, before.Fence+1, e.Snapshot().Fence)
					e.Awake(now) // as the Runtime does in the same transaction
				}
				return err
			}),
			"complete": refusable(func(*rapid.T) error { return e.Complete([]byte("{}"), now) }),
			"fail":     refusable(func(*rapid.T) error { return e.Fail("code", "text", now) }),
			"retry":    refusable(func(t *rapid.T) error { return e.Retry("code", "text", at(t), now) }),
			"put back": refusable(func(*rapid.T) error { return e.PutBack("code", "text", now) }),
			"suspend": refusable(func(t *rapid.T) error {
				return e.Suspend(execution.ForSignal, []byte("{}"), at(t), rapid.Bool().Draw(t, "still"), now)
			}),
			"wake":   refusable(func(*rapid.T) error { return e.Wake(now) }),
			"pause":  refusable(func(t *rapid.T) error { _, err := e.RequestPause(rapid.Bool().Draw(t, "still"), now); return err }),
			"resume": refusable(func(*rapid.T) error { _, err := e.Resume(now); return err }),
			"cancel": refusable(func(*rapid.T) error { _, err := e.RequestCancel(now); return err }),
			"hurry":  func(*rapid.T) { e.Hurry(now) },
			"unwind": refusable(func(t *rapid.T) error {
				return e.Unwind(rapid.SampledFrom(execution.States()).Draw(t, "ending"), "code", "text", now)
			}),
			"unwound": refusable(func(*rapid.T) error { return e.Unwound(now) }),
			"record": func(t *rapid.T) {
				for _, ev := range e.Record(now, make([]event.Draft, rapid.IntRange(0, 3).Draw(t, "events"))...) {
					seq++
					require.Equal(t, seq, ev.Seq)
				}
			},
			"": func(t *rapid.T) {
				s := e.Snapshot()
				require.True(t, s.State == before.State || before.State.CanBecome(s.State), "%s to %s", before.State, s.State)
				require.GreaterOrEqual(t, s.Fence, before.Fence)
				require.Equal(t, seq, s.LastSeq)
				require.GreaterOrEqual(t, s.Attempt, 0)
				if before.State.Terminal() {
					s.LastSeq = before.LastSeq
					require.Equal(t, before, s, "an end is for ever")
				}
				require.Equal(t, s.State.Terminal(), !s.CompletedAt.IsZero())
				require.False(t, s.State != execution.Running && s.LeaseOwner != "", "%s has an owner", s.State)
				require.False(t, s.State != execution.Waiting && s.WaitingFor != "", "%s waits", s.State)
				require.False(t, s.State.Terminal() && (e.Claimable(now) || s.PauseRequested || s.Ending != ""))
				require.False(t, !s.Deadline.IsZero() && s.DeadlineLeft > 0, "a deadline stands still or goes on")
				before = e.Snapshot()
			},
		})
	})
	sheet.RecordMachine(t, "F5", 10_000, "executions")
}
