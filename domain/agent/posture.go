package agent

import (
	"errors"
	"fmt"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// AtLimit says what a turn does that has used up what it may.
type AtLimit string

// What a turn does at its limit.
const (
	// AtLimitEnd ends the turn, and says so.
	AtLimitEnd AtLimit = "end"
	// AtLimitAsk waits for a person to grant the same again.
	AtLimitAsk AtLimit = "ask"
)

// Limits bound one turn. Zero means none may be used.
type Limits struct {
	// ModelCalls and ToolCalls count what is asked of the model and by it.
	ModelCalls int64
	ToolCalls  int64
	// Depth is how deep agents may ask agents.
	Depth int
	// Tokens are read and written together.
	Tokens int64
	// Cost is in millionths; 0 means that cost is not counted.
	Cost int64
	// Time is how long the model works for the turn.
	Time time.Duration
}

// Budget bounds what is used up over many turns. Zero is no bound.
type Budget struct {
	Tokens int64
	// Cost is in millionths.
	Cost int64
	// Steps are calls of the model and by it.
	Steps int64
	// Time is how long the model works.
	Time time.Duration
}

// Posture is the tenant's layer of an agent (agents.md §1): how it is to work here.
type Posture struct {
	// Model and Temperature are the deployment's without a value.
	Model       string
	Temperature *float64
	MaxTokens   int
	Tone        string
	// Strict asks a person before everything that changes something.
	Strict bool
	// FourEyes lets everybody of the tenant who may write decide, except the person for whom the turn runs.
	FourEyes bool
	AtLimit  AtLimit
	Limits   Limits
	// Session and Day bound what all turns of a session use up, and all of the tenant in a day (UTC).
	Session Budget
	Day     Budget
	// Deny are tools that no agent of the tenant may use.
	Deny []string
	// Decide is how long a person may take; zero is the Runtime's default.
	Decide time.Duration
}

// DefaultPosture is the posture of a tenant that has set none.
func DefaultPosture() Posture {
	return Posture{
		MaxTokens: 2048, Tone: "friendly, precise, brief", AtLimit: AtLimitEnd,
		Limits: Limits{ModelCalls: 16, ToolCalls: 24, Depth: 3, Tokens: 200_000, Time: 10 * time.Minute},
	}
}

// ErrPolicy is a posture that cannot be read or contradicts itself: nothing is allowed under it.
var ErrPolicy = fault.New(fault.Denied, "policy_unreadable", "The rules for agents cannot be read, so nothing is allowed.")

// Check reports what makes a posture no posture, as the cause of ErrPolicy.
func (p Posture) Check() error {
	var problems []error
	if p.AtLimit != AtLimitEnd && p.AtLimit != AtLimitAsk {
		problems = append(problems, fmt.Errorf("at_limit %q", p.AtLimit))
	}
	if p.Temperature != nil && (*p.Temperature < 0 || *p.Temperature > 2) {
		problems = append(problems, errors.New("temperature outside 0 to 2"))
	}
	l := p.Limits
	if l.ModelCalls < 0 || l.ToolCalls < 0 || l.Depth < 0 || l.Tokens < 0 || l.Cost < 0 || l.Time < 0 || p.MaxTokens < 0 || p.Decide < 0 {
		problems = append(problems, errors.New("a negative limit"))
	}
	for _, b := range []Budget{p.Session, p.Day} {
		if b.Tokens < 0 || b.Cost < 0 || b.Steps < 0 || b.Time < 0 {
			problems = append(problems, errors.New("a negative budget"))
		}
	}
	if len(problems) > 0 {
		return ErrPolicy.Because(errors.Join(problems...))
	}
	return nil
}
