package agents

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// tokenTime is how long text waits to become an event (runtime.md §3).
const tokenTime = 50 * time.Millisecond

// move gives what the agent does next: the recorded move of an earlier run, or a new one.
func (t *turn) move(ctx context.Context, s *speaker, round int) (move, error) {
	name := fmt.Sprintf("%sthink %d", s.path, round)
	if s.chat == nil || s.fallen != "" {
		return t.builtinMove(ctx, s, name)
	}
	limit, err := t.reserve(ctx, s, round)
	if err != nil || limit != "" {
		return move{Limit: limit}, err
	}
	return recorded(ctx, t.call, name, func(ctx context.Context, _ string) (move, error) {
		reply, err := t.listen(ctx, s, fmt.Sprint(s.path, round))
		var known *fault.Error
		switch {
		case err == nil:
			return move{Reply: agent.Reply{Text: reply.Text, Calls: reply.Calls, Method: methodModel}, Usage: reply.Usage}, nil
		case ctx.Err() == nil && errors.As(err, &known) && ofModel(known):
			return move{Failed: known.Code, Usage: agent.Usage{ModelCalls: 1}}, nil
		}
		return move{}, err
	})
}

// methodModel marks answers that a model has made.
const methodModel = "llm"

func ofModel(err error) bool {
	return errors.Is(err, ports.ErrModelUnavailable) || errors.Is(err, ports.ErrModelRefused) || errors.Is(err, ports.ErrModelOutput)
}

// recorded is Step with a typed result.
func recorded(ctx context.Context, call ports.IntentCall, name string, fn func(ctx context.Context, key string) (move, error)) (move, error) {
	var m move
	raw, err := call.Step(ctx, name, func(ctx context.Context, key string) ([]byte, error) {
		m, err := fn(ctx, key)
		if err != nil {
			return nil, err
		}
		return json.Marshal(m)
	})
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fault.As(fmt.Errorf("step %s: %w", name, err))
	}
	return m, nil
}

// builtinMove asks the builtin agent. It computes in memory from what the session holds; its answer is recorded with the message, and
// only what it asks for is a step of its own. A run that comes again asks what was recorded first.
func (t *turn) builtinMove(ctx context.Context, s *speaker, name string) (move, error) {
	ask := func() (agent.Reply, error) {
		in := t.Turn
		in.Results, in.Tools = s.results, s.grant
		return s.builtin.Respond(ctx, in, func(string) error { return nil })
	}
	if len(s.results) == 0 && s.fallen == "" && t.fresh() {
		reply, err := ask()
		if err != nil || len(reply.Calls) == 0 {
			return move{Reply: reply}, err
		}
	}
	return recorded(ctx, t.call, name, func(context.Context, string) (move, error) {
		reply, err := ask()
		if s.fallen != "" && len(reply.Calls) == 0 {
			reply.Text = "The language model does not answer just now, so I answer without it.\n\n" + reply.Text
			reply.Data = withWarning(reply.Data, s.fallen)
		}
		return move{Reply: reply}, err
	})
}

// fresh reports whether no earlier run of this turn can have recorded anything: the log holds no more than its acceptance and one start.
func (t *turn) fresh() bool {
	return t.call.Execution().LastSeq <= 2 && t.call.Execution().Attempt <= 1
}

func withWarning(data []byte, code string) []byte {
	object := map[string]json.RawMessage{}
	if len(data) > 0 && json.Unmarshal(data, &object) != nil {
		return data
	}
	object["warnings"] = Encode([]string{code})
	return Encode(object)
}

// reserve checks, before a model is asked, that what it may use at most is left, and records that it does. A turn at its limit ends, or
// waits for a person to grant the same again, as the posture says.
func (t *turn) reserve(ctx context.Context, s *speaker, round int) (string, error) {
	for more := 0; ; more++ {
		name := fmt.Sprintf("%sbudget %d.%d", s.path, round, more)
		raw, err := t.call.Transact(ctx, name, func(context.Context, ports.Tx, execution.Snapshot) ([]byte, error) {
			return json.Marshal(t.spent(s))
		})
		if err != nil {
			return "", err
		}
		var limit string
		if err := json.Unmarshal(raw, &limit); err != nil {
			return "", fault.As(fmt.Errorf("step %s: %w", name, err))
		}
		if limit == "" || t.posture.AtLimit != agent.AtLimitAsk {
			return limit, nil
		}
		granted, err := t.askForMore(ctx, name, limit)
		if err != nil || !granted {
			return limit, err
		}
		t.granted++
	}
}

// spent names the limit that the next call of the model could break; "" if it cannot. What was used in the last step may go over it, by no
// more than that step.
func (t *turn) spent(s *speaker) string {
	l, times := t.posture.Limits, t.granted+1
	next := reservation(s.chat, t.posture.MaxTokens)
	switch {
	case t.used.ModelCalls >= l.ModelCalls*times:
		return "calls of the model"
	case t.used.Tokens()+next > l.Tokens*times:
		return "tokens"
	case l.Cost > 0 && t.used.Cost >= l.Cost*times:
		return "cost"
	case l.Time > 0 && t.realm.clock.Now().Sub(t.call.Execution().CreatedAt) > l.Time*time.Duration(times):
		return "time"
	}
	return ""
}

