package content

import (
	"slices"
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
)

// ErrAccessDenied is the data steward's refusal: the file may not be brought in at all.
var ErrAccessDenied = fault.New(fault.Denied, "access_denied", "The data access policy does not allow this source.")

// AccessPolicy is the data steward's rule at ingest. The zero value grants everything. It is one rule for the whole deployment; rules per
// tenant need a store of policies, which this version does not have.
type AccessPolicy struct {
	// DeniedIngestion are ways in that are closed: upload, edi, api.
	DeniedIngestion []string
	// DeniedMediaTypes are kinds of content, as found in the bytes, that are not taken.
	DeniedMediaTypes []string
	// Version names the rule in the record of each decision; empty is builtin_1.0.
	Version string
}

// decide gives the basis that is recorded with a granted access, or ErrAccessDenied.
func (p AccessPolicy) decide(ingestion, mediaType string) (basis string, err error) {
	switch {
	case slices.Contains(p.DeniedIngestion, ingestion):
		return "", ErrAccessDenied.WithMsg("The data access policy does not allow ingestion_type %q.", ingestion)
	case slices.Contains(p.DeniedMediaTypes, mediaType):
		return "", ErrAccessDenied.WithMsg("The data access policy does not allow %s.", mediaType)
	case p.Version == "":
		return "policy:builtin:steward_1.0", nil
	}
	return "policy:platform:" + p.Version, nil
}

// SolutionKey names a solution of a tenant.
type SolutionKey struct{ TenantID, SolutionID string }

// MaterializationPolicies are the configured policies. The first found of tenant and solution, tenant, platform, built-in decides alone.
// They are settings of the process, not objects that a tenant edits: the order of the look-up is what later versions build on.
type MaterializationPolicies struct {
	Solutions map[SolutionKey]artifact.Policy
	Tenants   map[string]artifact.Policy
	Platform  *artifact.Policy
}

func (p MaterializationPolicies) find(tenantID, solutionID string) artifact.Policy {
	if found, ok := p.Solutions[SolutionKey{tenantID, solutionID}]; ok {
		return found
	}
	if found, ok := p.Tenants[tenantID]; ok {
		return found
	}
	if p.Platform != nil {
		return *p.Platform
	}
	return artifact.BuiltinPolicy()
}

// grant is what a policy allows.
type grant struct {
	kind  artifact.MaterializationType
	ttl   time.Duration
	store string
	basis string
}

// decide asks the policy in force. A policy that cannot be carried out (no life, a backing store that this version does not have)
// denies, as one that cannot be read.
func (p MaterializationPolicies) decide(tenantID, solutionID string, want artifact.MaterializationType, ttl time.Duration) (grant, error) {
	policy := p.find(tenantID, solutionID)
	if policy.DefaultTTL <= 0 || policy.BackingStore != storeBlob {
		return grant{}, artifact.ErrMaterializationDenied.WithMsg("The materialization policy cannot be carried out, so nothing is kept.")
	}
	kind, life, err := policy.Decide(want, ttl)
	if err != nil {
		return grant{}, err
	}
	return grant{kind: kind, ttl: life, store: policy.BackingStore, basis: policy.Basis()}, nil
}

// storeBlob is the one backing store of this version.
const storeBlob = "blob"
