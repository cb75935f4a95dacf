package catalogue_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	// named is a test as the table names it: folder:Name.
	named    = regexp.MustCompile("`([a-z0-9/]+):((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)`")
	declared = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Za-z0-9]+)\(`)
	sample   = regexp.MustCompile("`([a-z0-9-]+\\.(?:[a-z]+\\.)?[a-z]+)`")
)

// The table of what is accepted by which test names tests and fixtures that are there, and each row names one.
func TestTheAcceptanceTableIsHonest(t *testing.T) {
	page, err := os.ReadFile("../../docs/realms/acceptance.md")
	require.NoError(t, err)
	tests := map[string]map[string]bool{}
	rows := 0
	for line := range strings.Lines(string(page)) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| what |") {
			continue
		}
		rows++
		found := named.FindAllStringSubmatch(line, -1)
		require.NotEmpty(t, found, "a row without a test: %s", line)
		for _, m := range found {
			if tests[m[1]] == nil {
				tests[m[1]] = declaredIn(t, filepath.Join("..", "..", m[1]))
			}
			require.True(t, tests[m[1]][m[2]], "%s has no %s", m[1], m[2])
		}
		for _, m := range sample.FindAllStringSubmatch(line, -1) {
			require.FileExists(t, filepath.Join("..", "fixtures", m[1]))
		}
	}
	require.Greater(t, rows, 60)
	fixtures, err := os.ReadDir("../fixtures")
	require.NoError(t, err)
	for _, f := range fixtures {
		if !f.IsDir() {
			require.Contains(t, string(page), "`"+f.Name()+"`", "a fixture that no row speaks of")
		}
	}
}

func declaredIn(t *testing.T, folder string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	require.NotEmpty(t, files, folder)
	out := map[string]bool{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range declared.FindAllStringSubmatch(string(b), -1) {
			out[m[1]] = true
		}
	}
	return out
}
