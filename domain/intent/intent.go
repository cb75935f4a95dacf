// Package intent holds what a caller asks for: a typed, validated request that the Runtime turns into an execution.
package intent

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// Errors of admission.
var (
	// ErrUnknown is an intent type that no realm declares.
	ErrUnknown = fault.New(fault.Invalid, "unknown_intent", "There is no intent of this type; GET /api/intents lists them.")
	// ErrParameters is a parameter object that breaks its schema; Fields name the places.
	ErrParameters = fault.New(fault.Invalid, "invalid_parameters", "The parameters do not fit the intent.")
	// ErrIdempotencyReused is a key that came before with another body.
	ErrIdempotencyReused = fault.New(fault.Invalid, "idempotency_key_reused", "This idempotency key was used with a different request.")
)

// Intent is an admitted request.
type Intent struct {
	ID   string
	Type string
	// Parameters and Metadata are JSON objects; parameters are validated against the type's schema.
	Parameters []byte
	Metadata   []byte
	SolutionID string
	// Lane orders executions: those of one (tenant, lane) run one at a time, in the order of their acceptance. Empty means no order.
	Lane string
	// SameKey names what is the same work: of a session's live executions at most one has it. Empty means that nothing is the same.
	SameKey string
}

// DefaultSolution is the solution of an intent that names none.
const DefaultSolution = "default"

// IdempotencyRecord binds a client's key to the execution it made.
type IdempotencyRecord struct {
	TenantID string
	// Actor is the principal's Actor: keys of different callers never meet.
	Actor string
	Key   string
	// Fingerprint is the SHA-256 of the canonical request.
	Fingerprint []byte
	ExecutionID string
	ExpiresAt   time.Time
}

// IdempotencyLife is the least time that a key is remembered.
const IdempotencyLife = 24 * time.Hour

// PendingStatus is where a pending intent stands.
type PendingStatus string

// The states of a pending intent.
const (
	PendingOpen       PendingStatus = "pending"
	PendingInProgress PendingStatus = "in_progress"
	PendingCompleted  PendingStatus = "completed"
	PendingFailed     PendingStatus = "failed"
	PendingCancelled  PendingStatus = "cancelled"
)

// pendingTransitions is the machine of pending intents; what is not listed has no transition.
//
//nolint:gochecknoglobals // a constant table
var pendingTransitions = map[PendingStatus][]PendingStatus{
	PendingOpen:       {PendingInProgress, PendingCancelled},
	PendingInProgress: {PendingCompleted, PendingFailed},
	PendingFailed:     {PendingOpen},
}

// Pending is an intent prepared for later, usable from any session of its user.
type Pending struct {
	ID        string
	TenantID  string
	OwnerID   string
	SessionID string
	Type      string
	Status    PendingStatus
	// TargetArtifactID is the object that the intent is about.
	TargetArtifactID string
	// Context is a JSON object of parameters for the later run.
	Context     []byte
	ExecutionID string
	Error       string
	Version     int
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// ErrInvalidTransition is a state change that the state machine does not have.
var ErrInvalidTransition = fault.New(fault.Conflict, "invalid_transition", "The object's state does not allow this.")

// Move changes the status; the same status again changes nothing, one not in the table is ErrInvalidTransition.
func (p *Pending) Move(to PendingStatus, now time.Time) error {
	if p.Status == to {
		return nil
	}
	for _, ok := range pendingTransitions[p.Status] {
		if ok == to {
			p.Status, p.UpdatedAt = to, now
			return nil
		}
	}
	return ErrInvalidTransition
}
