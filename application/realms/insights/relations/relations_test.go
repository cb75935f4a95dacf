package relations_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/application/realms/insights/relations"
	"github.com/symphainy/symphainy/domain/document"
)

func over(t *document.Table) func(visit func(row document.Row) error) error {
	return func(visit func(row document.Row) error) error {
		for _, r := range t.Rows {
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	}
}

// table makes one of columns of whole numbers or, if the name ends in a colon, of texts.
func table(t require.TestingT, name string, columns []string, rows ...[]any) (*document.Table, relations.Table) {
	d := &document.Table{Name: name, RowCount: len(rows)}
	for i, c := range columns {
		d.Columns = append(d.Columns, document.Column{Name: c, Position: i, Type: document.TypeInteger})
	}
	for _, r := range rows {
		row := document.Row{}
		for i, v := range r {
			switch x := v.(type) {
			case int:
				row = append(row, document.Integer(int64(x)))
			case string:
				d.Columns[i].Type = document.TypeString
				row = append(row, document.Text(x))
			default:
				row = append(row, document.Value{})
			}
		}
		d.Rows = append(d.Rows, row)
	}
	p, err := profile.Read(d, over(d))
	require.NoError(t, err)
	return d, relations.Table{Document: "par_1", Name: name, Columns: p}
}

func brief(list []relations.Relationship) []string {
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s %s.%s→%s.%s %s", r.Kind, r.From.Table, r.From.Column, r.To.Table, r.To.Column, r.Cardinality))
	}
	return out
}

func TestForeignKeys(t *testing.T) {
	_, customers := table(t, "customers", []string{"id", "name", "manager_id"}, []any{1, "Ada", nil}, []any{2, "Bob", 1}, []any{3, "Cy", 1})
	_, orders := table(t, "orders", []string{"order_id", "customer_id", "quantity", "agent_id"}, []any{10, 1, 1, 7}, []any{11, 1, 2, 8}, []any{12, 3, 1, 9})
	_, agents := table(t, "agents", []string{"agent_id"}, []any{1}, []any{2})
	found := relations.References([]relations.Table{customers, orders, agents})
	require.Equal(t, []string{
		"foreign_key orders.customer_id→customers.id many_to_one",
		"named_reference orders.agent_id→agents.agent_id ",
	}, brief(found))
	require.InDelta(t, 1, found[0].Confidence, 0)
	require.InDelta(t, 0.5, found[1].Confidence, 0, "the values do not fit")
}

func TestIdentifying(t *testing.T) {
	_, x := table(t, "t", []string{"product_id", "product", "color"}, []any{1, "a", "b"})
	require.Equal(t, []string{"identifies t.product_id→t.product "}, brief(relations.Identifying(x)))
}

func TestDependencies(t *testing.T) {
	var rows [][]any
	for i := range 12 {
		rows = append(rows, []any{i, i % 4, fmt.Sprint("city ", i%4/2), "same", i % 5})
	}
	d, x := table(t, "t", []string{"id", "zip", "city", "constant", "other"}, rows...)
	found, cut, err := relations.Dependencies(x, over(d))
	require.NoError(t, err)
	require.False(t, cut)
	require.Equal(t, []string{"determines t.zip→t.city "}, brief(found))
	require.InDelta(t, 1-1.0/9, found[0].Confidence, 1e-6, "eight rows repeat a zip")
	require.Equal(t, 12, found[0].Rows)

	d.Rows[11][2] = document.Text("elsewhere")
	found, _, err = relations.Dependencies(x, over(d))
	require.NoError(t, err)
	require.Empty(t, found, "one exception is enough")

	d, x = table(t, "few", []string{"zip", "city"}, rows[0][1:3], rows[4][1:3], rows[1][1:3], rows[2][1:3])
	found, _, err = relations.Dependencies(x, over(d))
	require.NoError(t, err)
	require.Empty(t, found, "ten rows at least")
}

// A dependency that was planted is found, whatever the data; what is found holds in all rows.
func TestWhatIsFoundHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.SliceOfN(rapid.IntRange(0, 5), 10, 40).Draw(t, "keys")
		var rows [][]any
		for _, k := range keys {
			rows = append(rows, []any{k, k / 2, rapid.IntRange(0, 3).Draw(t, "noise")})
		}
		d, x := table(t, "t", []string{"a", "b", "c"}, rows...)
		found, _, err := relations.Dependencies(x, over(d))
		require.NoError(t, err)
		index := map[string]int{"a": 0, "b": 1, "c": 2}
		for _, r := range found {
			seen := map[string]string{}
			for _, row := range d.Rows {
				from, to := row[index[r.From.Column]].String(), row[index[r.To.Column]].String()
				if before, ok := seen[from]; ok {
					require.Equal(t, before, to)
				}
				seen[from] = to
			}
			require.Less(t, r.Confidence, 1.0)
		}
		distinctB := map[int]bool{}
		for _, k := range keys {
			distinctB[k/2] = true
		}
		repeats := len(keys) > x.Columns[0].Distinct
		if len(distinctB) > 1 && repeats {
			require.Contains(t, brief(found), "determines t.a→t.b ")
		}
	})
}

func BenchmarkDependencies(b *testing.B) {
	d := &document.Table{Name: "t", RowCount: 50_000}
	for c := range 12 {
		d.Columns = append(d.Columns, document.Column{Name: fmt.Sprint("c", c), Type: document.TypeInteger})
	}
	for r := range d.RowCount {
		row := document.Row{}
		for c := range 12 {
			row = append(row, document.Integer(int64(r%(40*(c+1)))))
		}
		d.Rows = append(d.Rows, row)
	}
	p, err := profile.Read(d, over(d))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := relations.Dependencies(relations.Table{Name: "t", Columns: p}, over(d)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(d.RowCount*b.N)/b.Elapsed().Seconds(), "rows/s")
}
