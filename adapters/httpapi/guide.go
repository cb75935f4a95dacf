package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// chatWait is how long a chat answer is waited for before 202 tells where it will be.
const chatWait = 20 * time.Second

// Addressed is what every request to the guide may name. Huma looks into embedded structs only if they are exported.
type Addressed struct {
	SessionID *string `json:"session_id,omitempty" doc:"Absent: the login's session, or the one whose secret came"`
	TenantID  *string `json:"tenant_id,omitempty" doc:"Null, or the credential's"`
	UserID    *string `json:"user_id,omitempty" doc:"Null, or the credential's"`
}

type chatBody struct {
	Addressed

	Message        string  `json:"message" minLength:"1" maxLength:"32768"`
	Surface        *string `json:"surface,omitempty" maxLength:"64" doc:"Such as content_pillar; absent is the guide's own"`
	ConversationID *string `json:"conversation_id,omitempty" maxLength:"200"`
	MessageID      *string `json:"message_id,omitempty" maxLength:"200" doc:"Makes a resend of the same message harmless"`
}

type analyseBody struct {
	Addressed

	Message string `json:"message" minLength:"1" maxLength:"32768"`
}

type guidanceBody struct {
	Addressed

	CurrentPillar *string `json:"current_pillar,omitempty" maxLength:"64"`
}

type routeBody struct {
	Addressed

	Pillar  *string `json:"pillar,omitempty" maxLength:"64" doc:"A pillar or surface; absent: the message decides"`
	Message *string `json:"message,omitempty" maxLength:"32768"`
}

type commitBody struct {
	Addressed

	Context contextShape `json:"context"`
}

type suggestionShape struct {
	Label      string      `json:"label"`
	IntentType *string     `json:"intent_type" doc:"A ready intent, or null"`
	Parameters wire.Object `json:"parameters"`
	Message    *string     `json:"message" doc:"A message to send, or null"`
}

type understood struct {
	Understood         bool `json:"understood"`
	NeedsClarification bool `json:"needs_clarification"`
}

type analysisShape struct {
	IntentCategory    string     `json:"intent_category" enum:"content_management,data_analysis,process_management,solution_planning,navigation,general"`
	RecommendedPillar *string    `json:"recommended_pillar"`
	Confidence        float64    `json:"confidence"`
	Requirements      []string   `json:"requirements"`
	Alternatives      []string   `json:"alternatives" doc:"The other pillars of a tie"`
	Message           string     `json:"message"`
	Analysis          understood `json:"analysis"`
}

type guidanceShape struct {
	RecommendedPillar string            `json:"recommended_pillar"`
	RecommendedAction string            `json:"recommended_action"`
	Reasoning         string            `json:"reasoning"`
	CurrentPillar     *string           `json:"current_pillar"`
	CompletedPillars  []string          `json:"completed_pillars"`
	NextSteps         []suggestionShape `json:"next_steps"`
}

type routingInfo struct {
	ShouldRoute    bool    `json:"should_route"`
	Pillar         *string `json:"pillar"`
	LiaisonAgent   *string `json:"liaison_agent"`
	RoutingMessage string  `json:"routing_message"`
}

type routeShape struct {
	Pillar      *string           `json:"pillar"`
	PillarTitle *string           `json:"pillar_title"`
	AgentID     string            `json:"agent_id" doc:"Who answers; the guide where no liaison is known"`
	RoutingInfo routingInfo       `json:"routing_info"`
	Holds       map[string]int    `json:"holds" doc:"What the session has made there, by artifact type"`
	NextSteps   []suggestionShape `json:"next_steps"`
}

type contextShape struct {
	Industries []string `json:"industries,omitempty" maxItems:"20"`
	Systems    []string `json:"systems,omitempty" maxItems:"20"`
	Goals      []string `json:"goals,omitempty" maxItems:"20"`
}

type discovered struct {
	Context     contextShape `json:"context"`
	Provisional bool         `json:"provisional" doc:"Until commit-context keeps it"`
	Message     string       `json:"message"`
}

type committed struct {
	Context     contextShape `json:"context"`
	Committed   bool         `json:"committed"`
	CommittedAt time.Time    `json:"committed_at"`
}

type chatAnswer struct {
	Success        bool              `json:"success"`
	Status         string            `json:"status" doc:"Of the execution"`
	SessionID      string            `json:"session_id"`
	ConversationID string            `json:"conversation_id"`
	ExecutionID    string            `json:"execution_id"`
	AgentID        string            `json:"agent_id"`
	AgentType      string            `json:"agent_type"`
	Message        *string           `json:"message" doc:"The answer; null while it is not there, or if there is none"`
	Suggestions    []suggestionShape `json:"suggestions" doc:"Next steps as buttons"`
	Data           wire.Object       `json:"data" doc:"The facts behind the answer, or null"`
	Method         *string           `json:"method" doc:"deterministic or llm"`
	Error          *string           `json:"error"`
	ErrorCode      *string           `json:"error_code"`
}

