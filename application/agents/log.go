package agents

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// log is what a turn has told already, so that a run that comes again tells nothing twice.
type log struct {
	call ports.IntentCall
	read bool
	told map[string]bool
	// text is what was said of each segment of the answer: the segment's name to its text.
	text map[string]string
}

// newLog begins with what was told; of a fresh run that is nothing, and nobody has to look.
func newLog(call ports.IntentCall, fresh bool) *log {
	return &log{call: call, read: fresh, told: map[string]bool{}, text: map[string]string{}}
}

// logPage is how many events are read at once.
const logPage = 500

// tokenData is the data of an agent.token event. Segment names a part of the answer, and offset the bytes of it before the token: one that
// begins before the end of what was said replaces what follows.
type tokenData struct {
	CallID  string `json:"call_id"`
	Token   string `json:"token"`
	Segment string `json:"segment"`
	Offset  int    `json:"offset"`
}

// load reads the log, once. The log of a first run holds what the runtime wrote and nothing of ours.
func (l *log) load(ctx context.Context) error {
	if l.read {
		return nil
	}
	ex := l.call.Execution()
	err := l.call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		for after := int64(0); ; {
			page, err := tx.Events.Read(ctx, scope.TenantID, ex.ID, after, logPage)
			if err != nil || len(page) == 0 {
				return err
			}
			for _, e := range page {
				l.note(e)
			}
			after = page[len(page)-1].Seq
		}
	})
	l.read = err == nil
	return err
}

func (l *log) note(e event.Event) {
	if !strings.HasPrefix(e.Type, "agent.") {
		return
	}
	var d tokenData
	if json.Unmarshal(e.Data, &d) != nil {
		return // it is none of ours
	}
	if e.Type == event.AgentToken {
		if d.Offset <= len(l.text[d.Segment]) {
			l.text[d.Segment] = l.text[d.Segment][:d.Offset] + d.Token
		}
		return
	}
	l.told[e.Type+" "+d.CallID] = true
}

// has reports whether an event was told; callID is "" for one of the whole turn.
func (l *log) has(ctx context.Context, eventType, callID string) (bool, error) {
	if err := l.load(ctx); err != nil {
		return false, err
	}
	return l.told[eventType+" "+callID], nil
}

// once tells an event unless it was told.
func (l *log) once(ctx context.Context, eventType, callID string, data map[string]any) error {
	told, err := l.has(ctx, eventType, callID)
	if err != nil || told {
		return err
	}
	if callID != "" {
		data["call_id"] = callID
	}
	if err := l.call.Emit(ctx, event.Draft{Type: eventType, Data: Encode(data)}); err != nil {
		return err
	}
	l.told[eventType+" "+callID] = true
	return nil
}

// said gives what was said of a segment.
func (l *log) said(ctx context.Context, segment string) (string, error) {
	if err := l.load(ctx); err != nil {
		return "", err
	}
	return l.text[segment], nil
}
