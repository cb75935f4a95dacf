package parse_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestTheContentDecides(t *testing.T) {
	const table, object, prose = "id,name\n1,x\n2,y\n", `[{"a":1}]`, "Dear all,\nthe meeting is moved.\n"
	for _, c := range []struct {
		name, profile, mime, content string
		format                       string
		lie                          bool
	}{
		{"a.csv", "", "", table, "csv", false},
		{"a.CSV", "", "", table, "csv", false},
		{"a.csv", "", "", object, "json", true},
		{"a.json", "", "", object, "json", false},
		{"a.json", "", "", table, "csv", true},
		{"a.txt", "", "", table, "text", false},
		{"a.txt", "", "", object, "text", false},
		{"a.txt", "structured", "", table, "csv", false},
		{"a.txt", "structured", "", object, "json", false},
		{"a.txt", "structured", "", prose, "text", false},
		{"a.csv", "unstructured", "", table, "text", false},
		{"a", "", "", table, "csv", false},
		{"", "", "", object, "json", false},
		{"a.export", "", "", prose, "text", false},
		{"a.export", "", "text/csv; charset=utf-8", "name\nx\n", "text", false},
		{"dir.csv/readme", "", "", prose, "text", false},
	} {
		doc, err := parse.NewRegistry(parse.Limits{}).ParseAll(context.Background(),
			parse.Input{Body: bytes.NewReader([]byte(c.content)), Filename: c.name, Profile: c.profile, MIME: c.mime, FileID: "fil_1", SHA256: "ab"}, parse.Options{})
		require.NoError(t, err, c)
		require.Equal(t, c.format, doc.Format, c)
		require.Equal(t, c.lie, warned(doc, "type_mismatch"), c)
		require.Equal(t, []string{"fil_1", "ab"}, []string{doc.FileID, doc.SourceSHA256})
	}
}

func TestUnsupportedNamesWhatIsSupported(t *testing.T) {
	supported := strings.Join(parse.NewRegistry(parse.Limits{}).Formats(), ", ")
	for name, content := range map[string]string{
		"a.csv": "\x1F\x8B\x08...", "a.zip": "PK\x03\x04...", "a.parquet": "x", "a.doc": "Dear all", "a": "\x00\x01\x02\x03",
		"a.rtf": "{\\rtf1 hello}", "c.txt": "\x1F\x8B\x08",
	} {
		_, err := read(name, []byte(content), parse.Options{}, parse.Limits{})
		require.ErrorIs(t, err, parse.ErrUnsupported, name)
		require.Contains(t, fault.As(err).Msg, "Supported formats: "+supported+".")
		require.Equal(t, fault.Unsupported, fault.KindOf(err))
	}
}
