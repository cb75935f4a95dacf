package quality_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/quality"
	"github.com/symphainy/symphainy/domain/document"
)

func csvOf(t testing.TB, lines ...string) *document.Document {
	t.Helper()
	return parsed(t, "data.csv", []byte(strings.Join(lines, "\n")+"\n"))
}

// column makes a table of a text column beside a number, so that every value stands on a line of its own.
func column(t testing.TB, name string, values ...string) *document.Document {
	t.Helper()
	lines := []string{"n," + name}
	for i, v := range values {
		lines = append(lines, fmt.Sprintf("%d,%s", i, v))
	}
	return csvOf(t, lines...)
}

func repeatValue(v string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestMissingValuesSeverity(t *testing.T) {
	for missing, want := range map[int]quality.Severity{1: quality.Low, 2: quality.Low, 3: quality.Medium, 10: quality.Medium, 11: quality.High} {
		values := append(repeatValue("", missing), repeatValue("x", 20-missing)...)
		i := find(assess(t, column(t, "v", values...), quality.Options{}), "missing_values", "v")
		require.Equal(t, want, i.Severity, "%d of 20", missing)
		require.Equal(t, missing, i.Count)
		require.Len(t, i.Rows, min(missing, quality.MaxRows))
	}
}

func TestTypeMismatchSeverityTurnsAtFivePercent(t *testing.T) {
	for bad, want := range map[int]quality.Severity{1: quality.Medium, 2: quality.High} {
		values := repeatValue("7", 20)
		for i := range bad {
			values[i] = "x"
		}
		require.Equal(t, want, find(assess(t, column(t, "v", values...), quality.Options{}), "type_mismatch", "v").Severity, "%d of 20", bad)
	}
}

func TestInvalidFormatFromHalf(t *testing.T) {
	a := assess(t, column(t, "mail", "a@b.example", "c@d.example", "e", "f"), quality.Options{})
	require.Equal(t, []int{2, 3}, find(a, "invalid_format", "mail").Rows)
	a = assess(t, column(t, "mail", "a@b.example", "e", "f"), quality.Options{})
	require.Nil(t, find(a, "invalid_format", "mail"))
}

func TestKeyColumns(t *testing.T) {
	for name, want := range map[string]bool{
		"id": true, "ID": true, "order_id": true, "orderId": true, "Order No": true, "invoice-number": true, "key": true,
		"no": false, "number": false, "paid": false, "notes": false, "grid": false, "idea": false, "volcano": false,
	} {
		values := make([]string, 20)
		for i := range values {
			values[i] = fmt.Sprintf("K%d", i)
		}
		values[19] = "K3"
		i := find(assess(t, column(t, name, values...), quality.Options{}), "duplicate_keys", name)
		require.Equal(t, want, i != nil, name)
		if i != nil {
			require.Equal(t, []int{3, 19}, i.Rows)
			require.Equal(t, 1, i.Count)
		}
	}
	// customer_id of orders repeats by nature: less than 90 % unique is no key.
	require.Nil(t, find(assess(t, column(t, "customer_id", "A", "B", "A", "B", "C", "A"), quality.Options{}), "duplicate_keys", "customer_id"))
}

func TestOutliersUseExclusiveQuartiles(t *testing.T) {
	i := find(assess(t, column(t, "v", "10", "11", "12", "13", "14", "15", "100"), quality.Options{}), "outliers", "v")
	require.Equal(t, []int{6}, i.Rows)
	require.Contains(t, i.Description, `"100" in row 7 (line 8 of the file). What is below 5 or above 21 counts as far.`)
	require.Nil(t, find(assess(t, column(t, "v", "1", "1", "1", "100"), quality.Options{}), "outliers", "v"), "four values are too few")
}

func TestInconsistentSpellings(t *testing.T) {
	a := assess(t, column(t, "dept", "Sales", "sales", "Sales ", "HR", "Sales", "hr", "HR"), quality.Options{})
	i := find(a, "inconsistent_values", "dept")
	require.Equal(t, []int{1, 2, 5}, i.Rows)
	require.Equal(t, quality.Low, i.Severity)
	// Without a repeat there are no categories.
	require.Nil(t, find(assess(t, column(t, "name", "Ann", "Bob", "Cid"), quality.Options{}), "inconsistent_values", "name"))
}

func TestMixedDates(t *testing.T) {
	a := assess(t, column(t, "day", "2024-01-15", "2024-01-16", "17.01.2024", "2024-01-18"), quality.Options{})
	i := find(a, "inconsistent_values", "day")
	require.Equal(t, []int{2}, i.Rows)
	require.Equal(t, `Column "day" mixes ways of writing dates: most are YYYY-MM-DD, but DD.MM.YYYY in row 3 (line 4 of the file).`, i.Description)
}

func TestEncodingDamage(t *testing.T) {
	a := assess(t, column(t, "city", "Köln", "KÃ¶ln", "K\uFFFDln", "Bonn", "Bo\x01nn"), quality.Options{})
	require.Equal(t, []int{1, 2, 4}, find(a, "encoding_damage", "city").Rows)
	require.InDelta(t, 0.7, *a.Scores.Consistency, 1e-9)
	require.Nil(t, find(assess(t, column(t, "city", "Köln", "São Paulo", "Ångström", "MAÇÃ VERDE"), quality.Options{}), "encoding_damage", "city"))
}

func TestRules(t *testing.T) {
	doc := column(t, "state", "open", "", "lost", "paid")
	doc.Tables[0].Columns[1].Constraints = []document.Constraint{
		{Kind: document.ConstraintRequired}, {Kind: document.ConstraintEnum, Values: []string{"open", "paid"}},
	}
	a := assess(t, doc, quality.Options{})
	var rules []quality.Issue
	for _, i := range a.Issues {
		if i.Code == "rule_violation" {
			rules = append(rules, i)
		}
	}
	require.Len(t, rules, 2)
	require.Equal(t, []int{1}, rules[0].Rows)
	require.Equal(t, []int{2}, rules[1].Rows)
	require.InDelta(t, 6.0/7, *a.Scores.Accuracy, 1e-6)
	require.Equal(t, "accuracy", a.RootCause)
}

func TestLongRowsAreParseErrors(t *testing.T) {
	a := assess(t, csvOf(t, "a,b", "1,2", "3,4,5"), quality.Options{})
	i := find(a, "parse_error", "")
	require.Equal(t, quality.High, i.Severity)
	require.Equal(t, []int{1}, i.Rows)
}

func TestTimeliness(t *testing.T) {
	doc := column(t, "day", "2024-01-15", "2024-03-01", "2024-02-01")
	ten, sixty := 10, 60
	require.Nil(t, assess(t, doc, quality.Options{AsOf: day("2024-03-31")}).Scores.Timeliness)
	require.Nil(t, assess(t, doc, quality.Options{MaxAgeDays: &ten}).Scores.Timeliness)
	fresh := assess(t, doc, quality.Options{AsOf: day("2024-03-31"), MaxAgeDays: &sixty})
	require.InDelta(t, 1, *fresh.Scores.Timeliness, 0)
	require.Nil(t, find(fresh, "stale_data", ""))
	at := 30
	require.Nil(t, find(assess(t, doc, quality.Options{AsOf: day("2024-03-31"), MaxAgeDays: &at}), "stale_data", ""), "the limit passes")
	old := assess(t, doc, quality.Options{AsOf: day("2024-03-31"), MaxAgeDays: &ten})
	require.Equal(t, "The newest date is 2024-03-01: 30 days before 2024-03-31, and 10 days are allowed.", find(old, "stale_data", "").Description)
	require.InDelta(t, 1.0/3, *old.Scores.Timeliness, 1e-6)
	// Dates ahead of as_of do not make old data fresh, but data with nothing else is not old.
	require.NotNil(t, find(assess(t, column(t, "d", "2024-01-01", "2099-01-01"), quality.Options{AsOf: day("2024-03-31"), MaxAgeDays: &ten}), "stale_data", ""))
	require.InDelta(t, 1, *assess(t, column(t, "d", "2099-01-01", "2099-01-02"),
		quality.Options{AsOf: day("2024-03-31"), MaxAgeDays: &ten}).Scores.Timeliness, 0)
}

func TestEmbedding(t *testing.T) {
	doc := fixture(t, "employees.csv")
	a := assess(t, doc, quality.Options{Embedding: &quality.Embedding{Similarity: 0.4, Missing: []string{"phone"}, Retyped: []string{"salary"}}})
	require.InDelta(t, 0.4, *a.EmbeddingConfidence, 0)
	require.Contains(t, find(a, "schema_mismatch", "").Description, `missing: "phone"; of another type: "salary"`)
	require.NotNil(t, find(a, "bad_schema", ""))
	require.Equal(t, "consistency", a.RootCause)
	a = assess(t, doc, quality.Options{Embedding: &quality.Embedding{SameSchema: true, Similarity: 1}})
	require.Empty(t, a.Issues)
}

func TestBadScanBelowSevenTenths(t *testing.T) {
	lines := append([]string{"n"}, repeatValue("1", 60)...)
	lines[3], lines[7], lines[9] = "x", "y", "z"
	doc := csvOf(t, lines...)
	require.Nil(t, find(assess(t, doc, quality.Options{}), "bad_scan", ""), "0.7 is enough")
	doc.Warn("any", "one more doubt")
	a := assess(t, doc, quality.Options{})
	require.InDelta(t, 0.68, a.ParsingConfidence, 1e-9)
	require.NotNil(t, find(a, "bad_scan", ""))
}

func TestNothingToAssess(t *testing.T) {
	doc := fixture(t, "header-only.csv")
	_, err := quality.Assess(doc, quality.InMemory(doc), quality.Options{})
	require.ErrorIs(t, err, quality.ErrInsufficient)
	minus := -1
	_, err = quality.Assess(fixture(t, "employees.csv"), nil, quality.Options{MaxAgeDays: &minus})
	require.ErrorIs(t, err, quality.ErrOptions)
	broken := errors.New("disk")
	_, err = quality.Assess(fixture(t, "employees.csv"), func(int, func(document.Row) error) error { return broken }, quality.Options{})
	require.ErrorIs(t, err, broken)
}

func TestText(t *testing.T) {
	a := assess(t, fixture(t, "permit.txt"), quality.Options{})
	require.Empty(t, a.Issues)
	require.Nil(t, a.Scores.Completeness)
	require.InDelta(t, 1, *a.Scores.Consistency, 0)
	require.InDelta(t, 1, a.ParsingConfidence, 0)
	a = assess(t, parsed(t, "x.txt", []byte("First.\n\nSe\uFFFDond.\n")), quality.Options{})
	require.Equal(t, []int{1}, find(a, "encoding_damage", "").Rows)
	require.InDelta(t, 0.5, *a.Scores.Consistency, 0)
	require.Equal(t, "F", a.Grade)
}

func TestTablesOfOneFileAreAllAssessed(t *testing.T) {
	doc := parsed(t, "two.json", []byte(`{"a":[{"id":1},{"id":2}],"b":[{"x":1},{"x":null},{"y":2}]}`))
	a := assess(t, doc, quality.Options{})
	require.Equal(t, 5, a.RowsAssessed)
	require.Equal(t, "b", find(a, "missing_values", "x").Table)
	require.Len(t, a.Columns, 3)
}

// Whatever the file holds: scores stay within 0 and 1, the same file gives the same result, and no description can break a page, a log or a line.
func TestAnyTable(t *testing.T) {
	hostile := []string{`<a & "b">`, `'; --`, "\u202Eשלום", "two\nlines", "\x00", "", "NULL", "7", "1.5", "2024-02-30", "2024-01-01", "Ã¶", "x ", "X"}
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 4).Draw(t, "width")
		doc := &document.Document{Tables: []document.Table{{Name: rapid.SampledFrom(hostile).Draw(t, "table") + "t"}}}
		table := &doc.Tables[0]
		types := []document.Type{document.TypeString, document.TypeInteger, document.TypeFloat, document.TypeDate, document.TypeBoolean}
		for i := range width {
			table.Columns = append(table.Columns, document.Column{
				Name: rapid.SampledFrom(append(hostile, "id", "key")).Draw(t, "name") + fmt.Sprint(i), Type: rapid.SampledFrom(types).Draw(t, "type"), Nullable: true,
			})
		}
		cell := rapid.Custom(func(t *rapid.T) document.Value {
			s := rapid.SampledFrom(hostile).Draw(t, "cell")
			if v, ok := document.ParseInteger(s); ok {
				return v
			}
			if v, _, ok := document.ParseDate(s, ""); ok {
				return v
			}
			if s == "" {
				return document.Value{}
			}
			return document.Text(s)
		})
		for range rapid.IntRange(1, 30).Draw(t, "rows") {
			row := make(document.Row, width)
			for i := range row {
				row[i] = cell.Draw(t, "v")
			}
			table.Rows = append(table.Rows, row)
		}
		table.RowCount = len(table.Rows)
		a, err := quality.Assess(doc, quality.InMemory(doc), quality.Options{})
		require.NoError(t, err)
		checkAssessment(t, a, table.RowCount)
		again, err := quality.Assess(doc, quality.InMemory(doc), quality.Options{})
		require.NoError(t, err)
		require.Equal(t, a, again)
	})
}

