package extraction

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

// MaxItems is how many items a category has at most.
const MaxItems = 500

// maxAsked is how many labels, columns and titles of a document are compared with those of a config.
const maxAsked = 1000

// NearLabel is the similarity of names from which on a label or column is the one that is asked for.
const NearLabel = 0.75

// ErrInsufficient is a document in which nothing was found that the config asks for.
var ErrInsufficient = fault.New(fault.Invalid, "insufficient_data", "Nothing that the pattern asks for is in the document.")

// Item is one thing that was found.
type Item struct {
	Text string
	// Field is the label of the config that it answers, Label what the document calls it, Score how near the two are.
	Field, Label string
	Score        float64
	// Source is heading, label, column or regex.
	Source  string
	Section string
	// Paragraph counts from 0; −1 is none. Line counts from 1, 0 is none. Row is a table's row from 0; −1 is none.
	Paragraph, Line, Row int
	Table                string
}

// Found are the items of a category.
type Found struct {
	Category  Category
	Items     []Item
	Truncated bool
}

// Check is a rule with its outcome.
type Check struct {
	Category, Rule, Message string
	Passed, Required        bool
}

// Date is a label whose value is a date.
type Date struct {
	Label, Value string
	Line         int
}

// Result is what was extracted.
type Result struct {
	Found  []Found
	Checks []Check
	// Failures are checks that failed, and required categories without any item.
	Failures []Check
	// Passed tells that no required category failed.
	Passed bool
	// Confidence is the share of the checks that passed; nil without any.
	Confidence *float64
	Dates      []Date
	// Substituted are categories that ask for a model and were extracted by pattern.
	Substituted []string
}

// Extract takes out of a document what the config asks for; rows are those of its tables, as lines. The error is ErrInsufficient if nothing
// was found at all.
func Extract(c Config, d *document.Document, rows []Line) (*Result, error) {
	lines, _ := Lines(d)
	r := &Result{Passed: true, Dates: dates(d)}
	total := 0
	for _, k := range c.Categories {
		if k.ExtractionType != Pattern {
			r.Substituted = append(r.Substituted, k.Name)
		}
		f := k.find(d, lines, rows)
		total += len(f.Items)
		r.Found = append(r.Found, f)
		r.check(f)
	}
	if total == 0 {
		return nil, ErrInsufficient
	}
	if n := len(r.Checks); n > 0 {
		passed := 0
		for _, x := range r.Checks {
			if x.Passed {
				passed++
			}
		}
		share := math.Round(float64(passed)/float64(n)*1e6) / 1e6
		r.Confidence = &share
	}
	return r, nil
}

func dates(d *document.Document) []Date {
	var out []Date
	for _, l := range d.Labels {
		if v, _, ok := document.ParseDate(strings.TrimSpace(l.Value), document.OrderUnknown); ok && len(out) < MaxItems {
			out = append(out, Date{l.Label, v.Text(), l.Line})
		}
	}
	return out
}

func (k Category) find(d *document.Document, lines, rows []Line) Found {
	f := Found{Category: k}
	taken := map[int]bool{}
	f.Items = append(f.Items, k.labels(d)...)
	for _, i := range k.under(lines) {
		taken[i] = true
		f.Items = append(f.Items, itemOf(lines[i], "heading"))
	}
	all := append(slices.Clone(lines), rows...)
	for _, x := range k.Regexes {
		pattern, err := regexp.Compile(x)
		if err != nil {
			continue // Check has refused it
		}
		for i, l := range all {
			if taken[i] {
				continue
			}
			for _, m := range pattern.FindAllStringSubmatch(l.Text, 20) {
				taken[i] = true
				it := itemOf(l, "regex")
				if it.Text = strings.TrimSpace(m[0]); len(m) > 1 && strings.TrimSpace(m[1]) != "" {
					it.Text = strings.TrimSpace(m[1])
				}
				if it.Text != "" {
					f.Items = append(f.Items, it)
				}
			}
		}
	}
	if len(f.Items) > MaxItems {
		f.Items, f.Truncated = f.Items[:MaxItems], true
	}
	return f
}

func itemOf(l Line, source string) Item {
	it := Item{Text: l.Text, Source: source, Section: strings.Join(l.Sections, " / "), Paragraph: l.Paragraph, Row: -1}
	if l.Table != "" {
		it.Table, it.Row, it.Paragraph = l.Table, l.Row, -1
	}
	return it
}

