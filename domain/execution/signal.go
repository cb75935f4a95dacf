package execution

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// Signal is a message to an execution. It is kept until a wait takes it, whether it came before the wait or after.
type Signal struct {
	// ID is the sender's, so that a repeated signal is one.
	ID          string
	ExecutionID string
	Name        string
	// Payload is a JSON value.
	Payload []byte
	// SentBy is the user, or the session while anonymous.
	SentBy string
	SentAt time.Time
	// TakenBy is the name of the wait that has it; "" while none has.
	TakenBy string
}

// SignalTime is how long a wait for a signal lasts that says nothing else.
const SignalTime = 7 * 24 * time.Hour

// ErrSignalExpired is a signal that did not come in time.
var ErrSignalExpired = fault.New(fault.Conflict, "signal_expired", "The signal did not come in time.")
