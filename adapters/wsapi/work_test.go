package wsapi_test

import (
	"context"
	"strings"
	"sync"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// parrot is a guide that says what it is told.
type parrot struct{}

func (parrot) Definition() agent.Definition {
	return agent.Definition{ID: agent.Guide, Type: agent.TypeGuide, Role: "parrot", Mission: "repeat"}
}

func (parrot) Respond(_ context.Context, t ports.Turn, say func(string) error) (agent.Reply, error) {
	for word := range strings.SplitAfterSeq(t.Text, " ") {
		if err := say(word); err != nil {
			return agent.Reply{}, err
		}
	}
	return agent.Reply{Text: t.Text, Method: "deterministic"}, nil
}

// work is a realm whose one intent emits what the test gives it, until the test says that it is done.
type work struct {
	mu   sync.Mutex
	jobs map[string]*job
	over bool
}

type job struct {
	emit    chan event.Draft
	emitted chan struct{}
	done    chan struct{}
	once    sync.Once
}

func (j *job) end() { j.once.Do(func() { close(j.done) }) }

func (*work) spec() realm.IntentSpec {
	return realm.IntentSpec{
		Type: "work", Title: "Work", Permission: identity.PermWrite, Anonymous: true, Retry: realm.RetryPure,
		Schema: []byte(`{"type":"object"}`), Example: []byte(`{}`),
	}
}

// asking is the intent that asks its owner whether to go on, with which amount.
func (*work) asking() realm.IntentSpec {
	return realm.IntentSpec{
		Type: "ask", Title: "Ask", Permission: identity.PermWrite, Anonymous: true, Retry: realm.RetryHuman,
		Schema: []byte(`{"type":"object"}`), Example: []byte(`{}`),
	}
}

func ask(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	d, err := call.AwaitDecision(ctx, "approval", execution.DecisionRequest{
		Prompt: "Pay?", Arguments: []byte(`{"amount":10}`), Deciders: execution.Deciders{Owner: true},
		ResponseSchema: []byte(`{"type":["object","null"],"properties":{"amount":{"type":"integer"}}}`),
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{Values: map[string]string{"decision": string(d.Verdict), "response": string(d.Response)}}, nil
}

func (k *work) Declaration() realm.Declaration {
	return realm.Declaration{Name: "test", Title: "Test", Intents: []realm.IntentSpec{k.spec(), k.asking(), climbing(), leaf(), membersOnly()}}
}

func (k *work) Handlers() map[string]ports.IntentHandler {
	return map[string]ports.IntentHandler{"ask": ask, "climb": k.climb, "leaf": nothing, "members": nothing, "work": func(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
		j := k.job(call.Execution().ID)
		for {
			select {
			case <-ctx.Done():
				return ports.IntentResult{}, ctx.Err()
			case <-j.done:
				return ports.IntentResult{}, nil
			case d := <-j.emit:
				if err := call.Emit(ctx, d); err != nil {
					return ports.IntentResult{}, err
				}
				select {
				case j.emitted <- struct{}{}:
				case <-ctx.Done():
				}
			}
		}
	}}
}

func (k *work) job(id string) *job {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.jobs == nil {
		k.jobs = map[string]*job{}
	}
	if k.jobs[id] == nil {
		k.jobs[id] = &job{emit: make(chan event.Draft), emitted: make(chan struct{}), done: make(chan struct{})}
		if k.over {
			k.jobs[id].end()
		}
	}
	return k.jobs[id]
}

func (k *work) finish() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.over = true
	for _, j := range k.jobs {
		j.end()
	}
}
