package copybook_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse/copybook"
)

func layout(t require.TestingT, source string) copybook.Layout {
	layouts, err := copybook.Parse(source)
	require.NoError(t, err, source)
	return layouts[0]
}

// decode reads one field of the picture.
func decode(t require.TestingT, page copybook.Codepage, clauses, inHex string) (string, bool) {
	raw, err := hex.DecodeString(strings.ReplaceAll(inHex, " ", ""))
	require.NoError(t, err)
	l := layout(t, "01 R.\n 05 F PIC "+clauses+".")
	require.Equal(t, len(raw), l.Length, clauses)
	return copybook.NewDecoder(page).Decode(&l.Fields[0], raw)
}

// The golden values of the specification.
func TestGoldenValues(t *testing.T) {
	for _, c := range []struct {
		page         copybook.Codepage
		clauses, hex string
		want         string
	}{
		{copybook.CP037, "S9(7)V99 COMP-3", "00 12 34 56 7C", "12345.67"},
		{copybook.CP037, "S9(7)V99 COMP-3", "00 00 00 00 5D", "-0.05"},
		{copybook.CP037, "S9(4) COMP", "00 2A", "42"},
		{copybook.CP037, "S9(4) COMP", "FF FE", "-2"},
		{copybook.CP037, "S9(3)V99", "F0 F0 F3 F2 C5", "3.25"},
		{copybook.CP037, "S9(3)V99", "F0 F0 F3 F2 D5", "-3.25"},
		{copybook.CP037, "X(5)", "C1 D3 C9 C3 C5", "ALICE"},
		{copybook.CP037, "X(2)", "BA BB", "[]"},
		{copybook.CP1047, "X(2)", "AD BD", "[]"},
		{copybook.ASCII, "S9(3)", hex.EncodeToString([]byte("12{")), "120"},
		{copybook.ASCII, "S9(3)", hex.EncodeToString([]byte("12I")), "129"},
		{copybook.ASCII, "S9(3)", hex.EncodeToString([]byte("12}")), "-120"},
		{copybook.ASCII, "S9(3)", hex.EncodeToString([]byte("12R")), "-129"},
		{copybook.ASCII, "S9(3) SIGN LEADING", hex.EncodeToString([]byte("J23")), "-123"},
		{copybook.ASCII, "S9(3) SIGN IS LEADING SEPARATE CHARACTER", hex.EncodeToString([]byte("-123")), "-123"},
		{copybook.ASCII, "S9(3)V9 SIGN TRAILING SEPARATE", hex.EncodeToString([]byte("0123+")), "12.3"},
		{copybook.ASCII, "9(4)", hex.EncodeToString([]byte("0042")), "42"},
		{copybook.ASCII, "S9(4) COMP-3", "00 00 0D", "0"},
		{copybook.ASCII, "9(9) BINARY", "FF FF FF FF", "4294967295"},
		{copybook.ASCII, "S9(18) COMP", "80 00 00 00 00 00 00 00", "-9223372036854775808"},
		{copybook.ASCII, "X(6)", hex.EncodeToString([]byte("ab @\x00 ")), "ab"},
		{copybook.CP037, "X(4)", "C1 7C 40 00", "A@"},
	} {
		got, ok := decode(t, c.page, c.clauses, c.hex)
		require.True(t, ok, "%s %s", c.clauses, c.hex)
		require.Equal(t, c.want, got, "%s %s", c.clauses, c.hex)
	}
	for _, bad := range [][2]string{
		{"S9(3) COMP-3", "1A 3C"}, {"S9(3) COMP-3", "12 34"}, {"9(3)", "F1 C2 F3"}, {"9(3)", "40 40 40"}, {"9(3)", "F1 F2 D3"}, {"S9(2) SIGN LEADING SEPARATE", "F1 F2 F3"},
	} {
		_, ok := decode(t, copybook.CP037, bad[0], bad[1])
		require.False(t, ok, bad)
	}
	for _, sign := range "ABCDEF" {
		got, ok := decode(t, copybook.CP037, "S9(3) COMP-3", "12 3"+string(sign))
		require.True(t, ok)
		require.Equal(t, map[bool]string{true: "-123", false: "123"}[sign == 'B' || sign == 'D'], got)
	}
}

