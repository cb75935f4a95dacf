//go:build chaos

package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Name is the realm's name; Run and Bounded its intents: the same work, the second within 3 s.
const (
	Name    = "chaos"
	Run     = "chaos_run"
	Bounded = "chaos_bounded"
	// Effect is the type of the artifact that each step leaves, by which effects are counted.
	Effect = "chaos_effect"
)

const boundedTime = 3 * time.Second

// Deps is what the realm works with.
type Deps struct {
	Clock ports.Clock
	IDs   ports.IDs
	// Outside does an effect outside the store, under a key.
	Outside func(key string) error
	// Exit ends the process at once.
	Exit func()
	// Hit passes a failpoint.
	Hit func(ctx context.Context, site string) error
}

// Realm is the realm.
type Realm struct{ Deps }

var _ ports.Realm = (*Realm)(nil)

// New makes the realm.
func New(d Deps) *Realm { return &Realm{d} }

const schema = `{"type":"object","additionalProperties":false,"properties":{
 "steps":{"type":"integer","minimum":0,"maximum":1000},
 "work_ms":{"type":"integer","minimum":0,"maximum":600000},
 "outside":{"type":"boolean"},
 "stubborn":{"type":"boolean"},
 "fault":{"type":"string","enum":["","panic","exit","loop","alloc","large","emit","flaky","refuse","decide"]},
 "at":{"type":"integer","minimum":0,"maximum":1000},
 "count":{"type":"integer","minimum":0,"maximum":100000000},
 "note":{"type":"string","maxLength":200}}}`

type parameters struct {
	Steps    int    `json:"steps"`
	WorkMS   int    `json:"work_ms"`
	Outside  bool   `json:"outside"`
	Stubborn bool   `json:"stubborn"`
	Fault    string `json:"fault"`
	At       int    `json:"at"`
	Count    int    `json:"count"`
	Note     string `json:"note"`
}

// Declaration is what the realm says of itself.
func (r *Realm) Declaration() realm.Declaration {
	spec := realm.IntentSpec{
		Type: Run, Title: "Chaos", Tier: 1, Anonymous: true, Summary: "Leaves one effect per step and fails as it is told.",
		Schema: []byte(schema), Permission: identity.PermWrite, Retry: realm.RetryPure, Example: []byte(`{"steps":5,"work_ms":20}`),
	}
	bounded := spec
	bounded.Type, bounded.Timeout = Bounded, boundedTime
	return realm.Declaration{Name: Name, Title: "Chaos", Intents: []realm.IntentSpec{spec, bounded}}
}

// Handlers gives the handlers.
func (r *Realm) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{Run: r.run, Bounded: r.run}
}

// run does the steps. A stubborn run does not hear that it should stop, as code that is stuck does not.
func (r *Realm) run(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	p, err := steps.Parameters[parameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if p.Stubborn {
		ctx = context.WithoutCancel(ctx)
	}
	for i := 1; i <= p.Steps; i++ {
		if err := r.step(ctx, call, p, i); err != nil {
			return ports.IntentResult{}, err
		}
	}
	return ports.IntentResult{Values: map[string]string{"steps": fmt.Sprint(p.Steps), "note": p.Note}}, nil
}

func (r *Realm) step(ctx context.Context, call ports.IntentCall, p parameters, i int) error {
	if p.Outside {
		if _, err := call.Step(ctx, fmt.Sprintf("outside-%d", i), r.outside); err != nil {
			return err
		}
	}
	if err := wait(ctx, time.Duration(p.WorkMS)*time.Millisecond); err != nil {
		return err
	}
	if err := r.Hit(ctx, "step.middle"); err != nil {
		return err
	}
	if p.At == i {
		if err := r.misbehave(ctx, call, p); err != nil {
			return err
		}
	}
	_, err := call.Transact(ctx, fmt.Sprintf("effect-%d", i), func(ctx context.Context, tx ports.Tx, now execution.Snapshot) ([]byte, error) {
		return r.effect(ctx, tx, now, i)
	})
	return err
}

func (r *Realm) outside(ctx context.Context, key string) ([]byte, error) {
	if err := r.Outside(key); err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	return json.RawMessage(`{"done":true}`), r.Hit(ctx, "outside.done")
}

// effect leaves an artifact with an id of its own, so that a step that is done twice leaves two.
func (r *Realm) effect(ctx context.Context, tx ports.Tx, now execution.Snapshot, i int) ([]byte, error) {
	at := r.Clock.Now()
	a, err := artifact.New(artifact.Snapshot{
		ID: r.IDs.NewID(typeid.Artifact), TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID, Realm: Name, Type: Effect,
		DataClass: artifact.WorkingMaterial, State: artifact.Ready, ExecutionID: now.ID, ProducedIntent: now.Intent.Type,
		Name: execution.EffectKey(now.ID, fmt.Sprint(i)), Payload: []byte("{}"), Origin: "anonymous", CreatedAt: at, UpdatedAt: at,
	})
	if err != nil {
		return nil, err
	}
	return []byte(`{"step":` + fmt.Sprint(i) + `}`), tx.Artifacts.Insert(ctx, a)
}

// misbehave does what a broken handler does.
func (r *Realm) misbehave(ctx context.Context, call ports.IntentCall, p parameters) error {
	switch p.Fault {
	case "panic":
		panic("chaos: told to panic")
	case "exit":
		r.Exit()
	case "loop":
		for n := 0; ; n++ {
			if n%1024 == 0 && ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	case "alloc":
		return alloc(p.Count)
	case "large":
		_, err := call.Step(ctx, "large", func(context.Context, string) ([]byte, error) {
			return json.Marshal(strings.Repeat("x", p.Count))
		})
		return err
	case "emit":
		return emit(ctx, call, p.Count)
	case "flaky":
		if call.Execution().Attempt <= p.Count {
			return fault.ErrUnavailable.Because(errors.New("chaos: not yet"))
		}
	case "decide":
		_, err := call.AwaitDecision(ctx, "approval", execution.DecisionRequest{
			Prompt: "Go on?", Arguments: fmt.Appendf(nil, `{"note":%q}`, p.Note), Deciders: execution.Deciders{Owner: true},
		})
		return err
	case "refuse":
		return fault.New(fault.Invalid, "chaos_refused", "This was told to fail.")
	}
	return nil
}

// alloc touches megabytes until there are no more, and reports how many bytes it kept.
func alloc(megabytes int) error {
	kept := make([][]byte, 0, megabytes)
	for range megabytes {
		block := make([]byte, 1<<20)
		for i := 0; i < len(block); i += 4096 {
			block[i] = 1
		}
		kept = append(kept, block)
	}
	if len(kept) != megabytes {
		return errors.New("chaos: memory is missing")
	}
	return nil
}

// perEmit is how many events go in one transaction.
const perEmit = 500

func emit(ctx context.Context, call ports.IntentCall, count int) error {
	for done := 0; done < count; done += perEmit {
		drafts := make([]event.Draft, min(perEmit, count-done))
		for i := range drafts {
			drafts[i] = event.Draft{Type: "chaos.event", Data: fmt.Appendf(nil, `{"n":%d}`, done+i)}
		}
		if err := call.Emit(ctx, drafts...); err != nil {
			return err
		}
	}
	return nil
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
