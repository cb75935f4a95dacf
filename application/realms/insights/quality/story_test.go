package quality_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/insights/quality"
	"github.com/symphainy/symphainy/domain/document"
)

func fixture(t testing.TB, name string) *document.Document {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return parsed(t, name, b)
}

func parsed(t testing.TB, name string, b []byte) *document.Document {
	t.Helper()
	doc, err := parse.NewRegistry(parse.Limits{}).ParseAll(context.Background(), parse.Input{Body: bytes.NewReader(b), Filename: name}, parse.Options{})
	require.NoError(t, err)
	return doc
}

func assess(t testing.TB, doc *document.Document, opts quality.Options) *quality.Assessment {
	t.Helper()
	a, err := quality.Assess(doc, quality.InMemory(doc), opts)
	require.NoError(t, err)
	return a
}

func find(a *quality.Assessment, code, column string) *quality.Issue {
	for i := range a.Issues {
		if a.Issues[i].Code == code && a.Issues[i].Column == column {
			return &a.Issues[i]
		}
	}
	return nil
}

func TestOrdersStory(t *testing.T) {
	doc := fixture(t, "orders-240.csv")
	types := map[string]document.Type{}
	for _, c := range doc.Tables[0].Columns {
		types[c.Name] = c.Type
	}
	require.Equal(t, map[string]document.Type{
		"order_id": "integer", "customer": "string", "contact_email": "string", "order_date": "date",
		"product": "string", "quantity": "integer", "unit_price": "float", "status": "string",
	}, types)
	require.Equal(t, 240, doc.Tables[0].RowCount)

	a := assess(t, doc, quality.Options{})
	const bad = 136
	require.Len(t, a.Issues, 3)
	keys := find(a, "duplicate_keys", "order_id")
	require.Equal(t, []int{51, bad}, keys.Rows)
	require.Equal(t, quality.High, keys.Severity)
	require.Equal(t, `Column "order_id" looks like a key, but 1 row repeats an earlier value: "10052" in row 52 and again in row 137 (line 138 of the file).`, keys.Description)
	date := find(a, "type_mismatch", "order_date")
	require.Equal(t, []int{bad}, date.Rows)
	require.Equal(t, `Column "order_date" holds dates, but 1 value is not a real date: "2024-02-30" in row 137 (line 138 of the file).`, date.Description)
	number := find(a, "type_mismatch", "quantity")
	require.Equal(t, []int{bad}, number.Rows)
	require.Equal(t, `Column "quantity" holds whole numbers, but 1 value is not: "twelve" in row 137 (line 138 of the file).`, number.Description)
	require.Equal(t, []quality.RowFinding{{Table: "orders-240", Row: bad,
		Problems: []string{"duplicate_keys: order_id", "type_mismatch: order_date", "type_mismatch: quantity"}}}, a.ProblemRows)
	require.Equal(t, "fair", a.OverallQuality)
	require.Equal(t, "A", a.Grade)
	require.Equal(t, "uniqueness", a.RootCause)
	require.InDelta(t, 0.8, a.ParsingConfidence, 1e-9)
	require.Contains(t, a.Summary, "Look first at row 137 (line 138 of the file)")
}

func TestEmployeesAreFaultless(t *testing.T) {
	a := assess(t, fixture(t, "employees.csv"), quality.Options{})
	require.Empty(t, a.Issues)
	for _, s := range []*float64{a.Scores.Completeness, a.Scores.Accuracy, a.Scores.Consistency, a.Scores.Uniqueness} {
		require.InDelta(t, 1, *s, 0)
	}
	require.Nil(t, a.Scores.Timeliness)
	require.InDelta(t, 1, a.Overall, 0)
	require.Equal(t, []string{"A", "good", "none"}, []string{a.Grade, a.OverallQuality, a.RootCause})
	require.InDelta(t, 1, a.ParsingConfidence, 0)
	require.Nil(t, a.EmbeddingConfidence)
	require.Equal(t, "5 rows: quality 100 of 100, grade A (good), no issues.", a.Summary)
}

func TestDirtyFindsEveryIssueWithItsRows(t *testing.T) {
	doc := fixture(t, "dirty.csv")
	require.Equal(t, 20, doc.Tables[0].RowCount)
	zip, _ := doc.Tables[0].Column("zip")
	require.Equal(t, document.TypeString, zip.Type)
	phone, _ := doc.Tables[0].Column("phone")
	require.Equal(t, document.FormatPhone, phone.Format)
	email, _ := doc.Tables[0].Column("email")
	require.Equal(t, document.FormatEmail, email.Format)

	a := assess(t, doc, quality.Options{})
	type want struct {
		code, column string
		severity     quality.Severity
		count        int
		share        float64
		rows         []int
	}
	for _, w := range []want{
		{"duplicate_keys", "id", quality.High, 2, .1, []int{2, 5, 7, 12}},
		{"missing_values", "name", quality.Medium, 3, .15, []int{3, 9, 15}},
		{"invalid_format", "email", quality.Medium, 2, .1, []int{6, 17}},
		{"type_mismatch", "salary", quality.Medium, 1, .05, []int{10}},
		{"duplicate_rows", "", quality.Medium, 1, .05, []int{5}},
		{"outliers", "salary", quality.Low, 1, .05, []int{14}},
		{"inconsistent_values", "department", quality.Low, 1, .05, []int{4}},
	} {
		i := find(a, w.code, w.column)
		require.NotNil(t, i, w.code)
		got := want{i.Code, i.Column, i.Severity, i.Count, i.Share, i.Rows}
		require.Equal(t, w, got)
	}
	require.Len(t, a.Issues, 7)
	require.InDelta(t, 137.0/140, *a.Scores.Completeness, 1e-6)
	require.InDelta(t, 134.0/137, *a.Scores.Accuracy, 1e-6)
	require.InDelta(t, 139.0/140, *a.Scores.Consistency, 1e-6)
	require.InDelta(t, 19.0/20, *a.Scores.Uniqueness, 1e-6)
	require.InDelta(t, 0.9, a.ParsingConfidence, 1e-9)
	require.Equal(t, "fair", a.OverallQuality)
	require.True(t, strings.HasPrefix(a.Summary, "20 rows: quality 97.4 of 100, grade A (fair), 7 issues, 1 of them serious."), a.Summary)
}

func day(s string) *time.Time {
	d, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return &d
}
