package artifact_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
)

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

var states = []artifact.State{
	artifact.Pending, artifact.Ready, artifact.Archived, artifact.Failed, artifact.Deleted, artifact.Draft, artifact.Accepted, artifact.Obsolete,
}

func TestLifecycleMatrices(t *testing.T) {
	material := map[artifact.State][]artifact.State{
		artifact.Pending:  {artifact.Ready, artifact.Failed, artifact.Deleted},
		artifact.Ready:    {artifact.Archived, artifact.Failed, artifact.Deleted},
		artifact.Archived: {artifact.Ready, artifact.Deleted},
		artifact.Failed:   {artifact.Pending, artifact.Deleted},
	}
	outcome := map[artifact.State][]artifact.State{
		artifact.Pending:  {artifact.Draft, artifact.Failed, artifact.Deleted},
		artifact.Draft:    {artifact.Accepted, artifact.Obsolete},
		artifact.Accepted: {artifact.Obsolete},
		artifact.Obsolete: {artifact.Deleted},
	}
	for class, matrix := range map[artifact.DataClass]map[artifact.State][]artifact.State{
		artifact.WorkingMaterial: material, artifact.RecordOfFact: material, artifact.Outcome: outcome,
	} {
		for _, from := range states {
			for _, to := range states {
				a := artifact.Restore(artifact.Snapshot{DataClass: class, State: from})
				err := a.Move(to, "usr_1", "because", now)
				switch {
				case from == to:
					require.NoError(t, err)
					require.Empty(t, a.Snapshot().Transitions, "the same state again is no transition")
				case slices.Contains(matrix[from], to):
					require.NoError(t, err, "%s %s → %s", class, from, to)
					require.Equal(t, []artifact.Transition{{From: from, To: to, At: now, By: "usr_1", Reason: "because"}}, a.Snapshot().Transitions)
				default:
					require.ErrorIs(t, err, artifact.ErrInvalidTransition, "%s %s → %s", class, from, to)
					require.Equal(t, from, a.State())
				}
			}
		}
	}
}

func TestNewChecksWhatMustHold(t *testing.T) {
	good := artifact.Snapshot{ID: "art_1", TenantID: "ten_1", Type: "file", DataClass: artifact.WorkingMaterial, State: artifact.Pending}
	a, err := artifact.New(good)
	require.NoError(t, err)
	require.Equal(t, artifact.Workspace, a.Snapshot().Sharing, "nothing is shared by default")
	require.True(t, a.Snapshot().Current)
	for name, change := range map[string]func(*artifact.Snapshot){
		"no id":         func(s *artifact.Snapshot) { s.ID = "" },
		"no tenant":     func(s *artifact.Snapshot) { s.TenantID = "" },
		"no type":       func(s *artifact.Snapshot) { s.Type = "" },
		"born archived": func(s *artifact.Snapshot) { s.State = artifact.Archived },
		"born deleted":  func(s *artifact.Snapshot) { s.State = artifact.Deleted },
		"wrong machine": func(s *artifact.Snapshot) { s.State = artifact.Draft },
		"too large":     func(s *artifact.Snapshot) { s.Payload = []byte(strings.Repeat("x", artifact.MaxPayload+1)) },
	} {
		s := good
		change(&s)
		_, err := artifact.New(s)
		require.Error(t, err, name)
	}
	good.Payload = []byte(strings.Repeat("x", artifact.MaxPayload))
	_, err = artifact.New(good)
	require.NoError(t, err, "the limit itself passes")
}

func TestContractMachineAndReading(t *testing.T) {
	all := []artifact.ContractStatus{
		artifact.ContractPending, artifact.ContractActive, artifact.ContractExpired, artifact.ContractRevoked, artifact.ContractFulfilled,
	}
	matrix := map[artifact.ContractStatus][]artifact.ContractStatus{
		artifact.ContractPending: {artifact.ContractActive, artifact.ContractExpired, artifact.ContractRevoked},
		artifact.ContractActive:  {artifact.ContractExpired, artifact.ContractRevoked, artifact.ContractFulfilled},
	}
	for _, from := range all {
		for _, to := range all {
			c := artifact.Contract{Status: from}
			err := c.Move(to, now)
			require.Equal(t, from == to || slices.Contains(matrix[from], to), err == nil, "%s → %s", from, to)
		}
	}
	expires := now.Add(time.Hour)
	for status, want := range map[artifact.ContractStatus]error{
		artifact.ContractPending: artifact.ErrFileNotSaved, artifact.ContractActive: nil, artifact.ContractExpired: artifact.ErrExpired,
		artifact.ContractRevoked: artifact.ErrContractNotActive, artifact.ContractFulfilled: artifact.ErrContractNotActive,
	} {
		require.ErrorIs(t, artifact.Contract{Status: status, ExpiresAt: expires}.Readable(now), want)
	}
	require.ErrorIs(t, artifact.Contract{Status: artifact.ContractActive, ExpiresAt: expires}.Readable(expires), artifact.ErrExpired)
}

func TestPolicyDecides(t *testing.T) {
	builtin := artifact.BuiltinPolicy()
	kind, life, err := builtin.Decide("", 0)
	require.NoError(t, err)
	require.Equal(t, artifact.FullArtifact, kind)
	require.Equal(t, 30*24*time.Hour, life)
	_, life, err = builtin.Decide(artifact.Reference, time.Hour)
	require.NoError(t, err)
	require.Equal(t, time.Hour, life, "a request may shorten the life")
	_, life, err = builtin.Decide(artifact.Reference, 1000*time.Hour)
	require.NoError(t, err)
	require.Equal(t, 30*24*time.Hour, life, "and never extend it")
	require.Equal(t, "policy:builtin:builtin_1.0", builtin.Basis())

	strict := artifact.Policy{AllowedTypes: []artifact.MaterializationType{artifact.Deterministic}, DefaultTTL: time.Hour}
	_, _, err = strict.Decide(artifact.Deterministic, 0)
	require.NoError(t, err)
	for _, denied := range []artifact.MaterializationType{"", artifact.FullArtifact, artifact.Reference} {
		_, _, err = strict.Decide(denied, 0)
		require.ErrorIs(t, err, artifact.ErrMaterializationDenied)
	}
}
