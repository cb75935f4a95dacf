package agent_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
)

func TestAConversationIsBoundedByNumberAndBytes(t *testing.T) {
	many := make([]agent.Message, 300)
	require.Equal(t, agent.MaxMessages, agent.Kept(many))
	long := []agent.Message{{Text: "x"}, {Text: strings.Repeat("x", 100<<10)}, {Text: strings.Repeat("x", 100<<10)}, {Text: strings.Repeat("x", 100<<10)}}
	require.Equal(t, 2, agent.Kept(long))
	require.Equal(t, 1, agent.Kept([]agent.Message{{Text: "x"}, {Text: strings.Repeat("x", 300<<10)}}), "the last stays, however long")
	require.Zero(t, agent.Kept(nil))
}

func TestWhatIsRemovedIsSummed(t *testing.T) {
	first := agent.Fold("", []agent.Message{{Role: agent.RoleUser, Text: "Hello\n\nthere", Origin: "anonymous"}, {Role: agent.RoleAssistant, Text: strings.Repeat("ä", 200)}})
	require.True(t, strings.HasPrefix(first, "[anonymous] user: Hello there\nassistant: ää"))
	require.True(t, utf8.ValidString(first))
	require.True(t, agent.Tainted(first))
	require.Equal(t, first, agent.Fold("", []agent.Message{{Role: agent.RoleUser, Text: "Hello\n\nthere", Origin: "anonymous"}, {Role: agent.RoleAssistant, Text: strings.Repeat("ä", 200)}}))
	all := first
	for i := range 200 {
		all = agent.Fold(all, []agent.Message{{Role: agent.RoleUser, Text: fmt.Sprint("message ", i, strings.Repeat(" word", 40))}})
		require.LessOrEqual(t, len(all), agent.MaxSummary)
	}
	require.NotContains(t, all, "Hello", "the oldest goes first")
	require.Contains(t, all, "user: message 199 word")
	require.False(t, agent.Tainted(all))
}
