// Package conversation keeps the threads between people and agents: which agent answers, in which order, and what was said.
package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what a client may send, in bytes.
const (
	maxText   = 32 << 10
	maxClient = 200
)

// ErrBusy is a message with when_busy "reject" while the conversation's agent is at work.
var ErrBusy = fault.New(fault.Conflict, "conversation_busy", "The agent is still answering the message before.")

// Agents tells which agents this server has.
type Agents interface {
	Has(id agent.ID) bool
	Type(id agent.ID) string
}

// Deps is what the service works with.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Runtime    ports.Runtime
	Catalogue  *intents.Catalogue
	Agents     Agents
	Clock      ports.Clock
	IDs        ports.IDs
}

// Service sends messages to agents and reads conversations.
type Service struct{ Deps }

// New makes the service.
func New(d Deps) *Service { return &Service{d} }

// MessageCommand is one message of a caller whose right to the session has been checked (Sessions.Resolve).
type MessageCommand struct {
	SessionID string
	Text      string
	Surface   string
	// ConversationID is the client's name for the thread, or a con_ id of the session; empty is the surface's own thread.
	ConversationID string
	// MessageID makes a resend of the same message harmless.
	MessageID string
	// WhenBusy is enqueue (default), reject, or interrupt.
	WhenBusy string
	TraceID  string
}

// Sent tells what a message became.
type Sent struct {
	Execution      execution.Snapshot
	ConversationID string
	AgentID        agent.ID
	AgentType      string
	// Repeated tells that the MessageID was known: Execution is the first one's.
	Repeated bool
}

// Send hands a message to the agent of its conversation: one execution of agent.turn, in the conversation's lane.
func (s *Service) Send(ctx context.Context, p identity.Principal, cmd MessageCommand) (Sent, error) {
	if err := check(p, cmd); err != nil {
		return Sent{}, err
	}
	c, err := s.thread(ctx, p, cmd)
	if err != nil {
		return Sent{}, err
	}
	if err := s.makeRoom(ctx, p, c, cmd.WhenBusy); err != nil {
		return Sent{}, err
	}
	submission, err := s.submission(p, c, cmd)
	if err != nil {
		return Sent{}, err
	}
	receipt, err := s.Runtime.Submit(ctx, submission)
	if err != nil {
		return Sent{}, err
	}
	return Sent{
		Execution: receipt.Execution, ConversationID: c.ID, AgentID: c.AgentID, AgentType: s.Agents.Type(c.AgentID), Repeated: receipt.Repeated,
	}, nil
}

func check(p identity.Principal, cmd MessageCommand) error {
	bad := func(field, code, text string) error {
		return intent.ErrParameters.WithFields(fault.Field{Pointer: "/payload/" + field, Code: code, Message: text})
	}
	switch {
	case !p.May(identity.PermWrite):
		return fault.ErrPermission
	case strings.TrimSpace(cmd.Text) == "":
		return bad("text", "missing", "Write something.")
	case len(cmd.Text) > maxText || !utf8.ValidString(cmd.Text):
		return bad("text", "invalid", "The text must be UTF-8 of at most 32 KiB.")
	case len(cmd.ConversationID) > maxClient:
		return bad("context/conversation_id", "invalid", "The conversation id is too long.")
	case len(cmd.MessageID) > maxClient:
		return bad("message_id", "invalid", "The message id is too long.")
	case cmd.WhenBusy != "" && cmd.WhenBusy != "enqueue" && cmd.WhenBusy != "reject" && cmd.WhenBusy != "interrupt":
		return bad("when_busy", "invalid", "when_busy must be enqueue, reject or interrupt.")
	}
	return nil
}

// agentFor gives the agent of a surface; a liaison that this server does not have is answered for by the guide.
func (s *Service) agentFor(surface string) agent.ID {
	if id := agent.ForSurface(surface); s.Agents.Has(id) {
		return id
	}
	return agent.Guide
}

// thread finds or begins the conversation of a message, and pins its agent: the one it has, unless the surface changed.
func (s *Service) thread(ctx context.Context, p identity.Principal, cmd MessageCommand) (agent.Conversation, error) {
	for range switchTries {
		c, err := s.find(ctx, p, cmd)
		switch {
		case errors.Is(err, fault.ErrNotFound) && !typeid.Valid(typeid.Conversation, cmd.ConversationID):
			return s.begin(ctx, p, cmd)
		case err != nil || cmd.Surface == "" || cmd.Surface == c.Surface:
			return c, err
		}
		c.Surface, c.AgentID, c.UpdatedAt = cmd.Surface, s.agentFor(cmd.Surface), s.Clock.Now()
		err = s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error { return tx.Conversations.Save(ctx, c) })
		if !errors.Is(err, fault.ErrStale) {
			return c, err
		}
	}
	return agent.Conversation{}, fault.ErrUnavailable
}

// switchTries is how often a conversation is moved to another surface while answers keep changing it.
const switchTries = 5

