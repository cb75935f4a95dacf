// Package artifact holds what executions make: files, parsed documents, assessments, … in one form with lifecycle and lineage,
// and the boundary contract under which a file's bytes are kept (realms.md §1.2, §2).
package artifact

import (
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// State is where an artifact's life stands.
type State string

// The states. Material and facts go PENDING → READY ⇄ ARCHIVED; outcomes PENDING → draft → accepted → obsolete; never across.
const (
	Pending  State = "PENDING"
	Ready    State = "READY"
	Archived State = "ARCHIVED"
	Failed   State = "FAILED"
	Deleted  State = "DELETED"
	Draft    State = "draft"
	Accepted State = "accepted"
	Obsolete State = "obsolete"
)

// DataClass decides an artifact's life and which of the two state machines it follows (realms.md §1.4).
type DataClass string

// The data classes.
const (
	WorkingMaterial DataClass = "working_material"
	RecordOfFact    DataClass = "record_of_fact"
	Outcome         DataClass = "outcome"
)

// Sharing says who of the tenant sees the artifact.
type Sharing string

// The scopes: the owner in all their sessions, or all of the tenant.
const (
	Workspace    Sharing = "workspace"
	TenantShared Sharing = "tenant"
)

// ErrInvalidTransition is a lifecycle change that the artifact's machine does not have.
var ErrInvalidTransition = fault.New(fault.Conflict, "invalid_transition", "The artifact's state does not allow this.")

func materialTransitions(from State) []State {
	switch from {
	case Pending:
		return []State{Ready, Failed, Deleted}
	case Ready:
		return []State{Archived, Failed, Deleted}
	case Archived:
		return []State{Ready, Deleted}
	case Failed:
		return []State{Pending, Deleted}
	case Deleted, Draft, Accepted, Obsolete:
		return nil
	}
	return nil
}

func outcomeTransitions(from State) []State {
	switch from {
	case Pending:
		return []State{Draft, Failed, Deleted}
	case Draft:
		return []State{Accepted, Obsolete}
	case Accepted:
		return []State{Obsolete}
	case Obsolete:
		return []State{Deleted}
	case Ready, Archived, Failed, Deleted:
		return nil
	}
	return nil
}

// CanBecome reports whether an artifact of the class may go from one state to another. The same state again is no transition.
func CanBecome(class DataClass, from, to State) bool {
	if class == Outcome {
		return slices.Contains(outcomeTransitions(from), to)
	}
	return slices.Contains(materialTransitions(from), to)
}

// Transition is one recorded change of state.
type Transition struct {
	From   State
	To     State
	At     time.Time
	By     string
	Reason string
}

// Materialization says in which form the content is kept. It holds no path.
type Materialization struct {
	ID          string
	StorageType string
	Format      string
}

// Lineage says what an artifact was made of.
type Lineage struct {
	DerivedFrom      []string
	DerivationIntent string
	DerivationRunID  string
	Generation       int
	RootArtifactID   string
}

// Snapshot is the stored form of an artifact.
type Snapshot struct {
	ID string
	// TenantID is the isolation scope (the session's id while anonymous); OwnerID is empty while anonymous.
	TenantID   string
	OwnerID    string
	SessionID  string
	SolutionID string
	Sharing    Sharing
	Realm      string
	// Type is the artifact type, such as "file", "parsed_content", "quality_assessment".
	Type      string
	DataClass DataClass
	Purpose   string
	State     State
	// Payload is the semantic payload, a JSON object of at most MaxPayload bytes, always kept.
	Payload []byte
	// Renderings is a JSON object of larger views (document, preview, markdown, …); nil without.
	Renderings []byte
	// Metadata is a JSON object: schema, method, assumptions, warnings.
	Metadata []byte
	// Descriptor is a JSON object: schema, record_count, parser_type.
	Descriptor       []byte
	Materializations []Materialization
	Parents          []string
	Lineage          Lineage
	ProducedIntent   string
	ExecutionID      string
	Transitions      []Transition
	// Name, Format, Profile and Size are what lists filter and sort by.
	Name    string
	Format  string
	Profile string
	Size    int64
	// BlobKey is the key of the content in the blob store; it never leaves the server. Empty without content.
	BlobKey   string
	BlobSHA   string
	MediaType string
	// ContentVersion counts versions of the content; ParentVersionID is the one before.
	ContentVersion  int
	ParentVersionID string
	Current         bool
	// Origin is "anonymous" for content made before its session's upgrade, else "authenticated".
	Origin          string
	SourceExpiredAt time.Time
	ExpiresAt       time.Time
	// Version is the optimistic lock.
	Version   int
	CreatedAt time.Time
	UpdatedAt time.Time
}

// MaxPayload is the largest semantic payload in bytes; more belongs in renderings or content.
const MaxPayload = 256 << 10

// Artifact is the aggregate.
type Artifact struct{ s Snapshot }

// Restore makes an artifact of its stored form.
func Restore(s Snapshot) Artifact { return Artifact{s} }

// New checks and makes an artifact; the caller fills the snapshot, whose State is where its life starts: PENDING, or the first state
// after it (READY, or draft for outcomes).
func New(s Snapshot) (Artifact, error) {
	start := s.State == Pending || CanBecome(s.DataClass, Pending, s.State) && s.State != Failed && s.State != Deleted
	switch {
	case s.ID == "" || s.TenantID == "" || s.Type == "" || !start:
		return Artifact{}, fault.New(fault.Internal, "artifact_incomplete", "an artifact needs id, tenant, type and a starting state")
	case len(s.Payload) > MaxPayload:
		return Artifact{}, fault.Newf(fault.TooLarge, "limit_exceeded", "The semantic payload has %d bytes; the limit is %d.", len(s.Payload), MaxPayload)
	}
	if s.Sharing == "" {
		s.Sharing = Workspace
	}
	if s.ContentVersion == 0 {
		s.ContentVersion, s.Current = 1, true
	}
	return Artifact{s}, nil
}

// Snapshot gives the form to store.
func (a Artifact) Snapshot() Snapshot { return a.s }

// ID gives the artifact's id.
func (a Artifact) ID() string { return a.s.ID }

// State gives the lifecycle state.
func (a Artifact) State() State { return a.s.State }

// Move changes the lifecycle state and records the transition. The same state again changes nothing; a change the machine does not
// have is ErrInvalidTransition.
func (a *Artifact) Move(to State, by, reason string, now time.Time) error {
	if a.s.State == to {
		return nil
	}
	if !CanBecome(a.s.DataClass, a.s.State, to) {
		return ErrInvalidTransition
	}
	a.s.Transitions = append(slices.Clone(a.s.Transitions), Transition{From: a.s.State, To: to, At: now, By: by, Reason: reason})
	a.s.State, a.s.UpdatedAt = to, now
	return nil
}

// Describe replaces payload and descriptor, JSON objects; nil keeps what is there.
func (a *Artifact) Describe(payload, descriptor []byte, now time.Time) {
	if payload != nil {
		a.s.Payload = payload
	}
	if descriptor != nil {
		a.s.Descriptor = descriptor
	}
	a.s.UpdatedAt = now
}

// Supersede records that a newer version stands in front of this one.
func (a *Artifact) Supersede(now time.Time) { a.s.Current, a.s.UpdatedAt = false, now }

// SetExpiry sets when the content's contract ends.
func (a *Artifact) SetExpiry(at time.Time) { a.s.ExpiresAt = at }

// SetProfile sets how the content is to be read.
func (a *Artifact) SetProfile(profile string, now time.Time) {
	a.s.Profile, a.s.UpdatedAt = profile, now
}

// Share sets who of the tenant sees the artifact.
func (a *Artifact) Share(scope Sharing, now time.Time) error {
	if scope != Workspace && scope != TenantShared {
		return fault.Newf(fault.Invalid, "invalid_parameters", "scope must be %q or %q.", Workspace, TenantShared)
	}
	a.s.Sharing, a.s.UpdatedAt = scope, now
	return nil
}
