package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/httpapi"
)

func consolePages() fs.FS {
	return fstest.MapFS{"index.html": {Data: []byte("<!doctype html>")}, "app.js": {Data: []byte("export {}")}}
}

func TestTheConsoleIsServedUnderAStrictPolicy(t *testing.T) {
	w := newWorld(t)
	page := w.do(call{method: "GET", path: "/console"}).is(200)
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	require.NotContains(t, page.header.Get("Content-Security-Policy"), "unsafe")
	file := w.do(call{method: "GET", path: "/console/app.js", header: map[string]string{"Accept-Encoding": "identity"}}).is(200)
	require.Empty(t, file.header.Get("Content-Encoding"))
	require.Equal(t, "text/javascript; charset=utf-8", file.header.Get("Content-Type"))
	w.do(call{method: "GET", path: "/console/app.js", header: map[string]string{"Accept-Encoding": "identity", "If-None-Match": file.header.Get("ETag")}}).is(304)
	packed := w.do(call{method: "GET", path: "/console/app.js", header: map[string]string{"Accept-Encoding": "gzip, br"}}).is(200)
	require.Equal(t, "gzip", packed.header.Get("Content-Encoding"))
	require.Equal(t, "Accept-Encoding", packed.header.Get("Vary"))
	require.NotEqual(t, file.header.Get("ETag"), packed.header.Get("ETag"))
	unpack, err := gzip.NewReader(bytes.NewReader(packed.body))
	require.NoError(t, err)
	text, err := io.ReadAll(unpack)
	require.NoError(t, err)
	require.Equal(t, string(file.body), string(text))
	w.do(call{method: "GET", path: "/console/secret.js"}).fails(404, "not_found")
	w.do(call{method: "GET", path: "/console/../policy.go"}).is(404)
}

func TestAConsoleOfAnotherKindIsRefused(t *testing.T) {
	cfg := httpapi.Defaults()
	cfg.CursorKey = make([]byte, 32)
	for _, files := range []fstest.MapFS{{"app.js": {}}, {"index.html": {}, "run.exe": {}}} {
		_, err := httpapi.New(httpapi.Deps{Console: files}, cfg)
		require.ErrorContains(t, err, "console")
	}
}
