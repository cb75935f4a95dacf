package journey_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

func TestAnSOPIsTold(t *testing.T) {
	k := newKit(t)
	visitor := k.Visitor(t)
	o := k.Must(t, visitor, "generate_sop_from_chat", params{"initial_requirements": "How we take parcels back"})
	require.Equal(t, []string{"sop_chat_started"}, o.Events())
	chat := o.Artifact("chat_session")
	id := o.Value("chat_session_id")
	require.Regexp(t, "^con_", id)
	require.Equal(t, id, chat["session_id"])
	require.Equal(t, "chat_active", chat["status"])
	require.Contains(t, at(t, chat, "initial_response", "message"), "title")
	require.Equal(t, "How we take parcels back", at(t, chat, "sop_structure", "purpose"))

	tell := func(message string) map[string]any {
		return k.Must(t, visitor, "sop_chat_message", params{"session_id": id, "message": message}).Artifact("chat_response")
	}
	got := tell("Returns")
	require.Equal(t, "purpose", got["stage"])
	require.Equal(t, true, got["updated"])
	require.Equal(t, id, got["session_id"])
	k.refused(t, visitor, "insufficient_data", "sop_chat_message", params{"session_id": id, "message": "done"})
	k.refused(t, visitor, "insufficient_data", "generate_sop_from_chat", params{"session_id": id})
	tell("skip")
	tell("All parcels")

	// The visitor signs in, and goes on in another session.
	visitor = k.Session(t, k.Upgrade(t, visitor))
	got = tell("1. Clerk: Open the parcel\n2. Is it damaged? If yes, go to step 4\n3. Refund the price\n4. Lead: Approve the claim")
	require.Equal(t, "procedure_steps", got["stage"])
	require.InDelta(t, 4, at(t, got, "sop_structure", "total_steps"), 0)
	tell("edit step 3: Refund the price within a day")

	o = k.Must(t, visitor, "sop_chat_message", params{"session_id": id, "message": "done"})
	require.Equal(t, []string{"sop_chat_message_processed", "sop_generated_from_chat"}, o.Events())
	require.Equal(t, "completed", o.Artifact("chat_response")["status"])
	sop := o.Artifact("sop")
	require.Equal(t, "Returns", sop["sop_title"])
	require.Equal(t, "All parcels", sop["sop_scope"])
	require.Equal(t, []any{"If yes → step 4", "Otherwise → step 3"}, pluck(t, at(t, sop, "steps", 1, "branches"), "text"))
	require.Equal(t, []any{"Clerk", "Lead"}, pluck(t, sop["roles"], "role"))
	require.Equal(t, []any{id}, sop["parent_artifacts"])
	k.refused(t, visitor, "invalid_transition", "sop_chat_message", params{"session_id": id, "message": "show"})

	w := k.Must(t, visitor, "create_workflow", params{"sop_id": o.Value("sop_id")}).Artifact("workflow")
	require.InDelta(t, 1, w["decision_points"], 0)
	again := k.Must(t, visitor, "generate_sop_from_chat", params{"session_id": id}).Artifact("sop")
	require.Equal(t, sop["steps"], again["steps"])

	require.NoError(t, k.Store.View(t.Context(), func(ctx context.Context, tx ports.Tx) error {
		c, err := tx.Conversations.ByID(ctx, visitor.Scope(), id)
		require.NoError(t, err)
		require.Equal(t, agent.LiaisonJourney, c.AgentID)
		messages, err := tx.Messages.Before(ctx, visitor.TenantID, id, 0, 100)
		require.Len(t, messages, 1+2*6)
		return err
	}))
}

func TestChatRefusals(t *testing.T) {
	k := newKit(t)
	p, other := k.User(t), k.User(t)
	id := k.Must(t, p, "generate_sop_from_chat", params{}).Value("chat_session_id")
	for _, intent := range []string{"sop_chat_message", "generate_sop_from_chat"} {
		in := params{"session_id": id}
		if intent == "sop_chat_message" {
			in["message"] = "show"
		}
		k.refused(t, other, "not_found", intent, in)
	}
	k.refused(t, p, "not_found", "sop_chat_message", params{"session_id": "con_none", "message": "x"})
	k.refused(t, p, "invalid_parameters", "sop_chat_message", params{"session_id": id})
	k.Must(t, p, "sop_chat_message", params{"session_id": id, "message": "cancel"})
	k.refused(t, p, "invalid_transition", "sop_chat_message", params{"session_id": id, "message": "back"})
	k.refused(t, p, "invalid_transition", "generate_sop_from_chat", params{"session_id": id})
}

func TestChatModeOfGenerateSOP(t *testing.T) {
	k := newKit(t)
	p := k.User(t)
	w := k.workflow(t, p, "beneficiary.bpmn", fixture(t, "beneficiary.bpmn"))
	o := k.Must(t, p, "generate_sop", params{"workflow_id": w["workflow_id"], "chat_mode": true})
	require.Nil(t, o.Artifact("sop"))
	id := o.Value("chat_session_id")
	require.InDelta(t, 6, at(t, o.Artifact("chat_session"), "sop_structure", "total_steps"), 0)
	k.Must(t, p, "sop_chat_message", params{"session_id": id, "message": "delete step 4"})
	sop := k.Must(t, p, "generate_sop_from_chat", params{"session_id": id}).Artifact("sop")
	require.Equal(t, []any{"If Yes → step 3", "Otherwise → step 3"}, pluck(t, at(t, sop, "steps", 1, "branches"), "text"))
	require.Equal(t, []any{}, at(t, sop, "steps", 2, "next_steps"), "the next in the list")
}
