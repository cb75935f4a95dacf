package query_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/query"
	"github.com/symphainy/symphainy/domain/document"
	"github.com/symphainy/symphainy/domain/fault"
)

func staff() *document.Table {
	row := func(id int64, name, dept string, pay document.Value, day string) document.Row {
		d, _, _ := document.ParseDate(day, "")
		n := document.Text(name)
		if name == "" {
			n = document.Value{}
		}
		return document.Row{document.Integer(id), n, document.Text(dept), pay, d}
	}
	dec := func(s string) document.Value { v, _ := document.ParseFloat(s); return v }
	t := &document.Table{Name: "staff", Columns: []document.Column{
		{Name: "id", Type: document.TypeInteger}, {Name: "name", Type: document.TypeString}, {Name: "Dept", Type: document.TypeString},
		{Name: "pay", Type: document.TypeFloat}, {Name: "day", Type: document.TypeDate},
	}, Rows: []document.Row{
		row(1, "Ada", "eng", dec("10.5"), "2024-01-05"), row(2, "Bob", "ops", dec("7.25"), "2023-12-31"), row(3, "", "eng", document.Value{}, "2024-02-01"),
		row(4, "Zoë <&>", "Eng", dec("20.0"), "2024-01-05"), row(5, "adam", "hr", document.Text("n/k"), "2022-06-30"),
	}}
	t.RowCount = len(t.Rows)
	return t
}

func ask(t *testing.T, q string) (*query.Answer, error) {
	t.Helper()
	var in query.Query
	require.NoError(t, json.Unmarshal([]byte(q), &in))
	table := staff()
	return query.Run(table, over(table), in)
}

