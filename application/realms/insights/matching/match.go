// Package matching finds which column of one table belongs to which column of another, and says how sure that is and why.
package matching

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/application/realms/vector"
	"github.com/symphainy/symphainy/domain/fault"
)

// MaxColumns is how many columns a table may have.
const MaxColumns = 500

// The scores of the rules by names and types, and the bounds of the phases.
const (
	scoreExact, scoreNameType, scoreSimilar, scoreName, scoreType = 1.0, 0.8, 0.7, 0.6, 0.5
	similarEnough, meaningEnough, accepted                        = 0.8, 0.6, 0.5
)

// The rules by which a pair is found.
const (
	RuleExact    = "name_type_position"
	RuleNameType = "name_type"
	RuleSimilar  = "similar_name_type"
	RuleName     = "name"
	RuleType     = "type"
	RuleMeaning  = "meaning"
)

// Finding is something wrong or odd about one mapping.
type Finding struct {
	Code, Message string
	Severe        bool
}

// Mapping is a column of the source with the one of the target that it goes to.
type Mapping struct {
	Source, Target *profile.Column
	Rule           string
	// Score is that of the rule, or the cosine of the meanings; Similarity that of the names; Validation what the data leave of 1.
	Score, Similarity, Validation float64
	Findings                      []Finding
}

// Semantic tells that the pair was found by its meaning.
func (m Mapping) Semantic() bool { return m.Rule == RuleMeaning }

// Result is the whole comparison.
type Result struct {
	// Mappings are those that hold, in the order of the source; Rejected those that the data refute; Suggested are ideas only.
	Mappings, Rejected, Suggested    []Mapping
	UnmappedSource, UnmappedTarget   []*profile.Column
	Schema, Semantic, ValidationMean *float64
	Overall                          float64
}

// Match compares two tables. It depends on nothing but its arguments; too many columns are limit_exceeded.
func Match(source, target []*profile.Column) (*Result, error) {
	if n := max(len(source), len(target)); n > MaxColumns {
		return nil, fault.Newf(fault.TooLarge, "limit_exceeded", "A table has %d columns; the limit of a match is %d.", n, MaxColumns)
	}
	m := matcher{source: source, target: target, usedSource: map[int]bool{}, usedTarget: map[int]bool{}}
	pairs := m.score()
	firm := m.take(pairs, func(p pair) bool { return p.rule != RuleType })
	r := &Result{}
	schema := round(float64(len(firm)) / float64(max(len(source), len(target))))
	r.Schema = &schema
	left := len(source) > len(m.usedSource) && len(target) > len(m.usedTarget)
	meant := m.take(m.meanings(), func(pair) bool { return true })
	if left {
		mean := 0.0
		for _, x := range meant {
			mean += x.Score / float64(len(meant))
		}
		mean = round(mean)
		r.Semantic = &mean
	}
	all := append(firm, meant...)
	slices.SortFunc(all, func(a, b Mapping) int { return cmp.Compare(a.Source.Position, b.Source.Position) })
	m.validate(r, all)
	r.Suggested = m.take(pairs, func(p pair) bool { return p.rule == RuleType })
	slices.SortFunc(r.Suggested, func(a, b Mapping) int { return cmp.Compare(a.Source.Position, b.Source.Position) })
	r.Overall = overall(r.Schema, r.Semantic, r.ValidationMean)
	return r, nil
}

// overall is four tenths schema, three semantics, three validation; a phase without input is left out, and the others share its weight.
func overall(schema, semantic, validation *float64) float64 {
	sum, weight := 0.0, 0.0
	for _, p := range []struct {
		value  *float64
		weight float64
	}{{schema, 0.4}, {semantic, 0.3}, {validation, 0.3}} {
		if p.value != nil {
			sum += *p.value * p.weight
			weight += p.weight
		}
	}
	if weight == 0 {
		return 0
	}
	return round(sum / weight)
}

func round(f float64) float64 { return math.Round(f*1e6) / 1e6 }

// pair is a candidate: indexes of a source and a target column.
type pair struct {
	s, t              int
	rule              string
	score, similarity float64
}

type matcher struct {
	source, target         []*profile.Column
	usedSource, usedTarget map[int]bool
}

// score gives the candidates by names and types, best first.
func (m *matcher) score() []pair {
	var out []pair
	for i, s := range m.source {
		for k, t := range m.target {
			p := pair{s: i, t: k, similarity: naming.Similarity(s.Name, t.Name)}
			same := s.Type == t.Type
			switch {
			case p.similarity == 1 && same && s.Position == t.Position:
				p.rule, p.score = RuleExact, scoreExact
			case p.similarity == 1 && same:
				p.rule, p.score = RuleNameType, scoreNameType
			case p.similarity >= similarEnough && same:
				p.rule, p.score = RuleSimilar, scoreSimilar
			case p.similarity == 1:
				p.rule, p.score = RuleName, scoreName
			case same:
				p.rule, p.score = RuleType, scoreType
			default:
				continue
			}
			out = append(out, p)
		}
	}
	best(out)
	return out
}

