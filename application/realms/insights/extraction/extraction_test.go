package extraction_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/extraction"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func config(c ...extraction.Category) extraction.Config {
	for i := range c {
		if c[i].ExtractionType == "" {
			c[i].ExtractionType = extraction.Pattern
		}
	}
	return extraction.Config{Name: "c", Categories: c}
}

// text makes a document of blocks divided by blank lines; titles are the section titles in order.
func text(s string, titles ...string) *document.Document {
	d := &document.Document{Text: s}
	for _, t := range titles {
		d.Sections = append(d.Sections, document.Section{Level: 1, Title: t, Path: t})
	}
	return d
}

func found(r *extraction.Result) map[string][]string {
	out := map[string][]string{}
	for _, f := range r.Found {
		for _, i := range f.Items {
			out[f.Category.Name] = append(out[f.Category.Name], i.Text)
		}
	}
	return out
}

func TestShippedConfigsAreConfigs(t *testing.T) {
	for _, id := range []string{"variable_life_policy_rules", "after_action_review", "aar", "permit_semantic_object", "pso"} {
		c, ok := extraction.Shipped(id)
		require.True(t, ok)
		require.NoError(t, c.Check())
	}
	_, ok := extraction.Shipped("custom")
	require.False(t, ok)
}

func TestHeadingsListsAndPatterns(t *testing.T) {
	d := text("DUTIES\nIntro words\n1. Mow the lawn\nevery week.\n2) Water it\n\n- and feed it\n\nOTHER\n- not a duty\nBackup: FAILED\n--- Page 2 ---\nSee § 12(a) Act.", "DUTIES", "OTHER")
	r, err := extraction.Extract(config(
		extraction.Category{Name: "duties", Headings: []string{"duties"}, Required: true, ValidationRules: []extraction.Rule{{Rule: extraction.MinItems, Value: 3}}},
		extraction.Category{Name: "fails", Regexes: []string{`^.*: FAILED$`}},
		extraction.Category{Name: "law", Regexes: []string{`§ (\d+\(\w\))`}},
		extraction.Category{Name: "nothing", Headings: []string{"absent"}, ValidationRules: []extraction.Rule{{Rule: extraction.MinItems, Value: 3}}},
	), d, nil)
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"duties": {"Mow the lawn every week.", "Water it", "and feed it"}, "fails": {"Backup: FAILED"}, "law": {"12(a)"}}, found(r))
	require.True(t, r.Passed)
	require.InDelta(t, 1, *r.Confidence, 0, "the rules of an optional category without items say nothing")
	require.Empty(t, r.Failures)
}

func TestRules(t *testing.T) {
	d := text("TIMELINE\n- 2024-01-02 second\n- 2024-01-01 first\n\nFACTS\nx", "TIMELINE", "FACTS")
	d.Labels = []document.Label{{Label: "Policy No", Value: "7", Line: 3}, {Label: "Due", Value: "15.02.2024", Line: 4}}
	r, err := extraction.Extract(config(
		extraction.Category{Name: "timeline", Headings: []string{"timeline"}, ValidationRules: []extraction.Rule{{Rule: extraction.Chronological}}},
		extraction.Category{Name: "meta", Required: true, Labels: []string{"policy_number", "owner"}, ValidationRules: []extraction.Rule{{Rule: extraction.RequiredFields, Fields: []string{"policy_number", "owner"}}}},
		extraction.Category{Name: "gone", Required: true, Headings: []string{"gone"}, ExtractionType: extraction.LLM},
	), d, nil)
	require.NoError(t, err)
	require.False(t, r.Passed)
	require.InDelta(t, 0, *r.Confidence, 0)
	require.Equal(t, []string{"gone"}, r.Substituted)
	require.Equal(t, []extraction.Date{{"Due", "2024-02-15", 4}}, r.Dates)
	var failures []string
	for _, f := range r.Failures {
		failures = append(failures, f.Category+" "+f.Rule+" "+f.Message)
	}
	require.Equal(t, []string{"timeline chronological_order 2024-01-01 comes after a later date.", "meta required_fields missing: owner.", "gone required nothing was found."}, failures)
	require.InDelta(t, 0.95, r.Found[1].Items[0].Score, 0)
}

func TestTables(t *testing.T) {
	d := &document.Document{Tables: []document.Table{{Name: "t", Columns: []document.Column{{Name: "Permit No"}}, Preview: []document.Row{{{}}, {document.Text("P-1")}}}}}
	r, err := extraction.Extract(config(
		extraction.Category{Name: "m", Labels: []string{"permit_number"}}, extraction.Category{Name: "r", Regexes: []string{`bad \w+`}},
	), d, []extraction.Line{{Text: "state: bad luck", Table: "t", Row: 4}})
	require.NoError(t, err)
	require.Equal(t, map[string][]string{"m": {"P-1"}, "r": {"bad luck"}}, found(r))
	require.Equal(t, 1, r.Found[0].Items[0].Row)
	require.Equal(t, 4, r.Found[1].Items[0].Row)
}

