package agents

import (
	"context"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what a turn reads.
const (
	historyWindow = 20
	factWindow    = 100
)

// assemble reads the runtime context of a turn: conversation, history, and what the caller's scope holds.
func (r *Realm) assemble(ctx context.Context, call ports.IntentCall, p TurnParameters) (ports.Turn, error) {
	turn := ports.Turn{Text: p.Text, Surface: p.Surface}
	err := call.Read(ctx, func(ctx context.Context, tx ports.Tx, scope identity.Scope) error {
		var err error
		if turn.Conversation, err = tx.Conversations.ByID(ctx, scope, p.ConversationID); err != nil {
			return err
		}
		messages, err := tx.Messages.Before(ctx, scope.TenantID, p.ConversationID, 0, historyWindow)
		if err != nil {
			return err
		}
		turn.History = before(messages, p.MessageID)
		turn.Facts, err = Facts(ctx, tx, scope, call.Execution().SessionID)
		return err
	})
	return turn, err
}

// Facts reads what the scope holds, for a session whose caller has been checked.
func Facts(ctx context.Context, tx ports.Tx, scope identity.Scope, sessionID string) (ports.SessionFacts, error) {
	f := ports.SessionFacts{Anonymous: scope.OwnerID == ""}
	if scope.OwnerID != "" {
		u, err := tx.Users.ByID(ctx, scope.OwnerID)
		if err != nil {
			return f, err
		}
		f.UserName = u.Name
	}
	of, err := tx.Sessions.ByID(ctx, sessionID)
	if err != nil {
		return f, err
	}
	if b := CommittedContext(of.Snapshot().Metadata); !b.Empty() {
		f.BusinessContext = Encode(b)
	}
	list, _, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{
		States: []artifact.State{artifact.Pending, artifact.Ready, artifact.Draft, artifact.Accepted},
	}, ports.Window{Limit: factWindow})
	if err != nil {
		return f, err
	}
	for _, a := range list {
		s := a.Snapshot()
		switch s.Type {
		case "file":
			f.Files = append(f.Files, s)
		case "parsed_content":
			f.Parsed = append(f.Parsed, s)
		case "quality_assessment":
			f.Quality = append(f.Quality, s)
		default:
			f.Others = append(f.Others, s)
		}
	}
	executions, err := tx.Executions.List(ctx, scope, ports.ExecutionFilter{
		SessionID: sessionID, Except: []string{TurnIntent, ToolIntent}, // what was said is in the conversation
	}, ports.Page{Limit: factWindow})
	for _, e := range executions {
		f.Executions = append(f.Executions, e.Snapshot())
	}
	return f, err
}

// before gives what was said before the message that is answered; messages that queue behind it are not part of its past.
func before(messages []agent.Message, id string) []agent.Message {
	for i, m := range messages {
		if m.ID == id {
			return messages[:i]
		}
	}
	return messages
}
