package parse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestCompany(t *testing.T) {
	doc := fixture(t, "company.json")
	require.Equal(t, "json", doc.Format)
	require.Len(t, doc.Tables, 1)
	table := doc.Tables[0]
	require.Equal(t, "employees", table.Name)
	require.Equal(t, 3, table.RowCount)
	require.Equal(t, 3, doc.Metadata.RecordCount)
	require.Equal(t, "id:integer name:string email:string/email skills:array salary:float hired:date remote:boolean", types(table))
	require.Equal(t, []string{"1", "Ada Byron", "ada@northwind.example", "[analysis, looms]", "85000.50", "2019-04-01", "null"}, texts(table.Rows[0]))
	require.Equal(t, "88000", table.Rows[2][4].Text())
	require.Equal(t, document.KindFloat, table.Rows[2][4].Kind())
	require.Equal(t, 2, table.Columns[6].NullCount)
	labels := map[string]string{}
	for _, l := range doc.Labels {
		labels[l.Label] = l.Value
	}
	require.Equal(t, map[string]string{
		"organization.name": "Northwind Instruments", "organization.founded": "1998", "organization.public": "false",
		"metadata.version": "1.0", "metadata.exported_at": "2024-05-01T12:00:00Z", "metadata.sources": `["hr","payroll"]`,
	}, labels)
	require.Contains(t, doc.Text, "organization.name: Northwind Instruments\n")
	require.Empty(t, doc.Paragraphs)
	require.Zero(t, doc.Warnings.Total)
}

func TestJSONShapes(t *testing.T) {
	for content, want := range map[string]string{
		`[{"a":1},{"b":2}]`:            "x(2) a:integer b:integer",
		`[1,2,3]`:                      "x(3) value:integer",
		`[{"a":1},5]`:                  "x(2) a:integer value:integer",
		`{"data":{"items":[{"a":1}]}}`: "data.items(1) a:integer",
		`{"a":[{"x":1}],"b":[{"y":"z"},{"y":"w"}]}`: "a(1) x:integer; b(2) y:string",
		`[{"a":"42"},{"a":"43"}]`:                   "x(2) a:string",
		`[{"a":12345678901234567890},{"a":1}]`:      "x(2) a:string",
		`[{"a":1.0},{"a":1}]`:                       "x(2) a:float",
		`[{"a":1e5},{"a":1}]`:                       "x(2) a:float",
		`[{"a":{"b":1}},{"a":null}]`:                "x(2) a:object",
		`[{"a":"2024-01-05T10:00:00Z"}]`:            "x(1) a:datetime",
		`[{"a":"N/A"},{"a":7}]`:                     "x(2) a:integer",
		`[{"a":1},{"a":"x"},{"a":true}]`:            "x(3) a:string",
		`[{},{}]`:                                   "x(2)",
		`[{"id":1,"a":[{"b":1}]}]`:                  "x(1) id:integer a:array",
		`{"n":1}`:                                   "",
		`"just text"`:                               "",
		`{"e":[]}`:                                  "",
		`{"e":[1,2],"m":{"k":[]}}`:                  "",
		" [ {\"a\" : \"<a & \\\"b\\\">\" } ] \n":    "x(1) a:string",
		"\xFF\xFE[\x00{\x00\"\x00a\x00\"\x00:\x001\x00}\x00]\x00": "x(1) a:integer",
	} {
		doc, err := read("x.json", []byte(content), parse.Options{}, parse.Limits{})
		require.NoError(t, err, content)
		parts := make([]string, 0, len(doc.Tables))
		for _, table := range doc.Tables {
			parts = append(parts, strings.TrimSpace(fmt.Sprintf("%s(%d) %s", table.Name, table.RowCount, types(table))))
		}
		require.Equal(t, want, strings.Join(parts, "; "), content)
		if len(doc.Tables) == 0 {
			require.NotEmpty(t, doc.Paragraphs, content)
			require.Equal(t, len(doc.Paragraphs), doc.Metadata.RecordCount)
		}
	}
}

