package profile_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/insights/profile"
	"github.com/symphainy/symphainy/domain/document"
)

func read(t *testing.T, table *document.Table) []*profile.Column {
	t.Helper()
	table.RowCount = len(table.Rows)
	out, err := profile.Read(table, func(visit func(row document.Row) error) error {
		for _, r := range table.Rows {
			if err := visit(r); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	return out
}

func TestProfile(t *testing.T) {
	dec := func(s string) document.Value { v, _ := document.ParseFloat(s); return v }
	out := read(t, &document.Table{Name: "t", Columns: []document.Column{{Name: "id", Type: document.TypeInteger}, {Name: "x", Type: document.TypeFloat}}, Rows: []document.Row{
		{document.Integer(1), dec("1.0")}, {document.Integer(2), {}}, {document.Integer(10), dec("-2.5")}, {document.Integer(4), document.Text("none")},
	}})
	id, x := out[0], out[1]
	require.True(t, id.Key())
	require.Equal(t, []string{"1", "2", "10", "4"}, id.Samples)
	require.InDelta(t, 10, *id.Max, 0)
	require.False(t, x.Key())
	require.Equal(t, 1, x.Misfits)
	require.InDelta(t, -2.5, *x.Min, 0)
	require.InDelta(t, 0.25, x.NullRatio(), 0)
	require.InDelta(t, 1.0/3, profile.Inclusion(x, id), 1e-9, "1.0 is 1")
	require.InDelta(t, 0.25, profile.Inclusion(id, x), 1e-9)
}

func TestTooManyValuesAreNotKept(t *testing.T) {
	table := &document.Table{Name: "t", Columns: []document.Column{{Name: "n", Type: document.TypeInteger}}}
	for i := range profile.MaxDistinct + 1 {
		table.Rows = append(table.Rows, document.Row{document.Integer(int64(i))})
	}
	c := read(t, table)[0]
	require.Equal(t, -1, c.Distinct)
	require.Nil(t, c.Values)
	require.False(t, c.Unique())
	require.Equal(t, profile.MaxDistinct+1, c.Filled)
	require.InDelta(t, 0, profile.Inclusion(c, c), 0)
}

func BenchmarkRead(b *testing.B) {
	table := &document.Table{Name: "t", RowCount: 50_000}
	for c := range 8 {
		table.Columns = append(table.Columns, document.Column{Name: fmt.Sprint("c", c), Type: document.TypeInteger})
	}
	for r := range table.RowCount {
		row := document.Row{}
		for c := range 8 {
			row = append(row, document.Integer(int64(r%(100*(c+1)))))
		}
		table.Rows = append(table.Rows, row)
	}
	b.ReportAllocs()
	for b.Loop() {
		_, err := profile.Read(table, func(visit func(row document.Row) error) error {
			for _, r := range table.Rows {
				if err := visit(r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(table.RowCount*b.N)/b.Elapsed().Seconds(), "rows/s")
}
