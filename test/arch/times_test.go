package arch_test

import (
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/arch"
)

// times gives the named durations of the core: constants that are made of a unit of time.
func times(files []arch.File) (found []string) {
	for _, f := range files {
		layer := strings.Split(f.Path, "/")[0]
		if f.Test() || !slices.Contains([]string{"domain", "application", "ports"}, layer) || strings.Contains(f.Path, "/realms/chaos/") {
			continue
		}
		for _, d := range f.Tree.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				v, _ := s.(*ast.ValueSpec)
				for i, value := range v.Values {
					if united(value) {
						found = append(found, f.Path+":"+v.Names[i].Name)
					}
				}
			}
		}
	}
	return found
}

func united(e ast.Expr) bool {
	yes := false
	ast.Inspect(e, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			yes = yes || slices.Contains([]string{"Millisecond", "Second", "Minute", "Hour"}, s.Sel.Name)
		}
		return !yes
	})
	return yes
}

// F6: no time of the core is without a test in made-up time or a reason, and the list names nothing that is gone. test/setup/times.sh runs them all.
func TestEveryTimeIsTestedInMadeUpTime(t *testing.T) {
	files, err := arch.Scan("../..")
	require.NoError(t, err)
	list, err := os.ReadFile("times.txt")
	require.NoError(t, err)
	var named []string
	for line := range strings.Lines(string(list)) {
		f := strings.Split(strings.TrimSpace(line), "|")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !strings.HasPrefix(f[0], "settings:") {
			named = append(named, f[0])
		}
		if f[2] == "-" {
			require.Len(t, f, 4, "%s needs a test, or a reason why not", f[0])
			continue
		}
		require.True(t, inMadeUpTime(t, f[1], f[2]), "%s: %s in %s does not exist, or looks at no clock that it moves", f[0], f[2], f[1])
	}
	found := times(files)
	require.NotEmpty(t, found)
	require.ElementsMatch(t, found, named)
	seeded, err := arch.Parse("domain/a/a.go", `package a; import "time"; const Life = 3 * time.Minute; const n = 3`)
	require.NoError(t, err)
	require.Equal(t, []string{"domain/a/a.go:Life"}, times([]arch.File{seeded}))
	require.False(t, inMadeUpTime(t, "domain/typeid", "TestValid"))
}

// inMadeUpTime reports whether a package has the test, in a file that moves a clock, or asks what holds at a time that it gives.
func inMadeUpTime(t *testing.T, dir, name string) bool {
	t.Helper()
	tests, err := filepath.Glob(filepath.Join("../..", dir, "*_test.go"))
	require.NoError(t, err)
	for _, file := range tests {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		if regexp.MustCompile(`(?m)^func ` + name + `\(t \*testing\.T\)`).Match(text) {
			return regexp.MustCompile(`synctest\.Test|\.Advance\(|\.Add\(|time\.(Second|Minute|Hour|Date)`).Match(text)
		}
	}
	return false
}
