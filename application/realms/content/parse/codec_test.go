package parse_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func scalar(t *rapid.T) document.Value {
	s := rapid.OneOf(
		rapid.SampledFrom([]string{"1", "-0", "0", "1.50", "-0.0", "9223372036854775807", "2024-01-05", "2024-01-05T10:00:00Z", "2024-02-30", "true",
			`<a & "b">`, `'; --`, "\u202Eשלום", "\u2028", "two\nlines", "", "null", `{"$kind":"x"}`, "1E400"}),
		rapid.String()).Draw(t, "text")
	s = strings.ToValidUTF8(s, "?")
	switch rapid.IntRange(0, 6).Draw(t, "as") {
	case 0:
		if v, ok := document.ParseInteger(s); ok {
			return v
		}
	case 1:
		if v, ok := document.ParseFloat(s); ok {
			return v
		}
	case 2:
		if v, ok := document.ParseBoolean(s); ok {
			return v
		}
	case 3:
		if v, _, ok := document.ParseDate(s, ""); ok {
			return v
		}
	case 4:
		return document.Value{}
	case 5:
		if s == "1E400" {
			return document.ExactNumber(s)
		}
	}
	return document.Text(s)
}

// value makes any value, also such that no parser makes.
func value(depth int) *rapid.Generator[document.Value] {
	return rapid.Custom(func(t *rapid.T) document.Value {
		kind := 0
		if depth > 0 {
			kind = rapid.IntRange(0, 3).Draw(t, "kind")
		}
		switch kind {
		case 1:
			return document.Array(rapid.SliceOfN(value(depth-1), 0, 3).Draw(t, "items"))
		case 2:
			names := rapid.SliceOfN(rapid.SampledFrom([]string{"$kind", "v", "a", "b & <c>", ""}), 0, 3).Draw(t, "names")
			members := make([]document.Member, len(names))
			for i, n := range names {
				members[i] = document.Member{Name: n, Value: value(depth-1).Draw(t, "member")}
			}
			return document.Object(members)
		default:
			return scalar(t)
		}
	})
}

func anyTable(t *rapid.T) document.Table {
	types := []document.Type{"integer", "float", "boolean", "date", "datetime", "string", "array", "object"}
	table := document.Table{Name: "t"}
	for i := range rapid.IntRange(1, 4).Draw(t, "width") {
		table.Columns = append(table.Columns, document.Column{
			Name: string(rune('a' + i)), Position: i, Type: rapid.SampledFrom(types).Draw(t, "type"), Nullable: true,
			Constraints: []document.Constraint{{Kind: document.ConstraintEnum, Values: []string{"x"}}},
			Layouts:     []document.LayoutUse{{Layout: document.LayoutDash, Count: 1, Rows: []int{0}}},
		})
	}
	for range rapid.IntRange(1, 6).Draw(t, "rows") {
		row := make(document.Row, len(table.Columns))
		for i := range row {
			row[i] = value(2).Draw(t, "cell")
		}
		table.Rows = append(table.Rows, row)
	}
	table.RowCount, table.Preview = len(table.Rows), table.Rows[:1]
	return table
}

func requireSameRows(t require.TestingT, want, got []document.Row) {
	require.Len(t, got, len(want))
	for i := range want {
		require.Len(t, got[i], len(want[i]))
		for k := range want[i] {
			require.True(t, want[i][k].Equal(got[i][k]), "row %d cell %d: %#v became %#v", i, k, want[i][k], got[i][k])
		}
	}
}

func TestStoredFormsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := &document.Document{Format: "json", Tables: []document.Table{anyTable(t), anyTable(t)}}
		b, err := parse.EncodeDocument(doc)
		require.NoError(t, err)
		require.True(t, json.Valid(b))
		back, err := parse.DecodeDocument(b)
		require.NoError(t, err)
		var rows bytes.Buffer
		w := parse.NewRowWriter(&rows)
		for i := range doc.Tables {
			requireSameRows(t, doc.Tables[i].Rows, back.Tables[i].Rows)
			requireSameRows(t, doc.Tables[i].Preview, back.Tables[i].Preview)
			require.Equal(t, doc.Tables[i].Columns, back.Tables[i].Columns)
			require.NoError(t, w.BeginTable(i, &doc.Tables[i]))
			for _, r := range doc.Tables[i].Rows {
				require.NoError(t, w.Row(r))
			}
		}
		require.NoError(t, w.Flush())
		for i := range doc.Tables {
			var got []document.Row
			require.NoError(t, parse.ReadRows(bytes.NewReader(rows.Bytes()), doc, i, 0, -1, func(n int, r document.Row) error {
				require.Equal(t, len(got), n)
				got = append(got, r)
				return nil
			}))
			requireSameRows(t, doc.Tables[i].Rows, got)
		}
	})
}

func TestEveryFixtureIsStoredExactly(t *testing.T) {
	for _, name := range []string{"employees.csv", "dirty.csv", "ragged.csv", "utf16.csv", "hostile.csv", "header-only.csv", "orders-240.csv", "company.json", "permit.txt"} {
		doc := fixture(t, name)
		b, err := parse.EncodeDocument(doc)
		require.NoError(t, err)
		back, err := parse.DecodeDocument(b)
		require.NoError(t, err)
		again, err := parse.EncodeDocument(back)
		require.NoError(t, err)
		require.Equal(t, string(b), string(again), name)
		for i := range doc.Tables {
			requireSameRows(t, doc.Tables[i].Rows, back.Tables[i].Rows)
			doc.Tables[i].Rows, back.Tables[i].Rows, doc.Tables[i].Preview, back.Tables[i].Preview = nil, nil, nil, nil
		}
		require.Equal(t, doc, back, name)
	}
}

func TestReadRowsPages(t *testing.T) {
	var b bytes.Buffer
	w := parse.NewRowWriter(&b)
	content := "id,note\n" + "1," + strings.Repeat("x", 60_000) + "\n2," + strings.Repeat("é", 30_000) + "\n3,c\n4,d\n5,e\n"
	doc, err := parse.NewRegistry(parse.Limits{}).Parse(context.Background(), parse.Input{Body: strings.NewReader(content), Filename: "x.csv"}, parse.Options{}, w)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	page := func(offset, limit int) (ids []string) {
		require.NoError(t, parse.ReadRows(bytes.NewReader(b.Bytes()), doc, 0, offset, limit, func(_ int, r document.Row) error {
			ids = append(ids, r[0].Text())
			return nil
		}))
		return ids
	}
	require.Equal(t, []string{"1", "2"}, page(0, 2))
	require.Equal(t, []string{"4", "5"}, page(3, 10))
	require.Empty(t, page(5, 10))
	require.Empty(t, page(0, 0))
	require.Equal(t, []string{"1", "2", "3", "4", "5"}, page(0, -1))

	stop := errors.New("stop")
	require.ErrorIs(t, parse.ReadRows(bytes.NewReader(b.Bytes()), doc, 0, 0, -1, func(int, document.Row) error { return stop }), stop)
	require.Error(t, parse.ReadRows(bytes.NewReader(b.Bytes()), doc, 1, 0, -1, nil))
	require.Error(t, parse.ReadRows(bytes.NewReader(b.Bytes()[:b.Len()-3]), doc, 0, 4, -1, func(int, document.Row) error { return nil }), "a cut file is noticed")
}

func TestUnknownVersionsAreRefused(t *testing.T) {
	for _, bad := range []string{`{"document_version":2}`, `{}`, `{`, `{"document_version":1,"tables":[{"columns":[{"type":"colour"}]}]}`,
		`{"document_version":1,"tables":[{"columns":[{"type":"integer"}],"rows":[["x","y"]]}]}`} {
		_, err := parse.DecodeDocument([]byte(bad))
		require.Error(t, err, bad)
	}
}
