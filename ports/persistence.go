package ports

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/event"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/session"
)

// UnitOfWork runs work against the store.
type UnitOfWork interface {
	// Do runs fn in one read-write transaction and returns after COMMIT. An error of fn rolls everything back and is returned as it
	// is. fn may run again after a serialisation failure or deadlock, so it changes nothing outside tx; no network call, no agent
	// and no second Do inside it.
	Do(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
	// View runs fn against one consistent, read-only view. Writes through tx fail.
	View(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
	// Look is View for a single read, or for reads that need not agree with each other: each sees what is committed when it is made, and costs
	// one round trip.
	Look(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Tx hands out the stores of one transaction: what is done through one Tx commits together or not at all.
type Tx struct {
	Users         UserStore
	Tenants       TenantStore
	Sessions      SessionStore
	Standings     StandingStore
	Logins        LoginStore
	Tickets       TicketStore
	Limits        LimitStore
	Sockets       SocketStore
	Scopes        ScopeStore
	Executions    ExecutionStore
	Activity      ActivityStore
	Leases        LeaseStore
	Flow          FlowStore
	Steps         StepStore
	Signals       SignalStore
	Children      ChildStore
	Decisions     DecisionStore
	Deadlines     DeadlineStore
	Work          WorkStore
	Retention     RetentionStore
	Schedules     ScheduleStore
	Ticks         TickStore
	Events        EventLog
	Queue         WorkEnqueuer
	Idempotency   IdempotencyStore
	Artifacts     ArtifactStore
	Contracts     ContractStore
	Space         SpaceStore
	Pending       PendingIntentStore
	Conversations ConversationStore
	Messages      MessageStore
	AgentSettings AgentSettingStore
	ToolPins      ToolPinStore
	Ledger        LedgerStore
	Audit         AuditLog
	Chain         AuditChain
	Directory     DirectoryStore
	Invitations   InvitationStore
	Statistics    StatisticsStore
	TenantData    TenantDataStore
}

// UserStore keeps accounts. It is platform-wide: users are found by id or by e-mail key before any tenant is known.
type UserStore interface {
	// Insert stores a new user; a taken EmailKey is ErrDuplicate.
	Insert(ctx context.Context, u identity.User) error
	ByID(ctx context.Context, id string) (identity.User, error)
	// Lock is ByID that in a transaction that writes keeps other writers out until its end; a later Save is not stale.
	Lock(ctx context.Context, id string) (identity.User, error)
	// ByEmailKey finds by the normalised address.
	ByEmailKey(ctx context.Context, key string) (identity.User, error)
	// Save stores a changed user, guarded by Version.
	Save(ctx context.Context, u identity.User) error
	// Count gives how many users exist.
	Count(ctx context.Context) (int64, error)
}

// TenantStore keeps tenants and who belongs to them.
type TenantStore interface {
	Insert(ctx context.Context, t identity.Tenant) error
	ByID(ctx context.Context, id string) (identity.Tenant, error)
	// AddMember stores a membership; the same user twice in a tenant is ErrDuplicate.
	AddMember(ctx context.Context, m identity.Membership) error
	// Member finds a user's membership of a tenant.
	Member(ctx context.Context, tenantID, userID string) (identity.Membership, error)
	// Memberships gives a user's memberships, oldest first.
	Memberships(ctx context.Context, userID string) ([]identity.Membership, error)
}

// SessionStore keeps sessions. Sessions are found by id before a tenant is known: the caller proves possession or ownership on what
// comes back (Session.ProvedBy, Session.OwnedBy) and answers ErrNotFound otherwise.
type SessionStore interface {
	Insert(ctx context.Context, s session.Session) error
	ByID(ctx context.Context, id string) (session.Session, error)
	// Save stores a changed session, guarded by Version. It never changes an owner once set.
	Save(ctx context.Context, s session.Session) error
	// Upgrade is the one compare-and-set of security.md §1.2: exactly one caller wins, only while the session is anonymous, unexpired
	// by database time and proved by secretHash; all others get ErrNotFound. It returns the session as it is now.
	Upgrade(ctx context.Context, id string, secretHash []byte, userID, tenantID string) (session.Session, error)
	// Owned lists a user's sessions, newest first.
	Owned(ctx context.Context, tenantID, userID string, page Page) ([]session.Session, error)
	// BySecretHash finds the anonymous session that the secret with this SHA-256 opens.
	BySecretHash(ctx context.Context, hash []byte) (session.Session, error)
}

// LoginStore keeps the refresh families of signed-in sessions, one per session.
type LoginStore interface {
	Insert(ctx context.Context, l session.Login) error
	BySession(ctx context.Context, sessionID string) (session.Login, error)
	// ByCookieHash finds the login of a browser's cookie.
	ByCookieHash(ctx context.Context, hash []byte) (session.Login, error)
	// Rotate stores next if the stored counter is still from; otherwise ErrStale. One of many concurrent callers wins.
	Rotate(ctx context.Context, next session.Login, from int) error
	// Delete removes the family; removing what is not there is no error.
	Delete(ctx context.Context, sessionID string) error
}

// TicketStore keeps one-time socket tickets.
type TicketStore interface {
	Insert(ctx context.Context, t session.Ticket) error
	// Take removes and returns the unexpired ticket with the hash; a second Take, or an expired ticket, is ErrNotFound.
	Take(ctx context.Context, hash []byte) (session.Ticket, error)
	// DeleteBySession removes the tickets of a session.
	DeleteBySession(ctx context.Context, sessionID string) error
	// DeleteExpired removes what is past its time and returns how many.
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// ScopeStore keeps what is in an isolation scope together when the scope changes.
type ScopeStore interface {
	// Pin keeps an anonymous session anonymous until the transaction ends: an upgrade waits for it. ErrNotFound if the session is nobody's
	// any more, which may be the failure of the next call, or of the transaction. What a visitor writes into the session's isolation scope without a lease is written under a pin; otherwise it could come
	// after an upgrade and stay behind in a scope that nobody reads.
	Pin(ctx context.Context, sessionID string) error
	// Held fails the transaction with ErrLeaseLost unless the lease still holds and its execution is in the scope. Nothing that the transaction
	// reads afterwards is given before that is known; the failure may be the next call's, or the transaction's.
	Held(ctx context.Context, l execution.Lease, scope identity.Scope) error
	// Rekey gives all that the anonymous session made (executions with their steps and events, artifacts, contracts, taken space, pending intents,
	// conversations, messages, idempotency keys) to the tenant and user. Audit records stay where they were written.
	Rekey(ctx context.Context, sessionID, tenantID, userID string) error
}

// ExecutionFilter narrows a list of executions; zero fields do not narrow.
type ExecutionFilter struct {
	SessionID  string
	Status     []execution.State
	IntentType string
	// Except leaves out executions of these intent types.
	Except                      []string
	Realm                       string
	RetryOf                     string
	ParentID                    string
	CreatedAfter, CreatedBefore time.Time
	// ActiveSince keeps executions that are live, or that ended at or after it.
	ActiveSince time.Time
}

// Page asks for a part of a list: at most Limit items after the one with id After ("" = from the start).
type Page struct {
	Limit int
	After string
}

// ExecutionStore keeps executions.
type ExecutionStore interface {
	// Insert stores a new execution; a live one of the session with its Intent.SameKey is ErrDuplicate, and the transaction goes on.
	Insert(ctx context.Context, e execution.Execution) error
	// Begin is Insert of an execution that its owner has claimed already: the lease ends at database time + lease. Where an earlier
	// live execution shares its lane it is execution.ErrNotClaimable, nothing is stored, and the transaction goes on.
	Begin(ctx context.Context, e execution.Execution, lease time.Duration) error
	// ByID finds an execution in the caller's scope.
	ByID(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error)
	// Lock is ByID that also keeps every other writer of the row out until the transaction ends.
	Lock(ctx context.Context, scope identity.Scope, id string) (execution.Execution, error)
	// Save stores a changed execution, guarded by Version; the tenant, owner and principal are never changed by it.
	Save(ctx context.Context, e execution.Execution) error
	// List gives executions in scope, newest first.
	List(ctx context.Context, scope identity.Scope, f ExecutionFilter, page Page) ([]execution.Execution, error)
}

// Renewal is the answer to a renewal of leases.
type Renewal struct {
	// Lost are executions whose fence is no longer the caller's.
	Lost []string
	// Cancel are executions whose cancellation was asked for.
	Cancel []string
	// Pause are executions that are to be paused.
	Pause []string
}

// LeaseStore gives workers their fenced claims. It is the only store that works across tenants; it shows only ids and lease columns
// until an execution is claimed.
type LeaseStore interface {
	// Claim takes the execution for owner if it is due, has no live owner, and no earlier live execution shares its lane, and
	// no bound of Concurrency is reached: fence and attempt rise, the lease ends at database time + lease. Otherwise ErrNotClaimable.
	Claim(ctx context.Context, id, owner string, lease time.Duration) (execution.Execution, error)
	// Hold locks the row of a lease and returns the execution as it is now (its tenant may have changed by an upgrade); ErrLeaseLost
	// if the row has another fence or is not running. In a View it only reads.
	Hold(ctx context.Context, l execution.Lease) (execution.Execution, error)
	// Renew extends all of the owner's given leases by database time.
	Renew(ctx context.Context, leases []execution.Lease, lease time.Duration) (Renewal, error)
	// Due gives up to limit ids that could be claimed at database time: first those whose owner is gone, so that no backlog keeps them
	// waiting, then the others, each oldest due first.
	Due(ctx context.Context, limit int) ([]string, error)
	// NextInLane gives the id of the oldest accepted or retrying execution of the lane, "" if none.
	NextInLane(ctx context.Context, tenantID, lane string) (string, error)
	// ReleaseAll makes the work of dead owners due at once. Only for a store whose file lock proves that no other process is alive.
	ReleaseAll(ctx context.Context) (int64, error)
}

// StepStore keeps finished steps.
type StepStore interface {
	// Put stores a finished step; the same name twice in an execution is ErrDuplicate.
	Put(ctx context.Context, tenantID string, s execution.Step) error
	// Of gives the finished steps of an execution by position.
	Of(ctx context.Context, tenantID, executionID string) ([]execution.Step, error)
	// Forget removes the finished steps of an execution, and tells how many there were.
	Forget(ctx context.Context, tenantID, executionID string) (int64, error)
}

// SignalStore keeps what was sent to executions.
type SignalStore interface {
	// Put stores a signal; the same ID twice in an execution is ErrDuplicate.
	Put(ctx context.Context, tenantID string, s execution.Signal) error
	// Next gives the oldest signal of a name that no wait has taken; ErrNotFound if there is none.
	Next(ctx context.Context, tenantID, executionID, name string) (execution.Signal, error)
	// Take marks a signal as taken by a wait; one that is taken or not there is ErrNotFound.
	Take(ctx context.Context, tenantID, executionID, id, wait string) error
}

// ChildStore looks at executions by their parent.
type ChildStore interface {
	// Of gives the children of an execution, oldest first.
	Of(ctx context.Context, tenantID, parentID string) ([]execution.Child, error)
	// Live counts those that have not ended.
	Live(ctx context.Context, tenantID, parentID string) (int, error)
	// Orphans gives up to limit live children of all tenants whose parent has ended.
	Orphans(ctx context.Context, limit int) ([]execution.Orphan, error)
}

// DecisionStore finds executions that wait for a decision by those who may take it: the whole tenant. Who of it may is the caller's to
// check, before anything is told.
type DecisionStore interface {
	// Lock finds an execution of a tenant and keeps every other writer of the row out until the transaction ends.
	Lock(ctx context.Context, tenantID, id string) (execution.Execution, error)
	// Open gives executions of a tenant that wait for a decision, by id and so the oldest first. A page's After need not wait any more.
	Open(ctx context.Context, tenantID string, page Page) ([]execution.Execution, error)
}

// DeadlineStore finds executions of all tenants whose time is over and that nobody works on.
type DeadlineStore interface {
	// Overdue gives up to limit ids, the longest overdue first, by database time.
	Overdue(ctx context.Context, limit int) ([]string, error)
	// Seize locks one if it is still overdue; otherwise it is ErrNotFound.
	Seize(ctx context.Context, id string) (execution.Execution, error)
}

// RetentionStore removes what is no longer kept, of all tenants.
type RetentionStore interface {
	// TrimEvents removes the logs of up to limit executions that ended at least age ago by database time, the oldest first, and notes in their
	// TrimmedSeq how far. Nothing of an execution that has not ended is removed. It returns of how many.
	TrimEvents(ctx context.Context, age time.Duration, limit int) (int, error)
	// Visitors gives up to limit sessions that never had an owner and whose time was over at least age ago by database time, the oldest first.
	Visitors(ctx context.Context, age time.Duration, limit int) ([]string, error)
	// Forget removes those of the sessions that Visitors would give, with their tickets.
	Forget(ctx context.Context, sessionIDs []string, age time.Duration) error
}

// EventLog keeps the events of executions.
type EventLog interface {
	// Append stores events whose numbers the execution gave; a number that exists is ErrDuplicate.
	Append(ctx context.Context, tenantID string, events []event.Event) error
	// Read gives up to limit events with Seq > after, in order. The caller has checked that the execution is in scope.
	Read(ctx context.Context, tenantID, executionID string, after int64, limit int) ([]event.Event, error)
}

// IdempotencyStore remembers keys.
type IdempotencyStore interface {
	// Reserve stores the record if its (tenant, actor, key) is new and returns nil; otherwise it returns the stored record. Concurrent
	// callers with one key wait for each other, so exactly one gets nil. An expired record counts as absent.
	Reserve(ctx context.Context, r intent.IdempotencyRecord) (*intent.IdempotencyRecord, error)
	// DeleteExpired removes what is past its time and returns how many.
	DeleteExpired(ctx context.Context, now time.Time) (int64, error)
}

// ArtifactFilter narrows a list of artifacts; zero fields do not narrow.
type ArtifactFilter struct {
	Types                       []string
	States                      []artifact.State
	SessionID                   string
	Name                        string
	Format                      string
	Profile                     string
	ParentID                    string
	CreatedAfter, CreatedBefore time.Time
	MinSize, MaxSize            int64
}

// Window asks for a part of a list by position.
type Window struct {
	Limit  int
	Offset int
}

// ArtifactStore keeps artifacts.
type ArtifactStore interface {
	Insert(ctx context.Context, a artifact.Artifact) error
	// ByID finds an artifact that the scope sees: the owner's, or one shared with the tenant, in any state but DELETED.
	ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error)
	// Lock is ByID that also keeps every other writer of the row out until the transaction ends.
	Lock(ctx context.Context, scope identity.Scope, id string) (artifact.Artifact, error)
	// Save stores a changed artifact, guarded by Version; tenant and owner are never changed by it.
	Save(ctx context.Context, a artifact.Artifact) error
	// List gives what the scope sees, newest first, and the total without the window. Without States it gives READY, draft, accepted.
	List(ctx context.Context, scope identity.Scope, f ArtifactFilter, w Window) ([]artifact.Artifact, int64, error)
	// Rendered gives artifacts of all tenants, of these types and created at or before the given time, that have renderings and are not
	// DELETED, oldest first. It is for the sweep of cached renderings.
	Rendered(ctx context.Context, types []string, before time.Time, limit int) ([]artifact.Artifact, error)
}

// ContractStore keeps boundary contracts.
type ContractStore interface {
	Insert(ctx context.Context, c artifact.Contract) error
	ByID(ctx context.Context, scope identity.Scope, id string) (artifact.Contract, error)
	// ByFile finds the contract of a file.
	ByFile(ctx context.Context, scope identity.Scope, fileID string) (artifact.Contract, error)
	// Save stores a changed contract, guarded by Version.
	Save(ctx context.Context, c artifact.Contract) error
	// Due gives contracts of all tenants that the sweep has to end: active past their expiry, pending ones created before pendingBefore.
	Due(ctx context.Context, now, pendingBefore time.Time, limit int) ([]artifact.Contract, error)
}

// PendingFilter narrows a list of pending intents; zero fields do not narrow.
type PendingFilter struct {
	TargetArtifactID string
	Type             string
	Status           []intent.PendingStatus
}

// ErrQuota is a tenant without room for more bytes.
var ErrQuota = fault.New(fault.Quota, "quota_exceeded", "There is no room for this file.")

// SpaceStore counts the bytes of files, per tenant; of a visitor the session's id stands for the tenant, until the upgrade.
type SpaceStore interface {
	// Reserve takes room for a file, unless the tenant would have more than quota then: ErrQuota, and nothing is taken. Whoever reserves
	// for the tenant at the same time waits until the transaction ends, so that many at once never get more than quota. A quota of 0 is no
	// bound; a file that has room keeps what it has.
	Reserve(ctx context.Context, tenantID, fileID string, bytes, quota int64) error
	// Release gives the room of a file back; a file without is no error.
	Release(ctx context.Context, tenantID, fileID string) error
	// Used gives the bytes that the tenant has taken.
	Used(ctx context.Context, tenantID string) (int64, error)
}

// PendingIntentStore keeps intents prepared for later.
type PendingIntentStore interface {
	Insert(ctx context.Context, p intent.Pending) error
	ByID(ctx context.Context, scope identity.Scope, id string) (intent.Pending, error)
	Save(ctx context.Context, p intent.Pending) error
	// List gives them oldest first.
	List(ctx context.Context, scope identity.Scope, f PendingFilter, w Window) ([]intent.Pending, int64, error)
}

// ConversationStore keeps conversations.
type ConversationStore interface {
	// Insert stores a new conversation; the same ClientID twice in a session is ErrDuplicate.
	Insert(ctx context.Context, c agent.Conversation) error
	// ByClientID finds a conversation by the client's name for it within a session.
	ByClientID(ctx context.Context, scope identity.Scope, sessionID, clientID string) (agent.Conversation, error)
	ByID(ctx context.Context, scope identity.Scope, id string) (agent.Conversation, error)
	Save(ctx context.Context, c agent.Conversation) error
	// Of lists the conversations of a session, newest first.
	Of(ctx context.Context, scope identity.Scope, sessionID string) ([]agent.Conversation, error)
}

// MessageStore keeps messages.
type MessageStore interface {
	// Append stores a message with the next Seq of its conversation and returns that. The same ID twice is ErrDuplicate.
	Append(ctx context.Context, m agent.Message) (int64, error)
	// Before gives up to limit messages with Seq < before (0 = the newest), oldest first.
	Before(ctx context.Context, tenantID, conversationID string, before int64, limit int) ([]agent.Message, error)
	// Trim removes all but the newest keep messages and returns how many it removed.
	Trim(ctx context.Context, tenantID, conversationID string, keep int) (int64, error)
}