type chatted struct {
	Status   int
	Location string `header:"Location"`
	Body     chatAnswer
}

type messageShape struct {
	MessageID   string    `json:"message_id"`
	Seq         int64     `json:"seq"`
	Role        string    `json:"role" enum:"user,assistant"`
	Text        string    `json:"text"`
	AgentID     *string   `json:"agent_id"`
	ExecutionID *string   `json:"execution_id"`
	Origin      string    `json:"origin" enum:"anonymous,authenticated" doc:"anonymous: said before the session's upgrade"`
	CreatedAt   time.Time `json:"created_at"`
}

type history struct {
	SessionID  string         `json:"session_id"`
	Messages   []messageShape `json:"messages" doc:"Oldest first"`
	NextBefore *int64         `json:"next_before" doc:"Give it as before to read what was said earlier; null at the beginning"`
}

func (s *Server) guideRoutes() {
	tags := []string{"guide"}
	const base = "/api/v1/guide-agent/"
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "chat", Summary: "Say something to an agent and get its answer", Tags: tags,
		Description: "One turn as an execution. 202 if the answer takes longer than 20 seconds; it then comes in the execution's log.",
		Responses:   map[string]*huma.Response{"202": jsonOf[chatAnswer](s, "Still being answered"), "200": jsonOf[chatAnswer](s, "The answer")}}, s.chat)
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "analyze-intent", Summary: "What a message is about", Tags: tags}, s.analyseMessage)
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "guidance", Summary: "Where the journey stands and what is next", Tags: tags}, s.guidance)
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "route-to-pillar", Summary: "Which agent a request belongs to", Tags: tags}, s.routeToPillar)
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "discover-context", Summary: "Read a business context out of a text", Tags: tags}, s.discoverContext)
	route(s, huma.Operation{Method: http.MethodPost, Path: base + "commit-context", Summary: "Keep a business context with the session", Tags: tags}, s.commitContext)
	route(s, huma.Operation{Method: http.MethodGet, Path: base + "history/{id}", Summary: "What was said in a conversation", Tags: tags}, s.history)
}

func (s *Server) chat(ctx context.Context, in *struct{ Body chatBody }) (*chatted, error) {
	c := callerOf(ctx)
	sent, err := s.d.Conversations.Send(ctx, c.principal, conversation.MessageCommand{
		SessionID: c.session.ID(), Text: in.Body.Message, Surface: text(in.Body.Surface), ConversationID: text(in.Body.ConversationID),
		MessageID: text(in.Body.MessageID), TraceID: wire.TraceID(ctx),
	})
	if err != nil {
		return nil, err
	}
	page, err := s.d.Runtime.Wait(ctx, c.principal.Scope(), sent.Execution.ID, chatWait)
	if err != nil {
		return nil, err
	}
	ex := page.Execution
	out := &chatted{Status: http.StatusAccepted, Location: "/api/execution/" + ex.ID + "/status", Body: chatAnswer{
		Success: ex.State != execution.Failed && ex.State != execution.Cancelled, Status: ex.State.Wire(), SessionID: ex.SessionID,
		ConversationID: sent.ConversationID, ExecutionID: ex.ID, AgentID: string(sent.AgentID), AgentType: sent.AgentType,
		Suggestions: []suggestionShape{}, Error: orNull(ex.ErrorMessage), ErrorCode: orNull(ex.ErrorCode),
	}}
	if !ex.State.Terminal() {
		return out, nil
	}
	out.Status = http.StatusOK
	return out, s.answer(ctx, c.principal, ex, &out.Body)
}

// answer reads what the agent's turn ended with out of its log.
func (s *Server) answer(ctx context.Context, p identity.Principal, ex execution.Snapshot, into *chatAnswer) error {
	page, err := s.d.Feed.Page(ctx, p.Scope(), ex.ID, ports.Position{Epoch: ex.Epoch, Seq: max(0, ex.LastSeq-lastEvents)}, lastEvents)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(page.Events, func(e event.Event) bool { return e.Type == event.AgentCompleted })
	if at < 0 {
		return nil
	}
	var said struct {
		Response    string            `json:"response"`
		Suggestions []suggestionShape `json:"suggestions"`
		Data        wire.Object       `json:"data"`
		Method      string            `json:"method"`
	}
	if err := json.Unmarshal(page.Events[at].Data, &said); err != nil {
		return err
	}
	into.Message, into.Data, into.Method = &said.Response, said.Data, orNull(said.Method)
	into.Suggestions = append(into.Suggestions, said.Suggestions...)
	return nil
}

// lastEvents is how far from the end of its log a turn's answer is looked for.
const lastEvents = 20

func (s *Server) analyseMessage(_ context.Context, in *struct{ Body analyseBody }) (*body[analysisShape], error) {
	return &body[analysisShape]{newAnalysis(agents.Analyse(in.Body.Message))}, nil
}

