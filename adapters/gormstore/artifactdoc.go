package gormstore

import (
	"time"

	"github.com/symphainy/symphainy/domain/artifact"
)

// The stored forms of an artifact's parts: their names are the schema's, whatever the domain calls its fields.
type (
	materializationDoc struct {
		ID          string `json:"id"`
		StorageType string `json:"storage_type"`
		Format      string `json:"format"`
	}
	lineageDoc struct {
		DerivedFrom      []string `json:"derived_from,omitempty"`
		DerivationIntent string   `json:"derivation_intent,omitempty"`
		DerivationRunID  string   `json:"derivation_run_id,omitempty"`
		Generation       int      `json:"generation"`
		RootArtifactID   string   `json:"root_artifact_id,omitempty"`
	}
	transitionDoc struct {
		From   artifact.State `json:"from"`
		To     artifact.State `json:"to"`
		At     time.Time      `json:"at"`
		By     string         `json:"by"`
		Reason string         `json:"reason"`
	}
)

// each converts a list; nil stays nil.
func each[A, B any](list []A, to func(A) B) []B {
	if list == nil {
		return nil
	}
	out := make([]B, len(list))
	for i, v := range list {
		out[i] = to(v)
	}
	return out
}

func materializationDocOf(m artifact.Materialization) materializationDoc {
	return materializationDoc(m)
}

func (d materializationDoc) materialization() artifact.Materialization {
	return artifact.Materialization(d)
}

// transitionDocOf gives the time as a column of its own would hold it.
func transitionDocOf(t artifact.Transition) transitionDoc {
	t.At = moment(t.At)
	return transitionDoc(t)
}

func (d transitionDoc) transition() artifact.Transition { return artifact.Transition(d) }
