package parse_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/fault"
)

var (
	containers = []string{"policies.xlsx", "manual.docx"}
	textual    = []string{"handbook.html", "procedure.md", "customer.schema.json", "stock.yaml", "catalogue.xml", "beneficiary.bpmn", "migration.bpmn", "lanes.bpmn"}
	binaries   = []string{"policies.xlsx", "manual.docx", "permit.pdf", "review.pdf", "photo.png"}
)

func TestWorkbook(t *testing.T) {
	doc := fixture(t, "policies.xlsx")
	require.Equal(t, []string{"xlsx", "structured", ""}, []string{doc.Format, doc.ParsingType, doc.Metadata.Encoding})
	require.Len(t, doc.Tables, 2)
	require.Zero(t, doc.CellErrors.Total)
	require.Zero(t, doc.Warnings.Total)
	require.Equal(t, "policy_no:string holder:string type:string face_amount:integer premium:float annual_premium:float issued:date "+
		"Column_8:datetime active:boolean", types(doc.Tables[0]))
	require.Equal(t, []string{"00417", "Ada Byron", "whole life", "250000", "181.25", "2175", "2024-01-15", "2024-01-16T12:00:00", "true"},
		texts(doc.Tables[0].Rows[0]))
	require.Equal(t, "policy_no:string rider:string amount:integer since:date note:string", types(doc.Tables[1]))
	require.Equal(t, []string{"00417", "accidental death", "50000", "2024-01-15", `<a & "b">`}, texts(doc.Tables[1].Rows[1]))
	require.True(t, doc.Tables[1].Rows[2][4].IsNull())
	require.Equal(t, "sheet Riders", doc.Tables[1].Source)
	require.Equal(t, 4, doc.Metadata.RecordCount)

	one, err := read("p.xlsx", fixtureBytes(t, "policies.xlsx"), parse.Options{Sheet: "riders", MaxRows: 2}, parse.Limits{})
	require.NoError(t, err)
	require.Len(t, one.Tables, 1)
	require.Len(t, one.Tables[0].Rows, 2)
	require.True(t, one.Tables[0].Truncated)

	no := false
	bare, err := read("p.xlsx", fixtureBytes(t, "policies.xlsx"), parse.Options{Sheet: "Riders", HasHeader: &no}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, 5, bare.Tables[0].RowCount)
	require.Equal(t, "Column_1", bare.Tables[0].Columns[0].Name)

	_, err = read("p.xlsx", fixtureBytes(t, "policies.xlsx"), parse.Options{Sheet: "nope"}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrOptions)
	require.Contains(t, fault.As(err).Msg, "Policies, Riders")

	lied, err := read("p.csv", fixtureBytes(t, "policies.xlsx"), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	require.True(t, warned(lied, "type_mismatch"))
}

func sheetOf(t *testing.T, data string) []byte {
	return repack(t, fixtureBytes(t, "policies.xlsx"), map[string]string{
		"xl/worksheets/sheet1.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + data + `</sheetData></worksheet>`,
		"xl/worksheets/sheet2.xml": `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData></sheetData></worksheet>`,
	}, nil)
}

func TestWorkbookCells(t *testing.T) {
	doc, err := read("a.xlsx", sheetOf(t, `<row r="3"><c r="B3" t="str"><v>a</v></c><c r="C3" t="str"><v>b</v></c></row>
		<row r="5"><c r="B5"><f>1/0</f><v>#DIV/0!</v></c><c r="C5"><v>1</v></c></row>
		<row r="6"><c r="B6"><v>0.30000000000000004</v></c><c r="D6"><v>1e-7</v></c></row>
		<row r="7"><c r="B7" t="b"><v>1</v></c></row>`), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	require.True(t, warned(doc, "empty_sheet"))
	require.Equal(t, 1, doc.CellErrors.Count("formula_error"))
	require.Equal(t, "Column_1:string a:string b:integer Column_4:float", types(doc.Tables[0]))
	require.Equal(t, 3, doc.Tables[0].RowCount)
	require.Equal(t, "0.3", doc.Tables[0].Rows[1][1].Text())
	require.Equal(t, "0.0000001", doc.Tables[0].Rows[1][3].Text())
	_, err = read("a.xlsx", sheetOf(t, ""), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrEmpty)
	_, err = read("a.xlsx", sheetOf(t, `<row r="1"><c r="A1"><v>1`), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrMalformed)
	_, err = read("a.xlsx", sheetOf(t, `<row><c r="A1"><v>1</v></c></row><row><c><v>2</v></c></row><row><c><v>3</v></c></row>`), parse.Options{}, parse.Limits{Rows: 1})
	require.ErrorIs(t, err, parse.ErrLimit)
	ole := "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1....E\x00n\x00c\x00r\x00y\x00p\x00t\x00e\x00d\x00P\x00a\x00c\x00k\x00a\x00g\x00e\x00"
	refused(t, "a.xlsx", []byte(ole), "encrypted_content")
	refused(t, "a.xlsx", []byte("id,name\n1,x\n"), "unsupported_format")
}
