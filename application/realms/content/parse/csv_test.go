package parse_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestEmployees(t *testing.T) {
	doc := fixture(t, "employees.csv")
	require.Equal(t, "id:integer name:string email:string/email department:string salary:integer", types(doc.Tables[0]))
	require.Equal(t, 5, doc.Metadata.RecordCount)
	require.Equal(t, "csv", doc.Format)
	require.Equal(t, "structured", doc.ParsingType)
	require.Equal(t, "utf-8", doc.Metadata.Encoding)
	require.Equal(t, ",", doc.Metadata.Delimiter)
	require.True(t, *doc.Metadata.HasHeader)
	require.Zero(t, doc.Warnings.Total)
	require.Zero(t, doc.CellErrors.Total)
	require.Len(t, doc.Records(), 5)
	require.Equal(t, doc.Tables[0].Rows, doc.Tables[0].Preview)
}

func TestEncodings(t *testing.T) {
	doc := fixture(t, "semicolon-cp1252.csv")
	require.Equal(t, "windows-1252", doc.Metadata.Encoding)
	require.Equal(t, ";", doc.Metadata.Delimiter)
	require.True(t, warned(doc, "encoding_assumed"))
	require.Equal(t, "Straße:string Ort:string Betrag:integer", types(doc.Tables[0]))
	require.Equal(t, []string{"€-Platz 3", "Bonn", "20"}, texts(doc.Tables[0].Rows[2]))

	doc = fixture(t, "utf16.csv")
	require.Equal(t, "utf-16le", doc.Metadata.Encoding)
	require.Equal(t, []string{"3", "山田", "東京"}, texts(doc.Tables[0].Rows[2]))
	require.Zero(t, doc.Warnings.Total)

	doc, err := read("a.csv", []byte("\xEF\xBB\xBFid,n\n1,é\n"), parse.Options{}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "id", doc.Tables[0].Columns[0].Name, "the byte order mark is no part of the header")

	doc, err = read("a.csv", []byte("id,n\n1,\xE9\n"), parse.Options{Encoding: "utf8"}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "\uFFFD", doc.Tables[0].Rows[0][1].Text())
	require.True(t, warned(doc, "invalid_utf8"))

	doc, err = read("a.csv", []byte("id,n\n1,\xE9\n"), parse.Options{Encoding: "Latin-1"}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "é", doc.Tables[0].Rows[0][1].Text())
	require.Zero(t, doc.Warnings.Total)

	big := "id,n\n" + strings.Repeat("1,x\n", 20_000)
	doc = mustRead(t, "a.csv", big+strings.Repeat("2,"+strings.Repeat("é", 40)+"\n", 3_000)) // runes across the edges of read buffers
	require.Equal(t, "utf-8", doc.Metadata.Encoding)
	require.Equal(t, 23_000, doc.Tables[0].RowCount)
}

func TestDelimiters(t *testing.T) {
	for content, want := range map[string]string{
		"a,b\n1,2\n3,4\n":                     ",",
		"a;b\n1,5;2\n3,5;4\n":                 ";",
		"a\tb\n1\t2\n":                        "\t",
		"a|b|c\n1|2|3\n":                      "|",
		"name\nx\ny\n":                        ",",
		"a;b;c\n1;\"x, y\";3\n4;\"x, y\";3\n": ";",
	} {
		require.Equal(t, want, mustRead(t, "x.csv", content).Metadata.Delimiter, content)
	}
	doc, err := read("x.csv", []byte("a:b\n1:2\n"), parse.Options{Delimiter: ":"}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "a:integer b:integer", types(doc.Tables[0]))
	require.Equal(t, "tsv", mustRead(t, "x.tsv", "a\tb\n1\t2\n").Format)
}

func TestHeaders(t *testing.T) {
	no, yes := false, true
	for _, c := range []struct {
		content string
		header  *bool
		want    string
		rows    int
	}{
		{"id,name\n1,x\n", nil, "id:integer name:string", 1},
		{"1,2\n3,4\n", nil, "Column_1:integer Column_2:integer", 2},
		{"1,2\n3,4\n", &yes, "1:integer 2:integer", 1},
		{"id,name\n1,x\n", &no, "Column_1:string Column_2:string", 2},
		{" id ,,id,id,\n1,2,3,4,5\n", nil, "id:integer Column_2:integer id_2:integer id_3:integer Column_5:integer", 1},
		{"a,a,a_2\n1,2,3\n", nil, "a:integer a_2:integer a_2_2:integer", 1},
		{"1,x\n3,y\n", nil, "1:integer x:string", 1},
		{",\n1,2\n", nil, "Column_1:integer Column_2:integer", 1},
	} {
		doc, err := read("x.csv", []byte(c.content), parse.Options{HasHeader: c.header}, parse.Limits{})
		require.NoError(t, err)
		require.Equal(t, c.want, types(doc.Tables[0]), c.content)
		require.Equal(t, c.rows, doc.Tables[0].RowCount, c.content)
	}
	doc := mustRead(t, "x.csv", " id ,,id\n1,2,3\n")
	require.Equal(t, []string{"id", "", "id"}, []string{doc.Tables[0].Columns[0].Label, doc.Tables[0].Columns[1].Label, doc.Tables[0].Columns[2].Label})
}

