package parse_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func read(name string, content []byte, opts parse.Options, limits parse.Limits) (*document.Document, error) {
	return parse.NewRegistry(limits).ParseAll(context.Background(), parse.Input{Body: bytes.NewReader(content), Filename: name}, opts)
}

func mustRead(t require.TestingT, name, content string) *document.Document {
	doc, err := read(name, []byte(content), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	return doc
}

func fixture(t testing.TB, name string) *document.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	doc, err := read(name, b, parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	return doc
}

// oneColumn parses values as the second column of a CSV and returns it.
func oneColumn(t require.TestingT, opts parse.Options, values ...string) (document.Column, []document.Value, *document.Document) {
	var b strings.Builder
	b.WriteString("n,v\n")
	for _, v := range values {
		b.WriteString("x,")
		b.WriteString(`"` + strings.ReplaceAll(v, `"`, `""`) + `"`)
		b.WriteByte('\n')
	}
	doc, err := read("c.csv", []byte(b.String()), opts, parse.Limits{})
	require.NoError(t, err)
	cells := make([]document.Value, 0, len(values))
	for _, r := range doc.Tables[0].Rows {
		cells = append(cells, r[1])
	}
	return doc.Tables[0].Columns[1], cells, doc
}

func texts(values []document.Value) []string {
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = v.String()
	}
	return out
}

func types(table document.Table) string {
	parts := make([]string, 0, len(table.Columns))
	for _, c := range table.Columns {
		s := c.Name + ":" + string(c.Type)
		if c.Format != "" {
			s += "/" + string(c.Format)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

func warned(doc *document.Document, code string) bool { return doc.Warnings.Count(code) > 0 }