// clientID names the thread within the session: the client's name, or the surface's own.
func (s *Service) clientID(cmd MessageCommand) string {
	if cmd.ConversationID != "" {
		return cmd.ConversationID
	}
	return "surface:" + string(agent.ForSurface(cmd.Surface))
}

func (s *Service) find(ctx context.Context, p identity.Principal, cmd MessageCommand) (c agent.Conversation, err error) {
	err = s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		if !typeid.Valid(typeid.Conversation, cmd.ConversationID) {
			c, err = tx.Conversations.ByClientID(ctx, p.Scope(), cmd.SessionID, s.clientID(cmd))
			return err
		}
		if c, err = tx.Conversations.ByID(ctx, p.Scope(), cmd.ConversationID); err == nil && c.SessionID != cmd.SessionID {
			return fault.ErrNotFound
		}
		return err
	})
	return c, err
}

func (s *Service) begin(ctx context.Context, p identity.Principal, cmd MessageCommand) (agent.Conversation, error) {
	now := s.Clock.Now()
	c := agent.Conversation{
		ID: s.IDs.NewID(typeid.Conversation), TenantID: p.TenantID, OwnerID: p.UserID, SessionID: cmd.SessionID, ClientID: s.clientID(cmd),
		Surface: cmd.Surface, AgentID: s.agentFor(cmd.Surface), CreatedAt: now, UpdatedAt: now,
	}
	err := s.UnitOfWork.Do(ctx, func(ctx context.Context, tx ports.Tx) error {
		if p.Anonymous() {
			if err := tx.Scopes.Pin(ctx, p.SessionID); err != nil {
				return err
			}
		}
		return tx.Conversations.Insert(ctx, c)
	})
	if errors.Is(err, fault.ErrDuplicate) { // another message of the same thread began it first
		return s.find(ctx, p, cmd)
	}
	return c, err
}

// makeRoom applies when_busy to what the conversation's agent is doing.
func (s *Service) makeRoom(ctx context.Context, p identity.Principal, c agent.Conversation, whenBusy string) error {
	if whenBusy != "reject" && whenBusy != "interrupt" {
		return nil
	}
	live, err := s.Runtime.Executions(ctx, p.Scope(), ports.ExecutionFilter{
		SessionID: c.SessionID, IntentType: agents.TurnIntent, Status: execution.Live(),
	}, ports.Page{Limit: agent.MaxMessages})
	if err != nil {
		return err
	}
	for _, e := range live {
		if e.Intent.Lane != c.ID {
			continue
		}
		if whenBusy == "reject" {
			return ErrBusy
		}
		if _, err := s.Runtime.Cancel(ctx, p, e.ID); err != nil && !errors.Is(err, execution.ErrEnded) {
			return err
		}
	}
	return nil
}

func (s *Service) submission(p identity.Principal, c agent.Conversation, cmd MessageCommand) (ports.Submission, error) {
	entry, err := s.Catalogue.Find(agents.TurnIntent)
	if err != nil {
		return ports.Submission{}, err
	}
	message := agent.Message{
		ID: s.IDs.NewID(typeid.Message), TenantID: p.TenantID, ConversationID: c.ID, Role: agent.RoleUser, Text: cmd.Text,
		Origin: origin(p), CreatedAt: s.Clock.Now(),
	}
	parameters, err := json.Marshal(agents.TurnParameters{
		AgentID: c.AgentID, ConversationID: c.ID, MessageID: message.ID, Text: cmd.Text, Surface: cmd.Surface,
	})
	if err != nil {
		return ports.Submission{}, fault.As(err)
	}
	sub := ports.Submission{
		Intent: intent.Intent{
			ID: s.IDs.NewID(typeid.Intent), Type: agents.TurnIntent, Parameters: parameters, Metadata: []byte("{}"),
			SolutionID: intent.DefaultSolution, Lane: c.ID,
		},
		Spec: entry.Spec, Realm: entry.Realm, Principal: p, SessionID: cmd.SessionID, TraceID: cmd.TraceID,
		Alongside: ports.Alongside{Message: &message},
	}
	if cmd.MessageID != "" {
		fingerprint := sha256.Sum256([]byte(cmd.Text))
		// The space keeps these keys apart from clients' own, which are visible characters only.
		sub.IdempotencyKey, sub.Fingerprint = "message "+c.ID+" "+cmd.MessageID, fingerprint[:]
	}
	return sub, nil
}

func origin(p identity.Principal) string {
	if p.Anonymous() {
		return "anonymous"
	}
	return "authenticated"
}

// History gives messages of a conversation of the session before the given number (0 = the newest), oldest first.
func (s *Service) History(ctx context.Context, p identity.Principal, sessionID, conversationID string, before int64, limit int) ([]agent.Message, error) {
	c, err := s.find(ctx, p, MessageCommand{SessionID: sessionID, ConversationID: conversationID})
	if err != nil {
		return nil, err
	}
	var messages []agent.Message
	err = s.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		messages, err = tx.Messages.Before(ctx, p.TenantID, c.ID, before, limit)
		return err
	})
	return messages, err
}
