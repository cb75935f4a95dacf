package e2e_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// The checker of accessibility, as the npm registry has it. It is kept in .cache and held against its hash at each use.
const (
	axeVersion   = "4.14.1"
	axeIntegrity = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
)

// axeScript gives the checker's program.
var axeScript = sync.OnceValues(func() (string, error) {
	path := filepath.Join("..", "..", ".cache", "npm", "axe-core-"+axeVersion+".tgz")
	archive, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		archive, err = download("https://registry.npmjs.org/axe-core/-/axe-core-" + axeVersion + ".tgz")
	}
	if err != nil {
		return "", err
	}
	if sum := sha512.Sum512(archive); base64.StdEncoding.EncodeToString(sum[:]) != axeIntegrity {
		return "", fmt.Errorf("axe-core %s is not what its hash says: remove %s", axeVersion, path)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	// Renamed into its place, so that nobody reads half of it.
	part := fmt.Sprintf("%s.%d", path, os.Getpid())
	if err := os.WriteFile(part, archive, 0o600); err != nil {
		return "", err
	}
	return unpacked(archive, "package/axe.min.js"), os.Rename(part, path)
})

// download tries three times.
func download(url string) (body []byte, err error) {
	client := http.Client{Timeout: time.Minute}
	for range 3 {
		if body, err = fetch(&client, url); err == nil {
			return body, nil
		}
	}
	return nil, err
}

func fetch(client *http.Client, url string) ([]byte, error) {
	res, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", url, res.Status)
	}
	return io.ReadAll(io.LimitReader(res.Body, 20<<20))
}

// unpacked gives one file of a package, "" if it is not there.
func unpacked(archive []byte, name string) string {
	plain, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return ""
	}
	for files := tar.NewReader(plain); ; {
		head, err := files.Next()
		if err != nil {
			return ""
		}
		if head.Name == name {
			text, err := io.ReadAll(files)
			if err != nil {
				return ""
			}
			return string(text)
		}
	}
}

// accessible insists that the page breaks no rule of WCAG 2.2 A and AA, in light and dark, on a wide screen and at 360 pixels, and that
// nothing reaches over its edge.
func (p *tab) accessible() {
	p.t.Helper()
	script, err := axeScript()
	require.NoError(p.t, err)
	require.NotEmpty(p.t, script)
	if p.read(`typeof window.axe`) == "undefined" {
		_, err = chromedp.Run(p.ctx, chromedp.Evaluate[any](script+"\n; null"))
		require.NoError(p.t, err)
	}
	for _, width := range []int64{360, 1280} {
		for _, theme := range []string{"dark", "light"} {
			p.run(chromedp.EmulateViewport(width, 800))
			_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			require.NoError(p.t, err)
			p.fits()
			found, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](axeRun, chromedp.EvalAwaitPromise))
			require.NoError(p.t, err)
			require.Equal(p.t, "[]", found, "%s, %s, %d pixels", p.read("location.hash"), theme, width)
		}
	}
}

// axeRun gives the broken rules as JSON, and throws if hardly any rule was tried.
const axeRun = `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] }).then((r) => {
	if (r.passes.length < 5) throw new Error("only " + r.passes.length + " rules apply");
	return JSON.stringify(r.violations.map((v) => ({ rule: v.id, what: v.nodes.slice(0, 5).map((n) => n.html.slice(0, 200) + " " + n.failureSummary) })));
})`
