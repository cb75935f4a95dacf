package ports

import (
	"context"
	"errors"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
)

// Submission is an admitted intent: validated, authorised, with its parameters under their declared names.
type Submission struct {
	Intent    intent.Intent
	Spec      realm.IntentSpec
	Realm     string
	Principal identity.Principal
	SessionID string
	// IdempotencyKey is the client's, "" without; Fingerprint the SHA-256 of the canonical request.
	IdempotencyKey string
	Fingerprint    []byte
	TraceID        string
	Alongside      Alongside
}

// Alongside says what else commits with the acceptance of an execution, only when it is a new one. It is data and not a callback, because
// the Runtime may be another process.
type Alongside struct {
	// PendingID is a pending intent of the principal that the execution takes up, "" for none. One that is gone or not pending any more
	// refuses the submission.
	PendingID string
	// Message, if set, is appended to its conversation, which must be the principal's. Tenant and execution are the Runtime's to set.
	Message *agent.Message
}

// Receipt is the answer to a submission, given after COMMIT.
type Receipt struct {
	Execution execution.Snapshot
	// Repeated tells that the idempotency key was known: Execution is the first submission's.
	Repeated bool
	// Coalesced tells that the same work was in flight already: Execution is that one.
	Coalesced bool
}

// Runtime is the Runtime's face to the Experience plane: the only way to make anything happen.
type Runtime interface {
	// Submit accepts an intent durably. One whose SameKey a live execution of the session has is answered with that; a tenant with too
	// much work waiting is ErrQueueFull. A known idempotency key gives the first execution, with another fingerprint
	// intent.ErrIdempotencyReused.
	Submit(ctx context.Context, s Submission) (Receipt, error)
	// Execution reads one execution in scope.
	Execution(ctx context.Context, scope identity.Scope, id string) (execution.Snapshot, error)
	// Executions lists executions in scope, newest first.
	Executions(ctx context.Context, scope identity.Scope, f ExecutionFilter, page Page) ([]execution.Snapshot, error)
	// Cancel asks for the end of an execution; idempotent. It returns the execution after the request.
	Cancel(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error)
	// Wait returns the execution with the beginning of its log when it is terminal, or as it is, without events, when d or ctx is over.
	Wait(ctx context.Context, scope identity.Scope, id string, d time.Duration) (EventPage, error)
}

// DecisionCommand is a decision of a caller.
type DecisionCommand struct {
	Verdict execution.Verdict
	// Response is a JSON value; nil without.
	Response []byte
	// ArgumentsHash names the arguments that the caller saw.
	ArgumentsHash string
}

// RetryCommand asks for a retry.
type RetryCommand struct {
	// From is the step of an ended execution to do again first; "" keeps all that are finished.
	From string
	// IdempotencyKey, if set, makes the same command again the same retry, as long as keys are remembered.
	IdempotencyKey string
}

// OpenDecision is what an execution waits to be decided, as those see it who may decide.
type OpenDecision struct {
	ExecutionID string
	IntentType  string
	Name        string
	Prompt      string
	// Arguments is a JSON value: what is decided about.
	Arguments     []byte
	ArgumentsHash string
	// ResponseSchema is a JSON Schema; nil where no response is asked for.
	ResponseSchema []byte
	AskedAt        time.Time
	// Until is when the decision can no longer be taken.
	Until     time.Time
	Escalated bool
}

// DecisionPage is a part of the open decisions.
type DecisionPage struct {
	Decisions []OpenDecision
	// Next is the After of the next page, "" at the end. A page can be short, or empty, and not the last: others' decisions are not in it.
	Next string
}

// Decisions is how people decide what executions wait for.
type Decisions interface {
	// OpenDecisions gives those that the caller may take now, in every execution of the tenant, the oldest execution first.
	OpenDecisions(ctx context.Context, p identity.Principal, page Page) (DecisionPage, error)
	// Decide takes the decision that the execution waits for, once. Only those whom the request names may: for all others who do not own
	// the execution it does not exist. The same decision again by the same caller changes nothing.
	Decide(ctx context.Context, p identity.Principal, id string, d DecisionCommand) (execution.Snapshot, error)
}

