package export

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/symphainy/symphainy/application/realms/say"
)

// Bounds of a description: how deep it goes, how many columns a table has, how long a cell is.
const (
	depthMost   = 4
	columnsMost = 6
	cellMost    = 300
)

func itoa(n int) string { return strconv.Itoa(n) }

// describe is a payload as a text: its scalars as a table, its lists and objects each under a heading of their own.
func describe(title string, payload map[string]any) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", say.Markdown(title))
	object(&b, payload, 2)
	return b.String()
}

func object(b *strings.Builder, m map[string]any, level int) {
	keys := keysOf(m)
	plain := slices.DeleteFunc(slices.Clone(keys), func(k string) bool { return nested(m[k]) || m[k] == nil })
	if len(plain) > 0 {
		b.WriteString("\n| field | value |\n|---|---|\n")
		for _, k := range plain {
			fmt.Fprintf(b, "| %s | %s |\n", say.Markdown(label(k)), cell(m[k]))
		}
	}
	for _, k := range keys {
		if !nested(m[k]) || empty(m[k]) {
			continue
		}
		fmt.Fprintf(b, "\n%s %s\n", strings.Repeat("#", min(level, 6)), say.Markdown(label(k)))
		value(b, m[k], level+1)
	}
}

func value(b *strings.Builder, v any, level int) {
	switch x := v.(type) {
	case map[string]any:
		if level > depthMost+1 {
			fmt.Fprintf(b, "\n%s\n", cell(x))
			return
		}
		object(b, x, level)
	case []any:
		if columns := columnsOf(x); columns != nil {
			table(b, x, columns)
			return
		}
		b.WriteByte('\n')
		for _, e := range x {
			fmt.Fprintf(b, "- %s\n", cell(e))
		}
	}
}

// columnsOf gives the names that the objects of a list have, in their order by how many have them; nil if the list holds other things.
func columnsOf(list []any) []string {
	counts := map[string]int{}
	for _, e := range list {
		m, ok := e.(map[string]any)
		if !ok {
			return nil
		}
		for k, v := range m {
			if v != nil {
				counts[k]++
			}
		}
	}
	names := make([]string, 0, len(counts))
	for k := range counts {
		names = append(names, k)
	}
	slices.Sort(names)
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names[:min(len(names), columnsMost)]
}

// rank puts what names a thing before what describes it, and ids last.
func rank(name string) int {
	order := []string{"step_number", "phase_number", "position", "name", "title", "step_name", "field", "column", "type", "severity", "description", "finding", "recommendation"}
	if i := slices.Index(order, name); i >= 0 {
		return i
	}
	if strings.HasSuffix(name, "_id") || name == "id" {
		return len(order) + 1
	}
	return len(order)
}

func table(b *strings.Builder, list []any, columns []string) {
	b.WriteString("\n|")
	for _, c := range columns {
		fmt.Fprintf(b, " %s |", say.Markdown(label(c)))
	}
	b.WriteString("\n|" + strings.Repeat("---|", len(columns)) + "\n")
	for _, e := range list {
		m, _ := e.(map[string]any)
		b.WriteByte('|')
		for _, c := range columns {
			fmt.Fprintf(b, " %s |", cell(m[c]))
		}
		b.WriteByte('\n')
	}
}

func nested(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func empty(v any) bool {
	switch x := v.(type) {
	case map[string]any:
		return len(x) == 0
	case []any:
		return len(x) == 0
	}
	return v == nil
}

// cell is a value on one line.
func cell(v any) string { return say.Markdown(clip(plain(v))) }

func plain(v any) string {
	switch x := v.(type) {
	case nil:
		return ""
	case string:
		return x
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case json.Number:
		return string(x)
	case []any:
		parts := make([]string, 0, len(x))
		for _, e := range x {
			parts = append(parts, plain(e))
		}
		return strings.Join(parts, ", ")
	case map[string]any:
		parts := make([]string, 0, len(x))
		for _, k := range keysOf(x) {
			if x[k] != nil {
				parts = append(parts, label(k)+": "+plain(x[k]))
			}
		}
		return strings.Join(parts, "; ")
	}
	return fmt.Sprint(v)
}

func clip(s string) string {
	if len(s) <= cellMost {
		return s
	}
	cut := cellMost
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}

// label is a field's name for people.
func label(name string) string {
	words := strings.TrimSpace(strings.ReplaceAll(name, "_", " "))
	r, size := utf8.DecodeRuneInString(words)
	if size == 0 {
		return name
	}
	return string(unicode.ToUpper(r)) + words[size:]
}
