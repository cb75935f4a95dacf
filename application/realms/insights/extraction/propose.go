package extraction

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
)

// Propose makes a config of what a document has: a category for each heading, one for its labels, one for the columns of each table, and one
// for each member of a data model. ok is false if it has none of these.
func Propose(d *document.Document) (c Config, ok bool) {
	names := map[string]int{}
	left, labels, headings := MaxSize/2, MaxLabels, MaxHeadings
	add := func(k Category) {
		k.Labels = k.Labels[:min(len(k.Labels), labels)]
		if len(c.Categories) == MaxCategories || len(k.Headings) > headings || len(k.Labels)+len(k.Headings) == 0 {
			return
		}
		if k.Name = strings.Join(naming.Words(k.Name), "_"); k.Name == "" {
			k.Name = "category"
		}
		r := []rune(k.Name)
		k.Name = string(r[:min(len(r), 80)])
		if names[k.Name]++; names[k.Name] > 1 {
			k.Name = fmt.Sprintf("%s_%d", k.Name, names[k.Name])
		}
		k.ExtractionType = Pattern
		if k.Headings == nil {
			k.Headings = []string{}
		}
		if k.Labels == nil {
			k.Labels = []string{}
		}
		k.Regexes = []string{}
		if k.ValidationRules == nil {
			k.ValidationRules = []Rule{atLeast(1)}
		}
		raw, err := json.Marshal(k)
		if left -= len(raw); err != nil || left < 0 {
			left = 0 // full: what comes later is left out too, so that the proposal is a beginning and not a choice
			return
		}
		labels, headings = labels-len(k.Labels), headings-len(k.Headings)
		c.Categories = append(c.Categories, k)
	}
	if d.Schema != nil {
		for _, k := range members(d.Schema) {
			add(k)
		}
	}
	for _, s := range d.Sections {
		if title := clip(s.Title); len(c.Categories) < MaxCategories && len(s.Paragraphs) > 0 && len(naming.Words(title)) > 0 {
			add(Category{Name: title, Headings: []string{title}})
		}
	}
	if len(d.Labels) > 0 {
		add(Category{Name: "labels", Labels: unique(len(d.Labels), func(i int) string { return d.Labels[i].Label })})
	}
	for _, t := range d.Tables {
		if len(t.Columns) > 0 {
			add(Category{Name: t.Name, Labels: unique(len(t.Columns), func(i int) string { return t.Columns[i].Name })})
		}
	}
	return c, len(c.Categories) > 0
}

// members are the outermost members of a data model as categories; the required ones are required.
func members(s *document.Schema) []Category {
	var out []Category
	index := map[string]int{}
	for _, p := range s.Properties {
		top, rest, nested := strings.Cut(strings.ReplaceAll(p.Path, "[]", ""), ".")
		i, known := index[top]
		if !known {
			i = len(out)
			index[top] = i
			out = append(out, Category{Name: top, Labels: []string{clip(top)}, ValidationRules: []Rule{}})
		}
		k := &out[i]
		switch {
		case !nested:
			k.Required = p.Required
		case len(k.Labels) < MaxTexts:
			if len(k.Labels) == 1 && k.Labels[0] == clip(top) {
				k.Labels = nil // its members say more than its name
			}
			k.Labels = append(k.Labels, clip(rest[strings.LastIndexByte(rest, '.')+1:]))
		}
	}
	return out
}

// unique gives the first different texts that have a letter or digit.
func unique(n int, at func(i int) string) []string {
	out := []string{}
	seen := map[string]bool{}
	for i := range n {
		if s := clip(at(i)); !seen[s] && len(naming.Words(s)) > 0 && len(out) < MaxTexts {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

// clip shortens a text to what a config takes.
func clip(s string) string {
	r := []rune(strings.TrimSpace(s))
	return string(r[:min(len(r), 200)])
}
