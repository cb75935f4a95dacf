package admin_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/admin"
	"github.com/symphainy/symphainy/domain/realm"
)

func part(name string, needs, gives []string) admin.Part {
	return admin.Part{Realm: "r", Spec: realm.IntentSpec{Type: name}, Needs: needs, Gives: gives}
}

func TestCompositionFollowsWhatIsDeclared(t *testing.T) {
	parts := []admin.Part{
		part("upload", nil, []string{"file_id"}), part("parse", []string{"file_id"}, []string{"parsed_id"}),
		part("assess", []string{"parsed_id", "file_id"}, []string{"report_id"}), part("lost", []string{"nobody_id"}, nil),
		part("loop", []string{"loop_id"}, []string{"loop_id"}),
	}
	require.Equal(t, []admin.Link{{"upload", "parse", "file_id"}, {"upload", "assess", "file_id"}, {"parse", "assess", "parsed_id"}}, admin.Links(parts))
	got := map[string][]string{}
	for _, tpl := range admin.Templates(parts) {
		for _, s := range tpl.Steps {
			got[tpl.Goal.Spec.Type] = append(got[tpl.Goal.Spec.Type], s.Spec.Type)
		}
	}
	require.Equal(t, map[string][]string{"parse": {"upload", "parse"}, "assess": {"upload", "parse", "assess"}}, got)
	c := admin.Compose(parts, []string{"parse", "assess", "fly"})
	require.Equal(t, []string{"fly"}, c.Unknown)
	require.Equal(t, [][]string{{"file_id"}, {"file_id"}}, c.Missing)
}