func TestBadConfigsAreRefused(t *testing.T) {
	for name, c := range map[string]extraction.Config{
		"no category":    {Name: "c"},
		"no name":        config(extraction.Category{Headings: []string{"h"}}),
		"twice":          config(extraction.Category{Name: "a", Headings: []string{"h"}}, extraction.Category{Name: "a", Headings: []string{"h"}}),
		"nothing to ask": config(extraction.Category{Name: "a"}),
		"bad regex":      config(extraction.Category{Name: "a", Regexes: []string{"("}}),
		"no such rule":   config(extraction.Category{Name: "a", Headings: []string{"h"}, ValidationRules: []extraction.Rule{{Rule: "good"}}}),
		"no fields":      config(extraction.Category{Name: "a", Headings: []string{"h"}, ValidationRules: []extraction.Rule{{Rule: extraction.RequiredFields}}}),
		"foreign field":  config(extraction.Category{Name: "a", Labels: []string{"x"}, ValidationRules: []extraction.Rule{{Rule: extraction.RequiredFields, Fields: []string{"y"}}}}),
		"min 0":          config(extraction.Category{Name: "a", Labels: []string{"x"}, ValidationRules: []extraction.Rule{{Rule: extraction.MinItems}}}),
		"many regexes":   config(extraction.Category{Name: "a", Regexes: strings.Split(strings.Repeat("x ", 101)+"x", " ")}),
	} {
		err := c.Check()
		require.Error(t, err, name)
		require.Contains(t, []string{"invalid_parameters", "limit_exceeded"}, fault.As(err).Code, name)
	}
}

func TestNothingFound(t *testing.T) {
	_, err := extraction.Extract(config(extraction.Category{Name: "a", Headings: []string{"absent"}}), text("words"), nil)
	require.ErrorIs(t, err, extraction.ErrInsufficient)
}

func TestPropose(t *testing.T) {
	d := text("x")
	d.Sections = []document.Section{{Title: "Risks & <b>", Path: "Risks", Paragraphs: []int{1}}, {Title: "Empty", Path: "Empty"}}
	d.Labels = []document.Label{{Label: "Owner"}, {Label: "Owner"}, {Label: "--"}}
	d.Tables = []document.Table{{Name: "risks b", Columns: []document.Column{{Name: "id"}}}}
	d.Schema = &document.Schema{Properties: []document.Property{{Path: "person", Required: true}, {Path: "person.name"}, {Path: "tags"}}}
	c, ok := extraction.Propose(d)
	require.True(t, ok)
	var names []string
	for _, k := range c.Categories {
		names = append(names, fmt.Sprint(k.Name, k.Headings, k.Labels, k.Required))
	}
	require.Equal(t, []string{"person[] [name] true", "tags[] [tags] false", "risks_b[Risks & <b>] [] false", "labels[] [Owner] false", "risks_b_2[] [id] false"}, names)
	c.Name = "proposed"
	require.NoError(t, c.Check())
	_, ok = extraction.Propose(text("x"))
	require.False(t, ok)
}

// However much a document has, what it proposes is a config.
func TestProposalsStayInTheirBounds(t *testing.T) {
	d := text("x")
	for i := range 40 {
		table := document.Table{Name: fmt.Sprint("table ", i)}
		for k := range 150 {
			table.Columns = append(table.Columns, document.Column{Name: fmt.Sprintf("%s<&> %d", strings.Repeat("é", 50), k)})
		}
		d.Tables = append(d.Tables, table)
	}
	c, ok := extraction.Propose(d)
	require.True(t, ok)
	c.Name = "proposed"
	require.NoError(t, c.Check())
}

// Each item of a planted list is found once and in order, whatever it says; one item more is one more.
func TestPlantedItemsAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		items := rapid.SliceOfN(rapid.StringMatching(`[a-zA-Z<&"';-]{1,12}( [a-z\x{202e}]{1,8}){0,3}`), 1, 20).Draw(t, "items")
		s := "LIST\n"
		for i, x := range items {
			s += fmt.Sprintf("%d. %s\n", i+1, x)
		}
		r, err := extraction.Extract(config(extraction.Category{Name: "list", Headings: []string{"list"}}), text(s+"\nEND\n9. not this", "LIST", "END"), nil)
		require.NoError(t, err)
		require.Len(t, r.Found[0].Items, len(items))
		for i, x := range items {
			require.Equal(t, x, r.Found[0].Items[i].Text)
		}
	})
}

func BenchmarkExtract(b *testing.B) {
	var s strings.Builder
	var titles []string
	for i := range 200 {
		title := fmt.Sprintf("REQUIREMENTS %d", i)
		titles = append(titles, title)
		fmt.Fprintf(&s, "%s\n1. Keep the dust below the limit of section 4.2.\n2. Report every incident within 24 hours; see 42 U.S.C. § 7401.\n\n", title)
	}
	d := text(s.String(), titles...)
	c, _ := extraction.Shipped("pso")
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := extraction.Extract(c, d, nil); err != nil {
			b.Fatal(err)
		}
	}
}