// under gives the lines below the category's headings: the list items of a section that has some, else all its lines.
func (k Category) under(lines []Line) []int {
	var out []int
	known := map[string]bool{}
	heads := func(title string) bool {
		is, asked := known[title]
		if !asked && len(known) < maxAsked {
			is = k.heads(title)
			known[title] = is
		}
		return is
	}
	for start := 0; start < len(lines); {
		end := start
		for end < len(lines) && slices.Equal(lines[end].Sections, lines[start].Sections) {
			end++
		}
		if slices.ContainsFunc(lines[start].Sections, heads) {
			items := slices.ContainsFunc(lines[start:end], func(l Line) bool { return l.Item })
			for i := start; i < end; i++ {
				if lines[i].Item || !items {
					out = append(out, i)
				}
			}
		}
		start = end
	}
	return out
}

// heads says whether a title is one of the category's headings: it has all the words of one, or is as good as one.
func (k Category) heads(title string) bool {
	words := naming.Words(title)
	for _, h := range k.Headings {
		asked := naming.Words(h)
		if len(asked) == 0 {
			continue
		}
		if naming.Similarity(h, title) >= NearLabel || !slices.ContainsFunc(asked, func(w string) bool { return !slices.Contains(words, w) }) {
			return true
		}
	}
	return false
}

// labels gives, for each label of the category, what the document's nearest label says, or the first value of its nearest column.
func (k Category) labels(d *document.Document) []Item {
	var out []Item
	for _, field := range k.Labels {
		best := Item{}
		for _, l := range d.Labels[:min(len(d.Labels), maxAsked)] {
			if s := naming.Similarity(field, l.Label); s >= NearLabel && s > best.Score {
				best = Item{Text: l.Value, Field: field, Label: l.Label, Score: s, Source: "label", Line: l.Line, Paragraph: -1, Row: -1}
			}
		}
		columns := 0
		for _, t := range d.Tables {
			for i, c := range t.Columns {
				if columns++; columns > maxAsked {
					break
				}
				s := naming.Similarity(field, c.Name)
				if s < NearLabel || s <= best.Score {
					continue
				}
				for n, row := range t.Preview {
					if i < len(row) && !row[i].IsNull() {
						best = Item{Text: row[i].String(), Field: field, Label: c.Name, Score: s, Source: "column", Table: t.Name, Row: n, Paragraph: -1}
						break
					}
				}
			}
		}
		if best.Field != "" {
			out = append(out, best)
		}
	}
	return out
}

// check applies the rules of a category. Those of an optional one without items have nothing to say.
func (r *Result) check(f Found) {
	k := f.Category
	failed := false
	if len(f.Items) == 0 {
		if !k.Required {
			return
		}
		failed = true
		r.Failures = append(r.Failures, Check{Category: k.Name, Rule: "required", Required: true, Message: "nothing was found."})
	}
	for _, rule := range k.ValidationRules {
		message, applies := rule.apply(f.Items)
		if !applies {
			continue
		}
		x := Check{Category: k.Name, Rule: rule.Rule, Message: message, Passed: message == "", Required: k.Required}
		r.Checks = append(r.Checks, x)
		if !x.Passed {
			failed = true
			r.Failures = append(r.Failures, x)
		}
	}
	if failed && k.Required {
		r.Passed = false
	}
}

// apply gives what is wrong, "" for nothing; the order of dates has nothing to say of fewer than two.
func (rule Rule) apply(items []Item) (message string, applies bool) {
	switch rule.Rule {
	case RequiredFields:
		var missing []string
		for _, f := range rule.Fields {
			if !slices.ContainsFunc(items, func(i Item) bool { return strings.EqualFold(i.Field, f) && strings.TrimSpace(i.Text) != "" }) {
				missing = append(missing, f)
			}
		}
		if len(missing) > 0 {
			return "missing: " + strings.Join(missing, ", ") + ".", true
		}
		return "", true
	case MinItems:
		if len(items) < rule.Value {
			return fmt.Sprintf("%d found, %d needed.", len(items), rule.Value), true
		}
		return "", true
	}
	return inOrder(items)
}

var moment = regexp.MustCompile(`\b(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}))?|\b(\d{1,2}:\d{2})\b`)

// inOrder compares the first date or time of each item with that of the one before, dates with dates and times with times.
func inOrder(items []Item) (message string, applies bool) {
	lastDate, lastTime := "", ""
	count := 0
	for _, i := range items {
		m := moment.FindStringSubmatch(i.Text)
		if m == nil {
			continue
		}
		count++
		date, clock := m[1], m[2]+m[3]
		if len(clock) == len("9:30") {
			clock = "0" + clock
		}
		switch {
		case date != "" && date+clock < lastDate:
			return fmt.Sprintf("%s comes after a later date.", m[0]), true
		case date == "" && lastTime != "" && clock < lastTime:
			return fmt.Sprintf("%s comes after a later time.", m[0]), true
		}
		if date != "" {
			lastDate = date + clock
		} else {
			lastTime = clock
		}
	}
	return "", count > 1
}
