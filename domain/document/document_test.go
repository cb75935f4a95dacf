package document_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/domain/document"
)

func TestShapeOfNumber(t *testing.T) {
	for in, want := range map[string]document.NumberShape{
		"0": document.PlainInteger, "-0": document.PlainInteger, "+7": document.PlainInteger, "10": document.PlainInteger,
		"9223372036854775807": document.PlainInteger, "9223372036854775808": document.HugeInteger,
		"-9223372036854775808": document.PlainInteger, "-9223372036854775809": document.HugeInteger,
		"00": document.PaddedInteger, "-01": document.PaddedInteger, "0000000000000000000000001": document.PaddedInteger,
		"1.5": document.Decimal, ".5": document.Decimal, "-.5": document.Decimal, "0.50": document.Decimal, "1.5e10": document.Decimal, "1.5E-3": document.Decimal,
		"": document.NotANumber, "-": document.NotANumber, ".": document.NotANumber, "1.": document.NotANumber, "1.5e": document.NotANumber, "1.5e+": document.NotANumber,
		"1e5": document.NotANumber, "01.5": document.NotANumber, "1.2.3": document.NotANumber, "1,5": document.NotANumber, "٣": document.NotANumber, "0x1F": document.NotANumber,
		"NaN": document.NotANumber, "Inf": document.NotANumber, "1_000": document.NotANumber, "1.5e99999": document.NotANumber,
	} {
		require.Equal(t, want, document.ShapeOfNumber(in), "%q", in)
	}
}

// Every integer of the language is an integer here, with the same text and the same number.
func TestIntegersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64().Draw(t, "n")
		v, ok := document.ParseInteger(fmt.Sprint(n))
		require.True(t, ok)
		require.True(t, v.Equal(document.Integer(n)))
		got, ok := v.Int()
		require.True(t, ok)
		require.Equal(t, n, got)
	})
}

// The calendar agrees with the one of the standard library, day for day and order for order.
func TestDatesAgreeWithTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, m, d := rapid.IntRange(1, 9999).Draw(t, "y"), rapid.IntRange(0, 13).Draw(t, "m"), rapid.IntRange(0, 32).Draw(t, "d")
		iso := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
		_, err := time.Parse(time.DateOnly, iso)
		for _, c := range []struct {
			text  string
			order document.DateOrder
		}{
			{iso, ""},
			{fmt.Sprintf("%04d/%02d/%02d", y, m, d), ""},
			{fmt.Sprintf("%d.%d.%04d", d, m, y), ""},
			{fmt.Sprintf("%02d/%02d/%04d", d, m, y), document.OrderDMY},
			{fmt.Sprintf("%d/%d/%04d", m, d, y), document.OrderMDY},
		} {
			v, _, ok := document.ParseDate(c.text, c.order)
			require.Equal(t, err == nil, ok, c.text)
			if ok {
				require.Equal(t, iso, v.Text())
				require.Equal(t, document.KindDate, v.Kind())
			}
			dt, _, ok := document.ParseDate(c.text+" 23:59", c.order)
			require.Equal(t, err == nil, ok, c.text)
			if ok {
				require.Equal(t, iso+"T23:59:00", dt.Text())
			}
		}
		_, _, ok := document.ParseDate(fmt.Sprintf("%02d/%02d/%04d", d, m, y), "")
		require.False(t, ok, "slashes without an order are not read")
	})
}

func TestClocks(t *testing.T) {
	for in, want := range map[string]string{
		"2024-01-05T10:00Z": "2024-01-05T10:00:00Z", "2024-01-05 10:00:01.123": "2024-01-05T10:00:01.123", "2024-01-05T10:00:00z": "2024-01-05T10:00:00Z",
		"2024-01-05T10:00:00-05:30": "2024-01-05T10:00:00-05:30", "2024-01-05T10:00+0200": "2024-01-05T10:00:00+02:00", "1.2.2024 08:30": "2024-02-01T08:30:00",
		"2024-01-05T24:00": "", "2024-01-05T10:60": "", "2024-01-05T1:00": "", "2024-01-05T": "", "2024-01-05T10:00:61": "", "2024-01-05T10:00:00.": "",
		"2024-01-05T10:00:00+2": "", "2024-01-05T10:00:00 Z": "", "2024-01-05x10:00": "",
	} {
		v, _, ok := document.ParseDate(in, "")
		require.Equal(t, want != "", ok, in)
		require.Equal(t, want, v.Text(), in)
	}
}

