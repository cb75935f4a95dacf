// Package audit holds the record of every decision and effect: who, what, under which policy, when, with which result.
package audit

import "time"

// Result is how an audited act ended.
type Result string

// The results. Open is a record written ahead of its effect: a crash leaves it visible.
const (
	Open      Result = "open"
	Allowed   Result = "allowed"
	Denied    Result = "denied"
	Completed Result = "completed"
	Failed    Result = "failed"
	Cancelled Result = "cancelled"
)

// Record is one entry, never changed after it was written. It holds ids and hashes, never a secret or raw input.
type Record struct {
	ID       string
	TenantID string
	// Actor is the user or, while anonymous, the session that acted; OnBehalfOf is set where an agent acts for somebody.
	Actor      string
	OnBehalfOf string
	// Action is the stable name of the act, such as "intent.submitted" or "session.upgraded".
	Action string
	// Target is the id of the object acted on.
	Target     string
	IntentType string
	// ArgumentsHash is the hex SHA-256 of the canonical arguments.
	ArgumentsHash string
	PolicyVersion string
	Result        Result
	// Detail is a JSON object of ids, counts and codes.
	Detail  []byte
	TraceID string
	At      time.Time
}
