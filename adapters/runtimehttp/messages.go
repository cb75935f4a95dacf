package runtimehttp

import (
	"crypto/sha256"
	"time"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// prefix is where the routes are; it changes with the wire form.
const prefix = "/runtime/v1/"

// The routes. Each is a POST of a JSON object.
const (
	routeSubmit        = prefix + "submit"
	routeExecution     = prefix + "execution"
	routeExecutions    = prefix + "executions"
	routePause         = prefix + "pause"
	routeResume        = prefix + "resume"
	routeRetry         = prefix + "retry"
	routeBulk          = prefix + "bulk"
	routeOperate       = prefix + "operate"
	routeCancel        = prefix + "cancel"
	routeDecide        = prefix + "decide"
	routeDecisions     = prefix + "decisions"
	routeSignal        = prefix + "signal"
	routeWait          = prefix + "wait"
	routePage          = prefix + "page"
	routeFollow        = prefix + "follow"
	routeFollowSession = prefix + "follow_session"
	routeReady         = "/health/ready"
	routeLive          = "/health/live"
)

// planeHeader marks the answers of a Runtime: whatever else answers at its address is not believed.
const planeHeader = "Symphainy-Plane"

// bound names a request: the SHA-256 that its credential must carry.
func bound(path string, body []byte) []byte {
	h := sha256.New()
	h.Write([]byte(path))
	h.Write([]byte{'\n'})
	h.Write(body)
	return h.Sum(nil)
}

// submission is ports.Submission without what the Runtime knows better: the principal is the credential's, spec and realm are its own.
type submission struct {
	Intent         intent.Intent
	SessionID      string
	IdempotencyKey string
	Fingerprint    []byte
	TraceID        string
	Alongside      ports.Alongside
}

type byID struct{ ID string }

type retrying struct {
	ID    string
	Retry ports.RetryCommand
}

type bulk struct {
	Action ports.BulkAction
	Filter ports.ExecutionFilter
}

type operating struct {
	Action ports.BulkAction
	Filter ports.WorkFilter
}

type listing struct {
	Filter ports.ExecutionFilter
	Page   ports.Page
}

type decisionsPage struct{ Page ports.Page }

type deciding struct {
	ID       string
	Decision ports.DecisionCommand
}

type signalling struct {
	ID     string
	Signal execution.Signal
}

type waiting struct {
	ID  string
	For time.Duration
}

type paging struct {
	ExecutionID string
	From        ports.Position
	Limit       int
}

type following struct {
	ExecutionID string
	From        ports.Position
}

type followingSession struct {
	SessionID string
	Known     map[string]int64
	Since     time.Time
}

// line is one line of a stream. Exactly one member is set; a line without any says that the connection is alive.
type line struct {
	Events        []event.Event        `json:",omitempty"`
	SessionEvents []ports.SessionEvent `json:",omitempty"`
	// Ended is the end of the log of an execution.
	Ended bool `json:",omitempty"`
	// Again ends the connection and not the stream: the credential is used up, or the server stops. What had ended before Since is complete.
	Again bool      `json:",omitempty"`
	Since time.Time `json:",omitzero"`
	// Problem ends the stream.
	Problem *wire.Problem `json:",omitempty"`
}

// pulse is how often a silent stream says that it is alive; a reader gives a connection up after three that did not come.
const pulse = 5 * time.Second
