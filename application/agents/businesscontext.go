package agents

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/symphainy/symphainy/domain/fault"
)

// BusinessContext is what a session's people say of their business. It is provisional until they commit it; agents treat it as data.
type BusinessContext struct {
	// Industries are names out of a fixed list.
	Industries []string `json:"industries"`
	// Systems are what they work with, Goals what they are after, both in their own words.
	Systems []string `json:"systems"`
	Goals   []string `json:"goals"`
}

// Bounds of a committed context.
const (
	maxContextItems = 20
	maxContextText  = 200
)

// ErrContext is a business context that cannot be kept.
var ErrContext = fault.New(fault.Invalid, "invalid_parameters", "The context is not valid.")

// Check refuses what is too long to be kept.
func (b BusinessContext) Check() error {
	for name, list := range map[string][]string{"industries": b.Industries, "systems": b.Systems, "goals": b.Goals} {
		long := func(text string) bool { return text == "" || len(text) > maxContextText || !utf8.ValidString(text) }
		if len(list) > maxContextItems || slices.ContainsFunc(list, long) {
			return ErrContext.WithFields(fault.Field{
				Pointer: "/context/" + name, Code: "invalid", Message: "Give at most 20 texts of 1 to 200 bytes.",
			})
		}
	}
	return nil
}

// Empty reports that nothing is known.
func (b BusinessContext) Empty() bool { return len(b.Industries)+len(b.Systems)+len(b.Goals) == 0 }

// industries maps words to the industry that they speak of.
func industries() []struct {
	name  string
	words []string
} {
	return []struct {
		name  string
		words []string
	}{
		{"insurance", []string{"insurance", "insurer", "underwriting", "policyholder", "beneficiary", "premium", "actuary"}},
		{"banking", []string{"bank", "loan", "mortgage", "deposit", "lending"}},
		{"healthcare", []string{"hospital", "patient", "clinic", "healthcare", "medical"}},
		{"retail", []string{"retail", "shop", "store", "ecommerce", "merchandise"}},
		{"manufacturing", []string{"manufacturing", "factory", "plant", "assembly"}},
		{"public sector", []string{"permit", "municipality", "government", "ministry", "citizen"}},
		{"logistics", []string{"logistics", "shipment", "freight", "warehouse", "carrier"}},
		{"energy", []string{"energy", "utility", "grid", "turbine"}},
		{"education", []string{"school", "university", "student", "curriculum"}},
	}
}

var (
	systemPattern = regexp.MustCompile(`(?i)\bwe (?:use|run|work with|rely on) ([^.;!?\n]{2,200})`)
	goalPattern   = regexp.MustCompile(`(?i)\b(?:our goal is|our goals are|we want|we need|we aim) (?:to )?([^.;!?\n]{2,200})`)
	listBreak     = regexp.MustCompile(`\s*,\s*(?:and\s+)?|\s+and\s+`)
)

// Discover reads a business context out of a text by dictionaries and a few forms ("we use X", "our goal is Y"). What it does not find
// it leaves empty.
func Discover(text string) BusinessContext {
	found := BusinessContext{Industries: []string{}, Systems: []string{}, Goals: []string{}}
	words := Words(text)
	for _, i := range industries() {
		if slices.ContainsFunc(words, func(w string) bool { return matchesAny(w, i.words) }) {
			found.Industries = append(found.Industries, i.name)
		}
	}
	for _, m := range systemPattern.FindAllStringSubmatch(text, maxContextItems) {
		for _, system := range listBreak.Split(m[1], maxContextItems) {
			found.Systems = addContext(found.Systems, system)
		}
	}
	for _, m := range goalPattern.FindAllStringSubmatch(text, maxContextItems) {
		found.Goals = addContext(found.Goals, m[1])
	}
	return found
}

// addContext adds a text once, within the bounds that Check allows.
func addContext(list []string, text string) []string {
	text = strings.TrimSpace(text)
	for len(text) > maxContextText {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	if text == "" || len(list) >= maxContextItems || slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, text) }) {
		return list
	}
	return append(list, text)
}

// contextKey is where a session's metadata holds the committed context.
const contextKey = "business_context"

// CommittedContext reads the context that a session's metadata holds; an empty one without, or if a client wrote something else there.
func CommittedContext(metadata []byte) BusinessContext {
	var m map[string]json.RawMessage
	var b BusinessContext
	if json.Unmarshal(metadata, &m) != nil || json.Unmarshal(m[contextKey], &b) != nil || b.Check() != nil {
		return BusinessContext{}
	}
	return b
}

// WithContext gives the metadata with the context in it; everything else stays.
func WithContext(metadata []byte, b BusinessContext) ([]byte, error) {
	m := map[string]json.RawMessage{}
	if len(metadata) > 0 {
		if err := json.Unmarshal(metadata, &m); err != nil {
			return nil, fault.As(err)
		}
	}
	raw, err := json.Marshal(b)
	if err != nil {
		return nil, fault.As(err)
	}
	m[contextKey] = raw
	whole, err := json.Marshal(m)
	if err != nil {
		return nil, fault.As(err)
	}
	return whole, nil
}
