package parse_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func records(content []byte, copybook string, opts parse.Options) (*document.Document, error) {
	return parse.NewRegistry(parse.Limits{Time: 20 * time.Second}).ParseAll(context.Background(),
		parse.Input{Body: bytes.NewReader(content), Filename: "data.bin", Copybook: copybook}, opts)
}

func mustRecords(t *testing.T, content []byte, copybook string, opts parse.Options) *document.Document {
	t.Helper()
	doc, err := records(content, copybook, opts)
	require.NoError(t, err)
	return doc
}

func cells(t document.Table) []string {
	out := make([]string, len(t.Rows))
	for i, r := range t.Rows {
		out[i] = strings.Join(texts(r), "|")
	}
	return out
}

// The same customers in ASCII and EBCDIC are the same rows.
func TestCustomers(t *testing.T) {
	cpy := string(fixtureBytes(t, "customer.cpy"))
	ascii, ebcdic := mustRecords(t, fixtureBytes(t, "customer.dat"), cpy, parse.Options{}), mustRecords(t, fixtureBytes(t, "customer-ebcdic.dat"), cpy, parse.Options{})
	require.Equal(t, "CUSTOMER-ID:string NAME:string AGE:integer CITY:string", types(ascii.Tables[0]))
	require.Equal(t, []string{"C000000001|Ada Byron|36|London", "C000000002|Grace Hopper|85|New York", "C000000003|Alan Turing|41|Wilmslow"}, cells(ascii.Tables[0]))
	require.Equal(t, ascii.Tables, ebcdic.Tables)
	require.Equal(t, []any{"ascii", "cp037", 63, 3}, []any{ascii.Metadata.Codepage, ebcdic.Metadata.Codepage, ebcdic.Metadata.RecordLength, ebcdic.Metadata.RecordCount})
}

func TestAccounts(t *testing.T) {
	doc := mustRecords(t, fixtureBytes(t, "account.bin"), string(fixtureBytes(t, "account.cpy")), parse.Options{})
	table := doc.Tables[0]
	require.Equal(t, "ACCT-NO:string BALANCE:float TXN-COUNT:integer RATE:float STATUS-CODE:string PHONE-TYPE-1:string PHONE-NUMBER-1:string PHONE-TYPE-2:string "+
		"PHONE-NUMBER-2:string OPEN-DATE:integer OPEN-YEAR:integer OPEN-MONTH:integer OPEN-DAY:integer", types(table))
	require.Equal(t, "AC000001|12345.67|42|3.25|A|M|5550100001|H|5550100002|20190401|2019|4|1", cells(table)[0])
	require.Equal(t, "AC000002|-0.05|-2|-3.25|C|M|5550100003|null|null|20170915|2017|9|15", cells(table)[1])
	require.Equal(t, 51, doc.Metadata.RecordLength)
	require.Zero(t, doc.CellErrors.Total)
	status, _ := table.Column("STATUS-CODE")
	require.Equal(t, []document.Constraint{{Kind: document.ConstraintEnum, Values: []string{"A", "C"}}}, status.Constraints)
	require.Equal(t, []document.Rule{{Field: "STATUS-CODE", Condition: "ACTIVE", Values: []string{"A"}}, {Field: "STATUS-CODE", Condition: "CLOSED", Values: []string{"C"}}}, doc.Rules)
	stored, err := parse.EncodeDocument(doc)
	require.NoError(t, err)
	again, err := parse.DecodeDocument(stored)
	require.NoError(t, err)
	require.Equal(t, doc.Rules, again.Rules)
	require.Equal(t, doc.Metadata, again.Metadata)
}