func TestFormats(t *testing.T) {
	for in, want := range map[string]document.Format{
		"a@b.example": document.FormatEmail, "zoë@exämple.de": document.FormatEmail, "a@b": "", "a b@c.example": "", "@b.example": "", "a@.example": "", "a@b..example": "",
		"a@b@c.example": "", ".a@b.example": "", "a@-b.example": "", "ray@": "",
		"+1 555 010-0000": document.FormatPhone, "+4930123456": document.FormatPhone, "(030) 123 4567": document.FormatPhone, "555.010.0000": document.FormatPhone,
		"5550100000": "", "555-01": "", "+1234567890123456": "", "1234567.89": "", "-5550100000": "", "10.0.100.200": "", "2024-01-05": "", "2024-02-30": "", "555-0100-EXT": "",
		"123E4567-E89B-12D3-A456-426614174000": document.FormatUUID, "123e4567e89b12d3a456426614174000": "",
		"https://a.example": document.FormatURL, "ftp://a.example/x": document.FormatURL, "http:///x": "", "javascript:alert(1)": "", "https://a b": "", "http://": "",
		"03/04/2024": document.FormatAmbiguousDate, "31/12/2024": document.FormatAmbiguousDate, "32/13/2024": "", "": "",
	} {
		require.Equal(t, want, document.FormatOf(in), "%q", in)
	}
}

func TestDocument(t *testing.T) {
	d := &document.Document{Tables: []document.Table{{Name: "a", RowCount: 2}, {Name: "b", RowCount: 3, Rows: []document.Row{{document.Integer(1)}}}, {Name: "c", RowCount: 3}}}
	require.Equal(t, 1, d.MainTable())
	require.Len(t, d.Records(), 1)
	require.Equal(t, -1, (&document.Document{}).MainTable())
	require.Nil(t, (&document.Document{}).Records())
	for i := range document.MaxKeptErrors + 5 {
		d.Warn("x", fmt.Sprint(i))
	}
	require.Equal(t, document.MaxKeptErrors+5, d.Warnings.Total)
	require.Equal(t, document.MaxKeptErrors, d.Warnings.Count("x"))
}

func TestValues(t *testing.T) {
	o := document.Object([]document.Member{{Name: "a", Value: document.Array([]document.Value{document.Integer(1), {}, document.Boolean(true)})}})
	require.Equal(t, "{a: [1, null, true]}", o.String())
	require.True(t, o.Equal(o.Clone()))
	require.False(t, o.Equal(document.Object(nil)))
	require.False(t, document.Integer(1).Equal(document.Text("1")))
	f, ok := document.Integer(3).AsFloat()
	require.True(t, ok)
	require.Equal(t, document.KindFloat, f.Kind())
	_, ok = document.Text("3").AsFloat()
	require.False(t, ok)
	require.Equal(t, "-0.5", must(document.ParseFloat("-.5")).Text())
	typ, ok := document.ParseType("decimal")
	require.True(t, ok)
	require.Equal(t, document.TypeFloat, typ)
	_, ok = document.ParseType("colour")
	require.False(t, ok)
	require.Equal(t, "enum:a|b", document.Constraint{Kind: document.ConstraintEnum, Values: []string{"b", "a"}}.String())
}

func must(v document.Value, ok bool) document.Value {
	if !ok {
		panic("not a value")
	}
	return v
}

func FuzzTexts(f *testing.F) {
	for _, s := range []string{"1.5e-3", "2024-02-30T10:00", "1/2/2024 1", "+1 (2) 3", "a@b.c", "\xff", "....", "12:30", "2024-01-0512:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if document.ShapeOfNumber(s) == document.PlainInteger {
			require.NotEqual(t, document.FormatEmail, document.FormatOf(s))
		}
		if v, _, ok := document.ParseDate(s, document.OrderDMY); ok {
			again, _, ok := document.ParseDate(v.Text(), "")
			require.True(t, ok && again.Equal(v), "%q became %q, which is not read back", s, v.Text())
		}
	})
}
