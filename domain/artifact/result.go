package artifact

import (
	"fmt"
	"slices"
	"time"
)

// ResultPolicy says what is kept of an artifact's renderings. Payload and lineage always stay.
type ResultPolicy string

// The policies: renderings are kept, kept for RenderingLife, or never stored.
const (
	PersistResult ResultPolicy = "persist"
	CacheResult   ResultPolicy = "cache"
	DiscardResult ResultPolicy = "discard"
)

// RenderingLife is how long renderings are kept under CacheResult.
const RenderingLife = 24 * time.Hour

// ResultPolicies are the policies by artifact type. A type without one persists.
type ResultPolicies map[string]ResultPolicy

// Validate reports an entry that names no type or no policy.
func (p ResultPolicies) Validate() error {
	for name, policy := range p {
		if name == "" || !slices.Contains([]ResultPolicy{PersistResult, CacheResult, DiscardResult}, policy) {
			return fmt.Errorf("result policy %q of artifact type %q: want a type with persist, cache or discard", policy, name)
		}
	}
	return nil
}

// Of gives the policy of an artifact type.
func (p ResultPolicies) Of(artifactType string) ResultPolicy {
	if policy, ok := p[artifactType]; ok {
		return policy
	}
	return PersistResult
}

// Cached gives the types under CacheResult, sorted.
func (p ResultPolicies) Cached() []string {
	var types []string
	for name, policy := range p {
		if policy == CacheResult {
			types = append(types, name)
		}
	}
	slices.Sort(types)
	return types
}

// DropRenderings removes the views of an artifact. Payload, lineage and content stay.
func (a *Artifact) DropRenderings(now time.Time) {
	if a.s.Renderings != nil {
		a.s.Renderings, a.s.UpdatedAt = nil, now
	}
}