func TestSeveralKindsOfRecords(t *testing.T) {
	content, cpy := fixtureBytes(t, "multi.dat"), string(fixtureBytes(t, "multi.cpy"))
	require.Len(t, content, 240)
	doc := mustRecords(t, content, cpy, parse.Options{})
	require.True(t, warned(doc, "record_length_inferred"))
	require.Equal(t, 30, doc.Metadata.RecordLength)
	var rows []int
	for _, table := range doc.Tables {
		rows = append(rows, table.RowCount)
	}
	require.Equal(t, []int{1, 3, 2, 1}, rows)
	require.Equal(t, "P-TYPE:string P-NO:integer P-NAME:string P-BORN:date", types(doc.Tables[1]))
	require.Equal(t, []string{"B|1|125.50|fee", "B|3|-9.99|refund"}, cells(doc.Tables[2]))
	told := mustRecords(t, content, cpy, parse.Options{MinRecordLength: 30})
	require.False(t, warned(told, "record_length_inferred"))
	require.Equal(t, doc.Tables, told.Tables)
	first := mustRecords(t, content, cpy, parse.Options{MaxRows: 1})
	require.Equal(t, 1, first.Tables[1].RowCount)
	require.True(t, first.Tables[1].Truncated)
}

func TestRecordFormats(t *testing.T) {
	cpy, content := string(fixtureBytes(t, "customer.cpy")), fixtureBytes(t, "customer.dat")
	want := mustRecords(t, content, cpy, parse.Options{}).Tables[0].Rows
	var lines, described []byte
	for i := 0; i < len(content); i += 63 {
		record := content[i : i+63]
		lines = append(append(lines, bytes.TrimRight(record, " ")...), "\r\n"...)
		described = append(append(described, 0, 67, 0, 0), record...)
	}
	inferred := mustRecords(t, lines, cpy, parse.Options{})
	require.True(t, warned(inferred, "record_format_inferred"))
	require.Equal(t, want, inferred.Tables[0].Rows)
	require.Equal(t, want, mustRecords(t, lines, cpy, parse.Options{RecordFormat: "line"}).Tables[0].Rows)
	require.Equal(t, want, mustRecords(t, described, cpy, parse.Options{RecordFormat: "rdw", Codepage: "ascii"}).Tables[0].Rows)
	var padded []byte
	for i := 0; i < len(content); i += 63 {
		padded = append(append(padded, content[i:i+63]...), "       "...)
	}
	require.Equal(t, want, mustRecords(t, padded, cpy, parse.Options{RecordLength: 70}).Tables[0].Rows)
	require.Equal(t, want, mustRecords(t, padded, cpy, parse.Options{MinRecordLength: 70}).Tables[0].Rows)

	tail := mustRecords(t, append(bytes.Clone(content), "abc"...), cpy, parse.Options{})
	require.True(t, warned(tail, "trailing_bytes"))
	require.Len(t, tail.Tables[0].Rows, 3)

	variable := mustRecords(t, []byte("A2xxyyB0C1zz"), "01 R. 05 K PIC X. 05 N PIC 9. 05 T OCCURS 0 TO 3 DEPENDING ON N. 10 V PIC XX.", parse.Options{Codepage: "ascii"})
	require.Equal(t, []string{"A|2|xx|yy|null", "B|0|null|null|null", "C|1|zz|null|null"}, cells(variable.Tables[0]))
}

// Both views of redefined bytes are read; the one that cannot be is null, without an error if the other is valid.
func TestRedefinitions(t *testing.T) {
	const cpy = "01 R. 05 K PIC X(4). 05 D PIC 9(4). 05 T REDEFINES D PIC X(4)."
	doc := mustRecords(t, []byte("aaaa2024bbbbnonecccc0007"), cpy, parse.Options{Codepage: "ascii"})
	require.Equal(t, []string{"aaaa|2024|2024", "bbbb|null|none", "cccc|7|0007"}, cells(doc.Tables[0]))
	require.Zero(t, doc.CellErrors.Total)
	doc = mustRecords(t, []byte("aaaa2024bbbbnonecccc0007"), "01 R. 05 K PIC X(4). 05 D PIC 9(4). 05 E REDEFINES D PIC 9(2).", parse.Options{Codepage: "ascii"})
	require.Equal(t, 2, doc.CellErrors.Total)
	require.Equal(t, document.Finding{Code: "bad_number", Message: `Row 2: the bytes of "D" at offset 12 are no number.`, Table: "R", Row: 1, Column: "D", Offset: 12}, doc.CellErrors.List[0])
}

