package console_test

import (
	"compress/gzip"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/console"
)

// weightLimit is how many bytes a browser loads at most to show any page for the first time.
const weightLimit = 200 << 10

// counter counts what is written.
type counter int

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

func files(t *testing.T) map[string]string {
	t.Helper()
	from, err := console.Files()
	require.NoError(t, err)
	entries, err := fs.ReadDir(from, ".")
	require.NoError(t, err)
	found := map[string]string{}
	for _, e := range entries {
		text, err := fs.ReadFile(from, e.Name())
		require.NoError(t, err)
		found[e.Name()] = string(text)
	}
	return found
}

func TestAllFilesTogetherAreSmall(t *testing.T) {
	var weight counter
	for name, text := range files(t) {
		w := gzip.NewWriter(&weight)
		_, err := io.WriteString(w, text)
		require.NoError(t, err, name)
		require.NoError(t, w.Close(), name)
	}
	t.Logf("%d bytes compressed", weight)
	require.Less(t, int(weight), weightLimit)
}

var imports = regexp.MustCompile(`(?m)^import .* from "([^"]+)";$`)

// Each module names only modules that are here, and each of them is in use.
func TestModulesFindEachOther(t *testing.T) {
	all := files(t)
	used := map[string]bool{"app.js": true}
	for name, text := range all {
		for _, m := range imports.FindAllStringSubmatch(text, -1) {
			file, here := strings.CutPrefix(m[1], "./")
			require.True(t, here, "%s imports %s", name, m[1])
			require.Contains(t, all, file, name)
			used[file] = true
		}
	}
	for name := range all {
		require.True(t, used[name] || !strings.HasSuffix(name, ".js"), "nobody imports %s", name)
	}
}

// What would need a looser policy, or make HTML of a text, is not written.
func TestNothingIsWrittenThatRunsText(t *testing.T) {
	for name, text := range files(t) {
		for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "style=", "onclick=", "http://127", "https://"} {
			require.NotContains(t, text, word, name)
		}
	}
}
