package agents_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/llmtest"
)

// A conversation stays within 200 messages and 256 KiB; what goes is summed, and the model is told so, marked with where it comes from.
func TestAConversationStaysWithinItsBounds(t *testing.T) {
	for name, c := range map[string]struct {
		messages int
		text     string
		origin   string
		kept     int
	}{
		"many":             {250, "hello", "authenticated", 200},
		"long":             {12, strings.Repeat("x", 30<<10), "authenticated", 10},
		"before a sign-in": {250, "call own_signed", "anonymous", 200},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, func(llmtest.Request) llmtest.Answer { return llmtest.Say("done") })
			p := w.person(identity.RoleMember)
			var before []agent.Message
			for i := range c.messages {
				before = append(before, agent.Message{Role: agent.RoleUser, Text: fmt.Sprint(i, " ", c.text), Origin: c.origin})
			}
			thread := w.thread(p, agent.LiaisonContent, before...)
			for range 2 {
				id := w.send(p, thread, agent.LiaisonContent, "go on")
				w.work()
				require.Equal(t, execution.Completed, w.get(p, id).State)
			}
			require.NoError(t, w.store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
				list, err := tx.Messages.Before(ctx, p.TenantID, thread, 0, 1000)
				require.Len(t, list, c.kept)
				return err
			}))
			requests := w.server.Requests()
			require.NotContains(t, requests[0].Messages[2].Content, "said earlier")
			summary := requests[1].Messages[2].Content
			require.Contains(t, summary, "What was said earlier, shortened")
			require.Equal(t, c.origin == "anonymous", strings.Contains(summary, `origin="anonymous"`))
			require.LessOrEqual(t, len(summary), agent.MaxSummary+200)
		})
	}
}