func newAnalysis(a agents.Analysis) analysisShape {
	out := analysisShape{
		IntentCategory: a.Category, RecommendedPillar: orNull(a.Pillar), Confidence: a.Confidence, Requirements: a.Requirements,
		Alternatives: texts(a.Alternatives), Message: conversation.Route{Pillar: a.Pillar, Known: a.Routable()}.Message(),
		Analysis: understood{Understood: a.Category != "general", NeedsClarification: a.NeedsClarification},
	}
	return out
}

func (s *Server) guidance(ctx context.Context, in *struct{ Body *guidanceBody }) (*body[guidanceShape], error) {
	c := callerOf(ctx)
	g, err := s.d.Conversations.Guidance(ctx, c.principal, c.session.ID())
	if err != nil {
		return nil, err
	}
	out := guidanceShape{
		RecommendedPillar: string(g.Pillar), RecommendedAction: g.Action, Reasoning: g.Reasoning, CompletedPillars: texts(g.Completed),
		NextSteps: newSuggestions(g.Steps),
	}
	if in.Body != nil {
		if named, ok := agents.PillarOf(agent.ForSurface(text(in.Body.CurrentPillar))); ok {
			out.CurrentPillar = orNull(named)
		}
	}
	return &body[guidanceShape]{out}, nil
}

func (s *Server) routeToPillar(ctx context.Context, in *struct{ Body routeBody }) (*body[routeShape], error) {
	c := callerOf(ctx)
	r, err := s.d.Conversations.RouteTo(ctx, c.principal, c.session.ID(), text(in.Body.Pillar), text(in.Body.Message))
	if err != nil {
		return nil, err
	}
	out := routeShape{
		Pillar: orNull(r.Pillar), PillarTitle: orNull(r.Pillar.Title()), AgentID: string(r.Agent), Holds: r.Holds, NextSteps: newSuggestions(r.Steps),
		RoutingInfo: routingInfo{ShouldRoute: r.Known, Pillar: orNull(r.Pillar), RoutingMessage: r.Message()},
	}
	if r.Known {
		liaison := "liaison." + string(r.Pillar)
		out.RoutingInfo.LiaisonAgent = &liaison
	}
	return &body[routeShape]{out}, nil
}

func (s *Server) discoverContext(_ context.Context, in *struct{ Body analyseBody }) (*body[discovered], error) {
	found := agents.Discover(in.Body.Message)
	out := discovered{Context: newContext(found), Provisional: true, Message: "Commit what is right; until then nothing is kept."}
	if found.Empty() {
		out.Message = `Nothing was found. Write, for instance, "we use SAP" or "our goal is to answer claims in a day".`
	}
	return &body[discovered]{out}, nil
}

func newContext(b agents.BusinessContext) contextShape {
	return contextShape{Industries: b.Industries, Systems: b.Systems, Goals: b.Goals}
}

func (s *Server) commitContext(ctx context.Context, in *struct{ Body commitBody }) (*body[committed], error) {
	c, kept := callerOf(ctx), in.Body.Context
	b := agents.BusinessContext{Industries: kept.Industries, Systems: kept.Systems, Goals: kept.Goals}
	at, err := s.d.Conversations.CommitContext(ctx, c.principal, c.session.ID(), b)
	return &body[committed]{committed{Context: newContext(b), Committed: true, CommittedAt: at}}, err
}

func (s *Server) history(ctx context.Context, in *struct {
	ID             string `path:"id"`
	ConversationID string `query:"conversation_id" maxLength:"200" doc:"Absent: the guide's own thread"`
	Before         int64  `query:"before" minimum:"0"`
	Limit          int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}) (*body[history], error) {
	c := callerOf(ctx)
	found, err := s.d.Conversations.History(ctx, c.principal, c.session.ID(), in.ConversationID, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := history{SessionID: c.session.ID(), Messages: make([]messageShape, len(found))}
	for i, m := range found {
		out.Messages[i] = messageShape{
			MessageID: m.ID, Seq: m.Seq, Role: string(m.Role), Text: m.Text, AgentID: orNull(m.AgentID), ExecutionID: orNull(m.ExecutionID),
			Origin: m.Origin, CreatedAt: m.CreatedAt,
		}
	}
	if len(found) == in.Limit && found[0].Seq > 1 {
		out.NextBefore = &found[0].Seq
	}
	return &body[history]{out}, nil
}

func newSuggestions(list []agent.Suggestion) []suggestionShape {
	out := make([]suggestionShape, len(list))
	for i, one := range list {
		out[i] = suggestionShape{Label: one.Label, IntentType: orNull(one.IntentType), Message: orNull(one.Message)}
		if one.IntentType != "" {
			out[i].Parameters = one.Parameters
		}
	}
	return out
}

// orNull gives null for an empty text.
func orNull[T ~string](v T) *string {
	if v == "" {
		return nil
	}
	plain := string(v)
	return &plain
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
