package arch_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// missing gives the targets of a list that are not in the tree below root.
func missing(t *testing.T, root, list string) (named int, gone []string) {
	t.Helper()
	for line := range strings.Lines(list) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if strings.HasPrefix(line, "#") {
			continue
		}
		require.Len(t, f, 3, line)
		named++
		files, err := filepath.Glob(filepath.Join(root, f[1], "*_test.go"))
		require.NoError(t, err)
		found := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			found = found || regexp.MustCompile(`(?m)^func `+f[2]+`\(f \*testing\.F\)`).Match(text)
		}
		if !found {
			gone = append(gone, f[2])
		}
	}
	return named, gone
}

// F3 names seventeen fuzz targets; `make sheet-nightly` runs them, and this test misses one that is gone.
func TestTheSeventeenFuzzTargetsAreThere(t *testing.T) {
	list, err := os.ReadFile("../setup/fuzz-targets.txt")
	require.NoError(t, err)
	named, gone := missing(t, "../..", string(list))
	require.Equal(t, 17, named)
	require.Empty(t, gone)
	_, gone = missing(t, "../..", "seeded|domain/typeid|FuzzNothing\n")
	require.Equal(t, []string{"FuzzNothing"}, gone)
}
