package extraction

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"github.com/symphainy/symphainy/domain/fault"
)

// Bounds of a config.
const (
	MaxCategories = 50
	// MaxTexts is how many headings, labels or regexes a category has.
	MaxTexts = 100
	// MaxRegexes is how many regexes all categories have together.
	MaxRegexes = 50
	// MaxSize is how many bytes a config has as JSON.
	MaxSize = 64 << 10
	// MaxHeadings is how many headings all categories have together.
	MaxHeadings = 300
	// MaxLabels is how many labels all categories have together.
	MaxLabels = 500
)

// Kinds of extraction. Without a model all of them run as pattern.
const (
	Pattern   = "pattern"
	LLM       = "llm"
	Embedding = "embedding"
	Hybrid    = "hybrid"
)

// Rules.
const (
	RequiredFields = "required_fields"
	MinItems       = "min_items"
	Chronological  = "chronological_order"
)

// Config says what to extract.
type Config struct {
	ConfigID     string          `json:"config_id"`
	Name         string          `json:"name"`
	Domain       string          `json:"domain"`
	Version      string          `json:"version"`
	Categories   []Category      `json:"categories"`
	OutputSchema json.RawMessage `json:"output_schema"`
}

// Category is one kind of thing to extract.
type Category struct {
	Name            string   `json:"name"`
	ExtractionType  string   `json:"extraction_type"`
	Required        bool     `json:"required"`
	ValidationRules []Rule   `json:"validation_rules"`
	Headings        []string `json:"headings"`
	Labels          []string `json:"labels"`
	Regexes         []string `json:"regexes"`
}

// Rule is one check of what was found.
type Rule struct {
	Rule   string   `json:"rule"`
	Fields []string `json:"fields,omitempty"`
	Value  int      `json:"value,omitempty"`
}

func wrong(place, message string, args ...any) *fault.Error {
	text := fmt.Sprintf(message, args...)
	return fault.New(fault.Invalid, "invalid_parameters", place+": "+text).
		WithFields(fault.Field{Pointer: "/parameters/" + strings.ReplaceAll(place, ".", "/"), Code: "invalid_config", Message: text})
}

// Check says, as invalid_parameters or limit_exceeded, what is wrong with a config; nil if nothing is.
func (c Config) Check() error {
	if strings.TrimSpace(c.Name) == "" {
		return wrong("name", "must not be blank.")
	}
	if len(c.Categories) == 0 {
		return wrong("categories", "must name at least one category.")
	}
	names, regexes, headings, labels := map[string]bool{}, 0, 0, 0
	for i, k := range c.Categories {
		place := fmt.Sprintf("categories.%d", i)
		if strings.TrimSpace(k.Name) == "" || names[k.Name] {
			return wrong(place+".name", "must not be blank, and stand once.")
		}
		names[k.Name] = true
		if err := k.check(place); err != nil {
			return err
		}
		regexes += len(k.Regexes)
		headings += len(k.Headings)
		labels += len(k.Labels)
	}
	for _, x := range []struct {
		what      string
		have, may int
	}{{"regexes", regexes, MaxRegexes}, {"headings", headings, MaxHeadings}, {"labels", labels, MaxLabels}} {
		if x.have > x.may {
			return fault.Newf(fault.TooLarge, "limit_exceeded", "The config has %d %s; the limit is %d.", x.have, x.what, x.may)
		}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return wrong("output_schema", "is no JSON.")
	}
	if len(raw) > MaxSize {
		return fault.Newf(fault.TooLarge, "limit_exceeded", "The config has %d bytes; the limit is %d.", len(raw), MaxSize)
	}
	return nil
}

func (k Category) check(place string) error {
	if len(k.Headings)+len(k.Labels)+len(k.Regexes) == 0 {
		return wrong(place, "needs headings, labels or regexes to look for.")
	}
	for i, x := range k.Regexes {
		if _, err := regexp.Compile(x); err != nil {
			return wrong(fmt.Sprintf("%s.regexes.%d", place, i), "is no regular expression (RE2).")
		}
	}
	for i, r := range k.ValidationRules {
		at := fmt.Sprintf("%s.validation_rules.%d", place, i)
		switch {
		case r.Rule == RequiredFields && len(r.Fields) == 0:
			return wrong(at, "required_fields needs fields.")
		case r.Rule == MinItems && r.Value < 1:
			return wrong(at, "min_items needs a value of 1 or more.")
		case r.Rule != RequiredFields && r.Rule != MinItems && r.Rule != Chronological:
			return wrong(at, "is no rule.")
		}
		for _, f := range r.Fields {
			if !containsFold(k.Labels, f) {
				return wrong(at, "names a field that is not among the labels.")
			}
		}
	}
	return nil
}

func containsFold(list []string, s string) bool {
	for _, x := range list {
		if strings.EqualFold(x, s) {
			return true
		}
	}
	return false
}
