package structured

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
)

// perKind is how many sentences of one kind there are, examples how many values a sentence names.
const perKind, examples = 5, 3

// telling is the surplus of ups over downs, relative to both, from which a trend is worth a sentence.
const telling = 0.2

// insights puts the figures into sentences. Identifiers are left out of all that would take them for quantities.
func (a *analyzer) insights(r *Analysis) []string {
	keys := map[string]bool{}
	for _, c := range a.numbers {
		keys[c.Name] = c.figures.Identifier
	}
	out := []string{a.overview(r)}
	for _, more := range [][]string{
		a.anomalySentences(r, keys), correlationSentences(r, keys), trendSentences(r, keys), monthSentences(r, keys), groupSentences(r),
		rangeSentences(r), categorySentences(r), a.repeatSentences(r), constantSentences(r),
	} {
		out = append(out, more[:min(len(more), perKind)]...)
	}
	return out
}

func (a *analyzer) overview(r *Analysis) string {
	numeric := r.Kinds[document.TypeInteger] + r.Kinds[document.TypeFloat]
	dates := r.Kinds[document.TypeDate] + r.Kinds[document.TypeDateTime]
	var parts []string
	for _, k := range []struct {
		n    int
		word string
	}{{numeric, "of numbers"}, {r.Kinds[document.TypeString], "of text"}, {dates, "of dates"}, {r.Kinds[document.TypeBoolean], "of yes/no values"}, {r.Kinds[document.TypeArray] + r.Kinds[document.TypeObject], "of nested values"}} {
		if k.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", k.n, k.word))
		}
	}
	return fmt.Sprintf("%s has %s and %s: %s.", say.Quote(r.Table), say.Plural(r.Rows, "row", "rows"), say.Plural(r.Columns, "column", "columns"), say.Join(parts, len(parts)))
}

func (a *analyzer) anomalySentences(r *Analysis, keys map[string]bool) []string {
	var out []string
	for _, x := range r.Anomalies {
		if keys[x.Column] {
			continue
		}
		words := make([]string, 0, examples)
		for i, v := range x.Values[:min(len(x.Values), examples)] {
			words = append(words, say.Number(v)+" in "+say.Row(x.Rows[i], a.in.FirstLine))
		}
		out = append(out, fmt.Sprintf("%s has %s: %s. Usual values lie between %s and %s.",
			say.Quote(x.Column), say.Plural(x.Count, "outlier", "outliers"), say.Join(words, x.Count), say.Rounded(x.Low), say.Rounded(x.High)))
	}
	return out
}

func correlationSentences(r *Analysis, keys map[string]bool) []string {
	var out []string
	for _, c := range r.Correlations {
		if math.Abs(c.R) < Strong {
			break
		}
		if keys[c.A] || keys[c.B] {
			continue
		}
		how := "rise and fall together"
		if c.R < 0 {
			how = "go against each other"
		}
		out = append(out, fmt.Sprintf("%s and %s %s (r = %s over %d rows).", say.Quote(c.A), say.Quote(c.B), how, say.Number(math.Round(c.R*100)/100), c.Pairs))
	}
	return out
}

func trendSentences(r *Analysis, keys map[string]bool) []string {
	if r.Trends == nil {
		return nil
	}
	over := "from row to row"
	if r.Trends.ByDate {
		over = "by " + say.Quote(r.Trends.Order)
	}
	var out []string
	for _, t := range r.Trends.Columns {
		steps := t.Ups + t.Downs
		if keys[t.Column] || steps < 4 || math.Abs(float64(t.Ups-t.Downs)) < telling*float64(steps) {
			continue
		}
		word, count := "increasing", t.Ups
		if t.Direction == Decreasing {
			word, count = "decreasing", t.Downs
		}
		way := map[string]string{"increasing": "up", "decreasing": "down"}[word]
		out = append(out, fmt.Sprintf("%s is %s %s: %d of %d changes go %s, from %s to %s.",
			say.Quote(t.Column), word, over, count, steps, way, say.Number(t.First), say.Number(t.Last)))
	}
	return out
}