func TestRaggedRows(t *testing.T) {
	doc := fixture(t, "ragged.csv")
	require.Equal(t, 4, doc.Tables[0].RowCount)
	require.Equal(t, []string{"2", "Bob", "null"}, texts(doc.Tables[0].Rows[1]))
	require.Equal(t, []string{"3", "Cid", "Köln"}, texts(doc.Tables[0].Rows[2]))
	require.Equal(t, 2, doc.Metadata.Counts["short_rows"])
	require.True(t, warned(doc, "short_rows"))
	require.Equal(t, 1, doc.CellErrors.Total)
	require.Equal(t, `Row 3 has 5 cells, the table has 3 columns; left out: "extra,more".`, doc.CellErrors.List[0].Message)
	require.Equal(t, 2, doc.CellErrors.List[0].Row)
}

func TestHeaderOnlyIsAResult(t *testing.T) {
	doc := fixture(t, "header-only.csv")
	require.Equal(t, "id:string name:string city:string", types(doc.Tables[0]))
	require.Zero(t, doc.Metadata.RecordCount)
	require.True(t, warned(doc, "no_rows"))
}

func TestEmptyAndBroken(t *testing.T) {
	for content, want := range map[string]error{
		"":                  parse.ErrEmpty,
		"\xEF\xBB\xBF":      parse.ErrEmpty,
		"\n  \n\n\t\n":      parse.ErrEmpty,
		",,\n,,\n":          parse.ErrEmpty,
		"a,b\n1,\x00\n":     parse.ErrMalformed,
		"a,b\n\"1,2\n3,4\n": parse.ErrMalformed,
		"{\\rtf1 x}":        parse.ErrUnsupported,
	} {
		_, err := read("x.csv", []byte(content), parse.Options{}, parse.Limits{})
		require.ErrorIs(t, err, want, "%q", content)
	}
	_, err := read("x.csv", []byte("a,b\n1,\x00\n"), parse.Options{}, parse.Limits{})
	require.Equal(t, "There is a NUL byte at offset 6: this is not a text file.", fault.As(err).Msg)
	_, err = read("x.csv", []byte("\xFF\xFEa\x00,\x00b\x00\n\x00\x00\x00"), parse.Options{}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrMalformed)
}

func TestStrayQuotesAreText(t *testing.T) {
	doc := mustRead(t, "x.csv", "id,size\n1,5\" pipe\n2,\"quoted, well\"\n")
	require.Equal(t, `5" pipe`, doc.Tables[0].Rows[0][1].Text())
	require.Equal(t, "quoted, well", doc.Tables[0].Rows[1][1].Text())
	require.True(t, warned(doc, "stray_quotes"))
}

func TestFirstLineIsOnlyKnownWhereRowsAreLines(t *testing.T) {
	require.Equal(t, 2, mustRead(t, "x.csv", "a,b\n1,2\n").Metadata.Counts[document.CountFirstLine])
	require.Equal(t, 1, mustRead(t, "x.csv", "1,2\n1,2\n").Metadata.Counts[document.CountFirstLine])
	require.Zero(t, mustRead(t, "x.csv", "a,b\n\n1,2\n").Metadata.Counts[document.CountFirstLine])
	require.Zero(t, fixture(t, "quotes-and-breaks.csv").Metadata.Counts[document.CountFirstLine])
}

func TestMaxRows(t *testing.T) {
	doc, err := read("x.csv", []byte("a\n1\n2\nx\n"), parse.Options{MaxRows: 2}, parse.Limits{})
	require.NoError(t, err)
	require.Equal(t, "a:integer", types(doc.Tables[0]))
	require.True(t, doc.Tables[0].Truncated)
	require.Equal(t, 2, doc.Tables[0].RowCount)
	doc, err = read("x.csv", []byte("a\n1\n2\n"), parse.Options{MaxRows: 2}, parse.Limits{})
	require.NoError(t, err)
	require.False(t, doc.Tables[0].Truncated)
}

