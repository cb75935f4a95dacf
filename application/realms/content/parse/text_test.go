package parse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func TestPermit(t *testing.T) {
	doc := fixture(t, "permit.txt")
	require.Equal(t, "text", doc.Format)
	require.Equal(t, "unstructured", doc.ParsingType)
	labels := map[string]string{}
	for _, l := range doc.Labels {
		labels[l.Label] = l.Value
	}
	require.Equal(t, map[string]string{
		"Permit Number": "PER-2024-001234", "Permit Type": "Building", "Applicant": "Northwind Instruments",
		"Issue Date": "2024-01-15", "Expiration Date": "2025-01-15", "First Report Due": "2024-02-15",
	}, labels)
	require.Equal(t, 3, doc.Labels[0].Line)
	require.Equal(t, 18, doc.Labels[5].Line)
	require.Len(t, doc.Sections, 2)
	require.Equal(t, document.Section{Level: 1, Title: "CONSTRUCTION PERMIT", Path: "CONSTRUCTION PERMIT", Paragraphs: []int{1}}, doc.Sections[0])
	require.Equal(t, document.Section{Level: 1, Title: "PERMIT REQUIREMENTS", Path: "PERMIT REQUIREMENTS", Paragraphs: []int{2, 3, 4}}, doc.Sections[1])
	require.Len(t, doc.Paragraphs, 5)
	require.Equal(t, []string{document.StyleHeading, document.StyleBody, document.StyleNumberedList, document.StyleBody, document.StyleBody}, styles(doc))
	require.Equal(t, 5, doc.Metadata.RecordCount)
	var items []string
	for _, e := range doc.Structure {
		items = append(items, e.Items...)
	}
	require.Len(t, items, 7)
	require.Equal(t, "Keep dust below the limit of section 4.2.", items[1])
}

func styles(doc *document.Document) []string {
	var out []string
	for _, p := range doc.Paragraphs {
		out = append(out, p.Style)
	}
	return out
}

func TestReview(t *testing.T) {
	doc := fixture(t, "review.txt")
	var titles []string
	for _, s := range doc.Sections {
		titles = append(titles, s.Title)
	}
	require.Equal(t, []string{"AFTER ACTION REVIEW", "RESULTS", "KEY FINDINGS", "RECOMMENDATIONS"}, titles)
	require.Equal(t, []int{2}, doc.Sections[2].Paragraphs)
	require.Equal(t, document.StyleBulletList, doc.Paragraphs[2].Style)
	require.Equal(t, document.StyleNumberedList, doc.Paragraphs[3].Style)
	require.Len(t, doc.Labels, 4)
}

func TestTextDetails(t *testing.T) {
	doc := mustRead(t, "x.txt", "\n\n  \nFirst line\r\nsecond line\r\n\r\n\r\nSee https://example.com: it helps.\rAt 10:30 we met.\n\nÜBERSICHT DER FUNDE\n\n1) eins\n   weiter\n2) zwei\n")
	var index []int
	for _, p := range doc.Paragraphs {
		index = append(index, p.Index)
	}
	require.Equal(t, []int{1, 2, 3, 4}, index, "the blank block before the text counts")
	require.Equal(t, "First line\nsecond line", doc.Paragraphs[0].Text)
	require.Empty(t, doc.Labels)
	require.Equal(t, "ÜBERSICHT DER FUNDE", doc.Sections[0].Title)
	require.Equal(t, []string{"eins weiter", "zwei"}, doc.Structure[1].Items)

	for _, blank := range []string{" ", "\n\n", "\t\r\n"} {
		_, err := read("x.txt", []byte(blank), parse.Options{}, parse.Limits{})
		require.ErrorIs(t, err, parse.ErrEmpty)
	}
}
