package quality

import (
	"fmt"

	"github.com/symphainy/symphainy/application/realms/say"
	"github.com/symphainy/symphainy/domain/document"
)

// examples is how many cells a description names.
const examples = 3

func (a *assessor) add(i Issue) { a.issues = append(a.issues, i) }

// at names a row as people count.
func (a *assessor) at(row int) string { return say.Row(row, a.firstLine) }

// list names rows: "rows 4, 10 and 16".
func (a *assessor) list(rows []int, count int) string {
	if len(rows) == 1 && count == 1 {
		return a.at(rows[0])
	}
	words := make([]string, 0, MaxRows)
	for _, r := range rows[:min(len(rows), MaxRows)] {
		words = append(words, fmt.Sprint(r+1))
	}
	return "rows " + say.Join(words, count)
}

// named lists cells: `"twelve" in row 137 and "x" in row 140`.
func (a *assessor) named(s *spots) string {
	words := make([]string, 0, examples)
	for _, x := range s.first[:min(len(s.first), examples)] {
		words = append(words, say.Quote(x.text)+" in "+a.at(x.row))
	}
	return say.Join(words, s.count)
}

// rowIssues are those of whole rows.
func (a *assessor) rowIssues(t *tableState) {
	r := t.repeats
	if r.count == 0 {
		return
	}
	rows := make([]int, len(r.first))
	words := make([]string, 0, examples)
	for i, x := range r.first {
		rows[i] = x.row
		if i < examples {
			words = append(words, fmt.Sprintf("%s is the same as row %d", a.at(x.row), x.first+1))
		}
	}
	a.add(Issue{
		Code: "duplicate_rows", Dimension: Uniqueness, Severity: Medium, Table: t.Name,
		Count: r.count, Share: share(r.count, t.rows), Rows: rows,
		Description: fmt.Sprintf("%s an earlier row in every column: %s.", say.Plural(r.count, "row repeats", "rows repeat"), say.Join(words, r.count)),
		Suggestion:  "Remove the repeated rows, unless the same fact really happened twice.",
	})
}

func (a *assessor) missing(t *tableState, c *columnState) {
	n := c.nulls.count
	if n == 0 {
		return
	}
	severity := Low
	switch {
	case n*2 > c.rows:
		severity = High
	case n*10 > c.rows:
		severity = Medium
	}
	a.add(Issue{
		Code: "missing_values", Dimension: Completeness, Severity: severity, Table: t.Name, Column: c.Name,
		Count: n, Share: share(n, c.rows), Rows: c.nulls.rows(),
		Description: fmt.Sprintf("Column %s has no value in %d of %s (%s): %s.",
			say.Quote(c.Name), n, say.Plural(c.rows, "row", "rows"), say.Percent(n, c.rows), a.list(c.nulls.rows(), n)),
		Suggestion: fmt.Sprintf("Fill in the missing values of %s, or say that they may be empty.", say.Quote(c.Name)),
	})
}

func (a *assessor) misfits(t *tableState, c *columnState) {
	n := c.misfits.count
	if n == 0 {
		return
	}
	severity := Medium
	if n*20 > c.filled {
		severity = High
	}
	kind := typeWords(c.Type)
	what := fmt.Sprintf("%s not", say.Plural(n, "value is", "values are"))
	if typ := c.Type; typ == document.TypeDate || typ == document.TypeDateTime {
		what = fmt.Sprintf("%s not real dates", say.Plural(n, "value is", "values are"))
		if n == 1 {
			what = "1 value is not a real date"
		}
	}
	a.add(Issue{
		Code: "type_mismatch", Dimension: Accuracy, Severity: severity, Table: t.Name, Column: c.Name,
		Count: n, Share: share(n, c.filled), Rows: c.misfits.rows(),
		Description: fmt.Sprintf("Column %s holds %s, but %s: %s.", say.Quote(c.Name), kind, what, a.named(&c.misfits)),
		Suggestion:  fmt.Sprintf("Correct the value%s in %s, or leave the cell empty if the value is unknown.", ending(n), say.Quote(c.Name)),
	})
}

