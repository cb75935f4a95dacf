package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

func (s *suite) listArtifacts(t *testing.T, scope identity.Scope, f ports.ArtifactFilter, w ports.Window) ([]string, int64) {
	t.Helper()
	var total int64
	list := get(t, s, func(ctx context.Context, tx ports.Tx) (list []artifact.Artifact, err error) {
		list, total, err = tx.Artifacts.List(ctx, scope, f, w)
		return list, err
	})
	return ids(list, artifact.Artifact.ID), total
}

func (s *suite) artifactList(t *testing.T) {
	t.Helper()
	h := s.member(t, "")
	second := session.NewActive(id(typeid.Session), h.user.ID, h.tenantID, nil, s.at(0))
	parent := id(typeid.File)
	// Oldest first; the second and third share their time and are ordered by id.
	edits := []struct {
		minutes int
		edit    func(*artifact.Snapshot)
	}{
		{1, func(r *artifact.Snapshot) { r.Name, r.Format, r.Size = "a.csv", "csv", 10 }},
		{2, func(r *artifact.Snapshot) { r.Type, r.Parents, r.Size = "parsed_content", []string{"x", parent}, 20 }},
		{2, func(r *artifact.Snapshot) { r.State, r.Profile, r.Size = artifact.Draft, "tabular", 30 }},
		{4, func(r *artifact.Snapshot) { r.State, r.SessionID = artifact.Accepted, second.ID() }},
		{5, func(r *artifact.Snapshot) { r.State = artifact.Archived }},
		{6, func(r *artifact.Snapshot) { r.State = artifact.Pending }},
		{7, func(r *artifact.Snapshot) { r.State = artifact.Deleted }},
	}
	a := make([]string, len(edits))
	s.do(t, func(ctx context.Context, tx ports.Tx) error {
		require.NoError(t, tx.Sessions.Insert(ctx, second))
		for i, v := range edits {
			one := s.artifact(h, v.minutes, v.edit)
			a[i] = one.ID()
			require.NoError(t, tx.Artifacts.Insert(ctx, one))
		}
		return nil
	})
	require.NoError(t, s.insertArtifact(t, s.artifact(s.member(t, h.tenantID), 3, nil)))
	whole := ports.Window{Limit: 50}
	t.Run("filters", func(t *testing.T) {
		for name, c := range map[string]struct {
			filter ports.ArtifactFilter
			want   []string
		}{
			"none":       {ports.ArtifactFilter{}, []string{a[3], a[2], a[1], a[0]}},
			"states":     {ports.ArtifactFilter{States: []artifact.State{artifact.Archived, artifact.Pending}}, []string{a[5], a[4]}},
			"one state":  {ports.ArtifactFilter{States: []artifact.State{artifact.Ready}}, []string{a[1], a[0]}},
			"type":       {ports.ArtifactFilter{Types: []string{"parsed_content"}}, []string{a[1]}},
			"types":      {ports.ArtifactFilter{Types: []string{"parsed_content", "file"}}, []string{a[3], a[2], a[1], a[0]}},
			"session":    {ports.ArtifactFilter{SessionID: second.ID()}, []string{a[3]}},
			"name":       {ports.ArtifactFilter{Name: "a.csv"}, []string{a[0]}},
			"other case": {ports.ArtifactFilter{Name: "A.csv"}, []string{}},
			"pattern":    {ports.ArtifactFilter{Name: "a%"}, []string{}},
			"format":     {ports.ArtifactFilter{Format: "csv"}, []string{a[0]}},
			"profile":    {ports.ArtifactFilter{Profile: "tabular"}, []string{a[2]}},
			"parent":     {ports.ArtifactFilter{ParentID: parent}, []string{a[1]}},
			"no parent":  {ports.ArtifactFilter{ParentID: parent[:len(parent)-1]}, []string{}},
			"after":      {ports.ArtifactFilter{CreatedAfter: s.at(2)}, []string{a[3]}},
			"before":     {ports.ArtifactFilter{CreatedBefore: s.abroad(2)}, []string{a[0]}},
			"least":      {ports.ArtifactFilter{MinSize: 20}, []string{a[2], a[1]}},
			"most":       {ports.ArtifactFilter{MinSize: 1, MaxSize: 20}, []string{a[1], a[0]}},
			"several":    {ports.ArtifactFilter{Types: []string{"file"}, MinSize: 20, CreatedBefore: s.at(4)}, []string{a[2]}},
		} {
			list, total := s.listArtifacts(t, h.scope, c.filter, whole)
			require.Equal(t, c.want, list, name)
			require.Equal(t, int64(len(c.want)), total, name)
		}
	})
	t.Run("windows", func(t *testing.T) {
		for _, c := range []struct {
			window ports.Window
			want   []string
		}{
			{ports.Window{Limit: 2}, []string{a[3], a[2]}}, {ports.Window{Limit: 2, Offset: 1}, []string{a[2], a[1]}},
			{ports.Window{Limit: 2, Offset: 3}, []string{a[0]}}, {ports.Window{Limit: 2, Offset: 4}, []string{}},
			{ports.Window{}, []string{}},
		} {
			list, total := s.listArtifacts(t, h.scope, ports.ArtifactFilter{}, c.window)
			require.Equal(t, c.want, list)
			require.Equal(t, int64(4), total, "the total does not know the window")
		}
	})
	t.Run("nothing", func(t *testing.T) {
		list, total := s.listArtifacts(t, s.visitor(t).scope, ports.ArtifactFilter{}, whole)
		require.Empty(t, list)
		require.Zero(t, total)
	})
}
