package export_test

import (
	"encoding/csv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/outcomes/export"
)

// Whatever stands in a cell: a reader of CSV sees one cell with all of its text, and no spreadsheet a formula; in SQL it stays inside a literal.
func FuzzCSVCell(f *testing.F) {
	for _, text := range formulas {
		f.Add(text, "plain")
		f.Add("plain", text)
	}
	for _, text := range []string{"", "'", "''=1", "'=1", "\"\"\"", "a,b\r\nc", "\ufeff=1", "\u2028=1", "%=1", "|x", "\v\f=1", "\u00ad-1", "﹢1", "'); DROP TABLE mapping;--", `\'`} {
		f.Add(text, text)
	}
	f.Fuzz(func(t *testing.T, one, other string) {
		if !utf8.ValidString(one) || !utf8.ValidString(other) {
			return // the payload of an artifact is JSON
		}
		table, err := csv.NewReader(strings.NewReader(exported(t, export.CSV, one, other))).ReadAll()
		require.NoError(t, err)
		require.Len(t, table, 3)
		for i, text := range []string{one, other} {
			cell := table[i+1][0]
			inert(t, cell)
			want := strings.ReplaceAll(strings.ReplaceAll(text, "\x00", ""), "\r\n", "\n") // encoding/csv reads CRLF as LF
			require.Contains(t, []string{want, "'" + want}, cell)
			require.Equal(t, cell, table[i+1][1])
		}
		_, statements, found := strings.Cut(exported(t, export.SQL, one, other), "\n")
		require.True(t, found)
		require.Regexp(t, sqlOutside, sqlText.ReplaceAllString(statements, ""), "%q %q", one, other)
	})
}