func ending(n int) string {
	if n == 1 {
		return ""
	}
	return "s"
}

// typeWords says what a column holds.
func typeWords(t document.Type) string {
	switch t {
	case document.TypeInteger:
		return "whole numbers"
	case document.TypeFloat:
		return "numbers"
	case document.TypeBoolean:
		return "yes/no values"
	case document.TypeDate:
		return "dates"
	case document.TypeDateTime:
		return "dates with a time"
	case document.TypeArray:
		return "lists"
	case document.TypeObject:
		return "objects"
	case document.TypeString:
		return "text"
	default:
		return "values of one type"
	}
}

// format reports the cells that miss the format most others have, and returns how many there are.
func (a *assessor) format(t *tableState, c *columnState) int {
	f, odd := c.format()
	if f == document.FormatNone || odd.count == 0 {
		return 0
	}
	words := formatWords(f)
	a.add(Issue{
		Code: "invalid_format", Dimension: Accuracy, Severity: Medium, Table: t.Name, Column: c.Name,
		Count: odd.count, Share: share(odd.count, c.filled), Rows: odd.rows(),
		Description: fmt.Sprintf("Column %s holds %s, but %s not valid: %s.", say.Quote(c.Name), words, say.Plural(odd.count, "value is", "values are"), a.named(odd)),
		Suggestion:  fmt.Sprintf("Check the spelling of the value%s in %s.", ending(odd.count), say.Quote(c.Name)),
	})
	return odd.count
}

// formatWords says what a column of this format holds.
func formatWords(f document.Format) string {
	switch f {
	case document.FormatEmail:
		return "e-mail addresses"
	case document.FormatPhone:
		return "phone numbers"
	case document.FormatUUID:
		return "UUIDs"
	case document.FormatURL:
		return "web addresses"
	case document.FormatAmbiguousDate:
		return "dates"
	case document.FormatNone:
		return "text"
	default:
		return "values of one format"
	}
}

// rules reports broken declarations of the source.
func (a *assessor) rules(t *tableState, c *columnState) {
	if n := c.required.count; n > 0 {
		a.add(Issue{
			Code: "rule_violation", Dimension: Accuracy, Severity: High, Table: t.Name, Column: c.Name,
			Count: n, Share: share(n, c.rows), Rows: c.required.rows(),
			Description: fmt.Sprintf("Column %s is required, but it is empty in %s.", say.Quote(c.Name), a.list(c.required.rows(), n)),
			Suggestion:  fmt.Sprintf("Fill in %s: the source does not allow it to be empty.", say.Quote(c.Name)),
		})
	}
	if n := c.enum.count; n > 0 {
		a.add(Issue{
			Code: "rule_violation", Dimension: Accuracy, Severity: High, Table: t.Name, Column: c.Name,
			Count: n, Share: share(n, c.filled), Rows: c.enum.rows(),
			Description: fmt.Sprintf("Column %s allows only certain values; not among them: %s.", say.Quote(c.Name), a.named(&c.enum)),
			Suggestion:  fmt.Sprintf("Use one of the allowed values of %s.", say.Quote(c.Name)),
		})
	}
}

func (a *assessor) repeatedKeys(t *tableState, c *columnState) {
	k := c.keys
	if !k.duplicates() {
		return
	}
	words := make([]string, 0, examples)
	for _, r := range k.repeats[:min(len(k.repeats), examples)] {
		words = append(words, fmt.Sprintf("%s in row %d and again in %s", say.Quote(r.value), r.first+1, a.at(r.row)))
	}
	a.add(Issue{
		Code: "duplicate_keys", Dimension: Uniqueness, Severity: High, Table: t.Name, Column: c.Name,
		Count: k.count, Share: share(k.count, c.filled), Rows: k.rows(),
		Description: fmt.Sprintf("Column %s looks like a key, but %s an earlier value: %s.",
			say.Quote(c.Name), say.Plural(k.count, "row repeats", "rows repeat"), say.Join(words, k.count)),
		Suggestion: fmt.Sprintf("Find out which of the rows is right, and give the other its own %s.", say.Quote(c.Name)),
	})
}

