package guides_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/guides"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func TestShippedGuidesAreGuides(t *testing.T) {
	list := guides.Shipped()
	require.Len(t, list, 3)
	for _, g := range list {
		require.NoError(t, g.Check(), g.GuideID)
		require.Equal(t, guides.Default, g.Type)
		found, ok := guides.ByID(g.GuideID)
		require.True(t, ok)
		require.Equal(t, g, found)
	}
	_, ok := guides.ByID("other")
	require.False(t, ok)
}

func guide(structure string) guides.Guide {
	return guides.Guide{
		Name: "g", FactPattern: guides.Pattern{Entities: []guides.Entity{{"permit", map[string]string{"number": "string", "fee": "float", "issued": "date"}}, {"holder", map[string]string{"name": "string"}}}},
		OutputTemplate: guides.Template{Structure: json.RawMessage(structure)},
	}
}

func TestBadGuidesAreRefused(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	for name, change := range map[string]func(g *guides.Guide){
		"blank name":          func(g *guides.Guide) { g.Name = " " },
		"no entity":           func(g *guides.Guide) { g.FactPattern.Entities = nil },
		"twice":               func(g *guides.Guide) { g.FactPattern.Entities[1].EntityType = "permit" },
		"no attribute":        func(g *guides.Guide) { g.FactPattern.Entities[1].Attributes = nil },
		"no such type":        func(g *guides.Guide) { g.FactPattern.Entities[1].Attributes = map[string]string{"a": "money"} },
		"braces":              func(g *guides.Guide) { g.FactPattern.Entities[1].EntityType = "a}}" },
		"loose end":           func(g *guides.Guide) { g.FactPattern.Relationships = []guides.Link{{"permit", "nobody", "x"}} },
		"unknown placeholder": func(g *guides.Guide) { g.OutputTemplate.Structure = []byte(`{"a":"{{permit.color}}"}`) },
		"half a placeholder":  func(g *guides.Guide) { g.OutputTemplate.Structure = []byte(`{"a":"{{permit.fee"}`) },
		"too deep":            func(g *guides.Guide) { g.OutputTemplate.Structure = []byte(deep) },
		"too large": func(g *guides.Guide) {
			g.OutputTemplate.Structure = []byte(`{"a":"` + strings.Repeat("x", guides.MaxSize) + `"}`)
		},
	} {
		g := guide(`{"a":"{{permit.fee}}"}`)
		require.NoError(t, g.Check())
		change(&g)
		err := g.Check()
		require.Error(t, err, name)
		require.Contains(t, []string{"invalid_parameters", "limit_exceeded"}, fault.As(err).Code, name)
	}
}

func TestInterpret(t *testing.T) {
	day, _, _ := document.ParseDate("2024-01-15", "")
	fields := []guides.Field{
		{Kind: "label", Name: "Permit Number", Type: document.TypeString, Values: []document.Value{document.Text("PER-1")}},
		{Kind: "label", Name: "Issued", Type: document.TypeDate, Values: []document.Value{day}},
		{Kind: "column", Name: "fee", Table: "t", Type: document.TypeString, Values: []document.Value{document.Text("much")}},
		{Kind: "label", Name: "Remark", Type: document.TypeString, Values: []document.Value{document.Text("none")}},
	}
	g := guide(`{"no":"{{permit.number}}","line":"of {{permit.issued}} for {{holder.name}}","who":"{{ holder.name }}","fee":["{{permit.fee}}",7],"dear":"Dear {{holder.name}}"}`)
	r := guides.Interpret(g, fields)
	require.Len(t, r.Matches, 2)
	require.InDelta(t, 1, *r.Confidence, 0)
	require.InDelta(t, 0.5, r.Coverage, 0)
	require.Equal(t, []guides.Missing{{"permit", "fee", "float"}, {"holder", "name", "string"}}, r.Missing)
	require.Len(t, r.Suggestions, 1)
	require.Equal(t, "type", r.Suggestions[0].Why, "the name fits, the type does not")
	require.Len(t, r.Unmatched, 2)
	raw, err := json.Marshal(r.Output)
	require.NoError(t, err)
	require.JSONEq(t, `{"no":"PER-1","line":"of 2024-01-15 for ","who":null,"fee":[null,7],"dear":null}`, string(raw))
	none := guides.Interpret(g, fields[3:])
	require.Nil(t, none.Confidence)
	require.InDelta(t, 0, none.Coverage, 0)
}

func TestRecords(t *testing.T) {
	g := guide(``)
	r := guides.Interpret(g, []guides.Field{{Kind: "column", Name: "permit_number", Type: document.TypeInteger, Values: []document.Value{document.Integer(1), document.Integer(2)}}})
	raw, err := json.Marshal(r.Records)
	require.NoError(t, err)
	require.JSONEq(t, `[{"permit":{"number":1,"fee":null,"issued":null},"holder":{"name":null}},{"permit":{"number":2,"fee":null,"issued":null},"holder":{"name":null}}]`, string(raw))
}

// Each attribute and each field is used once, figures stay between 0 and 1, and one field less never covers more.
func TestProperties(t *testing.T) {
	g, _ := guides.ByID("variable_whole_life_policy_guide")
	rapid.Check(t, func(t *rapid.T) {
		pool := []string{"policy_number", "Policy No", "issue date", "premium", "premium_amount", "face amount", "name", "beneficiary_name", "dob", "status", "<a & \"b\">", "'; --", "\u202eabc"}
		var fields []guides.Field
		for _, n := range rapid.SliceOfN(rapid.SampledFrom(pool), 1, 12).Draw(t, "names") {
			typ := rapid.SampledFrom([]document.Type{document.TypeString, document.TypeInteger, document.TypeFloat, document.TypeDate}).Draw(t, "type")
			fields = append(fields, guides.Field{Kind: "label", Name: n, Type: typ, Values: []document.Value{document.Integer(int64(len(fields)))}})
		}
		r := guides.Interpret(g, fields)
		seen := map[string]bool{}
		for _, m := range append(r.Matches, r.Suggestions...) {
			for _, key := range []string{m.Entity + "." + m.Attribute, m.Field.Values[0].Text()} {
				require.False(t, seen[key], key)
				seen[key] = true
			}
			require.True(t, m.Why != "" || m.Score >= guides.Matching)
			require.LessOrEqual(t, m.Score, 1.0)
		}
		require.Equal(t, r.Expected, len(r.Matches)+len(r.Missing))
		require.Equal(t, len(fields), len(r.Matches)+len(r.Unmatched))
		require.LessOrEqual(t, guides.Interpret(g, fields[1:]).Coverage, r.Coverage)
	})
}