// best sorts candidates: by score, then by nearness of the names, then by place.
func best(list []pair) {
	slices.SortFunc(list, func(a, b pair) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.similarity, a.similarity), cmp.Compare(a.s, b.s), cmp.Compare(a.t, b.t))
	})
}

// meanings gives candidates of what is left by the cosine of their meanings, best first.
func (m *matcher) meanings() []pair {
	vectors := func(list []*profile.Column, used map[int]bool) map[int][]float32 {
		out := map[int][]float32{}
		for i, c := range list {
			if !used[i] {
				if v, ok := vector.Of(naming.Meaning(c.Name) + " " + string(c.Format)); ok {
					out[i] = v
				}
			}
		}
		return out
	}
	left, right := vectors(m.source, m.usedSource), vectors(m.target, m.usedTarget)
	var out []pair
	for i, a := range left {
		for k, b := range right {
			if c := round(vector.Cosine(a, b)); c > meaningEnough {
				out = append(out, pair{s: i, t: k, rule: RuleMeaning, score: c, similarity: naming.Similarity(m.source[i].Name, m.target[k].Name)})
			}
		}
	}
	best(out)
	return out
}

// take picks candidates from the best on, each column once.
func (m *matcher) take(list []pair, may func(p pair) bool) []Mapping {
	var out []Mapping
	for _, p := range list {
		if m.usedSource[p.s] || m.usedTarget[p.t] || !may(p) {
			continue
		}
		m.usedSource[p.s], m.usedTarget[p.t] = true, true
		out = append(out, Mapping{Source: m.source[p.s], Target: m.target[p.t], Rule: p.rule, Score: p.score, Similarity: round(p.similarity)})
	}
	return out
}

// validate holds every mapping against the data, and divides them into those that stand and those that do not.
func (m *matcher) validate(r *Result, all []Mapping) {
	sum := 0.0
	for i := range all {
		all[i].check()
		sum += all[i].Validation
		if all[i].Validation < accepted {
			r.Rejected = append(r.Rejected, all[i])
		} else {
			r.Mappings = append(r.Mappings, all[i])
		}
	}
	if len(all) > 0 {
		mean := round(sum / float64(len(all)))
		r.ValidationMean = &mean
	}
	// A rejected pair is no pair: its columns are free again for suggestions, and without a partner.
	m.usedSource, m.usedTarget = map[int]bool{}, map[int]bool{}
	for i, c := range m.source {
		if slices.ContainsFunc(r.Mappings, func(x Mapping) bool { return x.Source == c }) {
			m.usedSource[i] = true
		} else {
			r.UnmappedSource = append(r.UnmappedSource, c)
		}
	}
	for i, c := range m.target {
		if slices.ContainsFunc(r.Mappings, func(x Mapping) bool { return x.Target == c }) {
			m.usedTarget[i] = true
		} else {
			r.UnmappedTarget = append(r.UnmappedTarget, c)
		}
	}
}

// check takes from 1 what speaks against the mapping.
func (m *Mapping) check() {
	s, t := m.Source, m.Target
	v := 1.0
	add := func(cost float64, severe bool, code, message string, args ...any) {
		v -= cost
		m.Findings = append(m.Findings, Finding{Code: code, Severe: severe, Message: fmt.Sprintf("%s → %s: ", say.Quote(s.Name), say.Quote(t.Name)) + fmt.Sprintf(message, args...)})
	}
	if s.Min != nil && t.Min != nil && *s.Min < *t.Min {
		add(0.1, false, "below_range", "the smallest value is %s; in the target it is %s.", say.Number(*s.Min), say.Number(*t.Min))
	}
	if s.Max != nil && t.Max != nil && *s.Max > *t.Max {
		add(0.3, true, "above_range", "the largest value is %s; in the target it is %s.", say.Number(*s.Max), say.Number(*t.Max))
	}
	if s.Type != t.Type {
		add(0.5, true, "type_mismatch", "%s has to become %s.", s.Type, t.Type)
	}
	if s.Format != t.Format {
		add(0.1, false, "format_mismatch", "the values look like %s; in the target like %s.", looks(string(s.Format)), looks(string(t.Format)))
	}
	if s.Rows > 0 && t.Rows > 0 && s.NullRatio() > t.NullRatio()+0.1 {
		add(0.05, false, "more_nulls", "%s of the values are missing; in the target %s.", say.Percent(s.Rows-s.Filled, s.Rows), say.Percent(t.Rows-t.Filled, t.Rows))
	}
	m.Validation = round(max(0, v))
}

func looks(format string) string {
	if format == "" {
		return "plain values"
	}
	return format
}
