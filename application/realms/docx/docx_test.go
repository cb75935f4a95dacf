package docx_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/docx"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/test/wordtest"
)

func write(fill func(d *docx.Document)) []byte {
	d := docx.New("A <report> & \"more\"")
	fill(d)
	raw, err := d.Bytes()
	if err != nil {
		panic(err)
	}
	return raw
}

func sample(d *docx.Document) {
	d.Heading(1, "Purpose")
	d.Paragraph("First line\nsecond line")
	d.Field("Owner", "Ada")
	d.Heading(2, "Steps")
	d.Numbered("Extract", "Load")
	d.Bullets("careful", "quick")
	d.Table([]string{"step", "actor"}, [][]string{{"Extract", "Ada"}, {"Load"}})
	d.Numbered("Again from one")
}

func read(t *testing.T, raw []byte) *document.Document {
	t.Helper()
	in := parse.Input{Body: bytes.NewReader(raw), Filename: "r.docx"}
	doc, err := parse.NewRegistry(parse.DefaultLimits()).Parse(t.Context(), in, parse.Options{}, nil)
	require.NoError(t, err)
	return doc
}

// What is written is what the platform's own reader finds.
func TestADocumentReadsBack(t *testing.T) {
	raw := write(sample)
	doc := read(t, raw)
	titles := []string{}
	for _, s := range doc.Sections {
		titles = append(titles, s.Title)
	}
	require.Subset(t, titles, []string{"Purpose", "Steps"})
	require.Contains(t, doc.Text, "Extract")
	require.Contains(t, doc.Text, "A <report> & \"more\"")
	require.Len(t, doc.Tables, 1)
	require.Equal(t, 2, doc.Tables[0].RowCount)
	require.Equal(t, "actor", doc.Tables[0].Columns[1].Label)
	require.Equal(t, raw, write(sample), "equal content gives equal bytes")
}

// A library that is not ours opens it, and finds the same texts in the same styles.
func TestAnotherReaderOpensIt(t *testing.T) {
	d := wordtest.Open(t, write(sample))
	require.Equal(t, []string{"A <report> & \"more\""}, d.Styled("Title"))
	require.Equal(t, []string{"Purpose"}, d.Styled("heading 1"))
	require.Equal(t, []string{"Steps"}, d.Styled("heading 2"))
	require.Equal(t, []string{"Extract", "Load", "Again from one"}, d.Styled("List Number"))
	require.Equal(t, []string{"careful", "quick"}, d.Styled("List Bullet"))
	require.Equal(t, []string{"First line\nsecond line", "Owner: Ada", ""}, d.Styled(""))
	require.Equal(t, [][][]string{{{"step", "actor"}, {"Extract", "Ada"}, {"Load", ""}}}, d.Tables)
}

// No text, whatever is in it, breaks a part of the package.
func TestHostileTextsStayTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{`<a & "b">`, `'; --`, "שלום", "]]>", "\x00\x01", "\xff", "</w:t>"})).Draw(t, "text")
		raw := write(func(d *docx.Document) {
			d.Heading(9, s)
			d.Paragraph(s)
			d.Field(s, s)
			d.Bullets(s)
			d.Numbered(s)
			d.Table([]string{s}, [][]string{{s, s}})
			d.Table(nil, nil)
		})
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		require.NoError(t, err)
		for _, f := range z.File {
			in, err := f.Open()
			require.NoError(t, err)
			decoder := xml.NewDecoder(in)
			for {
				if _, err = decoder.Token(); err != nil {
					break
				}
			}
			require.ErrorIs(t, err, io.EOF, f.Name)
			require.NoError(t, in.Close())
		}
	})
}
