package parse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func TestXMLRows(t *testing.T) {
	doc := fixture(t, "catalogue.xml")
	require.Len(t, doc.Tables, 1)
	require.Equal(t, "sku:string active:boolean name:string price.currency:string price:float tag:string since:date", types(doc.Tables[0]))
	require.Equal(t, []string{"0017", "true", "Desk lamp", "EUR", "34.90", "light; office", "null"}, texts(doc.Tables[0].Rows[0]))
	require.Equal(t, []string{"0018", "false", `<a & "b">`, "EUR", "12", "null", "null"}, texts(doc.Tables[0].Rows[1]))
	require.Equal(t, []string{"product", "/catalogue/products/product"}, []string{doc.Tables[0].Name, doc.Tables[0].Source})
	require.Contains(t, doc.Labels, document.Label{Label: "catalogue.version", Value: "3"})
	require.Contains(t, doc.Labels, document.Label{Label: "catalogue.publisher.name", Value: "Northwind & Sons"})

	plain := mustRead(t, "a.xml", `<?xml version="1.0"?><note to="Ann"><body>Hi</body></note>`)
	require.Equal(t, "note.to: Ann\nnote.body: Hi\n", plain.Text)
	require.Len(t, plain.Paragraphs, 2)
	two := mustRead(t, "a.xml", `<?xml version="1.0"?><r><a><x>1</x></a><a><x>2</x></a><b>1</b><b>2</b><b>3</b></r>`)
	require.Equal(t, []string{"a", "b"}, []string{two.Tables[0].Name, two.Tables[1].Name})
	require.Equal(t, "value:integer", types(two.Tables[1]))
	require.Equal(t, 3, two.Metadata.RecordCount)
}

func TestHostileXML(t *testing.T) {
	head := `<?xml version="1.0"?>`
	for name, c := range map[string]struct{ content, code string }{
		"depth 101":        {head + strings.Repeat("<a>", 101) + strings.Repeat("</a>", 101), "limit_exceeded"},
		"depth 10^6":       {head + strings.Repeat("<a>", 1_000_000), "limit_exceeded"},
		"10^6 attributes":  {head + "<a" + attributes(1_000_000) + "/>", "limit_exceeded"},
		"tokens":           {head + "<a>" + strings.Repeat("<b/>", 2_500_001) + "</a>", "limit_exceeded"},
		"public DTD":       {head + `<!DOCTYPE html PUBLIC "x" "http://127.0.0.1:1/"><a/>`, "malformed_content"},
		"entity":           {head + `<a>&lol;</a>`, "malformed_content"},
		"open":             {head + `<a><b></b>`, "malformed_content"},
		"two roots":        {head + `<a>1</a>x`, "malformed_content"},
		"wrong end":        {head + `<a></b>`, "malformed_content"},
		"no values":        {head + `<a><b/></a>`, "empty_content"},
		"nothing":          {head, "malformed_content"},
		"endless tag":      {head + "<a b=\"" + strings.Repeat("x", 17<<20), "limit_exceeded"},
		"cell":             {head + "<r><a>" + strings.Repeat("x", 70_000) + "</a><a>x</a></r>", "limit_exceeded"},
		"quadratic blowup": {head + `<!DOCTYPE a [<!ENTITY x "` + strings.Repeat("x", 50_000) + `">]><a>` + strings.Repeat("&x;", 50_000) + "</a>", "malformed_content"},
	} {
		t.Run(name, func(t *testing.T) { refused(t, "a.xml", []byte(c.content), c.code) })
	}
	_, err := read("a.xml", []byte(head+strings.Repeat("<a>", 100)+"x"+strings.Repeat("</a>", 100)), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	_, err = read("a.xml", []byte(head+"<a"+attributes(1_000)+"/>"), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
}