// Control steers executions from outside. Every call is idempotent, works whichever process runs the execution, and gives the execution
// after it.
type Control interface {
	Decisions
	// Signal stores a signal for the execution and wakes a wait for it. A signal with the ID of an earlier one changes nothing.
	Signal(ctx context.Context, p identity.Principal, id string, s execution.Signal) (execution.Snapshot, error)
	// Pause stops the execution, at the latest before its next step, until it is resumed.
	Pause(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error)
	// Resume lets a paused execution go on, with all its attempts before it.
	Resume(ctx context.Context, p identity.Principal, id string) (execution.Snapshot, error)
	// Retry goes on at once where an execution waits for its next attempt or is paused. For one that has ended it gives a new execution,
	// with the finished steps of the old one: those before the step that From names, or all. While that one lives, it is the answer, and
	// with the same idempotency key also when it has ended. A key that came with another request is intent.ErrIdempotencyReused.
	Retry(ctx context.Context, p identity.Principal, id string, r RetryCommand) (execution.Snapshot, error)
	// Bulk does one thing to all live executions of the caller that pass the filter.
	Bulk(ctx context.Context, p identity.Principal, action BulkAction, f ExecutionFilter) (BulkResult, error)
}

// BulkAction is what is done to many executions.
type BulkAction string

// The bulk actions.
const (
	BulkCancel BulkAction = "cancel"
	BulkPause  BulkAction = "pause"
	BulkResume BulkAction = "resume"
)

// BulkResult tells what became of many executions.
type BulkResult struct {
	// IDs are those for which the action was done, or had been done before.
	IDs []string
	// Refused are those that ended meanwhile.
	Refused []string
	// More tells that there are more than one call takes; the same call again goes on.
	More bool
}

// EventPage is a part of an execution's log.
type EventPage struct {
	// Execution is the execution at the moment of the page.
	Execution execution.Snapshot
	Events    []event.Event
	Epoch     int
	// Recovered is false if the log cannot continue from where the reader stood; Reason says why ("epoch_changed", "future_position",
	// "trimmed"). Start is the position from which it is read instead.
	Recovered bool
	Reason    string
	Start     int64
	// Ended tells that the execution is terminal and the page reaches the end of its log.
	Ended bool
}

// Position is where a reader stands in an execution's log. Epoch 0 means "unknown, take the present one".
type Position struct {
	Epoch int
	Seq   int64
}

// SessionEvent is an event in the stream of a whole session.
type SessionEvent struct {
	Event event.Event
	// ConversationID is the lane of the execution, "" without.
	ConversationID string
}

// EventFeed reads and follows event logs.
type EventFeed interface {
	// Page reads up to limit events after the position.
	Page(ctx context.Context, scope identity.Scope, executionID string, from Position, limit int) (EventPage, error)
	// Follow calls deliver with batches of events after the position, in order and without a gap, until the log of a terminal
	// execution has been delivered (nil), ctx ends (its cause), or deliver fails (that error).
	Follow(ctx context.Context, scope identity.Scope, executionID string, from Position, deliver func([]event.Event) error) error
	// FollowSession does the same for all executions of a session, also those that start later, until ctx ends or deliver fails.
	// Executions known to the reader are given with their positions; executions that had ended before since are left out.
	FollowSession(ctx context.Context, scope identity.Scope, sessionID string, known map[string]int64, since time.Time, deliver func([]SessionEvent) error) error
}

// Realm is a module of intents. Each declared intent has exactly one handler, and the other way round.
type Realm interface {
	Declaration() realm.Declaration
	// Handlers gives the handler of each declared intent type.
	Handlers() map[string]IntentHandler
}

