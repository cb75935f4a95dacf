package export_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/symphainy/symphainy/application/realms/outcomes/export"
	"github.com/symphainy/symphainy/test/sheet"
)

// formulas are cells that a spreadsheet would calculate if they were written as they are.
var formulas = []string{
	"=1+1", "+1+1", "-1+1", "@SUM(1)", "\t=1", "\r=1", "\x00=1", "＝1+1", "＋1", "－1", "＠SUM(1)", "a;=1+1", "=cmd|'/C calc'!A0", `"=1`, " =1", "\u200b=HYPERLINK(\"http://x\")",
}

// exported writes cells as the names of a mapping.
func exported(t *testing.T, f export.Format, cells ...string) string {
	t.Helper()
	var table []any
	for _, c := range cells {
		table = append(table, map[string]any{"source_column": c, "target_column": c, "confidence": 0.5})
	}
	payload, err := json.Marshal(map[string]any{"mapping_table": table, "note": cells[0]})
	require.NoError(t, err)
	out, err := export.Write(f, export.Source{Type: "matching_result", Name: cells[0], Version: 1, Payload: payload})
	require.NoError(t, err)
	return string(out)
}

// inert fails for a cell that begins like a formula, whatever stands before it that a program may ignore.
func inert(t *testing.T, cell string) {
	t.Helper()
	require.NotContains(t, cell, "\x00")
	if strings.HasPrefix(cell, "'") {
		return // a text, for every spreadsheet
	}
	rest := strings.TrimLeftFunc(cell, func(r rune) bool {
		return r == '"' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	})
	first, _ := utf8.DecodeRuneInString(rest)
	require.False(t, rest != "" && strings.ContainsRune("=+-@＝＋－＠", first), "%q", cell)
}

var (
	sqlText    = regexp.MustCompile(`'(?:[^']|'')*'|"(?:[^"]|"")*"`)
	sqlOutside = regexp.MustCompile(`^[A-Za-z0-9_ ().,;\n-]*$`)
)

// U8: no export hands a formula to a spreadsheet, and each keeps its own grammar.
func TestNoExportHoldsAFormula(t *testing.T) {
	ran := 0
	for _, text := range formulas {
		table, err := csv.NewReader(strings.NewReader(exported(t, export.CSV, text))).ReadAll()
		require.NoError(t, err)
		require.Len(t, table, 2, "%q", text)
		for _, cell := range table[1][:2] {
			inert(t, cell)
		}
		require.NotRegexp(t, `(?m)(^|[,;])[=+@＝＋－＠]`, sqlText.ReplaceAllString(exported(t, export.CSV, text), "text"), "%q: texts are quoted", text)

		// In SQL all of it is inside a literal, or a comment of one line.
		_, statements, found := strings.Cut(exported(t, export.SQL, text), "\n")
		require.True(t, found)
		require.Regexp(t, sqlOutside, sqlText.ReplaceAllString(statements, ""), "%q", text)

		var decoded struct {
			Content struct{ Note string }
		}
		require.NoError(t, json.Unmarshal([]byte(exported(t, export.JSON, text)), &decoded))
		require.Equal(t, text, decoded.Content.Note)
		decoded.Content.Note = ""
		require.NoError(t, yaml.Unmarshal([]byte(exported(t, export.YAML, text)), &decoded))
		require.Equal(t, text, decoded.Content.Note)

		require.True(t, utf8.ValidString(exported(t, export.Markdown, text)))
		require.Equal(t, "PK", exported(t, export.DOCX, text)[:2])
		ran += 6
	}
	sheet.Record(t, "U8", ran, fmt.Sprintf("%d formulas × 6 exports: cells that a spreadsheet would calculate 0", len(formulas)), "escaped, 16× every export")
}

// U8: random cells of what is dangerous stay one cell and inert, and a reader sees all of their text.
func TestRandomCellsAreInert(t *testing.T) {
	const cells, batch = 100_000, 10_000
	alphabet := []rune("=+-@\t\r\n\x00＝＋－＠;,\"'|% a1é\u200b\u202e")
	random := rand.New(rand.NewPCG(8, 8))
	for n := range cells / batch {
		texts := make([]string, batch)
		for i := range texts {
			text := make([]rune, 1+random.IntN(8))
			for k := range text {
				text[k] = alphabet[random.IntN(len(alphabet))]
			}
			texts[i] = string(text)
		}
		table, err := csv.NewReader(strings.NewReader(exported(t, export.CSV, texts...))).ReadAll()
		require.NoError(t, err)
		require.Len(t, table, batch+1)
		if n == 0 {
			_, statements, found := strings.Cut(exported(t, export.SQL, texts...), "\n")
			require.True(t, found)
			require.Regexp(t, sqlOutside, sqlText.ReplaceAllString(statements, ""), "all of it is inside literals")
		}
		for i, row := range table[1:] {
			inert(t, row[0])
			want := strings.ReplaceAll(strings.ReplaceAll(texts[i], "\x00", ""), "\r\n", "\n") // encoding/csv reads CRLF as LF
			require.Contains(t, []string{want, "'" + want}, row[0], "%q", texts[i])
		}
	}
	sheet.Record(t, "U8", cells, "random cells of what is dangerous: calculated 0, lost 0", "10⁵ random cells")
}
