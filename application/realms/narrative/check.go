package narrative

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

var (
	number    = regexp.MustCompile(`\d+(?:[.,]\d+)*`)
	aid       = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{8,}\b`)
	replacing = regexp.MustCompile(`(?i)\breplac\w*\s+(?:\w+\s+){0,3}(?:people|persons?|staff|employees?|workers?|humans?|colleagues|teams?)\b`)
)

// problem says why a text is not used; "" if it may be. Words are the model's, figures and identifiers must be the result's.
func problem(text, facts string) string {
	switch {
	case text == "":
		return "The language model said nothing."
	case len([]rune(text)) > textMost:
		return "The language model's text is too long, so it is left out."
	case replacing.MatchString(text):
		return "The language model's text speaks of replacing people, so it is left out."
	}
	for _, id := range aid.FindAllString(text, -1) {
		if !strings.Contains(facts, id) {
			return "The language model's text names an identifier that the result does not have, so it is left out."
		}
	}
	var known []float64
	for _, n := range number.FindAllString(aid.ReplaceAllString(facts, ""), -1) {
		if f, err := strconv.ParseFloat(strings.ReplaceAll(n, ",", ""), 64); err == nil { // as a computer writes it
			known = append(known, f)
		}
	}
	for _, n := range number.FindAllString(aid.ReplaceAllString(text, ""), -1) {
		if !borne(values(n), known) {
			return "The language model's text names a figure that the result does not have, so it is left out."
		}
	}
	return ""
}

// grouped are numbers whose separators stand between thousands, and perhaps before decimals.
var (
	groupedComma = regexp.MustCompile(`^\d{1,3}(?:,\d{3})+(?:\.\d+)?$`)
	groupedDot   = regexp.MustCompile(`^\d{1,3}(?:\.\d{3})+(?:,\d+)?$`)
)

// values are the readings of a number: 1,234.5 and 1.234,5 are the same to people, and 1,234 may be either.
func values(n string) (out []float64) {
	read := func(s string) {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			out = append(out, f)
		}
	}
	read(n)
	if strings.Count(n, ",") == 1 && !strings.Contains(n, ".") {
		read(strings.Replace(n, ",", ".", 1))
	}
	if groupedComma.MatchString(n) {
		read(strings.ReplaceAll(n, ",", ""))
	}
	if groupedDot.MatchString(n) {
		read(strings.ReplaceAll(strings.ReplaceAll(n, ".", ""), ",", "."))
	}
	if len(out) > 0 {
		return out
	}
	// A date such as 2024.01.15, or a version: its parts.
	for _, part := range strings.FieldsFunc(n, func(r rune) bool { return r == '.' || r == ',' }) {
		if f, err := strconv.ParseFloat(part, 64); err == nil {
			out = append(out, f)
		}
	}
	return out
}

// borne reports whether one reading is a known figure, as it is, rounded to two decimals, or as a percentage.
func borne(readings, known []float64) bool {
	const half = 0.005
	for _, x := range readings {
		for _, k := range known {
			if math.Abs(x-k) <= half || math.Abs(x-100*k) <= 100*half && k <= 1 && k > 0 {
				return true
			}
		}
	}
	return false
}