// Stager is a Realm that takes bulky parameters out of an intent at admission, after validation and before anything is stored.
type Stager interface {
	// Stage gives the parameters to store, with bulky values replaced by references. It may be called again for the same request.
	Stage(ctx context.Context, p identity.Principal, intentType string, parameters []byte) ([]byte, error)
}

// FailureReporter is a Realm that has something of its own to say when one of its executions fails or is cancelled for good.
type FailureReporter interface {
	// FailureEvents gives the events that go before execution.failed or execution.cancelled in the log. code and message are safe for the
	// caller.
	FailureEvents(s execution.Snapshot, code, message string) []event.Draft
}

// IntentHandler does the work of one intent. It may run again after a crash or a retry: finished steps give their stored results, so
// what it does outside steps must be free of effects. An error is a *fault.Error where the caller can act on it; its Kind decides
// whether the Runtime tries again (only Unavailable and Internal may be, by the intent's retry class).
type IntentHandler func(ctx context.Context, call IntentCall) (IntentResult, error)

// IntentCall is what the Runtime gives to a handler. JSON values are byte slices, so that each side decodes into its own types.
type IntentCall interface {
	Steps
	Waits
	// Execution is the execution as it was claimed: ids, intent with validated parameters, frozen principal, attempt.
	Execution() execution.Snapshot
	// Read looks at the store under the execution's present scope.
	Read(ctx context.Context, fn func(ctx context.Context, tx Tx, scope identity.Scope) error) error
	// Emit appends events to the execution's log at once.
	Emit(ctx context.Context, drafts ...event.Draft) error
	// Progress reports done of total (0 = unknown) with a note for people.
	Progress(ctx context.Context, done, total int64, note string) error
}

// Steps are the parts of a handler's work that are done once.
type Steps interface {
	// Step runs fn once and stores its result; later runs of the handler get the stored one. Effects outside the store use key, which
	// is the same in every attempt. Names are unique within a handler and have no '#'.
	Step(ctx context.Context, name string, fn func(ctx context.Context, key string) ([]byte, error)) ([]byte, error)
	// Transact is Step for effects in the store: they commit with the step's record, exactly once. now is the execution's row as it is
	// in the transaction; its TenantID and OwnerID are the ones to write under.
	Transact(ctx context.Context, name string, fn func(ctx context.Context, tx Tx, now execution.Snapshot) ([]byte, error)) ([]byte, error)
	// OnUndo says, before the step, wait or children of that name are done, what undoes them: one of the realm's undos. If the execution
	// fails or is cancelled, the undos of its finished steps run in reverse order, each as a step of its own. Decisions have none.
	OnUndo(step, undo string)
}

// UndoHandler undoes a finished step, given its result. Like any handler it may run again after a crash, and may use steps of its own; what
// it did must then be undone only once, or harmlessly twice.
type UndoHandler func(ctx context.Context, call IntentCall, result []byte) error

// Compensator is a Realm that can undo steps of its intents.
type Compensator interface {
	// Undos gives the undos by their names.
	Undos() map[string]UndoHandler
}

// ErrSuspended tells a handler that its execution has gone to wait, without a worker. The handler does nothing more and returns it, as it
// is or wrapped. When what it waits for is there, the handler runs again from its beginning: finished steps give their stored results.
var ErrSuspended = errors.New("the execution waits; the handler runs again when it goes on")

