package parse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func byStyle(doc *document.Document, style string) (found []string) {
	for _, p := range doc.Paragraphs {
		if p.Style == style {
			found = append(found, p.Text)
		}
	}
	return found
}

func TestWordDocument(t *testing.T) {
	doc := fixture(t, "manual.docx")
	require.Equal(t, []string{"docx", "unstructured"}, []string{doc.Format, doc.ParsingType})
	require.Equal(t, []string{"Migration Manual", "Procedure"}, byStyle(doc, document.StyleHeading))
	require.Len(t, doc.Paragraphs, 8)
	require.Equal(t, []string{"Extract the policies of one product.", `Compare totals, and mark differences with <a & "b">.`},
		byStyle(doc, document.StyleNumberedList))
	require.Equal(t, []string{"Ask before you delete anything."}, byStyle(doc, document.StyleBulletList))
	require.Equal(t, []document.Section{
		{Level: 1, Title: "Migration Manual", Path: "Migration Manual", Paragraphs: []int{1, 2, 4, 5, 6, 7}},
		{Level: 2, Title: "Procedure", Path: "Migration Manual / Procedure", Paragraphs: []int{4, 5, 6, 7}},
	}, doc.Sections)
	require.Equal(t, []document.Label{{Label: "Owner", Value: "Claims Operations", Line: 3}}, doc.Labels)
	require.True(t, strings.HasPrefix(doc.Text, "Migration Manual\nThis manual tells how"))
	require.Len(t, doc.Tables, 1)
	require.Equal(t, "field:string source:string length:integer", types(doc.Tables[0]))
	require.Equal(t, []string{"holder", "HOLDER-NAME", "30"}, texts(doc.Tables[0].Rows[1]))
}

func bodyOf(t *testing.T, body string) []byte {
	return repack(t, fixtureBytes(t, "manual.docx"), map[string]string{
		"word/document.xml": `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>` + body + `</w:body></w:document>`,
	}, nil)
}

func TestWordCorners(t *testing.T) {
	doc, err := read("a.docx", bodyOf(t, `<w:p><w:r><w:t>one</w:t><w:tab/><w:t>two</w:t><w:br/><w:t>three</w:t><w:delText>gone</w:delText><w:instrText>PAGE</w:instrText></w:r></w:p>
		<w:p><w:r><mc:AlternateContent xmlns:mc="m"><mc:Choice><w:p><w:r><w:t>box</w:t></w:r></w:p></mc:Choice><mc:Fallback><w:t>twice</w:t></mc:Fallback></mc:AlternateContent><w:t>outer</w:t></w:r></w:p>
		<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="2"/></w:tcPr><w:p><w:r><w:t>wide</w:t></w:r></w:p></w:tc><w:tc><w:p/></w:tc></w:tr>
		<w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p><w:tbl><w:tr><w:tc><w:p><w:r><w:t>in</w:t></w:r></w:p></w:tc></w:tr></w:tbl></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>`),
		parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "one\ttwo\nthree\nbox\nouter", doc.Text)
	require.Equal(t, "wide:string Column_2:string", types(doc.Tables[0]))
	require.Equal(t, []string{"a\nin", "b"}, texts(doc.Tables[0].Rows[0]))
	_, err = read("a.docx", bodyOf(t, `<w:p/>`), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrEmpty)
	_, err = read("a.docx", bodyOf(t, `<w:p><w:t>x</w:p>`), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrMalformed)
}

func TestPage(t *testing.T) {
	doc := fixture(t, "handbook.html")
	require.Equal(t, []string{"html", "unstructured"}, []string{doc.Format, doc.ParsingType})
	require.Equal(t, "Branch handbook\n\nOpening hours are kept by every branch.\nPhone: +49 30 901820\n\nRules & exceptions\n\nOpen at nine.\n\nClose at five.\n\nAsk the service desk", doc.Text)
	require.Equal(t, "Branch handbook / Rules & exceptions", doc.Sections[1].Path)
	require.Equal(t, []document.Label{{Label: "title", Value: "Branch handbook"}, {Label: "Phone", Value: "+49 30 901820", Line: 4}}, doc.Labels)
	require.Contains(t, doc.Structure, document.Element{Kind: "link", Name: "https://example.com/desk?a=1&b=2", Items: []string{"service desk"}})
	require.Contains(t, doc.Structure, document.Element{Kind: "list", Level: 1, Items: []string{"Open at nine.", "Close at five.", "Ask the service desk"}})
	require.Equal(t, "Branches", doc.Tables[0].Name)
	require.Equal(t, "branch:string staff:integer opened:date", types(doc.Tables[0]))
	require.Equal(t, []string{"Köln\nMitte", "7", "2021-10-15"}, texts(doc.Tables[0].Rows[1]))
	require.NotContains(t, doc.Text, "never shown")

	for name, c := range map[string]struct{ content, code string }{
		"as picture.png": {string(fixtureBytes(t, "handbook.html")), "unsupported_format"},
		"blank.html":     {"<html><script>x</script><body> </body></html>", "empty_content"},
		"attrs.html":     {"<html><p" + attributes(1_000_000) + ">x</html>", "limit_exceeded"},
	} {
		refused(t, name, []byte(c.content), c.code)
	}
	lied := mustRead(t, "a.txt", "<!doctype html><p>x")
	require.Equal(t, "html", lied.Format)
	require.True(t, warned(lied, "type_mismatch"))
	deep := mustRead(t, "a.html", "<html>"+strings.Repeat("<div><table><tr><td>", 200_000)+"x")
	require.Equal(t, "html", deep.Format)
}
