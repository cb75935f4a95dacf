package structured_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/insights/structured"
	"github.com/symphainy/symphainy/domain/document"
)

func parsed(t testing.TB, name string, b []byte) *document.Document {
	t.Helper()
	doc, err := parse.NewRegistry(parse.Limits{}).ParseAll(context.Background(), parse.Input{Body: bytes.NewReader(b), Filename: name}, parse.Options{})
	require.NoError(t, err)
	return doc
}

func fixture(t testing.TB, name string) *document.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return parsed(t, name, b)
}

func input(d *document.Document) structured.Input {
	table := &d.Tables[0]
	return structured.Input{Table: table, FirstLine: d.Metadata.Counts[document.CountFirstLine], Rows: func(visit func(document.Row) error) error {
		for _, r := range table.Rows {
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	}}
}

func analyze(t testing.TB, d *document.Document) *structured.Analysis {
	t.Helper()
	a, err := structured.Analyze(input(d), structured.All())
	require.NoError(t, err)
	return a
}

func numeric(t testing.TB, a *structured.Analysis, column string) structured.Numeric {
	t.Helper()
	for _, n := range a.Numeric {
		if n.Column == column {
			return n
		}
	}
	t.Fatalf("no figures of %s", column)
	return structured.Numeric{}
}

func TestQuartilesAreExclusive(t *testing.T) {
	require.Equal(t, [3]float64{62500, 70000, 77500}, structured.Quartiles([]float64{60000, 65000, 70000, 75000, 80000}))
	require.Equal(t, [3]float64{11, 13, 15}, structured.Quartiles([]float64{10, 11, 12, 13, 14, 15, 100}))
	require.Equal(t, [3]float64{0.75, 1.5, 2.25}, structured.Quartiles([]float64{1, 2}), "the formula reaches beyond two numbers")
	a := analyze(t, parsed(t, "x.csv", []byte("v\n10\n11\n12\n13\n14\n15\n100\n")))
	require.Equal(t, []structured.Anomaly{{Column: "v", Count: 1, Share: 0.1429, Values: []float64{100}, Rows: []int{6}, Low: 5, High: 21}}, a.Anomalies)
	require.Contains(t, a.Insights, `"v" has 1 outlier: 100 in row 7 (line 8 of the file). Usual values lie between 5 and 21.`)
}

func TestEmployees(t *testing.T) {
	a := analyze(t, fixture(t, "employees.csv"))
	require.Equal(t, 5, a.Rows)
	salary := numeric(t, a, "salary")
	require.InDelta(t, 70000, salary.Mean, 0)
	require.InDelta(t, 70000, salary.Median, 0)
	require.InDelta(t, 7905.69415, *salary.StdDev, 1e-5)
	require.Nil(t, salary.Mode)
	require.Equal(t, [3]float64{62500, 70000, 77500}, *salary.Quartiles)
	require.Equal(t, []float64{60000, 80000, 20000}, []float64{salary.Min, salary.Max, salary.Range})
	require.True(t, numeric(t, a, "id").Identifier)
	require.Empty(t, a.Anomalies)
	require.Len(t, a.Correlations, 1)
	require.InDelta(t, -0.3, a.Correlations[0].R, 1e-12)
	require.Equal(t, 5, a.Correlations[0].Pairs)

	for _, c := range a.Categorical {
		if c.Column == "department" {
			require.Equal(t, 4, c.Unique)
			require.Equal(t, structured.Share{Value: "Engineering", Count: 2, Share: 0.4}, c.MostCommon[0])
			require.Equal(t, "HR", c.MostCommon[1].Value, "ties are by value")
			require.Len(t, c.Distribution, 4)
		}
	}
	require.Len(t, a.Groups, 1, "only department has a value that repeats")
	require.Equal(t, structured.Group{Value: "Engineering", Count: 2, Sum: 155000, Mean: 77500, Min: 75000, Max: 80000}, a.Groups[0].Groups[0])
	require.Equal(t, "row", a.Trends.Order)
	require.Equal(t, structured.Trend{Column: "salary", Direction: structured.Stable, Ups: 2, Downs: 2, First: 75000, Last: 60000}, a.Trends.Columns[1])
	require.Contains(t, a.Insights, `The mean of "salary" is highest where "department" is "Engineering" (77500 over 2 rows) and lowest where it is "HR" (60000 over 1 row).`)
	require.Equal(t, `"employees" has 5 rows and 5 columns: 2 of numbers and 3 of text.`, a.Insights[0])
}

func TestTrendsFollowTheDates(t *testing.T) {
	a := analyze(t, parsed(t, "s.csv", []byte("id,day,amount,flag\n1,2024-03-01,30,true\n2,2024-01-01,10,true\n3,2024-01-15,20,true\n4,,99,true\n5,2024-03-02,40,true\n6,2024-04-01,50,true\n")))
	require.Equal(t, "day", a.Trends.Order)
	require.Equal(t, 1, a.Trends.Undated)
	amount := a.Trends.Columns[1]
	require.Equal(t, structured.Trend{Column: "amount", Direction: structured.Increasing, Ups: 4, First: 10, Last: 50, Months: []structured.Month{
		{Month: "2024-01", Count: 2, Sum: 30, Mean: 15}, {Month: "2024-03", Count: 2, Sum: 70, Mean: 35}, {Month: "2024-04", Count: 1, Sum: 50, Mean: 50},
	}}, amount)
	require.Equal(t, []structured.Constant{{"flag", "true"}}, a.Constant)
	require.Len(t, a.Numeric, 2, "booleans are no numbers")
	require.Contains(t, a.Insights, `"amount" is increasing by "day": 4 of 4 changes go up, from 10 to 50.`)
	require.Contains(t, a.Insights, `The sum of "amount" is highest in 2024-03 (70 over 2 rows) and lowest in 2024-01 (30 over 2 rows).`)
	require.Equal(t, []structured.DateRange{{Column: "day", Count: 5, Earliest: "2024-01-01", Latest: "2024-04-01"}}, a.Dates)
}

func TestPatterns(t *testing.T) {
	a := analyze(t, parsed(t, "p.csv", []byte("a,b,c,d\n1,-2,x,\n2,-4,x,\n3,-6,x,\n1,-2,x,\n1,-2,x,\n")))
	require.Equal(t, structured.Repeats{Count: 2, Share: 0.4, Rows: []int{3, 4}, Of: []int{0, 0}}, a.Repeats)
	require.InDelta(t, -1, a.Correlations[0].R, 1e-12)
	require.Equal(t, []string{"d"}, a.Empty)
	require.InDelta(t, 1, *numeric(t, a, "a").Mode, 0)
	require.Equal(t, 3, numeric(t, a, "a").ModeCount)
	text := strings.Join(a.Insights, "\n")
	require.Contains(t, text, `"a" and "b" go against each other (r = -1 over 5 rows).`)
	require.Contains(t, text, `2 rows repeat an earlier row in every column: row 4 (line 5 of the file) is the same as row 1 and row 5`)
	require.Contains(t, text, `"c" is "x" in every row.`)
	require.Contains(t, text, `"d" holds no value at all.`)
}

func TestOnlyWhatIsAskedFor(t *testing.T) {
	d := fixture(t, "orders-240.csv")
	a, err := structured.Analyze(input(d), structured.Options{Trends: true})
	require.NoError(t, err)
	require.Empty(t, a.Numeric)
	require.Empty(t, a.Groups)
	require.Empty(t, a.Correlations)
	require.Empty(t, a.Anomalies)
	require.Equal(t, "order_date", a.Trends.Order)
	a, err = structured.Analyze(input(d), structured.Options{Patterns: true})
	require.NoError(t, err)
	require.Nil(t, a.Trends)
	require.Empty(t, a.Numeric)
	require.NotEmpty(t, a.Insights)
}

func TestNothingToAnalyze(t *testing.T) {
	_, err := structured.Analyze(input(fixture(t, "header-only.csv")), structured.All())
	require.ErrorIs(t, err, structured.ErrInsufficient)
	broken := errors.New("disk")
	in := input(fixture(t, "employees.csv"))
	in.Rows = func(func(document.Row) error) error { return broken }
	_, err = structured.Analyze(in, structured.All())
	require.ErrorIs(t, err, broken)
	_, err = structured.Analyze(structured.Input{Table: &document.Table{Columns: make([]document.Column, 1), RowCount: structured.MaxRows + 1}}, structured.All())
	require.ErrorContains(t, err, "limit")
}

// A table that is read many times gives what one reading gives.
func TestManyPasses(t *testing.T) {
	d := fixture(t, "orders-240.csv")
	d.Tables[0].Rows = append(d.Tables[0].Rows, d.Tables[0].Rows[:30]...)
	d.Tables[0].RowCount = len(d.Tables[0].Rows)
	once := analyze(t, d)
	require.Equal(t, 30, once.Repeats.Count)
	require.Equal(t, []int{240, 241, 242, 243, 244, 245, 246, 247, 248, 249}, once.Repeats.Rows)
	require.Equal(t, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, once.Repeats.Of)
	in := input(d)
	passes, walk := 0, in.Rows
	in.Rows = func(visit func(document.Row) error) error {
		passes++
		return walk(visit)
	}
	in.HeldNumbers, in.HeldRows = 1, 20
	often, err := structured.Analyze(in, structured.All())
	require.NoError(t, err)
	require.Equal(t, 15, passes, "a survey, and 14 parts of 20 rows")
	require.Equal(t, once, often)
}

// The order of rows changes nothing but what is told of rows; changed input changes the result; hostile names break no sentence.
func TestAnyTable(t *testing.T) {
	hostile := []string{`<a & "b">`, `'; --`, "\u202Eשלום", "two\nlines", "=1+1", "|x|"}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 2, 60).Draw(t, "values")
		texts := rapid.SliceOfN(rapid.SampledFrom(hostile), len(values), len(values)).Draw(t, "texts")
		name := rapid.SampledFrom(hostile).Draw(t, "name")
		build := func(order []int, shift float64) *document.Document {
			d := &document.Document{Tables: []document.Table{{Name: name, RowCount: len(values), Columns: []document.Column{
				{Name: name + "1", Type: document.TypeFloat}, {Name: name + "2", Type: document.TypeString}, {Name: name + "3", Type: document.TypeFloat},
			}}}}
			for _, i := range order {
				v, _ := document.ParseFloat(fmt.Sprintf("%.4f", values[i]+shift))
				w, _ := document.ParseFloat(fmt.Sprintf("%.4f", math.Sin(values[i])))
				d.Tables[0].Rows = append(d.Tables[0].Rows, document.Row{v, document.Text(texts[i]), w})
			}
			return d
		}
		order := make([]int, len(values))
		for i := range order {
			order[i] = i
		}
		a := analyzeRapid(t, build(order, 0))
		again := analyzeRapid(t, build(order, 0))
		require.Equal(t, a, again)
		shuffled := slices.Clone(order)
		rand.New(rand.NewPCG(1, uint64(len(values)))).Shuffle(len(order), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		b := analyzeRapid(t, build(shuffled, 0))
		require.Equal(t, a.Numeric[0].Quartiles, b.Numeric[0].Quartiles)
		require.InDelta(t, a.Numeric[0].Mean, b.Numeric[0].Mean, 1e-6)
		require.Equal(t, a.Categorical, b.Categorical)
		require.Equal(t, a.Repeats.Count, b.Repeats.Count)
		moved := analyzeRapid(t, build(order, 1000))
		require.InDelta(t, a.Numeric[0].Mean+1000, moved.Numeric[0].Mean, 1e-3)
		n := a.Numeric[0]
		require.LessOrEqual(t, n.Min, n.Median)
		require.LessOrEqual(t, n.Median, n.Max)
		for _, c := range a.Correlations {
			require.LessOrEqual(t, math.Abs(c.R), 1.0)
		}
		for _, s := range a.Insights {
			for _, r := range s {
				require.False(t, unicode.IsControl(r) || unicode.Is(unicode.Cf, r), "%q", s)
			}
		}
	})
}

func analyzeRapid(t *rapid.T, d *document.Document) *structured.Analysis {
	a, err := structured.Analyze(input(d), structured.All())
	require.NoError(t, err)
	return a
}

func BenchmarkAnalyze(b *testing.B) {
	var s strings.Builder
	s.WriteString("id,customer,date,quantity,price,status\n")
	for i := range 20_000 {
		fmt.Fprintf(&s, "%d,Customer %d,2024-%02d-%02d,%d,%d.50,paid\n", i, i%97, i%12+1, i%28+1, i%17, i%300)
	}
	doc := parsed(b, "o.csv", []byte(s.String()))
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		analyze(b, doc)
	}
	b.ReportMetric(float64(20_000*b.N)/b.Elapsed().Seconds(), "rows/s")
}
