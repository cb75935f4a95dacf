package text

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/document"
)

// Entity is something that a text names.
type Entity struct {
	// Type is date, money, percent, email, phone, url, reference, organization or label.
	Type string
	// Value is the text as it stands; of a label what follows the colon.
	Value string
	// Label is the name of a label.
	Label string
	// Start and End are offsets in characters of the text; −1 where a label is not found there again.
	Start, End int
}

// rule finds entities of one type. Rules come in the order in which they may claim a place of the text.
type rule struct {
	kind    string
	pattern *regexp.Regexp
	// accept looks closer at what the pattern has found; nil takes all.
	accept func(s string) bool
}

const monthNames = `(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)`

var rules = []rule{ //nolint:gochecknoglobals // compiled once, read-only
	{"url", regexp.MustCompile(`\b(?:https?|ftp)://[^\s<>"')\]]+[^\s<>"')\].,;:!?]`), nil},
	{"email", regexp.MustCompile(`[\pL0-9._%+'-]+@[\pL0-9.-]+\.[\pL]{2,}`), func(s string) bool { return document.FormatOf(s) == document.FormatEmail }},
	{"date", regexp.MustCompile(`\b(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2}|[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{4}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{4}|` +
		monthNames + `\.? [0-9]{1,2}(?:st|nd|rd|th)?,? [0-9]{4}|[0-9]{1,2}(?:st|nd|rd|th)?\.? ` + monthNames + `\.?,? [0-9]{4})\b`), isDate},
	{"money", regexp.MustCompile(`[$€£¥] ?[0-9][0-9.,]*(?: ?(?:million|billion|k|m|bn)\b)?|\b[0-9][0-9.,]* ?(?:€|£|\$|USD\b|EUR\b|GBP\b|CHF\b|JPY\b|dollars\b|euros\b|pounds\b)`), nil},
	{"percent", regexp.MustCompile(`[+-]?[0-9]+(?:[.,][0-9]+)? ?(?:%|percent\b)`), nil},
	{"reference", regexp.MustCompile(`\b[A-Z]{2,6}-[0-9][0-9-]{2,}`), nil},
	{"phone", regexp.MustCompile(`\+?\(?[0-9][0-9 ().-]{5,}[0-9]`), func(s string) bool { return document.FormatOf(s) == document.FormatPhone }},
	{"organization", regexp.MustCompile(`\b(?:\p{Lu}[\pL&'-]*,? ){1,5}(?:Inc|Ltd|LLC|LLP|PLC|GmbH|AG|SE|SA|Corp|Corporation|Company|Co|Bank|University|Institute|Agency|Department|Authority|Ministry|Council|Commission|Insurance|Foundation|Association|Group|Holdings|Partners|Hospital)\b`), nil},
}

// isDate refuses what only looks like a date: the 31st of February.
func isDate(s string) bool {
	if s[0] < '0' || s[0] > '9' || strings.ContainsFunc(s, unicode.IsLetter) {
		return true
	}
	for _, order := range [...]document.DateOrder{"", document.OrderDMY, document.OrderMDY} {
		if _, _, ok := document.ParseDate(s, order); ok {
			return true
		}
	}
	return false
}

// entities finds what a text names, in its order. No two of them overlap, but labels, which may hold others.
func entities(text string, labels []document.Label) ([]Entity, map[string]int) {
	var found []Entity // of the rules, which do not overlap, by start
	for _, r := range rules {
		more := r.find(text, found)
		if len(more) == 0 {
			continue
		}
		found = append(found, more...)
		slices.SortFunc(found, func(a, b Entity) int { return cmp.Compare(a.Start, b.Start) })
	}
	found = append(found, placed(text, labels)...)
	slices.SortStableFunc(found, func(a, b Entity) int { return cmp.Compare(uint(a.Start), uint(b.Start)) })
	counts := map[string]int{}
	for _, e := range found {
		counts[e.Type]++
	}
	found = found[:min(len(found), MaxEntities)]
	characters(text, found)
	return found, counts
}

// find gives the places of the rule that no other has claimed, as offsets in bytes.
func (r rule) find(text string, claimed []Entity) []Entity {
	var out []Entity
	for _, at := range r.pattern.FindAllStringIndex(text, -1) {
		start := at[0]
		end := start + len(strings.TrimRight(text[start:at[1]], ".,- "))
		if r.accept != nil && !r.accept(text[start:end]) {
			continue
		}
		i, _ := slices.BinarySearchFunc(claimed, start, func(e Entity, x int) int { return cmp.Compare(e.Start, x) })
		if (i > 0 && claimed[i-1].End > start) || (i < len(claimed) && claimed[i].Start < end) {
			continue
		}
		out = append(out, Entity{Type: r.kind, Value: text[start:end], Start: start, End: end})
	}
	return out
}

// placed finds the labels of a document again in its text, each after the one before. Those beyond MaxEntities are
// not looked for: they are only counted.
func placed(text string, labels []document.Label) []Entity {
	var out []Entity
	from := 0
	for i, l := range labels {
		e := Entity{Type: "label", Label: l.Label, Value: l.Value, Start: -1, End: -1}
		if i < MaxEntities {
			if start, end, ok := place(text[from:], l); ok {
				e.Start, e.End = from+start, from+end
				from = e.End
			}
		}
		out = append(out, e)
	}
	return out
}

func place(text string, l document.Label) (start, end int, ok bool) {
	start = strings.Index(text, l.Label)
	if start < 0 || l.Label == "" {
		return 0, 0, false
	}
	value := strings.Index(text[start:], l.Value)
	return start, start + value + len(l.Value), value >= 0
}

// characters turns offsets in bytes, ascending by start, into offsets in characters.
func characters(text string, list []Entity) {
	at, count := 0, 0
	for i := range list {
		e := &list[i]
		if e.Start < 0 {
			continue
		}
		count += utf8.RuneCountInString(text[at:e.Start])
		at = e.Start
		e.Start, e.End = count, count+utf8.RuneCountInString(text[e.Start:e.End])
	}
}
