package journey

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/realms/journey/wizard"
	"github.com/symphainy/symphainy/application/realms/steps"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

const schemaChat = "sop_chat_v1"

const chatSchema = `{"type":"object","additionalProperties":false,
"properties":{"session_id":` + idSchema + `,"initial_requirements":{"type":"string","maxLength":20000}}}`

const chatMessageSchema = `{"type":"object","additionalProperties":false,"required":["session_id","message"],
"properties":{"session_id":` + idSchema + `,"message":{"type":"string","minLength":1,"maxLength":20000}}}`

func chatSpecs() []realm.IntentSpec {
	return []realm.IntentSpec{
		{
			Type: generateSOPFromChat, Title: "Tell an SOP", Tier: 2,
			Summary: "Begins a conversation that leads to a standard operating procedure; with the session_id of one, makes the procedure of it.",
			Schema:  []byte(chatSchema), Retry: realm.RetryHuman,
			ResultKeys: []string{keyChatSession, keySOP}, OptionalKeys: []string{keyChatSession, keySOP},
			Events:  []string{eventChatStarted, eventChatSOP},
			Example: []byte(`{"initial_requirements":"How we change the beneficiary of a policy"}`),
		}, {
			Type: sopChatMessage, Title: "Say something about an SOP", Tier: 2,
			Summary: "Answers the wizard's question, edits the procedure, or gives a command: back, skip, show, cancel, done.",
			Schema:  []byte(chatMessageSchema), Retry: realm.RetryHuman,
			ResultKeys: []string{keyChatResponse, keySOP}, OptionalKeys: []string{keySOP},
			Events:  []string{eventChatMessage, eventChatSOP},
			Example: []byte(`{"session_id":"con_01jd8h0000exampe0000000000","message":"1. Clerk: Open the parcel\n2. If it is damaged, go to step 4"}`),
		},
	}
}

type chatParameters struct {
	SessionID    string `json:"session_id"`
	Requirements string `json:"initial_requirements"`
	Message      string `json:"message"`
}

// storedChat is the payload of a conversation's artifact.
type storedChat struct {
	State wizard.State `json:"state"`
}

func chatPayload(id string, s wizard.State, initial any) map[string]any {
	return map[string]any{
		"session_id": id, "chat_session_id": id, "status": s.Status, "stage": string(s.Stage), "initial_response": initial,
		"sop_structure": sopFields(&s.Draft), "state": s,
	}
}

