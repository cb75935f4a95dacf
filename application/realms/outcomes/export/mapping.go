package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// rows are the lines of a mapping, under the same columns.
type rows struct {
	columns []string
	lines   [][]any
}

// mapping gives the table of a mapping; ok is false for what is none.
func mapping(s Source, payload map[string]any) (rows, bool) {
	list, ok := payload["mapping_table"].([]any)
	if s.Type != "matching_result" || !ok {
		return rows{}, false
	}
	var out rows
	for _, e := range list {
		m, _ := e.(map[string]any)
		for _, k := range keysOf(m) {
			if !slices.Contains(out.columns, k) {
				out.columns = append(out.columns, k)
			}
		}
	}
	slices.Sort(out.columns)
	slices.SortStableFunc(out.columns, func(a, b string) int { return side(a) - side(b) })
	for _, e := range list {
		m, _ := e.(map[string]any)
		line := make([]any, len(out.columns))
		for i, c := range out.columns {
			line[i] = m[c]
		}
		out.lines = append(out.lines, line)
	}
	return out, len(out.columns) > 0
}

// side puts what the source says first, then the target, then how they match.
func side(column string) int {
	switch {
	case strings.HasPrefix(column, "source"):
		return 0
	case strings.HasPrefix(column, "target"):
		return 1
	}
	return 2
}

// writeCSV writes the table by RFC 4180. Texts are always quoted, so that they stay whole where another separator is usual.
func writeCSV(r rows) []byte {
	var out bytes.Buffer
	line := make([]string, len(r.columns))
	for i, c := range r.columns {
		line[i] = quoted(c)
	}
	out.WriteString(strings.Join(line, ",") + "\r\n")
	for _, l := range r.lines {
		for i, v := range l {
			line[i] = plain(v)
			if _, number := v.(json.Number); !number {
				line[i] = quoted(line[i])
			}
		}
		out.WriteString(strings.Join(line, ",") + "\r\n")
	}
	return out.Bytes()
}

func quoted(s string) string { return `"` + strings.ReplaceAll(harmless(s), `"`, `""`) + `"` }

// harmless makes a cell that no spreadsheet takes for a formula: also not where it ignores what stands before the sign, or reads a wide
// sign as the usual one. NUL, which some readers drop, is dropped.
func harmless(s string) string {
	s = strings.ReplaceAll(s, "\x00", "")
	rest := strings.TrimLeftFunc(s, func(r rune) bool {
		return r == '"' || r == '\'' || unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf)
	})
	first, _ := utf8.DecodeRuneInString(rest)
	if s != "" && (strings.ContainsRune("\t\r\n", rune(s[0])) || rest != "" && strings.ContainsRune("=+-@|%＝＋－−﹢﹣＠", first)) {
		return "'" + s
	}
	return s
}

// writeSQL makes a table of the mapping, in the SQL that all databases read.
func writeSQL(s Source, r rows) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "-- %s\n", comment(s.Title()))
	b.WriteString("CREATE TABLE mapping (\n")
	for i, c := range r.columns {
		end := ",\n"
		if i == len(r.columns)-1 {
			end = "\n"
		}
		fmt.Fprintf(&b, "  %s %s%s", identifier(c), r.kind(i), end)
	}
	b.WriteString(");\n")
	names := make([]string, len(r.columns))
	for i, c := range r.columns {
		names[i] = identifier(c)
	}
	for _, l := range r.lines {
		values := make([]string, len(l))
		for i, v := range l {
			values[i] = literal(v)
		}
		fmt.Fprintf(&b, "INSERT INTO mapping (%s) VALUES (%s);\n", strings.Join(names, ", "), strings.Join(values, ", "))
	}
	return []byte(b.String())
}

// kind is the type of a column: numbers and truth values where all of its values are, else text.
func (r rows) kind(column int) string {
	numbers, truths, all := 0, 0, 0
	for _, l := range r.lines {
		switch l[column].(type) {
		case nil:
			continue
		case json.Number:
			numbers++
		case bool:
			truths++
		}
		all++
	}
	switch {
	case all > 0 && numbers == all:
		return "NUMERIC"
	case all > 0 && truths == all:
		return "BOOLEAN"
	}
	return "TEXT"
}

func literal(v any) string {
	switch x := v.(type) {
	case nil:
		return "NULL"
	case bool:
		return strings.ToUpper(fmt.Sprint(x))
	case json.Number:
		return string(x)
	}
	return "'" + strings.ReplaceAll(strings.ReplaceAll(plain(v), "\x00", ""), "'", "''") + "'"
}

// identifier quotes a name; what it quotes with is doubled.
func identifier(s string) string {
	return `"` + strings.ReplaceAll(strings.ReplaceAll(s, "\x00", ""), `"`, `""`) + `"`
}

// comment is a text that stays on its line.
func comment(s string) string { return strings.Join(strings.Fields(s), " ") }
