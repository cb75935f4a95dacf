package quality

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
)

// confident is the confidence below which the reading itself is doubted.
const confident = 0.7

// firstRows are the first rows of a list, ascending and without repeats.
func firstRows(rows []int) []int {
	rows = slices.Compact(slices.Sorted(slices.Values(rows)))
	return rows[:min(len(rows), MaxRows)]
}

// file adds the issues that are not of a column: what the parser met, another schema, old data.
func (a *assessor) file() {
	a.parseErrors()
	for _, code := range [...]string{"copybook_mismatch", "trailing_bytes"} {
		severity := High
		if code == "trailing_bytes" {
			severity = Medium
		}
		for _, w := range a.doc.Warnings.List {
			if w.Code == code {
				a.add(Issue{Code: code, Dimension: Accuracy, Severity: severity, Table: w.Table, Count: 1, Description: w.Message,
					Suggestion: "Check that the copybook belongs to this file."})
			}
		}
	}
	if e := a.opts.Embedding; e != nil && !e.SameSchema {
		a.schema(e)
	}
	a.stale()
}

// parseErrors groups what the parser had to leave out, by code.
func (a *assessor) parseErrors() {
	type group struct {
		rows  []int
		first string
		table string
		count int
	}
	groups := map[string]*group{}
	for _, e := range a.doc.CellErrors.List {
		if e.Code == "type_mismatch" { // already an issue of its column
			continue
		}
		g := groups[e.Code+"\x00"+e.Table]
		if g == nil {
			g = &group{first: e.Message, table: e.Table}
			groups[e.Code+"\x00"+e.Table] = g
		}
		g.count++
		if e.Row >= 0 {
			g.rows = append(g.rows, e.Row)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		g := groups[key]
		more := ""
		if g.count > 1 {
			more = fmt.Sprintf(" The same happened in %d more places.", g.count-1)
		}
		a.add(Issue{
			Code: "parse_error", Dimension: Accuracy, Severity: High, Table: g.table,
			Count: g.count, Share: share(g.count, max(a.total.rows, g.count)), Rows: firstRows(g.rows),
			Description: g.first + more, Suggestion: "Correct the row in the source and upload the file again.",
		})
	}
}

func (a *assessor) schema(e *Embedding) {
	var parts []string
	for _, p := range [...]struct {
		word  string
		names []string
	}{{"missing", e.Missing}, {"new", e.Added}, {"of another type", e.Retyped}} {
		if len(p.names) > 0 {
			words := make([]string, 0, examples)
			for _, n := range p.names[:min(len(p.names), examples)] {
				words = append(words, say.Quote(n))
			}
			parts = append(parts, p.word+": "+say.Join(words, len(p.names)))
		}
	}
	detail := "."
	if len(parts) > 0 {
		detail = " (" + strings.Join(parts, "; ") + ")."
	}
	a.add(Issue{
		Code: "schema_mismatch", Dimension: Consistency, Severity: High, Count: len(e.Missing) + len(e.Added) + len(e.Retyped),
		Description: "The columns are not those of the given embedding" + detail,
		Suggestion:  "Make a new embedding for this file, or upload the file with the expected columns.",
	})
}

// age is how many days before AsOf the newest date lies; ok is false unless timeliness can be judged.
func (a *assessor) age() (days int, ok bool) {
	if a.opts.AsOf == nil || a.opts.MaxAgeDays == nil || !a.hasDates {
		return 0, false
	}
	newest, err := time.Parse(time.DateOnly, a.newest)
	if err != nil || a.newest == "" { // all dates lie ahead
		return 0, true
	}
	today := a.opts.AsOf.UTC().Truncate(24 * time.Hour)
	return int(today.Sub(newest).Hours() / 24), true
}

func (a *assessor) stale() {
	days, ok := a.age()
	if !ok || days <= *a.opts.MaxAgeDays {
		return
	}
	a.add(Issue{
		Code: "stale_data", Dimension: Timeliness, Severity: Medium, Count: 1,
		Description: fmt.Sprintf("The newest date is %s: %d days before %s, and %d days are allowed.",
			a.newest, days, a.opts.AsOf.UTC().Format(time.DateOnly), *a.opts.MaxAgeDays),
		Suggestion: "Ask the source for a newer export.",
	})
}

// timeliness is 1 within the allowed age and falls as the age grows beyond it.
func (a *assessor) timeliness() *float64 {
	days, ok := a.age()
	if !ok {
		return nil
	}
	score := 1.0
	if limit := *a.opts.MaxAgeDays; days > limit {
		score = round6(float64(limit) / float64(days))
	}
	return &score
}

func (a *assessor) scores() Scores {
	s := Scores{Timeliness: a.timeliness()}
	score := func(good, all int) *float64 {
		if all == 0 {
			return nil
		}
		v := part(good, all)
		return &v
	}
	if a.total.rows == 0 {
		s.Consistency = score(a.paragraphs-a.damaged, a.paragraphs)
		return s
	}
	t := a.total
	s.Completeness = score(t.filled, t.cells)
	s.Accuracy = score(t.filled-t.inaccurate, t.filled)
	s.Consistency = score(t.cells-t.inconsistent, t.cells)
	s.Uniqueness = score(t.rows-t.duplicates, t.rows)
	return s
}

// all are the scores in a fixed order.
func (s Scores) all() []*float64 {
	return []*float64{s.Completeness, s.Accuracy, s.Consistency, s.Uniqueness, s.Timeliness}
}

// mean is the mean of the scores that are not nil.
func (s Scores) mean() float64 {
	sum, n := 0.0, 0
	for _, v := range s.all() {
		if v != nil {
			sum += *v
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return round6(sum / float64(n))
}

// parsingConfidence doubts a reading with errors, warnings, no content or no structure.
func parsingConfidence(d *document.Document) float64 {
	c := 1 - 0.3*float64(min(d.CellErrors.Total, 3))/3 - 0.1*float64(min(d.Warnings.Total, 5))/5
	rows := 0
	for i := range d.Tables {
		rows += d.Tables[i].RowCount
	}
	if rows == 0 && strings.TrimSpace(d.Text) == "" && len(d.Paragraphs) == 0 {
		c -= 0.3
	}
	if len(d.Tables) == 0 && len(d.Sections) == 0 && len(d.Labels) == 0 && len(d.Structure) == 0 {
		c -= 0.2
	}
	return round6(max(0, c))
}

func (a *assessor) result() *Assessment {
	r := &Assessment{
		Scores: a.scores(), Columns: a.columns, RowsAssessed: a.total.rows, ParsingConfidence: parsingConfidence(a.doc),
	}
	if r.ParsingConfidence < confident {
		a.add(Issue{
			Code: "bad_scan", Dimension: Accuracy, Severity: High, Count: a.doc.CellErrors.Total + a.doc.Warnings.Total,
			Description: fmt.Sprintf("The file could not be read cleanly: %s and %s (confidence %s).",
				say.Plural(a.doc.CellErrors.Total, "cell error", "cell errors"), say.Plural(a.doc.Warnings.Total, "warning", "warnings"), say.Number(r.ParsingConfidence)),
			Suggestion: "Look at the parser's messages first: other issues may follow from them.",
		})
	}
	if e := a.opts.Embedding; e != nil {
		similarity := round6(e.Similarity)
		r.EmbeddingConfidence = &similarity
		if similarity < confident {
			a.add(Issue{
				Code: "bad_schema", Dimension: Consistency, Severity: High, Count: 1,
				Description: fmt.Sprintf("The columns have little in common with the given embedding (similarity %s).", say.Number(similarity)),
				Suggestion:  "Check that the embedding belongs to this kind of file.",
			})
		}
	}
	rank := map[Severity]int{High: 0, Medium: 1, Low: 2}
	slices.SortStableFunc(a.issues, func(x, y Issue) int { return cmp.Compare(rank[x.Severity], rank[y.Severity]) })
	r.Issues = a.issues
	r.Overall = r.Scores.mean()
	r.Grade = grade(r.Overall)
	high := 0
	for _, i := range r.Issues {
		if i.Severity == High {
			high++
		}
	}
	r.OverallQuality = overallQuality(r.Overall, high)
	r.RootCause = rootCause(r.Issues)
	r.ProblemRows = problemRows(r.Issues)
	r.Summary = a.summary(r, high)
	return r
}

func grade(overall float64) string {
	switch {
	case overall >= 0.9:
		return "A"
	case overall >= 0.8:
		return "B"
	case overall >= 0.7:
		return "C"
	case overall >= 0.6:
		return "D"
	default:
		return "F"
	}
}

func overallQuality(overall float64, high int) string {
	switch {
	case overall >= 0.9 && high == 0:
		return "good"
	case overall >= 0.7:
		return "fair"
	default:
		return "poor"
	}
}

// rootCause is the dimension with most high issues, the first of equals; "none" without any.
func rootCause(issues []Issue) string {
	count := make(map[Dimension]int)
	for _, i := range issues {
		if i.Severity == High {
			count[i.Dimension]++
		}
	}
	best, most := "none", 0
	for _, d := range [...]Dimension{Completeness, Accuracy, Consistency, Uniqueness, Timeliness} {
		if count[d] > most {
			best, most = string(d), count[d]
		}
	}
	return best
}

// problemRows are the rows that two issues or more name.
func problemRows(issues []Issue) []RowFinding {
	type place struct {
		table string
		row   int
	}
	found := map[place][]string{}
	for _, i := range issues {
		if i.Table == "" {
			continue
		}
		name := i.Code
		if i.Column != "" {
			name += ": " + i.Column
		}
		for _, r := range i.Rows {
			found[place{i.Table, r}] = append(found[place{i.Table, r}], name)
		}
	}
	var out []RowFinding
	for p, problems := range found {
		if len(problems) > 1 {
			out = append(out, RowFinding{Table: p.table, Row: p.row, Problems: problems})
		}
	}
	slices.SortFunc(out, func(x, y RowFinding) int {
		return cmp.Or(cmp.Compare(len(y.Problems), len(x.Problems)), cmp.Compare(x.Table, y.Table), cmp.Compare(x.Row, y.Row))
	})
	return out[:min(len(out), MaxRows)]
}

func (a *assessor) summary(r *Assessment, high int) string {
	what := say.Plural(r.RowsAssessed, "row", "rows")
	if r.RowsAssessed == 0 {
		what = say.Plural(a.paragraphs, "paragraph", "paragraphs")
	}
	s := fmt.Sprintf("%s: quality %s of 100, grade %s (%s), ", what, say.Number(math.Floor(r.Overall*1000)/10), r.Grade, r.OverallQuality)
	switch {
	case len(r.Issues) == 0:
		s += "no issues."
	case high == 0:
		s += say.Plural(len(r.Issues), "issue", "issues") + ", none of them serious."
	default:
		s += fmt.Sprintf("%s, %d of them serious.", say.Plural(len(r.Issues), "issue", "issues"), high)
	}
	if len(r.ProblemRows) > 0 {
		p := r.ProblemRows[0]
		s += fmt.Sprintf(" Look first at %s: %s.", a.at(p.Row), strings.Join(p.Problems, ", "))
	}
	return s
}
