package guides

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"

	"github.com/symphainy/symphainy/application/realms/insights/naming"
	"github.com/symphainy/symphainy/domain/document"
)

// Matching and Suggesting are the similarities of names from which on an attribute is matched, or a match is suggested.
const (
	Matching   = 0.75
	Suggesting = 0.5
)

// MaxFields is how many columns and labels of a document are looked at.
const MaxFields = 1000

// Records is how many rows of a table the template is filled with.
const Records = 10

// Field is a column or a label of a document.
type Field struct {
	// Kind is column or label.
	Kind, Name, Table string
	Type              document.Type
	// Line is that of a label, from 1.
	Line int
	// Values are of the first rows, or the label's one value.
	Values []document.Value
}

// Fields are what a document has to offer. cut tells that there is more than MaxFields.
func Fields(doc *document.Document) (out []Field, cut bool) {
	for i := range doc.Tables {
		t := &doc.Tables[i]
		for k := range t.Columns {
			f := Field{Kind: "column", Name: t.Columns[k].Name, Table: t.Name, Type: t.Columns[k].Type}
			for _, row := range t.Preview[:min(len(t.Preview), Records)] {
				v := document.Value{}
				if k < len(row) {
					v = row[k]
				}
				f.Values = append(f.Values, v)
			}
			out = append(out, f)
		}
	}
	for _, l := range doc.Labels {
		v, typ := typed(l.Value)
		out = append(out, Field{Kind: "label", Name: l.Label, Type: typ, Line: l.Line, Values: []document.Value{v}})
	}
	return out[:min(len(out), MaxFields)], len(out) > MaxFields
}

// typed reads the text of a label as what it looks like.
func typed(s string) (document.Value, document.Type) {
	if v, ok := document.ParseInteger(s); ok {
		return v, document.TypeInteger
	}
	if v, ok := document.ParseFloat(s); ok {
		return v, document.TypeFloat
	}
	if v, ok := document.ParseBoolean(s); ok {
		return v, document.TypeBoolean
	}
	if v, _, ok := document.ParseDate(s, document.OrderUnknown); ok {
		if v.Kind() == document.KindDateTime {
			return v, document.TypeDateTime
		}
		return v, document.TypeDate
	}
	return document.Text(s), document.TypeString
}

// Fits says whether a field of one type can fill an attribute of another: everything can be a text, a whole number is a number, a date is a
// time.
func Fits(field document.Type, attribute string) bool {
	want, _ := document.ParseType(attribute)
	switch want {
	case field, document.TypeString:
		return true
	case document.TypeFloat:
		return field == document.TypeInteger
	case document.TypeDateTime:
		return field == document.TypeDate
	case document.TypeInteger, document.TypeBoolean, document.TypeDate, document.TypeArray, document.TypeObject:
	}
	return false
}

// Match is an attribute with a field.
type Match struct {
	Entity, Attribute, Type string
	Field                   Field
	Score                   float64
	// Why a suggestion is not a match: similarity or type.
	Why string
}

// Filled tells that the field has a value in its first row.
func (m Match) Filled() bool { return len(m.Field.Values) > 0 && !m.Field.Values[0].IsNull() }

// Missing is an attribute that the document does not have.
type Missing struct{ Entity, Attribute, Type string }

// Result is a document read by a guide.
type Result struct {
	Matches     []Match
	Suggestions []Match
	Unmatched   []Field
	Missing     []Missing
	// Confidence is the mean score of the matches, nil without any; Coverage the share of the expected attributes that have a value.
	Confidence *float64
	Coverage   float64
	Expected   int
	// Output is the template filled with the first record, Records with the first ten if there are more than one.
	Output  any
	Records []any
}

type candidate struct {
	entity, attribute, field int
	score                    float64
	fits                     bool
}

