// Package execution holds the durable run of an intent: its state machine, its owner's fenced lease, and its steps.
package execution

import (
	"slices"

	"github.com/symphainy/symphainy/domain/fault"
)

// State is where an execution stands (runtime.md §1).
type State string

// The states. Completed, Failed and Cancelled are terminal and written once.
const (
	Accepted  State = "accepted"
	Running   State = "running"
	Waiting   State = "waiting"
	Retrying  State = "retrying"
	Paused    State = "paused"
	Completed State = "completed"
	Failed    State = "failed"
	Cancelled State = "cancelled"
)

// transitions is the whole machine; running → running is a take-over by a new owner.
func transitions(from State) []State {
	switch from {
	case Accepted:
		return []State{Running, Paused, Failed, Cancelled}
	case Running:
		return []State{Running, Completed, Failed, Waiting, Retrying, Paused, Cancelled}
	case Waiting, Retrying:
		return []State{Running, Paused, Failed, Cancelled}
	case Paused:
		return []State{Running, Failed, Cancelled}
	case Completed, Failed, Cancelled:
		return nil
	}
	return nil
}

// States gives all states, for tests and schemas.
func States() []State {
	return []State{Accepted, Running, Waiting, Retrying, Paused, Completed, Failed, Cancelled}
}

// Live gives the states that are not terminal.
func Live() []State { return []State{Accepted, Running, Waiting, Retrying, Paused} }

// Terminal reports whether nothing can follow.
func (s State) Terminal() bool { return s == Completed || s == Failed || s == Cancelled }

// CanBecome reports whether the machine has the transition.
func (s State) CanBecome(to State) bool { return slices.Contains(transitions(s), to) }

// Wire gives the status that clients see: accepted and retrying read "pending".
func (s State) Wire() string {
	if s == Accepted || s == Retrying {
		return "pending"
	}
	return string(s)
}

// Errors of executions.
var (
	// ErrIllegal is a transition that the machine does not have.
	ErrIllegal = fault.New(fault.Conflict, "illegal_transition", "The execution's state does not allow this.")
	// ErrNotClaimable is a claim of an execution that is not due, has a live owner, waits for its lane, or is over. The caller drops it.
	ErrNotClaimable = fault.New(fault.Conflict, "not_claimable", "The execution cannot be claimed now.")
	// ErrLeaseLost is a write by an owner whose fence is no longer the row's: it must stop and write nothing more.
	ErrLeaseLost = fault.New(fault.Conflict, "lease_lost", "Another worker owns this execution now.")
	// ErrEnded is a control request for an execution that is over in another way.
	ErrEnded = fault.New(fault.Conflict, "execution_ended", "The execution has already ended.")
)
