// Package realm holds what a domain module declares about itself: its intents, their parameters, rights and results.
package realm

import (
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

// RetryPolicy says how a failed attempt is repeated.
type RetryPolicy struct {
	Attempts int
	Initial  time.Duration
	Factor   float64
	Cap      time.Duration
}

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
	// Timeout bounds the whole execution; zero means the runtime's default.
	Timeout time.Duration
	// ResultKeys are the keys of the artifacts that a completed execution has; Events the domain events it emits.
	ResultKeys []string
	// OptionalKeys are those of ResultKeys that only some completed executions have.
	OptionalKeys []string
	Events       []string
	// Example is a JSON object of parameters that fits Schema.
	Example []byte
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
