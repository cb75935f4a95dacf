package arch_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/arch"
	"github.com/symphainy/symphainy/test/sheet"
)

// built gives the packages of ours that a build of the program holds.
func built(t *testing.T, tags string) []string {
	t.Helper()
	list := exec.Command("go", "list", "-deps", "-tags", tags, arch.Module+"/cmd/symphainy")
	out, err := list.Output()
	require.NoError(t, err)
	var ours []string
	for name := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(name, arch.Module+"/") {
			ours = append(ours, strings.TrimPrefix(name, arch.Module+"/"))
		}
	}
	return ours
}

// F11: what breaks things on purpose, and what tests are made of, is not in the release, and would be seen if it were.
func TestNoChaosCodeInTheRelease(t *testing.T) {
	release := built(t, "nomsgpack")
	require.Greater(t, len(release), 40)
	for _, name := range release {
		require.NotContains(t, strings.Split(name, "/"), "chaos")
		require.NotContains(t, []string{"test", "mocks"}, strings.Split(name, "/")[0])
	}
	chaos := built(t, "chaos")
	require.Contains(t, chaos, "adapters/chaos")
	require.Contains(t, chaos, "application/realms/chaos")
	sheet.Record(t, "F11", len(release), "packages of the release that are chaos, test or mock code 0", "0")
}