// A value at the limit passes, one more is refused with both figures.
func TestLimitsAreExact(t *testing.T) {
	limits := parse.Limits{Rows: 3, Columns: 4, CellBytes: 5, Depth: 3, TextBytes: 20}
	for name, c := range map[string]struct {
		file, fits, over string
		limit, actual    int64
	}{
		"rows":               {"x.csv", "a\n1\n2\n3\n", "a\n1\n2\n3\n4\n", 3, 4},
		"rows json":          {"x.json", `[{"a":1},{"a":1},{"a":1}]`, `[{"a":1},{"a":1},{"a":1},{"a":1}]`, 3, 4},
		"columns":            {"x.csv", "a,b,c,d\n", "a,b,c,d,e\n", 4, 5},
		"columns in row":     {"x.csv", "a,b\n1,2,3,4\n", "a,b\n1,2,3,4,5\n", 4, 5},
		"columns json":       {"x.json", `[{"a":1,"b":1,"c":1,"d":1}]`, `[{"a":1,"b":1,"c":1},{"d":1,"e":1}]`, 4, 5},
		"cell_bytes":         {"x.csv", "a,b\n12345,2\n", "a,b\n123456,2\n", 5, 6},
		"cell_bytes header":  {"x.csv", "abcde,b\n", "abcdef,b\n", 5, 6},
		"cell_bytes json":    {"x.json", `[{"a":"12345"}]`, `[{"a":"123456"}]`, 5, 6},
		"cell_bytes name":    {"x.json", `[{"abcde":1}]`, `[{"abcdef":1}]`, 5, 6},
		"cell_bytes in text": {"x.csv", "a,b\näa12,2\n", "a,b\nää12,2\n", 5, 6},
		"depth":              {"x.json", `[{"a":[1]}]`, `[{"a":[[1]]}]`, 3, 4},
		"text_bytes":         {"x.txt", strings.Repeat("a", 20), strings.Repeat("a", 21), 20, 21},
		"text_bytes json":    {"x.json", `{"ab":"12345","cd":"12345"}`, `{"ab":"12345","cd":"12345","e":"123"}`, 20, 21},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(c.file, []byte(c.fits), parse.Options{}, limits)
			require.NoError(t, err)
			_, err = read(c.file, []byte(c.over), parse.Options{}, limits)
			require.ErrorIs(t, err, parse.ErrLimit)
			var l *parse.LimitError
			require.ErrorAs(t, err, &l)
			require.Equal(t, strings.Fields(name)[0], l.Name)
			require.Equal(t, []int64{c.limit, c.actual}, []int64{l.Limit, l.Actual})
			require.Contains(t, fault.As(err).Msg, fmt.Sprintf("limit: %d, actual: %d", c.limit, c.actual))
		})
	}
	d := parse.DefaultLimits()
	require.Equal(t, []int64{10_000_000, 2_000, 65_536, 64, 52_428_800}, []int64{d.Rows, d.Columns, d.CellBytes, d.Depth, d.TextBytes})
	require.Equal(t, time.Minute, d.Time)
}

func TestAnOpenQuoteDoesNotSwallowTheMemory(t *testing.T) {
	content := "a,b\n1,\"" + strings.Repeat("x,y\n", 100_000)
	_, err := read("x.csv", []byte(content), parse.Options{}, parse.Limits{RecordBytes: 100_000})
	require.ErrorIs(t, err, parse.ErrLimit)
}