func TestJSONNumbersKeepTheirText(t *testing.T) {
	doc := mustRead(t, "x.json", `[{"a":0.1000000000000000055511151231257827},{"a":1E400},{"a":-0.0}]`)
	require.Equal(t, []string{"0.1000000000000000055511151231257827"}, texts(doc.Tables[0].Rows[0]))
	require.Equal(t, []string{"1E400"}, texts(doc.Tables[0].Rows[1]))
	doc = mustRead(t, "x.json", `[{"a":12345678901234567890}]`)
	require.Equal(t, document.Text("12345678901234567890"), doc.Tables[0].Rows[0][0])
}

func TestJSONMisfits(t *testing.T) {
	doc := mustRead(t, "x.json", "["+strings.Repeat(`{"a":1},`, 19)+`{"a":{"b":[1,"x"]}}]`)
	require.Equal(t, "a:integer", types(doc.Tables[0]))
	require.Equal(t, document.Text(`{"b":[1,"x"]}`), doc.Tables[0].Rows[19][0])
	require.Equal(t, 1, doc.CellErrors.Total)
	require.Equal(t, 19, doc.CellErrors.List[0].Row)
}

func TestJSONDuplicatesLastOneCounts(t *testing.T) {
	doc := mustRead(t, "x.json", `[{"a":1,"b":2,"a":3},{"a":4}]`)
	require.Equal(t, []string{"3", "2"}, texts(doc.Tables[0].Rows[0]))
	require.True(t, warned(doc, "duplicate_member"))
	require.Contains(t, doc.Warnings.List[0].Message, `1 member(s)`)
}

func TestJSONErrorsNameThePlace(t *testing.T) {
	for content, want := range map[string]string{
		`{"a":1,}`:             "at byte 6",
		`[{"a":1}`:             "ends too early",
		`{"a":1} {"b":2}`:      "There is more after the JSON value",
		`{"a":tru}`:            "at byte",
		"{\"a\":\"\x01\"}":     "at byte",
		`not json, only text.`: "at byte",
	} {
		_, err := read("x.json", []byte(content), parse.Options{}, parse.Limits{})
		require.ErrorIs(t, err, parse.ErrMalformed, content)
		require.Contains(t, fault.As(err).Msg, want, content)
	}
	for _, empty := range []string{`[]`, `{}`, `null`, "  \n", ` [ ] `} {
		_, err := read("x.json", []byte(empty), parse.Options{}, parse.Limits{})
		require.ErrorIs(t, err, parse.ErrEmpty, empty)
	}
}

func TestJSONDepth(t *testing.T) {
	nested := func(n int) string { return strings.Repeat("[", n) + "1" + strings.Repeat("]", n) }
	_, err := read("x.json", []byte(nested(64)), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	_, err = read("x.json", []byte(nested(65)), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrLimit)
	_, err = read("x.json", []byte(strings.Repeat("[", 1_000_000)), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrLimit)
}

func TestJSONRecordsAreBounded(t *testing.T) {
	limits := parse.Limits{RecordBytes: 1000}
	_, err := read("x.json", []byte(`[{"a":[`+strings.Repeat("1,", 600)+`1]}]`), parse.Options{}, limits)
	require.ErrorIs(t, err, parse.ErrLimit)
	_, err = read("x.json", []byte(`[{"a":[`+strings.Repeat("1,", 400)+`1]}]`), parse.Options{}, limits)
	require.NoError(t, err)
}

func TestJSONMaxRows(t *testing.T) {
	doc, err := read("x.json", []byte(`[{"a":1},{"a":2},{"b":"x"}]`), parse.Options{MaxRows: 2}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "a:integer", types(doc.Tables[0]))
	require.True(t, doc.Tables[0].Truncated)
}