func over(table *document.Table) query.Rows {
	return func(visit func(row document.Row) error) error {
		for _, r := range table.Rows {
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestAnswers(t *testing.T) {
	for q, want := range map[string]string{
		`{"select":["id"],"where":[{"column":"pay","op":"ge","value":10.5}]}`:                                                                                           `[[1] [4]]`,
		`{"select":["id"],"where":[{"column":"pay","op":"lt","value":"10.5"}]}`:                                                                                         `[[2]]`,
		`{"select":["id"],"where":[{"column":"dept","op":"eq","value":"eng"}]}`:                                                                                         `[[1] [3]]`,
		`{"select":["id"],"where":[{"column":"Dept","op":"ne","value":"eng"}],"order_by":[{"column":"id","direction":"desc"}]}`:                                         `[[5] [4] [2]]`,
		`{"select":["name"],"where":[{"column":"name","op":"starts_with","value":"AD"}],"order_by":[{"column":"name"}]}`:                                                `[[Ada] [adam]]`,
		`{"select":["id"],"where":[{"column":"name","op":"is_null"}]}`:                                                                                                  `[[3]]`,
		`{"select":["id"],"where":[{"column":"name","op":"contains","value":"<&>"}]}`:                                                                                   `[[4]]`,
		`{"select":["id"],"where":[{"column":"id","op":"in","values":[1,5,9]}]}`:                                                                                        `[[1] [5]]`,
		`{"select":["id"],"where":[{"column":"day","op":"gt","value":"2024-01-01"},{"any":[{"column":"id","op":"eq","value":1},{"column":"id","op":"eq","value":3}]}]}`: `[[1] [3]]`,
		`{"select":["id"],"order_by":[{"column":"pay","direction":"desc"}],"limit":2}`:                                                                                  `[[4] [1]]`,
		`{"aggregates":[{"function":"count"},{"function":"sum","column":"pay"},{"function":"avg","column":"pay","as":"mean"},{"function":"count_distinct","column":"Dept"},{"function":"min","column":"day"},{"function":"max","column":"id"}]}`: `[[5 37.75 12.583333 4 2022-06-30 5]]`,
		`{"group_by":["Dept"],"aggregates":[{"function":"count","as":"n"}],"order_by":[{"column":"n","direction":"desc"}]}`:                                                                                                                      `[[eng 2] [Eng 1] [hr 1] [ops 1]]`,
		`{"where":[{"column":"id","op":"gt","value":99}],"aggregates":[{"function":"count"},{"function":"sum","column":"pay"}]}`:                                                                                                                 `[[0 <nil>]]`,
		`{"select":["id"],"where":[{"column":"Dept","op":"eq","value":"'; --"}]}`:                                                                                                                                                                `[]`,
	} {
		a, err := ask(t, q)
		require.NoError(t, err, q)
		require.Equal(t, want, fmt.Sprint(a.Rows), q)
		require.Equal(t, 5, a.Scanned)
	}
}

func TestRefusals(t *testing.T) {
	for q, place := range map[string]string{
		`{"select":["x"]}`: "query.select.0",
		`{"where":[{"column":"x","op":"eq","value":1}]}`:              "query.where.0.column",
		`{"where":[{"column":"id","op":"eq","value":"one"}]}`:         "query.where.0.value",
		`{"where":[{"column":"id","op":"eq"}]}`:                       "query.where.0",
		`{"where":[{"column":"day","op":"gt","value":"2024-02-30"}]}`: "query.where.0.value",
		`{"where":[{"column":"id","op":"in"}]}`:                       "query.where.0",
		`{"where":[{"column":"id","op":"is_null","value":1}]}`:        "query.where.0",
		`{"where":[{"column":"id","op":"like","value":1}]}`:           "query.where.0.op",
		`{"aggregates":[{"function":"sum","column":"name"}]}`:         "query.aggregates.0",
		`{"aggregates":[{"function":"sum"}]}`:                         "query.aggregates.0",
		`{"aggregates":[{"function":"count"},{"function":"count"}]}`:  "query.aggregates.1.as",
		`{"group_by":["Dept","dept"]}`:                                "query.group_by.1",
		`{"group_by":["Dept"],"select":["id"]}`:                       "query.select",
		`{"group_by":["Dept"],"order_by":[{"column":"id"}]}`:          "query.order_by.0.column",
		`{"limit":1001}`: "query.limit",
	} {
		_, err := ask(t, q)
		require.Error(t, err, q)
		require.Equal(t, "invalid_parameters", fault.As(err).Code, q)
		require.Contains(t, fault.As(err).Msg, place+":", q)
	}
	_, err := query.Run(&document.Table{Name: "empty", Columns: staff().Columns}, nil, query.Query{})
	require.ErrorIs(t, err, query.ErrInsufficient)
}

// Filters partition the rows, sums add up over the groups, and the order is one: whatever the numbers are.
func TestAnswersAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.Int64Range(-1e6, 1e6), 1, 50).Draw(t, "numbers")
		table := &document.Table{Name: "t", Columns: []document.Column{{Name: "g", Type: document.TypeInteger}, {Name: "n", Type: document.TypeInteger}}}
		var sum int64
		for _, n := range numbers {
			sum += n
			table.Rows = append(table.Rows, document.Row{document.Integer(n % 3), document.Integer(n)})
		}
		table.RowCount = len(table.Rows)
		pivot := rapid.SampledFrom(numbers).Draw(t, "pivot")
		matched := 0
		for _, op := range []string{"lt", "eq", "gt"} {
			v := query.TextOf(fmt.Sprint(pivot))
			a, err := query.Run(table, over(table), query.Query{Where: []query.Condition{{Column: "n", Op: op, Value: &v}}})
			require.NoError(t, err)
			matched += a.Matched
		}
		require.Equal(t, len(numbers), matched)
		a, err := query.Run(table, over(table), query.Query{GroupBy: []string{"g"}, Aggregates: []query.Aggregate{{Function: "sum", Column: "n", As: "s"}}})
		require.NoError(t, err)
		var total int64
		for _, r := range a.Rows {
			total += r[1].(int64)
		}
		require.Equal(t, sum, total)
		a, err = query.Run(table, over(table), query.Query{OrderBy: []query.Order{{Column: "n"}}, Limit: 10})
		require.NoError(t, err)
		for i := 1; i < len(a.Rows); i++ {
			require.LessOrEqual(t, a.Rows[i-1][1], a.Rows[i][1])
		}
	})
}

func BenchmarkGroup(b *testing.B) {
	table := &document.Table{Name: "t", RowCount: 100_000, Columns: []document.Column{{Name: "g", Type: document.TypeString}, {Name: "n", Type: document.TypeInteger}}}
	for i := range table.RowCount {
		table.Rows = append(table.Rows, document.Row{document.Text(fmt.Sprint("group ", i%500)), document.Integer(int64(i))})
	}
	limit := query.TextOf("1000")
	q := query.Query{
		Where:   []query.Condition{{Column: "n", Op: "ge", Value: &limit}},
		GroupBy: []string{"g"}, Aggregates: []query.Aggregate{{Function: "sum", Column: "n"}, {Function: "count"}},
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := query.Run(table, over(table), q); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(table.RowCount*b.N)/b.Elapsed().Seconds(), "rows/s")
}
