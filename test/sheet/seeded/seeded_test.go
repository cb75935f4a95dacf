package seeded_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/sheet"
	"github.com/symphainy/symphainy/test/sheet/seeded"
)

const root = "../../.."

// Every mistake can be made: its text is where it says, what comes out is Go, and its row and test are there. `make sheet-bugs` makes them.
func TestMistakesCanBeMade(t *testing.T) {
	rows := map[string]bool{}
	for _, r := range sheet.Rows() {
		rows[r.ID] = true
	}
	seen := map[string]bool{}
	for _, m := range seeded.Mistakes() {
		require.False(t, seen[m.ID], m.ID)
		seen[m.ID] = true
		require.True(t, rows[m.Row], "%s names the row %q", m.ID, m.Row)
		require.NotEmpty(t, m.What, m.ID)
		require.NotEqual(t, len(m.Edits) > 0, m.Tag != "", m.ID)
		_, err := m.Apply(root)
		require.NoError(t, err)
		for name := range strings.SplitSeq(m.Run, "|") {
			require.True(t, declared(t, m.Package, name), "%s: %s has no %s", m.ID, m.Package, name)
		}
	}
	for _, id := range []string{"B11", "B12", "B13", "B14", "B15", "B16", "B17", "B18", "B19", "B20", "B21", "B22", "B23", "B24"} {
		require.True(t, seen[id], id)
	}
	for n := range 28 { // every hard rule
		require.True(t, seen[fmt.Sprintf("H%d", n+1)], n+1)
	}
}

func declared(t *testing.T, pkg, name string) bool {
	t.Helper()
	name, _, _ = strings.Cut(strings.Trim(name, "^$"), "/")
	name = strings.TrimSuffix(name, "$")
	files, err := filepath.Glob(filepath.Join(root, pkg, "*_test.go"))
	require.NoError(t, err)
	for _, file := range files {
		raw, err := os.ReadFile(file)
		require.NoError(t, err)
		if regexp.MustCompile(`(?m)^func ` + name + `\w*\(`).Match(raw) {
			return true
		}
	}
	return false
}

func TestAnEditMustFit(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.go"), []byte("package a\n\nvar x, y = 1, 1\n"), 0o600))
	for _, e := range []seeded.Edit{{"a.go", "2", "3"}, {"a.go", "1", "3"}, {"a.go", "var x", "vor x"}, {"b.go", "1", "2"}} {
		_, err := seeded.Mistake{Edits: []seeded.Edit{e}}.Apply(dir)
		require.Error(t, err)
	}
	out, err := seeded.Mistake{Edits: []seeded.Edit{{"a.go", "x, y = 1, 1", "x = 2"}, {"a.go", "2", "3"}}}.Apply(dir)
	require.NoError(t, err)
	require.Equal(t, "package a\n\nvar x = 3\n", string(out["a.go"]))
}

// What is wrong on purpose is in no release: the tags are none of its build, and the code of the tags is behind them.
func TestNoReleaseHasAMistake(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	builds := 0
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, "go build") && (strings.Contains(line, "./cmd/symphainy") || strings.HasPrefix(line, "BUILD")) {
			builds++
			require.NotContains(t, line, "bug")
			require.NotContains(t, line, "chaos")
		}
	}
	require.Positive(t, builds)
	found := 0
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() && (strings.HasPrefix(d.Name(), ".") && len(d.Name()) > 2 || d.Name() == "bin") {
			if d != nil && d.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		base := d.Name()
		if !strings.HasSuffix(base, ".go") || !strings.HasPrefix(base, "bug_") && !strings.HasPrefix(base, "seeded_") || strings.HasSuffix(base, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if strings.HasSuffix(base, "_off.go") {
			return nil
		}
		found++
		require.Regexp(t, `^//go:build (chaos && )?bugB\d+\n`, string(source), path)
		return nil
	}))
	require.Positive(t, found)
}