func monthSentences(r *Analysis, keys map[string]bool) []string {
	if r.Trends == nil {
		return nil
	}
	var out []string
	for _, t := range r.Trends.Columns {
		if keys[t.Column] || len(t.Months) < 2 {
			continue
		}
		best := slices.MaxFunc(t.Months, func(x, y Month) int { return cmp.Compare(x.Sum, y.Sum) })
		least := slices.MinFunc(t.Months, func(x, y Month) int { return cmp.Compare(x.Sum, y.Sum) })
		if best.Sum > least.Sum {
			out = append(out, fmt.Sprintf("The sum of %s is highest in %s (%s over %s) and lowest in %s (%s over %s).", say.Quote(t.Column),
				best.Month, say.Rounded(best.Sum), say.Plural(best.Count, "row", "rows"), least.Month, say.Rounded(least.Sum), say.Plural(least.Count, "row", "rows")))
		}
	}
	return out
}

// groupSentences names the groups that differ most, relative to the spread of the column. Groups of one row say little: they count only if
// there are no two others.
func groupSentences(r *Analysis) []string {
	spread := map[string]float64{}
	for _, n := range r.Numeric {
		spread[n.Column] = n.Range
	}
	type finding struct {
		effect float64
		text   string
	}
	var found []finding
	for _, g := range r.Groups {
		groups := slices.DeleteFunc(slices.Clone(g.Groups), func(x Group) bool { return x.Count < 2 })
		if len(groups) < 2 {
			groups = g.Groups
		}
		best := slices.MaxFunc(groups, func(x, y Group) int { return cmp.Compare(x.Mean, y.Mean) })
		least := slices.MinFunc(groups, func(x, y Group) int { return cmp.Compare(x.Mean, y.Mean) })
		if !(best.Mean > least.Mean) {
			continue
		}
		found = append(found, finding{(best.Mean - least.Mean) / spread[g.Column], fmt.Sprintf(
			"The mean of %s is highest where %s is %s (%s over %s) and lowest where it is %s (%s over %s).",
			say.Quote(g.Column), say.Quote(g.By), say.Quote(best.Value), say.Rounded(best.Mean), say.Plural(best.Count, "row", "rows"),
			say.Quote(least.Value), say.Rounded(least.Mean), say.Plural(least.Count, "row", "rows"))})
	}
	slices.SortStableFunc(found, func(x, y finding) int { return cmp.Compare(y.effect, x.effect) })
	out := make([]string, 0, len(found))
	for _, f := range found {
		out = append(out, f.text)
	}
	return out
}

func rangeSentences(r *Analysis) []string {
	var out []string
	for _, n := range r.Numeric {
		if n.Identifier || n.Range == 0 {
			continue
		}
		out = append(out, fmt.Sprintf("%s lies between %s and %s; its mean is %s, its median %s.",
			say.Quote(n.Column), say.Number(n.Min), say.Number(n.Max), say.Rounded(n.Mean), say.Rounded(n.Median)))
	}
	return out
}

func categorySentences(r *Analysis) []string {
	var out []string
	for _, c := range r.Categorical {
		if len(c.MostCommon) == 0 || c.Unique < 2 || c.MostCommon[0].Count*2 < c.Count || c.Count < 4 {
			continue
		}
		top := c.MostCommon[0]
		out = append(out, fmt.Sprintf("%s is %s in %d of %s (%s).", say.Quote(c.Column), say.Quote(top.Value), top.Count,
			say.Plural(c.Count, "value", "values"), say.Percent(top.Count, c.Count)))
	}
	return out
}

func (a *analyzer) repeatSentences(r *Analysis) []string {
	if r.Repeats.Count == 0 {
		return nil
	}
	words := make([]string, 0, examples)
	for i, row := range r.Repeats.Rows[:min(len(r.Repeats.Rows), examples)] {
		words = append(words, fmt.Sprintf("%s is the same as row %d", say.Row(row, a.in.FirstLine), r.Repeats.Of[i]+1))
	}
	return []string{fmt.Sprintf("%s an earlier row in every column: %s.", say.Plural(r.Repeats.Count, "row repeats", "rows repeat"), say.Join(words, r.Repeats.Count))}
}

func constantSentences(r *Analysis) []string {
	var out []string
	for _, c := range r.Constant {
		out = append(out, fmt.Sprintf("%s is %s in every row.", say.Quote(c.Column), say.Quote(c.Value)))
	}
	if n := len(r.Empty); n > 0 {
		words := make([]string, 0, examples)
		for _, c := range r.Empty[:min(n, examples)] {
			words = append(words, say.Quote(c))
		}
		verb := "hold"
		if n == 1 {
			verb = "holds"
		}
		out = append(out, strings.TrimSpace(say.Join(words, n)+" "+verb+" no value at all."))
	}
	return out
}