func TestSizes(t *testing.T) {
	for clauses, want := range map[string]int{
		"X(10)": 10, "XXX": 3, "A(4)X": 5, "9(5)": 5, "S9(3)V99": 5, "S9(3)V99 SIGN TRAILING SEPARATE": 6,
		"9 COMP": 2, "9(4) COMP": 2, "9(5) COMP": 4, "9(9) BINARY": 4, "9(10) USAGE IS COMP-4": 8, "9(18) COMPUTATIONAL": 8,
		"9 COMP-3": 1, "9(2) COMP-3": 2, "9(7)V99 PACKED-DECIMAL": 5, "S9(18) COMPUTATIONAL-3": 10,
	} {
		require.Equal(t, want, layout(t, "01 R. 05 F PIC "+clauses+".").Length, clauses)
	}
}

func names(l copybook.Layout) string {
	out := make([]string, len(l.Fields))
	for i, f := range l.Fields {
		out[i] = fmt.Sprintf("%s@%d+%d", f.Name, f.Offset, f.Size)
	}
	return strings.Join(out, " ")
}

func TestLayouts(t *testing.T) {
	require.Equal(t, "A-1@0+2 A-2@2+2 C-1-1@5+1 C-1-2@6+1 C-2-1@7+1 C-2-2@8+1 E@9+1",
		names(layout(t, "01 R. 05 A PIC XX OCCURS 2. 05 FILLER PIC X. 05 B OCCURS 2. 10 C PIC X OCCURS 2 TIMES. 05 E PIC X.")))
	require.Equal(t, "A@0+8 B@0+4 C@4+2 D@6+2 E@0+3 F@8+1",
		names(layout(t, "01 R. 05 A PIC 9(8). 05 G REDEFINES A. 10 B PIC 9(4). 10 C PIC 99. 10 D PIC 99. 05 E REDEFINES A PIC X(3). 05 F PIC X.")))
	require.Equal(t, "A@0+1 A_2@1+1", names(layout(t, "01 R. 05 G. 10 A PIC X. 05 H. 10 A PIC X.")))
	require.Equal(t, "A@0+3 B@3+5", names(layout(t, "01 R USAGE COMP-3. 05 A PIC 9(4). 05 B PIC 9(8).")), "usage is inherited")
	require.Equal(t, "A@0+1", names(layout(t, "05 A PIC X. 05 FILLER PIC X(3).")), "without 01")
	fixed := "000100*COMMENT\n000200 01  R.\n000300     05  A PIC X.                                                 IGNORED\n\n"
	require.Equal(t, "A@0+1", names(layout(t, fixed)))
	require.Equal(t, "A@0+2", names(layout(t, "01 R. *> inline\n* a whole line\n 05 A PICTURE IS X(2) VALUE 'it''s'.")))
}

func TestConditions(t *testing.T) {
	l := layout(t, "01 R. 05 A PIC X. 88 GOOD VALUE 'A' 'B'. 88 REST VALUES ARE 'X' THRU 'Z'. 05 N PIC 9(3)V9. 88 N1 VALUE 1.5, 2. 05 M PIC 9(6). 88 WIDE VALUE 1 THRU 99999. 88 FEW VALUE 7 THRU 9.")
	require.Equal(t, []copybook.Condition{
		{"A", "GOOD", []string{"A", "B"}, true}, {"A", "REST", []string{"X", "Y", "Z"}, true}, {"N", "N1", []string{"1.5", "2.0"}, true},
		{"M", "WIDE", []string{"1 THRU 99999"}, false}, {"M", "FEW", []string{"7", "8", "9"}, true},
	}, l.Conditions)
}

func TestRefusals(t *testing.T) {
	for source, unsupported := range map[string]bool{
		"": false, "hello": false, "01 R": false, "01 R.": false, "01 R. 05 A.": false, "01 R. 05 A PIC.": false, "01 R. 05 A PIC Q.": true,
		"01 R. 05 A PIC X(0).": false, "01 R. 05 A PIC X(2.": false, "01 R. 05 A PIC X(99999999).": false, "01 R. 05 A PIC 9(19).": true,
		"01 R. 66 A RENAMES B.": true, "77 A PIC X.": true, "01 R. 05 A COMP-1.": true, "01 R. 05 A COMP-2.": true, "01 R. 05 A PIC 9 COMP-5.": true,
		"01 R. 05 A PIC 9 COMP SYNC.": true, "01 R. 05 A PIC Z9.": true, "01 R. 05 A PIC X COMP-3.": false, "01 R. 05 A PIC X OCCURS 0.": false,
		"01 R. 05 A PIC X OCCURS 1 TO 3.": false, "01 R. 05 A PIC X OCCURS 1 TO 3 DEPENDING ON B.": false, "01 R. 05 A PIC XX. 05 B REDEFINES C PIC X.": false,
		"01 R. 05 A PIC X. 05 B REDEFINES A PIC XX.": false, "01 R. 05 A PIC X. 10 B PIC X.": false, "99 A PIC X.": false, "01 R. 05 A PIC X VALUE 'open.": false,
		"01 R. 88 X.": false, "COPY OTHER.": true, "01 R. 05 FILLER PIC X.": false, "01 A. 05 B PIC X. 01 C. 05 D PIC X.": false,
		"01 R. 05 A PIC S9S.": false, "01 R. 05 A PIC XV9.": false, "01 R. 05 N PIC 9. 05 A PIC X OCCURS 1 TO 3 DEPENDING ON N. 05 B PIC X.": true,
		"01 R. " + strings.Repeat("05 A PIC X(65536) OCCURS 10000. ", 3): false,
	} {
		_, err := copybook.Parse(source)
		var c *copybook.Error
		require.ErrorAs(t, err, &c, source)
		require.Equal(t, unsupported, c.Unsupported, "%q: %v", source, err)
	}
}