func TestDeadlineAndCancel(t *testing.T) {
	ctx, cancel := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel()
	in := parse.Input{Body: strings.NewReader("a\n1\n"), Filename: "x.csv"}
	_, err := parse.NewRegistry(parse.Limits{}).Parse(ctx, in, parse.Options{}, nil)
	require.ErrorIs(t, err, parse.ErrLimit)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	ctx, cancel = context.WithCancel(context.Background())
	cancel()
	_, err = parse.NewRegistry(parse.Limits{}).Parse(ctx, in, parse.Options{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, parse.ErrLimit)
}

// cancelSink stops the run in the middle.
type failingSink struct {
	rows int
	err  error
	boom bool
}

func (f *failingSink) BeginTable(int, *document.Table) error { return nil }
func (f *failingSink) Row(document.Row) error {
	if f.rows++; f.rows == 2 {
		if f.boom {
			panic("boom")
		}
		return f.err
	}
	return nil
}

func TestErrorsOfSinkAndBodyComeBack(t *testing.T) {
	reg := parse.NewRegistry(parse.Limits{})
	in := func() parse.Input {
		return parse.Input{Body: strings.NewReader("a\n1\n2\n3\n"), Filename: "x.csv"}
	}
	full := errors.New("disk full")
	_, err := reg.Parse(context.Background(), in(), parse.Options{}, &failingSink{err: full})
	require.ErrorIs(t, err, full)
	_, err = reg.Parse(context.Background(), in(), parse.Options{}, &failingSink{boom: true})
	require.ErrorIs(t, err, parse.ErrMalformed, "a panic is no crash")
	broken := in()
	broken.Body = struct {
		io.Reader
		io.Seeker
	}{iotest.ErrReader(full), strings.NewReader("")}
	_, err = reg.Parse(context.Background(), broken, parse.Options{}, nil)
	require.ErrorIs(t, err, full)
}

func TestOptionsAreChecked(t *testing.T) {
	for name, o := range map[string]parse.Options{
		"delimiter": {Delimiter: ",,"}, "encoding": {Encoding: "ebcdic"}, "date_order": {DateOrder: "weekday"}, "max_rows": {MaxRows: -1},
		"null_tokens": {NullTokens: make([]string, 101)},
	} {
		_, err := read("x.csv", []byte("a\n1\n"), o, parse.Limits{})
		require.ErrorIs(t, err, parse.ErrOptions)
		require.Contains(t, fault.As(err).Msg, name)
	}
	_, err := read("x.csv", []byte("a\n1\n"), parse.Options{Delimiter: `"`}, parse.Limits{})
	require.ErrorIs(t, err, parse.ErrOptions)
}

// Any table of texts that a CSV writer writes comes back cell by cell.
func TestCSVRoundTrip(t *testing.T) {
	cell := rapid.OneOf(rapid.SampledFrom([]string{`<a & "b">`, `'; --`, "\u202Eשלום", "two\nlines", "=1+1", "a,b;c\td|e", "x"}),
		rapid.StringMatching(`[a-zäß€山 ,;"']{1,12}`))
	rapid.Check(t, func(t *rapid.T) {
		width, height := rapid.IntRange(1, 5).Draw(t, "width"), rapid.IntRange(1, 20).Draw(t, "height")
		comma := rapid.SampledFrom([]rune{',', ';', '\t', '|'}).Draw(t, "comma")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		header := make([]string, width)
		for i := range header {
			header[i] = fmt.Sprintf("h%d", i)
		}
		require.NoError(t, w.Write(header))
		rows := make([][]string, height)
		for i := range rows {
			rows[i] = make([]string, width)
			for k := range rows[i] {
				rows[i][k] = cell.Draw(t, "cell")
			}
			require.NoError(t, w.Write(rows[i]))
		}
		w.Flush()
		doc, err := read("x.csv", b.Bytes(), parse.Options{Delimiter: string(comma)}, parse.Limits{})
		require.NoError(t, err)
		require.Equal(t, height, doc.Tables[0].RowCount)
		for i := range rows {
			for k, want := range rows[i] {
				got := doc.Tables[0].Rows[i][k]
				if strings.TrimSpace(want) == "" {
					require.True(t, got.IsNull())
					continue
				}
				require.Equal(t, document.Text(want), got)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"employees.csv", "dirty.csv", "ragged.csv", "utf16.csv", "semicolon-cp1252.csv", "hostile.csv", "company.json", "permit.txt"} {
		b, err := os.ReadFile("../../../../test/fixtures/" + name)
		require.NoError(f, err)
		f.Add(b, name)
	}
	f.Add([]byte("\"\n\"\"\n"), "q.csv")
	f.Add([]byte(`[[[[{"a":[1,{"b":null}]}]]]]`), "d.json")
	f.Add([]byte("\xFF\xFE\x00\xD8"), "s.txt")
	limits := parse.Limits{Rows: 1000, Columns: 50, CellBytes: 1000, TextBytes: 10_000}
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		doc, err := read(name, content, parse.Options{}, limits)
		if err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), "panic", "the parser must not panic")
			return
		}
		b, err := parse.EncodeDocument(doc)
		require.NoError(t, err)
		_, err = parse.DecodeDocument(b)
		require.NoError(t, err)
	})
}

// Memory does not grow with the number of rows.
func TestStreamingKeepsMemoryFlat(t *testing.T) {
	reg := parse.NewRegistry(parse.Limits{})
	peak := func(rows int) uint64 {
		data := ordersCSV(rows)
		sink := &memorySink{every: 5000}
		runtime.GC()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := reg.Parse(context.Background(), parse.Input{Body: bytes.NewReader(data), Filename: "x.csv"}, parse.Options{}, sink)
		require.NoError(t, err)
		if sink.peak < before.HeapAlloc {
			return 0
		}
		return sink.peak - before.HeapAlloc
	}
	require.Less(t, peak(40_000), uint64(8<<20))
}

// memorySink measures the live heap while rows pass.
type memorySink struct {
	rows, every int
	peak        uint64
}

func (m *memorySink) BeginTable(int, *document.Table) error { return nil }
func (m *memorySink) Row(document.Row) error {
	if m.rows++; m.rows%m.every == 0 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		m.peak = max(m.peak, s.HeapAlloc)
	}
	return nil
}
