package parse_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func rep(v string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestInference(t *testing.T) {
	for name, c := range map[string]struct {
		values []string
		opts   parse.Options
		typ    document.Type
		format document.Format
		cells  []string
	}{
		"integers":                   {values: []string{"1", "-2", "+3", "0", ""}, typ: "integer", cells: []string{"1", "-2", "3", "0", "null"}},
		"int64 ends":                 {values: []string{"9223372036854775807", "-9223372036854775808"}, typ: "integer"},
		"beyond int64":               {values: []string{"9223372036854775808", "1"}, typ: "string", cells: []string{"9223372036854775808", "1"}},
		"leading zero":               {values: append(rep("10115", 30), "01234"), typ: "string"},
		"leading zero and fractions": {values: append(rep("1.5", 30), "007"), typ: "string"},
		"decimals stay exact":        {values: []string{"1.50", "2", ".5", "-.25", "+3.0", "2.5e-3"}, typ: "float", cells: []string{"1.50", "2", "0.5", "-0.25", "3.0", "2.5e-3"}},
		"exponent alone is a code":   {values: []string{"1e5", "2e5"}, typ: "string"},
		"booleans":                   {values: []string{"true", "No", "YES", "false"}, typ: "boolean", cells: []string{"true", "false", "true", "false"}},
		"zero and one are integers":  {values: []string{"0", "1"}, typ: "integer"},
		"dates": {values: []string{"2024-02-29", "2024/03/01", "01.04.2024", "5.4.2024"}, typ: "date",
			cells: []string{"2024-02-29", "2024-03-01", "2024-04-01", "2024-04-05"}},
		"datetimes": {values: []string{"2024-01-15T10:00:00Z", "2024-01-15 10:00", "15.01.2024 10:00:30.5", "2024-01-15T10:00:00+0200"}, typ: "datetime",
			cells: []string{"2024-01-15T10:00:00Z", "2024-01-15T10:00:00", "2024-01-15T10:00:30.5", "2024-01-15T10:00:00+02:00"}},
		"dates and datetimes are text": {values: []string{"2024-01-15", "2024-01-15T10:00:00Z"}, typ: "string"},
		"impossible days":              {values: []string{"2024-02-30", "2023-02-29"}, typ: "string"},
		"slashes undecided":            {values: []string{"03/04/2024", "05/06/2024"}, typ: "string", format: "ambiguous_date"},
		"slashes decided as day first": {values: []string{"03/04/2024", "13/06/2024"}, typ: "date", cells: []string{"2024-04-03", "2024-06-13"}},
		"slashes decided as month first": {values: []string{"3/4/2024", "6/13/2024"}, typ: "date",
			cells: []string{"2024-03-04", "2024-06-13"}},
		"slashes contradict each other":    {values: []string{"13/06/2024", "06/13/2024"}, typ: "string", format: "ambiguous_date"},
		"slashes by order":                 {values: []string{"03/04/2024", "05/06/2024"}, opts: parse.Options{DateOrder: "mdy"}, typ: "date", cells: []string{"2024-03-04", "2024-05-06"}},
		"no values":                        {values: []string{"", "NULL", "null", `\N`, "N/A", "n/a", "  "}, typ: "string", cells: []string{"null", "null", "null", "null", "null", "null", "null"}},
		"own null token":                   {values: []string{"1", "-", "2"}, opts: parse.Options{NullTokens: []string{"-"}}, typ: "integer", cells: []string{"1", "null", "2"}},
		"nine of ten":                      {values: append(rep("7", 9), "x"), typ: "integer"},
		"less than nine of ten":            {values: append(rep("7", 8), "x"), typ: "string"},
		"first type that fits nine of ten": {values: append(rep("7", 19), "1.5", "x"), typ: "integer"},
		"blanks around numbers":            {values: []string{" 1", "2 "}, typ: "integer", cells: []string{"1", "2"}},
		"text is kept as it is":            {values: []string{" a ", "b"}, typ: "string", cells: []string{" a ", "b"}},
		"email":                            {values: []string{"a@b.example", "x.y+z@sub.domain.org"}, typ: "string", format: "email"},
		"email, one of ten bad":            {values: append(rep("a@b.example", 9), "nobody"), typ: "string", format: "email"},
		"email, two of ten bad":            {values: append(rep("a@b.example", 8), "nobody", "none"), typ: "string"},
		"phone":                            {values: []string{"+1 555 010-0000", "(030) 123-4567", "555-010-0000"}, typ: "string", format: "phone"},
		"phone with plus only":             {values: []string{"+4930123456", "+4930123457"}, typ: "string", format: "phone"},
		"an integer is no phone":           {values: []string{"5550100000", "5550100001"}, typ: "integer"},
		"addresses of machines":            {values: []string{"192.168.10.12", "192.168.10.13"}, typ: "string"},
		"uuid":                             {values: []string{"123e4567-e89b-12d3-a456-426614174000"}, typ: "string", format: "uuid"},
		"url":                              {values: []string{"https://example.com/a?b=c", "HTTP://example.org"}, typ: "string", format: "url"},
	} {
		t.Run(name, func(t *testing.T) {
			col, cells, _ := oneColumn(t, c.opts, c.values...)
			require.Equal(t, c.typ, col.Type)
			require.Equal(t, c.format, col.Format)
			if c.cells != nil {
				require.Equal(t, c.cells, texts(cells))
			}
		})
	}
}

func TestMisfitsStayTextAndAreListed(t *testing.T) {
	col, cells, doc := oneColumn(t, parse.Options{}, append(rep("2024-01-05", 20), "2024-02-30")...)
	require.Equal(t, document.TypeDate, col.Type)
	require.Equal(t, document.Text("2024-02-30"), cells[20])
	require.Equal(t, 1, doc.CellErrors.Total)
	e := doc.CellErrors.List[0]
	require.Equal(t, []any{"type_mismatch", 20, "v"}, []any{e.Code, e.Row, e.Column})
	require.Equal(t, `Row 21: "2024-02-30" in column "v" is not a real date.`, e.Message)
}

func TestOnlyTheFirstThousandErrorsAreKept(t *testing.T) {
	values := append(rep("7", 20_000), rep("x", 1_500)...)
	_, _, doc := oneColumn(t, parse.Options{}, values...)
	require.Equal(t, 1_500, doc.CellErrors.Total)
	require.Len(t, doc.CellErrors.List, document.MaxKeptErrors)
}

func TestDateLayoutsAreCounted(t *testing.T) {
	col, _, _ := oneColumn(t, parse.Options{}, "2024-01-05", "06.01.2024", "2024-01-07")
	require.Equal(t, []document.LayoutUse{
		{Layout: "YYYY-MM-DD", Count: 2, Rows: []int{0, 2}}, {Layout: "DD.MM.YYYY", Count: 1, Rows: []int{1}},
	}, col.Layouts)
}

// The verdict depends on the values, never on their order.
func TestInferenceIsIndependentOfOrder(t *testing.T) {
	pool := []string{
		"1", "2", "-7", "1.5", "007", "99999999999999999999", "true", "no", "2024-01-05", "2024-02-30", "13/06/2024", "06/13/2024", "03/04/2024",
		"2024-01-05T10:00:00Z", "", "NULL", "a@b.example", "+1 555 010-0000", "+4930123456", "text", "https://x.example",
	}
	rapid.Check(t, func(t *rapid.T) {
		common := rapid.SampledFrom(pool).Draw(t, "common")
		values := append(rapid.SliceOfN(rapid.SampledFrom(pool), 1, 12).Draw(t, "values"), rep(common, rapid.IntRange(0, 40).Draw(t, "n"))...)
		col, cells, _ := oneColumn(t, parse.Options{}, values...)
		shuffled := rapid.Permutation(values).Draw(t, "order")
		other, moved, _ := oneColumn(t, parse.Options{}, shuffled...)
		require.Equal(t, []any{col.Type, col.Format, col.NullCount}, []any{other.Type, other.Format, other.NullCount})
		// and each text becomes the same cell wherever it stands
		at := map[string]document.Value{}
		for i, v := range values {
			at[v] = cells[i]
		}
		for i, v := range shuffled {
			require.True(t, at[v].Equal(moved[i]), v)
		}
	})
}

// A cell fits its column exactly if it is not listed as an error.
func TestEveryMisfitIsAnError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringMatching(`[0-9]{1,3}|[0-9]\.[0-9]|x|2024-0[1-9]-[0-3][0-9]|`), 1, 40).Draw(t, "values")
		col, cells, doc := oneColumn(t, parse.Options{}, values...)
		misfits, nulls := 0, 0
		for _, v := range cells {
			if !col.Fits(v) {
				misfits++
			}
			if v.IsNull() {
				nulls++
			}
		}
		require.Equal(t, misfits, doc.CellErrors.Total)
		require.Equal(t, nulls, col.NullCount)
		require.LessOrEqual(t, misfits*10, len(cells)-nulls, strings.Join(values, "|"))
	})
}
