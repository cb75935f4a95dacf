package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/domain/fault"
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

func writeCSV(r rows) ([]byte, error) {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	line := make([]string, len(r.columns))
	for i, c := range r.columns {
		line[i] = harmless(c)
	}
	if err := w.Write(line); err != nil {
		return nil, fault.As(err)
	}
	for _, l := range r.lines {
		for i, v := range l {
			line[i] = plain(v)
			if _, number := v.(json.Number); !number {
				line[i] = harmless(line[i])
			}
		}
		if err := w.Write(line); err != nil {
			return nil, fault.As(err)
		}
	}
	w.Flush()
	return out.Bytes(), nil
}

// harmless makes a cell that no spreadsheet takes for a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
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