func checkAssessment(t require.TestingT, a *quality.Assessment, rows int) {
	for _, s := range []*float64{a.Scores.Completeness, a.Scores.Accuracy, a.Scores.Consistency, a.Scores.Uniqueness, &a.Overall, &a.ParsingConfidence} {
		if s == nil { // a table of nulls has no accuracy
			continue
		}
		require.GreaterOrEqual(t, *s, 0.0)
		require.LessOrEqual(t, *s, 1.0)
	}
	for _, c := range a.Columns {
		for _, s := range []float64{c.Completeness, c.Accuracy, c.Consistency, c.Overall} {
			require.GreaterOrEqual(t, s, 0.0)
			require.LessOrEqual(t, s, 1.0)
		}
	}
	for _, i := range a.Issues {
		require.NotEmpty(t, i.Suggestion)
		require.LessOrEqual(t, len(i.Rows), quality.MaxRows)
		require.LessOrEqual(t, i.Share, 1.0)
		for _, r := range i.Rows {
			require.GreaterOrEqual(t, r, 0)
			require.Less(t, r, rows)
		}
		require.True(t, utf8.ValidString(i.Description))
		for _, r := range i.Description {
			require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Cf, r), "%q in %q", r, i.Description)
		}
	}
}

func BenchmarkAssess(b *testing.B) {
	var s strings.Builder
	s.WriteString("id,customer,email,date,quantity,price,status\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "%d,Customer %d,c%d@example.com,2024-%02d-%02d,%d,%d.50,paid\n", i, i%97, i%97, i%12+1, i%28+1, i%17, i%300)
	}
	doc := parsed(b, "o.csv", []byte(s.String()))
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		_, err := quality.Assess(doc, quality.InMemory(doc), quality.Options{})
		require.NoError(b, err)
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}
