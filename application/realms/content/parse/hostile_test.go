package parse_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
)

func fixtureBytes(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return b
}

// repack copies a container, with more entries.
func repack(t testing.TB, old []byte, replace map[string]string, more func(w *zip.Writer)) []byte {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(old), int64(len(old)))
	require.NoError(t, err)
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range r.File {
		out, err := w.Create(f.Name)
		require.NoError(t, err)
		if text, ok := replace[f.Name]; ok {
			_, err = io.WriteString(out, text)
			require.NoError(t, err)
			continue
		}
		in, err := f.Open()
		require.NoError(t, err)
		_, err = io.Copy(out, in)
		require.NoError(t, err)
	}
	if more != nil {
		more(w)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func entry(t testing.TB, w *zip.Writer, name, content string) {
	t.Helper()
	out, err := w.Create(name)
	require.NoError(t, err)
	_, err = io.WriteString(out, content)
	require.NoError(t, err)
}

// refused asserts the code, and that refusing took little memory and not the time that a parse is given.
func refused(t *testing.T, name string, content []byte, code string) *fault.Error {
	t.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	doc, err := read(name, content, parse.Options{}, parse.Limits{})
	runtime.ReadMemStats(&after)
	require.Error(t, err, name)
	require.Nil(t, doc)
	require.Equal(t, code, fault.As(err).Code, "%s: %v", name, err)
	require.NotContains(t, err.Error(), "seconds", "refused for what it is, long before its time is over")
	require.Less(t, int64(after.HeapSys)-int64(before.HeapSys), int64(192<<20), name)
	return fault.As(err)
}

func TestHostileContainers(t *testing.T) {
	for _, name := range containers {
		whole := fixtureBytes(t, name)
		ext := filepath.Ext(name)
		zeros := strings.Repeat("0", 8<<20)
		for title, c := range map[string]struct {
			content []byte
			code    string
		}{
			"bomb":        {repack(t, whole, nil, func(w *zip.Writer) { entry(t, w, "bomb.bin", zeros) }), "limit_exceeded"},
			"entries":     {repack(t, whole, nil, func(w *zip.Writer) { many(t, w, 10_001) }), "limit_exceeded"},
			"nested name": {repack(t, whole, nil, func(w *zip.Writer) { entry(t, w, "inner.zip", "PK") }), "limit_exceeded"},
			"nested":      {repack(t, whole, nil, func(w *zip.Writer) { entry(t, w, "inner.bin", string(whole)) }), "limit_exceeded"},
			"cut in half": {whole[:len(whole)/2], "malformed_content"},
			"cut by one":  {whole[:len(whole)-1], "malformed_content"},
			"directory":   {lie(whole), "malformed_content"},
			"deep":        {repack(t, whole, map[string]string{"[Content_Types].xml": strings.Repeat("<a>", 101)}, nil), "limit_exceeded"},
			"dtd":         {repack(t, whole, map[string]string{"[Content_Types].xml": `<!DOCTYPE a [<!ENTITY b "c">]><a/>`}, nil), "malformed_content"},
			"attributes":  {repack(t, whole, map[string]string{"[Content_Types].xml": "<a" + attributes(1_001) + "/>"}, nil), "limit_exceeded"},
		} {
			t.Run(name+" "+title, func(t *testing.T) { refused(t, "x"+ext, c.content, c.code) })
		}
	}
}

func many(t testing.TB, w *zip.Writer, n int) {
	for i := range n {
		_, err := w.CreateHeader(&zip.FileHeader{Name: fmt.Sprint(i)})
		require.NoError(t, err)
	}
}

func attributes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ` a%d="1"`, i)
	}
	return b.String()
}

// lie changes the size that the directory gives for its first entry.
func lie(content []byte) []byte {
	out := bytes.Clone(content)
	at := bytes.Index(out, []byte("PK\x01\x02"))
	out[at+24]--
	return out
}

// Every prefix of every binary fixture is refused or read, but breaks nothing.
func TestTruncatedFiles(t *testing.T) {
	for _, name := range binaries {
		whole := fixtureBytes(t, name)
		for n := 1; n < len(whole); n += 1 + len(whole)/40 {
			_, err := read(name, whole[:n], parse.Options{}, parse.Limits{})
			require.NotEqual(t, fault.Internal, fault.KindOf(err), "%s cut at %d: %v", name, n, err)
		}
	}
}

func FuzzBinaries(f *testing.F) {
	for i, name := range binaries {
		f.Add(uint8(i), fixtureBytes(f, name))
	}
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		name := binaries[int(which)%len(binaries)]
		doc, err := read(name, content, parse.Options{}, parse.Limits{Time: 10 * time.Second})
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
			return
		}
		_, err = parse.EncodeDocument(doc)
		require.NoError(t, err)
	})
}

func FuzzTexts(f *testing.F) {
	for i, name := range textual {
		f.Add(uint8(i), fixtureBytes(f, name))
	}
	f.Fuzz(func(t *testing.T, which uint8, content []byte) {
		name := textual[int(which)%len(textual)]
		doc, err := read(name, content, parse.Options{}, parse.Limits{Time: 10 * time.Second})
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
			require.NotContains(t, fault.As(err).Msg, "broke the parser")
			return
		}
		_, err = parse.EncodeDocument(doc)
		require.NoError(t, err)
	})
}
