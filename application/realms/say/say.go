// Package say puts figures and user text into sentences. User text is always quoted, short and on one line, so that it can neither break
// nor reorder what stands around it.
package say

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// quoteMost is how many characters of a value a sentence shows.
const quoteMost = 60

// Quote shows a value inside a sentence: short, on one line, with nothing in it that could reorder or break the sentence.
func Quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	n := 0
	for _, r := range s {
		if n == quoteMost {
			b.WriteString("…")
			break
		}
		n++
		switch {
		case r == '"':
			b.WriteString(`\"`)
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			b.WriteString(strings.Trim(strconv.QuoteToASCII(string(r)), `"`))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Plain is a user's text as one line without quotes, for labels: control and formatting characters are gone, blanks are single, and it is
// at most that many characters long.
func Plain(s string, most int) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, s)
	runes := []rune(strings.Join(strings.Fields(clean), " "))
	if len(runes) > most {
		return strings.TrimRight(string(runes[:most]), " ") + "…"
	}
	return string(runes)
}

// Markdown escapes a text so that Markdown shows it as it is: no links, emphasis, tables or HTML come of it. Line breaks become blanks.
func Markdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			b.WriteByte(' ')
			continue
		case unicode.IsControl(r):
			continue
		case strings.ContainsRune("\\`*_{}[]<>#|!~&", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Number writes a number with up to six decimals, as few as it needs.
func Number(f float64) string {
	s := strconv.FormatFloat(f, 'f', 6, 64)
	s = strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

// Rounded writes a computed number for people: with at most two decimals from 1 on, else as Number does.
func Rounded(f float64) string {
	if math.Abs(f) >= 1 {
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(f, 'f', 2, 64), "0"), ".")
	}
	return Number(f)
}

// Join joins words with commas and a final "and", and says how many of count are left out.
func Join(words []string, count int) string {
	if left := count - len(words); left > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words, ", "), left)
	}
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
}

// Percent writes a share as "12.5 %".
func Percent(count, all int) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", 100*float64(count)/float64(max(all, 1))), ".0") + " %"
}

// Plural counts a thing: "1 row", "2 rows".
func Plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// Row names a row as people count: from 1, with the line of the file if firstLine (the line of row 0) is known.
func Row(row, firstLine int) string {
	if firstLine > 0 {
		return fmt.Sprintf("row %d (line %d of the file)", row+1, row+firstLine)
	}
	return fmt.Sprintf("row %d", row+1)
}

// Words is an identifier such as quality_assessment as words: "Quality assessment".
func Words(id string) string {
	s := strings.Join(strings.Fields(strings.ReplaceAll(Plain(id, 100), "_", " ")), " ")
	if s == "" {
		return s
	}
	if s == "sop" || s == "poc" {
		return strings.ToUpper(s)
	}
	r := []rune(s)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}