// Interpret reads fields by a guide: each attribute is given the field whose name is nearest, one to one, best first.
func Interpret(g Guide, fields []Field) *Result {
	var all []candidate
	names := make([][]string, len(g.FactPattern.Entities))
	r := &Result{}
	for e, entity := range g.FactPattern.Entities {
		names[e] = entity.Names()
		r.Expected += len(names[e])
		for a, attribute := range names[e] {
			for f := range fields {
				if s := nearness(entity.EntityType, attribute, fields[f].Name); s >= Suggesting {
					all = append(all, candidate{e, a, f, s, Fits(fields[f].Type, entity.Attributes[attribute])})
				}
			}
		}
	}
	slices.SortStableFunc(all, func(x, y candidate) int { return cmp.Compare(y.score, x.score) })
	type attribute struct{ entity, attribute int }
	given, used := map[attribute]bool{}, map[int]bool{}
	take := func(may func(c candidate) bool) (out []Match) {
		for _, c := range all {
			at := attribute{c.entity, c.attribute}
			if given[at] || used[c.field] || !may(c) {
				continue
			}
			given[at], used[c.field] = true, true
			entity := g.FactPattern.Entities[c.entity]
			name := names[c.entity][c.attribute]
			m := Match{Entity: entity.EntityType, Attribute: name, Type: entity.Attributes[name], Field: fields[c.field], Score: round(c.score)}
			if m.Why = "similarity"; c.score >= Matching {
				m.Why = "type"
			}
			out = append(out, m)
		}
		return out
	}
	r.Matches = take(func(c candidate) bool { return c.score >= Matching && c.fits })
	for i := range r.Matches {
		r.Matches[i].Why = ""
	}
	for e := range names {
		for a, name := range names[e] {
			if !given[attribute{e, a}] {
				entity := g.FactPattern.Entities[e]
				r.Missing = append(r.Missing, Missing{entity.EntityType, name, entity.Attributes[name]})
			}
		}
	}
	for f := range fields {
		if !used[f] {
			r.Unmatched = append(r.Unmatched, fields[f])
		}
	}
	r.Suggestions = take(func(candidate) bool { return true })
	r.score(g)
	return r
}

// nearness is that of a field's name to the attribute's, alone or with the name of its entity: "Permit status" is near to status of permit.
func nearness(entity, attribute, field string) float64 {
	return max(naming.Similarity(attribute, field), naming.Similarity(entity+" "+attribute, field))
}

func round(f float64) float64 { return math.Round(f*1e6) / 1e6 }

// score computes the figures and fills the template.
func (r *Result) score(g Guide) {
	filled, sum, records := 0, 0.0, 0
	by := map[[2]string]Match{}
	for _, m := range r.Matches {
		sum += m.Score
		if m.Filled() {
			filled++
		}
		records = max(records, len(m.Field.Values))
		by[[2]string{m.Entity, m.Attribute}] = m
	}
	if n := len(r.Matches); n > 0 {
		mean := round(sum / float64(n))
		r.Confidence = &mean
	}
	r.Coverage = round(float64(filled) / float64(max(r.Expected, 1)))
	fill := func(n int) any {
		return g.Fill(func(entity, attribute string) any {
			m, ok := by[[2]string{entity, attribute}]
			if !ok || len(m.Field.Values) == 0 {
				return nil
			}
			i := n
			if m.Field.Kind == "label" {
				i = 0 // said once, for all records
			}
			if i >= len(m.Field.Values) {
				return nil
			}
			return Plain(m.Field.Values[i])
		})
	}
	r.Output = fill(0)
	for n := 0; records > 1 && n < records; n++ {
		r.Records = append(r.Records, fill(n))
	}
}

// Plain is a value as JSON has it, decimals with all their digits. Long texts are clipped.
func Plain(v document.Value) any {
	switch v.Kind() {
	case document.KindNull:
		return nil
	case document.KindInteger:
		if n, ok := v.Int(); ok {
			return n
		}
	case document.KindBoolean:
		b, _ := v.Bool()
		return b
	case document.KindFloat:
		if n := json.Number(v.Text()); json.Valid([]byte(n)) {
			return n
		}
	case document.KindDate, document.KindDateTime, document.KindString, document.KindArray, document.KindObject:
	}
	const most = 500
	r := []rune(v.String())
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}
