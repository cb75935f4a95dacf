package outcomes

import (
	"encoding/json"
	"strings"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Bounds of what is repeated from users' texts, in bytes, and of lists.
const (
	textMost   = 1000
	nameMost   = 200
	listMost   = 100
	sourceMost = 100
)

// made is the stored result of an intent's one step.
type made struct {
	ID         string
	Name       string
	Payload    json.RawMessage
	Metadata   json.RawMessage
	Renderings json.RawMessage
	Event      json.RawMessage
	Parents    []string
	Root       string
	Generation int
}

// from notes of which artifacts the result was made; the first one's root is the result's.
func (m *made) from(sources []artifact.Snapshot) {
	seen := map[string]bool{}
	for _, s := range sources {
		if seen[s.ID] || len(m.Parents) >= sourceMost {
			continue
		}
		seen[s.ID] = true
		m.Parents = append(m.Parents, s.ID)
		m.Generation = max(m.Generation, s.Lineage.Generation+1)
		if m.Root == "" {
			if m.Root = s.Lineage.RootArtifactID; m.Root == "" {
				m.Root = s.ID
			}
		}
	}
}

// outcome is the artifact of a result.
func outcome(call ports.IntentCall, kind string, done made) artifact.Snapshot {
	return artifact.Snapshot{
		ID: done.ID, Type: kind, DataClass: artifact.Outcome, Purpose: "decision_support", State: artifact.Draft, Sharing: artifact.Workspace,
		Name: done.Name, Payload: done.Payload, Metadata: done.Metadata, Renderings: done.Renderings,
		Descriptor: artifacts.Encode(map[string]any{"schema": kind + "_v1"}), Parents: done.Parents,
		Lineage: artifact.Lineage{
			DerivedFrom: done.Parents, DerivationIntent: call.Execution().Intent.Type, DerivationRunID: call.Execution().ID,
			Generation: done.Generation, RootArtifactID: done.Root,
		},
	}
}

// described is the metadata of a computed result.
func described(kind string, assumptions []string, warnings []any) json.RawMessage {
	if assumptions == nil {
		assumptions = []string{}
	}
	if warnings == nil {
		warnings = []any{}
	}
	return artifacts.Encode(map[string]any{
		"schema": kind + "_v1", "method": "deterministic", "model": nil, "assumptions": assumptions, "warnings": warnings,
	})
}

func warning(code, message string) any { return map[string]any{"code": code, "message": message} }

// wrong is an error about one parameter.
func wrong(parameter, code, message string) *fault.Error {
	return fault.New(fault.Invalid, "invalid_parameters", parameter+": "+message).
		WithFields(fault.Field{Pointer: "/parameters/" + strings.ReplaceAll(parameter, ".", "/"), Code: code, Message: message})
}

// clip shortens a text to at most that many bytes and an ellipsis, at a character's end.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && s[most]&0xC0 == 0x80 {
		most--
	}
	return strings.ToValidUTF8(s[:most], "\uFFFD") + "…"
}

// few gives at most the first n of a list, never nil.
func few[T any](list []T, n int) []T {
	out := list[:min(len(list), n)]
	if out == nil {
		return []T{}
	}
	return out
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}
