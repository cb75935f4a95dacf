package matching_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/matching"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/domain/document"
)

type col struct {
	name     string
	typ      document.Type
	min, max float64
	filled   int
}

func columns(list ...col) []*profile.Column {
	var out []*profile.Column
	for i, c := range list {
		p := &profile.Column{Column: &document.Column{Name: c.name, Type: c.typ, Position: i}, Rows: 10, Filled: 10}
		if c.filled > 0 {
			p.Filled = c.filled
		}
		if c.min != 0 || c.max != 0 {
			p.Min, p.Max = &c.min, &c.max
		}
		out = append(out, p)
	}
	return out
}

const (
	integer = document.TypeInteger
	text    = document.TypeString
	float   = document.TypeFloat
)

func TestRules(t *testing.T) {
	r, err := matching.Match(
		columns(col{name: "id", typ: integer}, col{name: "name", typ: text}, col{name: "cust_no", typ: integer}, col{name: "age", typ: text}, col{name: "zeta", typ: float}),
		columns(col{name: "id", typ: integer}, col{name: "customer_id", typ: integer}, col{name: "Name", typ: text}, col{name: "age", typ: integer}, col{name: "omega", typ: float}),
	)
	require.NoError(t, err)
	got := map[string][]any{}
	for _, m := range r.Mappings {
		got[m.Source.Name] = []any{m.Target.Name, m.Rule, m.Score, m.Validation}
	}
	require.Equal(t, map[string][]any{
		"id":      {"id", matching.RuleExact, 1.0, 1.0},
		"name":    {"Name", matching.RuleNameType, 0.8, 1.0},
		"cust_no": {"customer_id", matching.RuleSimilar, 0.7, 1.0},
		"age":     {"age", matching.RuleName, 0.6, 0.5},
	}, got)
	require.Len(t, r.Suggested, 1)
	require.Equal(t, matching.RuleType, r.Suggested[0].Rule)
	require.InDelta(t, 0.8, *r.Schema, 0, "four of five columns")
	require.InDelta(t, 0, *r.Semantic, 0, "one was left on both sides, and nothing like it found")
	require.InDelta(t, 0.875, *r.ValidationMean, 0)
	require.InDelta(t, 0.4*0.8+0.3*0+0.3*0.875, r.Overall, 1e-9)
	require.Equal(t, "zeta", r.UnmappedSource[0].Name)
}

func TestDataRefuteAMapping(t *testing.T) {
	r, err := matching.Match(
		columns(col{name: "amount", typ: text, min: -5, max: 100, filled: 5}, col{name: "total", typ: integer, min: 1, max: 9}),
		columns(col{name: "amount", typ: float, min: 0, max: 50}, col{name: "total", typ: integer, min: 1, max: 9}),
	)
	require.NoError(t, err)
	require.Len(t, r.Rejected, 1)
	require.InDelta(t, 0.05, r.Rejected[0].Validation, 1e-9, "1 − 0.1 − 0.3 − 0.5 − 0.05")
	require.Len(t, r.Rejected[0].Findings, 4)
	require.Equal(t, "amount", r.UnmappedSource[0].Name)
	require.Len(t, r.Mappings, 1)
	require.Nil(t, r.Semantic, "nothing was left to compare by meaning")
	require.InDelta(t, (0.4*1+0.3*0.525)/0.7, r.Overall, 1e-6)
}

func TestMeaningsFindWhatNamesDoNot(t *testing.T) {
	r, err := matching.Match(columns(col{name: "customer_email_address", typ: text}), columns(col{name: "email_of_customer", typ: text}))
	require.NoError(t, err)
	require.Len(t, r.Mappings, 1)
	require.Equal(t, matching.RuleMeaning, r.Mappings[0].Rule)
	require.InDelta(t, r.Mappings[0].Score, *r.Semantic, 1e-9)
	require.Greater(t, r.Mappings[0].Score, 0.6)
}

// A table matches itself completely; every column is used once; figures stay between 0 and 1; a column less is worth less.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z]{3,8}(_[a-z]{2,5})?`), 2, 12, rapid.ID[string]).Draw(t, "names")
		types := []document.Type{integer, text, float}
		var left, right []col
		for i, n := range names {
			left = append(left, col{name: n, typ: types[i%3]})
			right = append(right, col{name: n, typ: types[rapid.IntRange(0, 2).Draw(t, "type")]})
		}
		self, err := matching.Match(columns(left...), columns(left...))
		require.NoError(t, err)
		require.InDelta(t, 1, self.Overall, 0)
		require.Len(t, self.Mappings, len(names))
		r, err := matching.Match(columns(left...), columns(right[:len(right)-1]...))
		require.NoError(t, err)
		require.Less(t, r.Overall, 1.0)
		require.GreaterOrEqual(t, r.Overall, 0.0)
		seen := map[*profile.Column]bool{}
		for _, m := range append(r.Mappings, r.Suggested...) {
			require.False(t, seen[m.Source] || seen[m.Target])
			seen[m.Source], seen[m.Target] = true, true
			require.GreaterOrEqual(t, m.Validation, 0.0)
			require.LessOrEqual(t, m.Score, 1.0)
		}
		require.Len(t, r.UnmappedSource, len(left)-len(r.Mappings))
	})
}

func BenchmarkMatch(b *testing.B) {
	var left, right []col
	words := []string{"customer", "policy", "amount", "start", "end", "type", "code", "agent", "city", "rate"}
	for i, x := range words {
		for k, y := range words {
			left = append(left, col{name: x + "_" + y, typ: []document.Type{integer, text, float}[(i+k)%3]})
			right = append(right, col{name: y + "-" + x + "s", typ: []document.Type{integer, text, float}[(i+k)%3]})
		}
	}
	s, t := columns(left...), columns(right...)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := matching.Match(s, t); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(left)*len(right)*b.N)/b.Elapsed().Seconds(), "pairs/s")
}
