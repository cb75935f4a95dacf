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
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// tokenTime is how long text waits to become an event (runtime.md §3).
const tokenTime = 50 * time.Millisecond

// move gives what the agent does next: the recorded move of an earlier run, or a new one. At a limit a turn ends, or waits for a person to
// grant the same again, as the posture says.
func (t *turn) move(ctx context.Context, s *speaker, round int) (move, error) {
	name := fmt.Sprintf("%sthink %d", s.path, round)
	if s.chat == nil || s.fallen != "" {
		return t.builtinMove(ctx, s, name)
	}
	for step, more := name, 1; ; step, more = fmt.Sprintf("%s.%d", name, more), more+1 {
		m, err := recorded(ctx, t.call, step, func(ctx context.Context, _ string) (move, error) { return t.think(ctx, s, round) })
		if err != nil {
			return m, err
		}
		if err := t.settle(ctx, step, m.Held); err != nil {
			return m, err
		}
		if m.Limit == "" || t.posture.AtLimit != agent.AtLimitAsk {
			return m, nil
		}
		granted, err := t.askForMore(ctx, step, m)
		if err != nil || !granted {
			return m, err
		}
	}
}

// think asks the model, if what it may use at most is left.
func (t *turn) think(ctx context.Context, s *speaker, round int) (move, error) {
	held, over, err := t.reserve(ctx, s)
	if err != nil || over.Limit != "" {
		return over, err
	}
	began := t.realm.clock.Now()
	reply, err := t.listen(ctx, s, fmt.Sprint(s.path, round))
	spent := agent.Account{ModelCalls: 1, Time: t.realm.clock.Now().Sub(began)}
	var known *fault.Error
	switch {
	case err == nil:
		spent.Tokens, spent.Cost = reply.Usage.Tokens(), reply.Usage.Cost
		return move{Reply: agent.Reply{Text: reply.Text, Calls: reply.Calls, Method: methodModel}, Usage: reply.Usage, Held: held.used(spent)}, nil
	case ctx.Err() == nil && errors.As(err, &known) && ofModel(known):
		if errors.Is(known, ports.ErrModelOutput) { // nobody knows how much it has said
			spent.Tokens, spent.Cost = held.Held.Tokens, held.Held.Cost
		}
		return move{Failed: known.Code, Usage: agent.Usage{ModelCalls: 1}, Held: held.used(spent)}, nil
	}
	return move{}, err
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
		var h heard
		h.err = fault.Guard(func() (err error) {
			h.reply, err = t.realm.model.Chat(ctx, ports.ChatRequest{
				Model: t.posture.Model, Temperature: t.posture.Temperature, MaxTokens: t.posture.MaxTokens, Messages: s.chat, Tools: t.specs(s),
			}, func(piece string) error {
				select {
				case text <- piece:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			})
			return err
		})
		done <- h
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