// generateSOPFromChat begins a conversation, or makes the procedure of one.
func (r *Realm) generateSOPFromChat(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[chatParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if in.SessionID == "" {
		return r.startChat(ctx, call, wizard.Start(in.Requirements))
	}
	if in.Requirements != "" {
		return ports.IntentResult{}, wrong("initial_requirements", "conflicting", "a conversation that exists takes no initial requirements; send a message.")
	}
	state, err := r.chat(ctx, call, in.SessionID)
	if err != nil {
		return ports.IntentResult{}, err
	}
	if state.Status == wizard.Cancelled {
		return ports.IntentResult{}, wizard.ErrOver
	}
	return r.finishChat(ctx, call, in.SessionID, state)
}

// startChat stores a new conversation: its transcript, and its state as an artifact under the conversation's id.
func (r *Realm) startChat(ctx context.Context, call ports.IntentCall, state wizard.State) (ports.IntentResult, error) {
	payload, err := steps.Transact(ctx, call, "start", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (json.RawMessage, error) {
		id, at := r.IDs.NewID(typeid.Conversation), r.Clock.Now()
		question := state.Question()
		c := agent.Conversation{
			ID: id, TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID, ClientID: id, Surface: "journey_pillar",
			AgentID: agent.LiaisonJourney, CreatedAt: at, UpdatedAt: at,
		}
		if err := tx.Conversations.Insert(ctx, c); err != nil {
			return nil, err
		}
		if err := r.say(ctx, tx, now, id, agent.RoleAssistant, question); err != nil {
			return nil, err
		}
		raw := artifacts.Encode(chatPayload(id, state, map[string]any{"message": question, "suggestions": state.Suggestions()}))
		a, err := artifact.New(r.chatArtifact(now, id, raw))
		if err != nil {
			return nil, err
		}
		return raw, tx.Artifacts.Insert(ctx, a)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	var known struct {
		ID string `json:"session_id"`
	}
	if err := json.Unmarshal(payload, &known); err != nil {
		return ports.IntentResult{}, errUnreadable.Because(err)
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keyChatSession, View: true, Artifact: artifact.Snapshot{ID: known.ID, Type: keyChatSession, Payload: payload}}},
		Values:    map[string]string{"chat_session_id": known.ID},
		Events:    []event.Draft{{Type: eventChatStarted, Data: artifacts.Encode(map[string]any{"chat_session_id": known.ID, "stage": string(state.Stage)})}},
	}, nil
}

func (r *Realm) chatArtifact(now execution.Snapshot, id string, payload []byte) artifact.Snapshot {
	at := r.Clock.Now()
	a := artifact.Snapshot{
		ID: id, TenantID: now.TenantID, OwnerID: now.OwnerID, SessionID: now.SessionID, SolutionID: now.Intent.SolutionID, Realm: Name,
		Type: keyChatSession, DataClass: artifact.WorkingMaterial, Purpose: "delivery", State: artifact.Ready, Sharing: artifact.Workspace,
		Name: "SOP conversation", Payload: payload, Metadata: described(schemaChat, nil, nil),
		Descriptor:     artifacts.Encode(map[string]any{"schema": schemaChat}),
		Lineage:        artifact.Lineage{DerivationIntent: now.Intent.Type, DerivationRunID: now.ID, RootArtifactID: id},
		ProducedIntent: now.Intent.Type, ExecutionID: now.ID, Origin: "authenticated", CreatedAt: at, UpdatedAt: at,
	}
	if now.Principal.Anonymous() {
		a.Origin = "anonymous"
	}
	return a
}

// say writes a line of the transcript.
func (r *Realm) say(ctx context.Context, tx ports.Tx, now execution.Snapshot, id string, role agent.MessageRole, text string) error {
	m := agent.Message{
		ID: r.IDs.NewID(typeid.Message), TenantID: now.TenantID, ConversationID: id, Role: role, Text: text, AgentID: agent.LiaisonJourney,
		ExecutionID: now.ID, Origin: "authenticated", CreatedAt: r.Clock.Now(),
	}
	if now.Principal.Anonymous() {
		m.Origin = "anonymous"
	}
	if _, err := tx.Messages.Append(ctx, m); err != nil {
		return err
	}
	_, err := tx.Messages.Trim(ctx, now.TenantID, id, agent.MaxMessages)
	return err
}

// chat reads the state of a conversation.
func (r *Realm) chat(ctx context.Context, call ports.IntentCall, id string) (wizard.State, error) {
	a, err := r.find(ctx, call, keyChatSession, id)
	if err != nil {
		return wizard.State{}, named("session_id", err)
	}
	return stateOf(a)
}

func stateOf(a artifact.Snapshot) (wizard.State, error) {
	var d storedChat
	if err := json.Unmarshal(a.Payload, &d); err != nil {
		return wizard.State{}, errUnreadable.Because(err)
	}
	return d.State, nil
}

// reply is the stored result of a message.
type reply struct {
	ID     string
	State  wizard.State
	Answer wizard.Answer
}

// sopChatMessage takes one message of a conversation.
func (r *Realm) sopChatMessage(ctx context.Context, call ports.IntentCall) (ports.IntentResult, error) {
	in, err := steps.Parameters[chatParameters](call)
	if err != nil {
		return ports.IntentResult{}, err
	}
	got, err := steps.Transact(ctx, call, "message", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (reply, error) {
		return r.hear(ctx, tx, now, in)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	result := ports.IntentResult{Values: map[string]string{"chat_session_id": got.ID}}
	if got.Answer.Done {
		if result, err = r.finishChat(ctx, call, got.ID, got.State); err != nil {
			return ports.IntentResult{}, err
		}
		got.State.Status, got.State.Stage = wizard.Completed, wizard.Complete
	}
	view := artifact.Snapshot{Type: keyChatResponse, Payload: artifacts.Encode(map[string]any{
		"session_id": got.ID, "chat_session_id": got.ID, "response": got.Answer.Text, "sop_structure": sopFields(&got.State.Draft),
		"stage": string(got.State.Stage), "updated": got.Answer.Updated, "status": got.State.Status, "suggestions": got.State.Suggestions(),
	})}
	result.Artifacts = append([]ports.ResultArtifact{{Key: keyChatResponse, View: true, Artifact: view}}, result.Artifacts...)
	result.Events = append([]event.Draft{{Type: eventChatMessage, Data: artifacts.Encode(map[string]any{
		"chat_session_id": got.ID, "stage": string(got.State.Stage), "updated": got.Answer.Updated, "status": got.State.Status,
	})}}, result.Events...)
	return result, nil
}

// hear applies a message to the stored conversation.
func (r *Realm) hear(ctx context.Context, tx ports.Tx, now execution.Snapshot, in chatParameters) (reply, error) {
	a, state, err := openChat(ctx, tx, now, in.SessionID)
	if err != nil {
		return reply{}, named("session_id", err)
	}
	answer, err := state.Apply(in.Message)
	if err != nil {
		return reply{}, err
	}
	if err := r.say(ctx, tx, now, a.ID(), agent.RoleUser, in.Message); err != nil {
		return reply{}, err
	}
	if err := r.say(ctx, tx, now, a.ID(), agent.RoleAssistant, answer.Text); err != nil {
		return reply{}, err
	}
	return reply{ID: a.ID(), State: state, Answer: answer}, r.saveChat(ctx, tx, a, state, nil)
}

func openChat(ctx context.Context, tx ports.Tx, now execution.Snapshot, id string) (artifact.Artifact, wizard.State, error) {
	a, err := artifacts.Find(ctx, tx, now.Scope(), keyChatSession, id)
	if err != nil {
		return artifact.Artifact{}, wizard.State{}, err
	}
	state, err := stateOf(a.Snapshot())
	return a, state, err
}

func (r *Realm) saveChat(ctx context.Context, tx ports.Tx, a artifact.Artifact, s wizard.State, sopID any) error {
	payload := chatPayload(a.ID(), s, nil)
	payload["sop_id"] = sopID
	raw := artifacts.Encode(payload)
	if len(raw) > artifact.MaxPayload {
		return tooLarge("bytes of a procedure", artifact.MaxPayload, len(raw))
	}
	a.Describe(raw, nil, r.Clock.Now())
	err := tx.Artifacts.Save(ctx, a)
	if errors.Is(err, fault.ErrStale) {
		// Another message came in between: this one is heard again, after it.
		return fault.ErrUnavailable.Because(err)
	}
	return err
}

// finishChat makes the procedure of a conversation and closes it.
func (r *Realm) finishChat(ctx context.Context, call ports.IntentCall, id string, state wizard.State) (ports.IntentResult, error) {
	p, lost, err := state.Finish()
	if err != nil {
		return ports.IntentResult{}, err
	}
	source, err := r.find(ctx, call, keyChatSession, id)
	if err != nil {
		return ports.IntentResult{}, err
	}
	done, err := steps.Run(ctx, call, "write", func(ctx context.Context, _ string) (made, error) {
		return r.writeSOP(ctx, call, p, source, unknownSteps(lost))
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	_, err = steps.Transact(ctx, call, "close", func(ctx context.Context, tx ports.Tx, now execution.Snapshot) (bool, error) {
		a, kept, err := openChat(ctx, tx, now, id)
		if err != nil {
			return false, err
		}
		kept.Status, kept.Stage = wizard.Completed, wizard.Complete
		return true, r.saveChat(ctx, tx, a, kept, done.ID)
	})
	if err != nil {
		return ports.IntentResult{}, err
	}
	return ports.IntentResult{
		Artifacts: []ports.ResultArtifact{{Key: keySOP, Artifact: outcome(call, keySOP, schemaSOP, done, source)}},
		Values:    map[string]string{"sop_id": done.ID, "chat_session_id": id},
		Events:    []event.Draft{{Type: eventChatSOP, Data: done.Event}},
	}, nil
}
