package insights

import (
	"context"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/text"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// dive is an analysis of a text, with the conversation about it if one was asked for.
type dive struct {
	made
	ConversationID, Opening string
}

// opening is what the liaison says first: what was found, in the analysis' own figures.
func opening(source artifact.Snapshot, r *text.Analysis) string {
	s := fmt.Sprintf("I have read %s: %s in %s.", say.Plain(source.Name, 60), say.Plural(r.Words, "word", "words"), say.Plural(r.Paragraphs, "paragraph", "paragraphs"))
	topics := make([]string, 0, 3)
	for _, t := range r.Topics[:min(len(r.Topics), 3)] {
		topics = append(topics, say.Quote(t.Topic))
	}
	if len(topics) > 0 {
		s += " It is mostly about " + say.Join(topics, len(topics)) + "."
	}
	if len(r.Summary) > 0 {
		s += " Its most typical sentence: " + say.Quote(strings.TrimSpace(r.Summary[0]))
	}
	return s + " What would you like to look at?"
}

// open stores the conversation with the insights liaison, with its first message.
func (r *Realm) open(ctx context.Context, call ports.IntentCall, d dive) error {
	_, err := steps.Transact(ctx, call, "deep_dive", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (bool, error) {
		at := r.Clock.Now()
		err := tx.Conversations.Insert(ctx, agent.Conversation{
			ID: d.ConversationID, TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID, ClientID: d.ConversationID,
			Surface: "insights_pillar", AgentID: agent.LiaisonInsights, Messages: 1, CreatedAt: at, UpdatedAt: at,
		})
		if err != nil {
			return false, err
		}
		m := agent.Message{
			ID: r.IDs.NewID(typeid.Message), TenantID: now.TenantID, ConversationID: d.ConversationID, Role: agent.RoleAssistant, Text: d.Opening,
			AgentID: agent.LiaisonInsights, ExecutionID: now.ID, Origin: "authenticated", CreatedAt: at,
		}
		if now.Principal.Anonymous() {
			m.Origin = "anonymous"
		}
		_, err = tx.Messages.Append(ctx, m)
		return true, err
	})
	return err
}
