// Package realm holds what a domain module declares about itself: its intents, their parameters, rights and results.
package realm

import (
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/identity"
)

// RetryClass says what may be tried again and how often (realms.md §1.1). Input errors never are.
type RetryClass string

// The retry classes.
const (
	// RetryPure: only faults of the store; 3 attempts, 0.2 s, ×2.
	RetryPure RetryClass = "pure"
	// RetryExternal: blobs, models, OCR; 3 attempts, 1 s, cap 30 s, ×2.
	RetryExternal RetryClass = "external"
	// RetryHuman: waits for a person; store faults as RetryPure.
	RetryHuman RetryClass = "human"
	// RetryBulk: per item; store faults as RetryPure.
	RetryBulk RetryClass = "bulk"
)

// Exhaustion says what becomes of an execution whose attempts are used up.
type Exhaustion string

// The exhaustions. Fail is the default.
const (
	Fail  Exhaustion = "fail"
	Pause Exhaustion = "pause"
)

// RetryPolicy says how a failed attempt is repeated.
type RetryPolicy struct {
	// Attempts counts the first one too.
	Attempts int
	Initial  time.Duration
	Factor   float64
	Cap      time.Duration
	// Jitter spreads each delay by up to this share to either side; zero means DefaultJitter.
	Jitter float64
	// Elapsed bounds the time from the start to the next attempt; zero means none.
	Elapsed time.Duration
	// Never are codes of errors that are not tried again, whatever their kind.
	Never []string
	// Exhausted says what follows when no attempt is left; "" means Fail.
	Exhausted Exhaustion
}

// DefaultJitter is the spread of delays that a policy leaves open.
const DefaultJitter = 0.2

// Policy gives the numbers of the class.
func (c RetryClass) Policy() RetryPolicy {
	if c == RetryExternal {
		return RetryPolicy{Attempts: 3, Initial: time.Second, Factor: 2, Cap: 30 * time.Second}
	}
	return RetryPolicy{Attempts: 3, Initial: 200 * time.Millisecond, Factor: 2, Cap: 5 * time.Second}
}

// Delay gives the wait before the given attempt (2 is the first repeat), without jitter.
func (p RetryPolicy) Delay(attempt int) time.Duration {
	d := float64(p.Initial)
	for i := 2; i < attempt; i++ {
		d *= p.Factor
	}
	return min(time.Duration(d), p.Cap)
}

// Spread gives a delay with jitter; share is a random number from -1 to 1.
func (p RetryPolicy) Spread(d time.Duration, share float64) time.Duration {
	jitter := p.Jitter
	if jitter == 0 {
		jitter = DefaultJitter
	}
	return d + time.Duration(share*jitter*float64(d))
}

// Allows reports whether another attempt follows the given one, which started at the first start and would begin again at next.
func (p RetryPolicy) Allows(attempt int, code string, start, next time.Time) bool {
	return attempt < p.Attempts && !slices.Contains(p.Never, code) && (p.Elapsed == 0 || next.Sub(start) <= p.Elapsed)
}

// IntentSpec declares one intent of a realm.
type IntentSpec struct {
	Type    string
	Title   string
	Summary string
	// Aliases are other names that admission accepts for the type.
	Aliases []string
	Tier    int
	// Schema is a JSON Schema (2020-12) of the parameters with additionalProperties false and every size bounded.
	Schema []byte
	// ParameterAliases maps other parameter names to the declared ones.
	ParameterAliases map[string]string
	Permission       identity.Permission
	// Anonymous says whether an anonymous session may submit it.
	Anonymous bool
	// Internal intents are started by the platform only and are not open to submit.
	Internal bool
	Retry    RetryClass
	// Policy, if set, stands for the class's numbers.
	Policy *RetryPolicy
	// Timeout bounds the whole execution, in whatever state it is; zero means the runtime's default, which stands still while the execution
	// waits or is paused.
	Timeout time.Duration
	// QueueTimeout bounds the time until the first start, AttemptTimeout each attempt; zero means none.
	QueueTimeout   time.Duration
	AttemptTimeout time.Duration
	// ResultKeys are the keys of the artifacts that a completed execution has; Events the domain events it emits.
	ResultKeys []string
	// OptionalKeys are those of ResultKeys that only some completed executions have.
	OptionalKeys []string
	Events       []string
	// Example is a JSON object of parameters that fits Schema.
	Example []byte
}

// RetryPolicy gives the policy that holds for the intent.
func (s IntentSpec) RetryPolicy() RetryPolicy {
	if s.Policy != nil {
		return *s.Policy
	}
	return s.Retry.Policy()
}

// Declaration is all that a realm says of itself.
type Declaration struct {
	Name string
	// Aliases are other names of the realm, such as "operations" for journey.
	Aliases []string
	Title   string
	Intents []IntentSpec
	// Agents are the ids of the agents that speak for the realm.
	Agents []string
}