func TestRecordRefusals(t *testing.T) {
	customer, multi := string(fixtureBytes(t, "customer.cpy")), string(fixtureBytes(t, "multi.cpy"))
	content, movements := fixtureBytes(t, "customer.dat"), fixtureBytes(t, "multi.dat")
	for name, c := range map[string]struct {
		content  []byte
		copybook string
		opts     parse.Options
		code     string
	}{
		"no copybook":     {content, "", parse.Options{}, "copybook_required"},
		"no such thing":   {content, "hello", parse.Options{}, "copybook_invalid"},
		"two of one kind": {content, "01 A. 05 B PIC X. 01 C. 05 D PIC X.", parse.Options{}, "copybook_invalid"},
		"level 77":        {content, "77 A PIC X.", parse.Options{}, "unsupported_feature"},
		"too short":       {content[:20], customer, parse.Options{}, "no_records"},
		"shifted":         {content[1:], customer, parse.Options{}, "copybook_mismatch"},
		"misaligned":      {append([]byte("?"), movements...), multi, parse.Options{}, "copybook_mismatch"},
		"cut inside":      {append(bytes.Clone(movements[:100]), movements[101:]...), multi, parse.Options{}, "copybook_mismatch"},
		"wrong length":    {content, customer, parse.Options{RecordLength: 50}, "copybook_mismatch"},
		"no descriptors":  {content, customer, parse.Options{RecordFormat: "rdw"}, "copybook_mismatch"},
		"bad code page":   {content, customer, parse.Options{Codepage: "klingon"}, "invalid_parameters"},
		"bad format":      {content, customer, parse.Options{RecordFormat: "spiral"}, "invalid_parameters"},
		"both lengths":    {content, customer, parse.Options{RecordLength: 63, MinRecordLength: 63}, "invalid_parameters"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := records(c.content, c.copybook, c.opts)
			require.Equal(t, c.code, fault.As(err).Code, "%v", err)
		})
	}
	_, err := records(append([]byte("?"), movements...), multi, parse.Options{})
	require.Contains(t, fault.As(err).Msg, "offset 0")
}

func FuzzRecords(f *testing.F) {
	for _, name := range [][2]string{{"customer.cpy", "customer.dat"}, {"account.cpy", "account.bin"}, {"multi.cpy", "multi.dat"}} {
		f.Add(string(fixtureBytes(f, name[0])), fixtureBytes(f, name[1]), uint8(0))
	}
	f.Fuzz(func(t *testing.T, cpy string, content []byte, format uint8) {
		doc, err := records(content, cpy, parse.Options{RecordFormat: []string{"", "fixed", "rdw", "line"}[format%4]})
		if err != nil {
			require.NotContains(t, fault.As(err).Msg, "broke the parser")
			require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
			return
		}
		_, err = parse.EncodeDocument(doc)
		require.NoError(t, err)
	})
}

func BenchmarkRecords(b *testing.B) {
	cpy, record := string(fixtureBytes(b, "account.cpy")), fixtureBytes(b, "account.bin")
	content := bytes.Repeat(record, 20_000)
	b.SetBytes(int64(len(content)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := parse.NewRegistry(parse.Limits{}).Parse(context.Background(), parse.Input{Body: bytes.NewReader(content), Filename: "x.bin", Copybook: cpy}, parse.Options{}, nil)
		require.NoError(b, err)
		require.Equal(b, 60_000, doc.Metadata.RecordCount, fmt.Sprint(doc.Warnings))
	}
	perSecond(b, 60_000)
}