// reservation is what a call may use at most, at four bytes a token.
func reservation(chat []ports.ChatMessage, answer int) int64 {
	bytes := 0
	for _, m := range chat {
		bytes += len(m.Text)
	}
	return int64(bytes/4 + answer)
}

// askForMore waits for a person who grants the turn its limits again.
func (t *turn) askForMore(ctx context.Context, name, limit string) (bool, error) {
	d, err := t.call.AwaitDecision(ctx, name+" more", execution.DecisionRequest{
		Prompt:    fmt.Sprintf("The agent has used up its limit of %s for this message. Let it go on?", limit),
		Arguments: Encode(map[string]any{"limit": limit, "granted": t.granted, "tokens": t.used.Tokens(), "cost": t.used.Cost}),
		Deciders:  execution.Deciders{Owner: true}, Within: t.posture.Decide,
	})
	if errors.Is(err, execution.ErrDecisionExpired) {
		return false, nil
	}
	return err == nil && d.Verdict != execution.Reject, err
}

// heard is what a model said in the end.
type heard struct {
	reply ports.ChatReply
	err   error
}

// listen asks the model and tells its text as it comes, in events of at most tokenTime or maxToken. What an earlier run has told of the
// same segment is not told again.
func (t *turn) listen(ctx context.Context, s *speaker, segment string) (ports.ChatReply, error) {
	said, err := t.log.said(ctx, segment)
	if err != nil {
		return ports.ChatReply{}, err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	text, done := make(chan string), make(chan heard, 1)
	go func() {
		reply, err := t.realm.model.Chat(ctx, ports.ChatRequest{
			Model: t.posture.Model, Temperature: t.posture.Temperature, MaxTokens: t.posture.MaxTokens, Messages: s.chat, Tools: t.specs(s),
		}, func(piece string) error {
			select {
			case text <- piece:
				return nil
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		})
		done <- heard{reply, err}
	}()
	out := &teller{turn: t, segment: segment, said: said, quiet: s.depth > 0}
	flush := time.NewTicker(tokenTime)
	defer flush.Stop()
	for {
		select {
		case piece := <-text:
			err = out.add(ctx, piece)
		case <-flush.C:
			err = out.flush(ctx)
		case h := <-done:
			return h.reply, errors.Join(h.err, out.flush(ctx))
		}
		if err != nil {
			stop()
			<-done
			return ports.ChatReply{}, err
		}
	}
}

// specs describes the agent's tools to a model.
func (t *turn) specs(s *speaker) []ports.ToolSpec {
	if t.realm.gate == nil {
		return nil
	}
	var list []ports.ToolSpec
	for _, name := range s.grant {
		if tool, ok := t.realm.gate.Tools.Find(name); ok {
			list = append(list, tool.ToolSpec)
		}
	}
	if len(s.grant) > 0 && s.depth < t.posture.Limits.Depth {
		list = append(list, consultation())
	}
	return list
}

// teller turns text that comes in small pieces into events.
type teller struct {
	turn    *turn
	segment string
	// said is what an earlier run has told; text what the model has said now, of which told bytes are told.
	said  string
	text  string
	told  int
	quiet bool
	began bool
}

// add takes a piece. The first words are told at once.
func (o *teller) add(ctx context.Context, piece string) error {
	o.text += piece
	if !o.began || len(o.text)-o.told >= maxToken {
		o.began = true
		return o.flush(ctx)
	}
	return nil
}

// flush tells what was not told yet.
func (o *teller) flush(ctx context.Context) error {
	if o.quiet || len(o.text) == o.told {
		return nil
	}
	if o.said != "" { // what is the same as before is told already
		if strings.HasPrefix(o.said, o.text) {
			o.told = len(o.text)
			return nil
		}
		if !strings.HasPrefix(o.text, o.said) {
			o.told = common(o.text, o.said)
		} else {
			o.told = max(o.told, len(o.said))
		}
		o.said = ""
	}
	for o.told < len(o.text) {
		end := cut(o.text, o.told, maxToken)
		err := o.turn.call.Emit(ctx, event.Draft{Type: event.AgentToken, Data: Encode(o.turn.common(map[string]any{
			"token": o.text[o.told:end], "segment": o.segment, "offset": o.told,
		}))})
		if err != nil {
			return err
		}
		o.told = end
	}
	return nil
}

// common gives the length of the longest beginning that two texts share, at the border of a character.
func common(a, b string) int {
	n := 0
	for i, r := range a {
		if i >= len(b) || !strings.HasPrefix(b[i:], string(r)) {
			break
		}
		n = i + len(string(r))
	}
	return n
}

// cut gives where a piece of at most size bytes ends that begins at from, at the border of a character.
func cut(text string, from, size int) int {
	if len(text)-from <= size {
		return len(text)
	}
	end := from + size
	for end > from && text[end]&0xc0 == 0x80 {
		end--
	}
	return end
}
