package wire

import (
	"encoding/json"
	"time"

	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
)

// Object is a JSON object that the edge passes on as it is.
type Object = json.RawMessage

// object gives raw, or {} where there is none.
func object(raw []byte) Object {
	if len(raw) == 0 {
		return Object("{}")
	}
	return Object(raw)
}

// optional gives a pointer to s, nil for "".
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	u := t.UTC()
	return &u
}

// Session is a session as its owner sees it.
type Session struct {
	SessionID   string     `json:"session_id"`
	Status      string     `json:"status" enum:"anonymous,active,ended,expired"`
	IsAnonymous bool       `json:"is_anonymous"`
	TenantID    *string    `json:"tenant_id"`
	UserID      *string    `json:"user_id"`
	Epoch       int        `json:"epoch"`
	Metadata    Object     `json:"metadata"`
	State       Object     `json:"state"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
	UpgradedAt  *time.Time `json:"upgraded_at"`
	ExpiresAt   time.Time  `json:"expires_at"`
	// AccessToken is the new token that an upgrade gives; absent elsewhere.
	AccessToken string `json:"access_token,omitempty"`
	TokenType   string `json:"token_type,omitempty"`
	ExpiresIn   int    `json:"expires_in,omitempty,omitzero"`
}

// NewSession gives the wire form of a session at now; state is a JSON object, nil for none.
func NewSession(s session.Session, now time.Time, state []byte) Session {
	v := s.Snapshot()
	return Session{
		SessionID: v.ID, Status: string(s.Status(now)), IsAnonymous: v.OwnerUserID == "", TenantID: optional(v.TenantID),
		UserID: optional(v.OwnerUserID), Epoch: v.Epoch, Metadata: object(v.Metadata), State: object(state), CreatedAt: v.CreatedAt.UTC(),
		UpdatedAt: v.UpdatedAt.UTC(), UpgradedAt: optionalTime(v.UpgradedAt), ExpiresAt: v.ExpiresAt.UTC(),
	}
}

// SessionCreated answers the creation of a session. The secret is there once, and only for an anonymous one.
type SessionCreated struct {
	SessionID     string    `json:"session_id"`
	SessionSecret string    `json:"session_secret,omitempty"`
	TenantID      *string   `json:"tenant_id"`
	UserID        *string   `json:"user_id"`
	CreatedAt     time.Time `json:"created_at"`
	ExpiresAt     time.Time `json:"expires_at"`
}

// NewSessionCreated gives the answer for a new session.
func NewSessionCreated(s session.Session, secret string) SessionCreated {
	v := s.Snapshot()
	return SessionCreated{
		SessionID: v.ID, SessionSecret: secret, TenantID: optional(v.TenantID), UserID: optional(v.OwnerUserID),
		CreatedAt: v.CreatedAt.UTC(), ExpiresAt: v.ExpiresAt.UTC(),
	}
}

// Event is one entry of an execution's log, the same in pages, streams and sockets.
type Event struct {
	ExecutionID string    `json:"execution_id"`
	Seq         int64     `json:"seq"`
	Epoch       int       `json:"epoch"`
	EventType   string    `json:"event_type"`
	Data        Object    `json:"data"`
	Timestamp   time.Time `json:"timestamp"`
	TraceID     string    `json:"trace_id,omitempty"`
}

// NewEvent gives the wire form of an event.
func NewEvent(e event.Event) Event {
	return Event{
		ExecutionID: e.ExecutionID, Seq: e.Seq, Epoch: e.Epoch, EventType: e.Type, Data: object(e.Data), Timestamp: e.Time.UTC(), TraceID: e.TraceID,
	}
}

// NewEvents gives the wire form of events; never nil.
func NewEvents(events []event.Event) []Event {
	out := make([]Event, len(events))
	for i, e := range events {
		out[i] = NewEvent(e)
	}
	return out
}

// EventPage is a part of an execution's log.
type EventPage struct {
	Events       []Event `json:"events"`
	Epoch        int     `json:"epoch"`
	NextAfterSeq int64   `json:"next_after_seq"`
	Recovered    bool    `json:"recovered"`
	Reason       string  `json:"reason,omitempty"`
}

// Accepted answers a submission.
type Accepted struct {
	ExecutionID string    `json:"execution_id"`
	IntentID    string    `json:"intent_id"`
	Status      string    `json:"status" enum:"accepted"`
	CreatedAt   time.Time `json:"created_at"`
	// FileID is the uploaded file's, on uploads only.
	FileID string `json:"file_id,omitempty"`
}

// NewAccepted gives the answer for an accepted execution.
func NewAccepted(e execution.Snapshot) Accepted {
	return Accepted{ExecutionID: e.ID, IntentID: e.Intent.ID, Status: "accepted", CreatedAt: e.CreatedAt.UTC()}
}

// PendingIntent is an intent prepared for later.
type PendingIntent struct {
	IntentID         string    `json:"intent_id"`
	IntentType       string    `json:"intent_type"`
	Status           string    `json:"status" enum:"pending,in_progress,completed,failed,cancelled"`
	TargetArtifactID *string   `json:"target_artifact_id"`
	Context          Object    `json:"context"`
	ExecutionID      *string   `json:"execution_id"`
	CreatedAt        time.Time `json:"created_at"`
	UpdatedAt        time.Time `json:"updated_at"`
}

// NewPendingIntent gives the wire form of a pending intent.
func NewPendingIntent(p intent.Pending) PendingIntent {
	return PendingIntent{
		IntentID: p.ID, IntentType: p.Type, Status: string(p.Status), TargetArtifactID: optional(p.TargetArtifactID),
		Context: object(p.Context), ExecutionID: optional(p.ExecutionID), CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(),
	}
}