func (a *assessor) outliers(t *tableState, c *columnState) {
	found, low, high := c.outliers()
	if found.count == 0 {
		return
	}
	a.add(Issue{
		Code: "outliers", Dimension: Accuracy, Severity: Low, Table: t.Name, Column: c.Name,
		Count: found.count, Share: share(found.count, c.filled), Rows: found.rows(),
		Description: fmt.Sprintf("Column %s has %s far from the rest: %s. What is below %s or above %s counts as far.",
			say.Quote(c.Name), say.Plural(found.count, "value", "values"), a.named(&found), say.Rounded(low), say.Rounded(high)),
		Suggestion: fmt.Sprintf("Check whether the value%s may be a slip of the keyboard.", ending(found.count)),
	})
}

// inconsistent reports different spellings of one category and mixed ways of writing dates; it returns the number of cells.
func (a *assessor) inconsistent(t *tableState, c *columnState) int {
	if len(c.Layouts) > 1 {
		return a.mixedDates(t, c)
	}
	variants := c.categories.variants()
	count := 0
	var rows []int
	words := make([]string, 0, examples)
	for i, v := range variants {
		count += v.where.count
		if i < examples {
			words = append(words, fmt.Sprintf("%s in %s, usually %s", say.Quote(v.spelling), a.list(v.where.rows(), v.where.count), say.Quote(v.usual)))
		}
		rows = append(rows, v.where.rows()...)
	}
	if count == 0 {
		return 0
	}
	a.add(Issue{
		Code: "inconsistent_values", Dimension: Consistency, Severity: Low, Table: t.Name, Column: c.Name,
		Count: count, Share: share(count, c.filled), Rows: firstRows(rows),
		Description: fmt.Sprintf("Column %s spells the same category in different ways: %s.", say.Quote(c.Name), say.Join(words, len(variants))),
		Suggestion:  fmt.Sprintf("Choose one spelling for each category of %s.", say.Quote(c.Name)),
	})
	return count
}

func (a *assessor) mixedDates(t *tableState, c *columnState) int {
	count := 0
	var rows []int
	words := make([]string, 0, len(c.Layouts))
	for _, l := range c.Layouts[1:] {
		count += l.Count
		rows = append(rows, l.Rows...)
		words = append(words, fmt.Sprintf("%s in %s", l.Layout, a.list(l.Rows, l.Count)))
	}
	a.add(Issue{
		Code: "inconsistent_values", Dimension: Consistency, Severity: Low, Table: t.Name, Column: c.Name,
		Count: count, Share: share(count, c.filled), Rows: firstRows(rows),
		Description: fmt.Sprintf("Column %s mixes ways of writing dates: most are %s, but %s.", say.Quote(c.Name), c.Layouts[0].Layout, say.Join(words, len(words))),
		Suggestion:  fmt.Sprintf("Write all dates of %s as YYYY-MM-DD.", say.Quote(c.Name)),
	})
	return count
}

func (a *assessor) damage(t *tableState, c *columnState) int {
	n := c.damaged.count
	if n == 0 {
		return 0
	}
	a.add(Issue{
		Code: "encoding_damage", Dimension: Consistency, Severity: Medium, Table: t.Name, Column: c.Name,
		Count: n, Share: share(n, c.filled), Rows: c.damaged.rows(),
		Description: fmt.Sprintf("Column %s has characters that were lost or garbled: %s.", say.Quote(c.Name), a.named(&c.damaged)),
		Suggestion:  "Export the file again as UTF-8.",
	})
	return n
}

func (a *assessor) paragraphDamage(found spots) {
	words := make([]string, 0, examples)
	for _, x := range found.first[:min(len(found.first), examples)] {
		words = append(words, fmt.Sprintf("paragraph %d (%s)", x.row+1, say.Quote(x.text)))
	}
	a.add(Issue{
		Code: "encoding_damage", Dimension: Consistency, Severity: Medium,
		Count: found.count, Share: share(found.count, a.paragraphs), Rows: found.rows(),
		Description: "The text has characters that were lost or garbled: " + say.Join(words, found.count) + ".",
		Suggestion:  "Save the file again as UTF-8.",
	})
}
