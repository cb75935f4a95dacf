package insights_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

func TestUnstructuredAnalysisNamesWhatIsInTheText(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	fileID, parsedID := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	o := w.Must(t, p, "analyze_unstructured_data", params{"parsed_result_id": parsedID})
	require.Equal(t, []string{"unstructured_data_analyzed"}, o.Events())
	doc := o.Artifact("unstructured_analysis")
	require.Equal(t, doc, o.Artifact("analysis"))
	require.Equal(t, o.Value("analysis_id"), doc["artifact_id"])
	require.Equal(t, []any{parsedID}, doc["parent_artifacts"])
	require.Equal(t, fileID, at(t, doc, "lineage", "root_artifact_id"))
	require.InDelta(t, 3, at(t, doc, "entity_counts", "date"), 0)
	require.Contains(t, fmt.Sprint(doc["entities"]), "PER-2024-001234")
	require.Equal(t, "permit", at(t, doc, "words", 0, "word"))
	require.NotEmpty(t, doc["summary"])
	require.NotEmpty(t, doc["topics"])
	require.NotNil(t, at(t, doc, "sentiment", "label"))

	few := w.Must(t, w.Upgrade(t, p), "analyze_unstructured_data", params{"parsed_file_id": parsedID, "analysis_options": params{"semantic": false, "topics": false, "extraction": false}})
	require.NotContains(t, few.Artifact("analysis"), "entities")
	require.NotContains(t, few.Artifact("analysis"), "topics")
	require.Equal(t, doc["sentiment"], few.Artifact("analysis")["sentiment"])
}

func TestUnstructuredRefusals(t *testing.T) {
	w := world(t)
	p := w.User(t)
	fileID, one := parsed(t, w, p, "a.txt", "One good text.\n")
	_, table := parsed(t, w, p, "a.csv", "id,name\n1,Ada\n")
	off := params{"semantic": false, "sentiment": false, "topics": false, "extraction": false}
	for name, c := range map[string]struct {
		in   params
		code string
	}{
		"nothing": {params{}, "invalid_parameters"},
		"a file":  {params{"parsed_file_id": fileID}, "not_found"},
		"a table": {params{"parsed_file_id": table}, "insufficient_data"},
		"all off": {params{"parsed_file_id": one, "analysis_options": off}, "invalid_parameters"},
		"unknown": {params{"parsed_file_id": one, "depth": 3}, "unknown_field"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := w.Submit(t, p, "analyze_unstructured_data", c.in)
			require.Error(t, err)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
		})
	}
	_, err := w.Submit(t, w.User(t), "analyze_unstructured_data", params{"parsed_file_id": one})
	require.Equal(t, fault.ErrNotFound, err)
}

func TestUnstructuredPayloadStaysInItsBounds(t *testing.T) {
	w := world(t)
	p := w.User(t)
	var s strings.Builder
	for i := range 600 {
		fmt.Fprintf(&s, "Label %d: %s <b>\u0001%d on 2024-01-01 with REF-2024-%d\n\n", i, strings.Repeat("väl", 200), i, i)
	}
	s.WriteString(strings.Repeat("y", 200_000))
	_, id := parsed(t, w, p, "long.txt", s.String())
	o := w.Must(t, p, "analyze_unstructured_data", params{"parsed_file_id": id})
	require.LessOrEqual(t, len(o.Stored[0].Payload), artifact.MaxPayload)
	require.Equal(t, true, o.Artifact("analysis")["entities_truncated"])
	require.InDelta(t, 600, at(t, o.Artifact("analysis"), "entity_counts", "date"), 0)
}

func TestDeepDiveOpensAConversation(t *testing.T) {
	w := world(t)
	p := w.Visitor(t)
	_, id := parsed(t, w, p, "permit.txt", fixture(t, "permit.txt"))
	o := w.Must(t, p, "analyze_unstructured_data", params{"parsed_file_id": id, "deep_dive": true})
	conversation := o.Value("conversation_id")
	require.NotEmpty(t, conversation)
	require.Equal(t, conversation, o.Artifact("analysis")["conversation_id"])
	require.NoError(t, w.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Conversations.ByID(ctx, p.Scope(), conversation)
		require.NoError(t, err)
		require.Equal(t, agent.LiaisonInsights, c.AgentID)
		messages, err := tx.Messages.Before(ctx, p.TenantID, conversation, 0, 10)
		require.NoError(t, err)
		require.Len(t, messages, c.Messages)
		require.Contains(t, messages[0].Text, "permit.txt")
		_, err = tx.Conversations.ByID(ctx, w.User(t).Scope(), conversation)
		require.Equal(t, "not_found", code(err))
		return nil
	}))
	plain := w.Must(t, p, "analyze_unstructured_data", params{"parsed_file_id": id})
	require.Empty(t, plain.Value("conversation_id"))
}
