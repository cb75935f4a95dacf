package artifact

import (
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/fault"
)

// ContractStatus is where a boundary contract stands.
type ContractStatus string

// The states of a boundary contract.
const (
	ContractPending   ContractStatus = "pending"
	ContractActive    ContractStatus = "active"
	ContractExpired   ContractStatus = "expired"
	ContractRevoked   ContractStatus = "revoked"
	ContractFulfilled ContractStatus = "fulfilled"
)

// MaterializationType is what of a file a contract allows to keep.
type MaterializationType string

// The materialization types.
const (
	Reference         MaterializationType = "reference"
	PartialExtraction MaterializationType = "partial_extraction"
	Deterministic     MaterializationType = "deterministic"
	SemanticEmbedding MaterializationType = "semantic_embedding"
	FullArtifact      MaterializationType = "full_artifact"
)

// PendingContractLife is how long a contract waits to be saved before it is swept.
const PendingContractLife = 24 * time.Hour

// Errors of contracts.
var (
	ErrFileNotSaved      = fault.New(fault.Conflict, "file_not_saved", "The file is uploaded but not saved; submit save_materialization first.")
	ErrContractNotActive = fault.New(fault.Conflict, "contract_not_active", "The file's boundary contract is not active.")
	ErrExpired           = fault.New(fault.Gone, "expired", "The file's boundary contract has expired.")
)

// Contract is a boundary contract: under which policy, in which form and until when the bytes of a file are kept.
type Contract struct {
	ID          string
	TenantID    string
	OwnerID     string
	SessionID   string
	IntentID    string
	ExecutionID string
	FileID      string
	SHA256      string
	// SourceType, SourceID and SourceMetadata (a JSON object) name the external source.
	SourceType     string
	SourceID       string
	SourceMetadata []byte
	// AccessGranted and AccessBasis are the data steward's decision at ingest.
	AccessGranted bool
	AccessBasis   string
	Status        ContractStatus

	MaterializationType  MaterializationType
	MaterializationScope string
	TTL                  time.Duration
	// ExpiresAt is zero until the contract is active.
	ExpiresAt    time.Time
	BackingStore string
	PolicyBasis  string
	Version      int
	CreatedAt    time.Time
	UpdatedAt    time.Time
}

func contractTransitions(from ContractStatus) []ContractStatus {
	switch from {
	case ContractPending:
		return []ContractStatus{ContractActive, ContractExpired, ContractRevoked}
	case ContractActive:
		return []ContractStatus{ContractExpired, ContractRevoked, ContractFulfilled}
	case ContractExpired, ContractRevoked, ContractFulfilled:
		return nil
	}
	return nil
}

// Move changes the status; the same again changes nothing, one the machine lacks is ErrInvalidTransition.
func (c *Contract) Move(to ContractStatus, now time.Time) error {
	if c.Status == to {
		return nil
	}
	if !slices.Contains(contractTransitions(c.Status), to) {
		return ErrInvalidTransition
	}
	c.Status, c.UpdatedAt = to, now
	return nil
}

// Readable reports, as an error, why the bytes under the contract may not be read at now; nil if they may.
func (c Contract) Readable(now time.Time) error {
	switch {
	case c.Status == ContractPending:
		return ErrFileNotSaved
	case c.Status == ContractExpired, c.Status == ContractActive && !now.Before(c.ExpiresAt):
		return ErrExpired
	case c.Status != ContractActive:
		return ErrContractNotActive
	}
	return nil
}

// Policy is a materialization policy; the first found of tenant+solution, tenant, platform, built-in decides alone.
type Policy struct {
	AllowAllTypes bool
	AllowedTypes  []MaterializationType
	DefaultTTL    time.Duration
	BackingStore  string
	// Level and Version make the basis that is recorded with each decision.
	Level   string
	Version string
}

// ErrMaterializationDenied is a policy that does not allow what was asked.
var ErrMaterializationDenied = fault.New(fault.Denied, "materialization_denied", "The materialization policy does not allow this.")

// BuiltinPolicy is what decides where no other policy is configured.
func BuiltinPolicy() Policy {
	return Policy{AllowAllTypes: true, DefaultTTL: 30 * 24 * time.Hour, BackingStore: "blob", Level: "builtin", Version: "builtin_1.0"}
}

// Decide gives the type and life that the policy allows for a request; an empty type is full_artifact where all types are allowed and
// denied elsewhere; a request may shorten the life, never extend it.
func (p Policy) Decide(want MaterializationType, ttl time.Duration) (MaterializationType, time.Duration, error) {
	switch {
	case p.AllowAllTypes && want == "":
		want = FullArtifact
	case p.AllowAllTypes:
	case want == "" || !slices.Contains(p.AllowedTypes, want):
		return "", 0, ErrMaterializationDenied
	}
	if ttl <= 0 || ttl > p.DefaultTTL {
		ttl = p.DefaultTTL
	}
	return want, ttl, nil
}

// Basis names the policy for the record.
func (p Policy) Basis() string { return "policy:" + p.Level + ":" + p.Version }
