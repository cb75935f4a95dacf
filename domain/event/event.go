// Package event holds what an execution tells its watchers. One append-only log per execution is the only source of every
// stream, page and push, so they cannot disagree.
package event

import "time"

// FirstEpoch is the epoch of a log that was never lost or rebuilt.
const FirstEpoch = 1

// Event is one entry of an execution's log. Seq counts 1, 2, 3 … per execution without a hole.
type Event struct {
	ExecutionID string
	Seq         int64
	Epoch       int
	Type        string
	// Data is a JSON object.
	Data    []byte
	Time    time.Time
	TraceID string
}

// Draft is an event before the log has given it its number and time.
type Draft struct {
	Type string
	// Data is a JSON object; nil is written as {}.
	Data []byte
}

// The platform's own event types. Domain events of realms have no dot in their name.
const (
	ExecutionAccepted  = "execution.accepted"
	ExecutionStarted   = "execution.started"
	ExecutionProgress  = "execution.progress"
	StepStarted        = "execution.step.started"
	StepCompleted      = "execution.step.completed"
	StepFailed         = "execution.step.failed"
	ExecutionWaiting   = "execution.waiting"
	ExecutionDecided   = "execution.decided"
	ExecutionPaused    = "execution.paused"
	ExecutionResumed   = "execution.resumed"
	ExecutionRetrying  = "execution.retrying"
	ExecutionCompleted = "execution.completed"
	ExecutionFailed    = "execution.failed"
	ExecutionCancelled = "execution.cancelled"

	ArtifactCreated = "artifact.created"
	ArtifactUpdated = "artifact.updated"

	AgentStarted    = "agent.started"
	AgentToken      = "agent.token"
	AgentToolCall   = "agent.tool_call"
	AgentToolResult = "agent.tool_result"
	AgentWaiting    = "agent.waiting"
	AgentCompleted  = "agent.completed"
	AgentFailed     = "agent.failed"
)
