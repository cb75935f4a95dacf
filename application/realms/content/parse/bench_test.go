package parse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/xuri/excelize/v2"

	"github.com/symphainy/symphainy/application/realms/content/parse"
)

func ordersCSV(rows int) []byte {
	var b bytes.Buffer
	b.WriteString("order_id,customer,email,date,quantity,price,status,note\n")
	for i := range rows {
		fmt.Fprintf(&b, "%d,Customer %d,c%d@example.com,2024-%02d-%02d,%d,%d.%02d,%s,\"a note, quoted\"\n",
			100000+i, i%997, i%997, i%12+1, i%28+1, i%17, i%300, i%100, []string{"open", "paid", "shipped"}[i%3])
	}
	return b.Bytes()
}

func BenchmarkCSV(b *testing.B) {
	data := ordersCSV(50_000)
	reg := parse.NewRegistry(parse.Limits{})
	for _, to := range []struct {
		name string
		sink func() parse.RowSink
	}{
		{"discard", func() parse.RowSink { return nil }},
		{"stored", func() parse.RowSink { return parse.NewRowWriter(io.Discard) }},
	} {
		b.Run(to.name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				doc, err := reg.Parse(context.Background(), parse.Input{Body: bytes.NewReader(data), Filename: "o.csv"}, parse.Options{}, to.sink())
				require.NoError(b, err)
				require.Equal(b, 50_000, doc.Tables[0].RowCount)
			}
			perSecond(b, 50_000)
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	var s strings.Builder
	s.WriteString("[")
	for i := range 20_000 {
		if i > 0 {
			s.WriteString(",")
		}
		fmt.Fprintf(&s, `{"id":%d,"name":"Customer %d","email":"c%d@example.com","date":"2024-01-%02d","price":%d.50}`, i, i, i, i%28+1, i%300)
	}
	s.WriteString("]")
	reg := parse.NewRegistry(parse.Limits{})
	b.SetBytes(int64(s.Len()))
	b.ReportAllocs()
	for b.Loop() {
		_, err := reg.Parse(context.Background(), parse.Input{Body: strings.NewReader(s.String()), Filename: "o.json"}, parse.Options{}, nil)
		require.NoError(b, err)
	}
	perSecond(b, 20_000)
}

// ordersXLSX is a workbook of one sheet with a header, rows and eight columns.
func ordersXLSX(tb testing.TB, rows int) []byte {
	tb.Helper()
	f := excelize.NewFile()
	w, err := f.NewStreamWriter("Sheet1")
	require.NoError(tb, err)
	require.NoError(tb, w.SetRow("A1", []any{"order_id", "customer", "email", "quantity", "price", "status", "paid", "note"}))
	for i := range rows {
		cell, err := excelize.CoordinatesToCellName(1, i+2)
		require.NoError(tb, err)
		require.NoError(tb, w.SetRow(cell, []any{
			100_000 + i, fmt.Sprint("Customer ", i%997), fmt.Sprintf("c%d@example.com", i%997), i % 17, float64(i%300) + 0.5, "open", i%2 == 0, "a note",
		}))
	}
	require.NoError(tb, w.Flush())
	out, err := f.WriteToBuffer()
	require.NoError(tb, err)
	require.NoError(tb, f.Close())
	return out.Bytes()
}

func BenchmarkXLSX(b *testing.B) {
	const rows = 10_000
	data := ordersXLSX(b, rows)
	reg := parse.NewRegistry(parse.Limits{})
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		doc, err := reg.Parse(context.Background(), parse.Input{Body: bytes.NewReader(data), Filename: "o.xlsx"}, parse.Options{}, nil)
		require.NoError(b, err)
		require.Equal(b, rows, doc.Tables[0].RowCount)
	}
	perSecond(b, rows)
}

// perSecond reports the rows of a second.
func perSecond(b *testing.B, rows int) {
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