// Any number that a field can hold comes back as it was written.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := rapid.IntRange(1, 18).Draw(t, "digits")
		scale := rapid.IntRange(0, digits-1).Draw(t, "scale")
		text := rapid.StringMatching(fmt.Sprintf("[0-9]{%d}", digits)).Draw(t, "value")
		negative := rapid.Bool().Draw(t, "negative")
		want := number(text, scale, negative)
		picture := fmt.Sprintf("S9(%d)V9(%d)", digits-scale, scale)
		if scale == 0 {
			picture = fmt.Sprintf("S9(%d)", digits)
		}
		for clause, bytes := range map[string][]byte{
			" COMP-3": comp3(text, negative), "": zoned(text, negative), " SIGN LEADING SEPARATE": separate(text, negative), " COMP": comp(text, negative),
		} {
			got, ok := decode(t, copybook.CP037, picture+clause, hex.EncodeToString(bytes))
			require.True(t, ok)
			require.Equal(t, want, got, picture+clause)
		}
	})
}

func number(digits string, scale int, negative bool) string {
	whole := strings.TrimLeft(digits[:len(digits)-scale], "0")
	if whole == "" {
		whole = "0"
	}
	if scale > 0 {
		whole += "." + digits[len(digits)-scale:]
	}
	if negative && strings.Trim(digits, "0") != "" {
		whole = "-" + whole
	}
	return whole
}

func comp3(digits string, negative bool) []byte {
	s := digits + map[bool]string{true: "d", false: "c"}[negative]
	if len(s)%2 == 1 {
		s = "0" + s
	}
	out, _ := hex.DecodeString(s)
	return out
}

func zoned(digits string, negative bool) []byte {
	out := make([]byte, len(digits))
	for i := range digits {
		out[i] = 0xF0 | digits[i]&0x0F
	}
	out[len(out)-1] = map[bool]byte{true: 0xD0, false: 0xC0}[negative] | out[len(out)-1]&0x0F
	return out
}

func separate(digits string, negative bool) []byte {
	out := []byte{map[bool]byte{true: 0x60, false: 0x4E}[negative]}
	for i := range digits {
		out = append(out, 0xF0|digits[i]&0x0F)
	}
	return out
}

func comp(digits string, negative bool) []byte {
	var n int64
	for _, c := range digits {
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	size := 8
	if len(digits) <= 4 {
		size = 2
	} else if len(digits) <= 9 {
		size = 4
	}
	out := make([]byte, size)
	for i := range out {
		out[size-1-i] = byte(n >> (8 * i))
	}
	return out
}

// Whatever the text and the bytes are, nothing breaks and no field is outside of its record.
func FuzzCopybook(f *testing.F) {
	f.Add("01 R. 05 A PIC S9(3) COMP-3. 88 X VALUE 1 THRU 3. 05 B REDEFINES A PIC XX.", []byte("abc"))
	f.Add("000100 01  R.\n000200     05 N PIC 9. 05 T PIC X OCCURS 1 TO 9 DEPENDING ON N.", []byte("3abc"))
	f.Fuzz(func(t *testing.T, source string, record []byte) {
		layouts, err := copybook.Parse(source)
		if err != nil {
			var c *copybook.Error
			require.ErrorAs(t, err, &c)
			return
		}
		for _, page := range []copybook.Codepage{copybook.ASCII, copybook.CP037} {
			d := copybook.NewDecoder(page)
			for _, l := range layouts {
				for _, field := range l.Fields {
					require.LessOrEqual(t, field.Offset+field.Size, l.Length)
				}
				require.LessOrEqual(t, l.Shortest, l.Length)
				l.Record(d, record, make([]copybook.Cell, len(l.Fields)))
				l.Matches(d, record)
				l.Size(d, record)
			}
		}
	})
}