// Waits are the ways to wait without holding a worker. Each wait is a step: its name is unique within the handler, its result is stored,
// and later runs get the stored one. A wait that is not over gives ErrSuspended. While an execution waits, the default total time-out
// stands still; one that its intent declares does not.
type Waits interface {
	// Sleep waits at least d, counted from the first time that it was asked for.
	Sleep(ctx context.Context, name string, d time.Duration) error
	// AwaitDecision asks people. The decision is taken once and holds for the request's arguments: with others, on a later run, it is
	// execution.ErrArgumentsChanged. One that nobody took in time is execution.ErrDecisionExpired, in every later run too. A rejection is no
	// error: look at the verdict.
	AwaitDecision(ctx context.Context, name string, r execution.DecisionRequest) (execution.Decision, error)
	// AwaitSignal gives the oldest signal of that name that no wait has taken, also one that was sent before. within 0 means
	// execution.SignalTime; after it execution.ErrSignalExpired, in every later run too.
	AwaitSignal(ctx context.Context, name string, w SignalWait) (execution.Signal, error)
	// Children submits intents as children of this execution, each once, at most parallel at a time (0 = 16), and gives them in the order
	// of the specs when all have ended, however they ended. They run as the same principal, in the same session; each is validated and
	// permitted like any intent, and may be internal. A refused one refuses all. Cancelling the parent cancels them.
	Children(ctx context.Context, name string, specs []ChildSpec, parallel int) ([]execution.Snapshot, error)
}

// SignalWait says what signal is waited for.
type SignalWait struct {
	// Signal is the signal's name; "" means the wait's.
	Signal string
	Within time.Duration
}

// ChildSpec is one child to submit.
type ChildSpec struct {
	IntentType string
	// Parameters is a JSON object; nil means {}.
	Parameters []byte
	// Key names the child within its wait, the same in every run; "" means its place among the specs.
	Key string
}

// IntentResult is what a handler returns; the Runtime stores it in the transaction that completes the execution.
type IntentResult struct {
	Artifacts []ResultArtifact
	// Values are flat scalars beside the artifacts, such as parsed_file_id.
	Values map[string]string
	// Events are domain events, appended before execution.completed.
	Events []event.Draft
	// Last is a step that is done and recorded in the same transaction, before the Events; nil is none.
	Last *LastStep
}

// LastStep is the step with which a handler ends: its effects in the store commit with its record and with the end, or not at all. A handler that
// may have recorded a step of that name in an earlier run uses Transact instead, which looks.
type LastStep struct {
	Name string
	// Do writes. now is the execution's row as it ends; its TenantID and OwnerID are the ones to write under. It runs again when the transaction
	// does.
	Do func(ctx context.Context, tx Tx, now execution.Snapshot) error `json:"-"`
}

// ResultArtifact is one named result.
type ResultArtifact struct {
	Key     string
	Aliases []string
	// Artifact is filled by the realm; tenant, owner, session, solution, realm, producing intent, execution, times and version are the
	// Runtime's to set.
	Artifact artifact.Snapshot
	// View marks a result that is shown and not stored as new: a list, a search, or an artifact that exists already.
	View bool
}

// Turn is one message for an agent, with what the platform knows about its session.
type Turn struct {
	Conversation agent.Conversation
	// History is the window before Text, oldest first.
	History []agent.Message
	Text    string
	Surface string
	Facts   SessionFacts
	// Results are what became of the calls that the agent asked for in this turn, in order.
	Results []agent.ToolResult
	// Tools are the names of what it may ask for.
	Tools []string
}

// SessionFacts is the runtime context of an agent (agents.md §1.3): what the session really holds, as the caller may see it.
type SessionFacts struct {
	Anonymous  bool
	UserName   string
	Files      []artifact.Snapshot
	Parsed     []artifact.Snapshot
	Quality    []artifact.Snapshot
	Others     []artifact.Snapshot
	Pending    []intent.Pending
	Executions []execution.Snapshot
	// BusinessContext is the committed context of the session as JSON; nil without one. It is data that people wrote.
	BusinessContext []byte
}

// Agent answers people. It reasons and proposes; it never executes.
type Agent interface {
	Definition() agent.Definition
	// Respond gives the answer to a turn; say streams text as it comes, and what was said is what Reply.Text holds.
	Respond(ctx context.Context, t Turn, say func(text string) error) (agent.Reply, error)
}
