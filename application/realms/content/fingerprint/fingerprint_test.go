package fingerprint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/symphainy/symphainy/application/realms/content/fingerprint"
	"github.com/symphainy/symphainy/domain/document"
)

func columns(pairs ...string) []document.Column {
	var out []document.Column
	for _, p := range pairs {
		name, typ, _ := strings.Cut(p, ":")
		out = append(out, document.Column{Name: name, Type: document.Type(typ), Position: len(out), Nullable: true})
	}
	return out
}

// exactly compares bytes: that two texts mean the same JSON is not enough here.
func exactly(t *testing.T, want, got string) {
	t.Helper()
	require.Equal(t, want, got)
}

func TestGoldenChunks(t *testing.T) {
	row := fingerprint.Row(columns("id:integer", "name:string"), document.Row{document.Integer(1), document.Text("John Doe")})
	exactly(t, `{"id": 1, "name": "John Doe"}`, row)
	h := fingerprint.TextHash(row)
	require.Equal(t, "2f72d8e642f6653d633d9556c604c2b26cbaceed1a4819ccf6c3df453a917419", h)
	require.Equal(t, "85ef2063d2233f80", fingerprint.ChunkID("file1", "row_0", h))
	require.Equal(t, "29216a5b4cf765b6", fingerprint.ChunkID("file1", "row_1", h))

	h = fingerprint.TextHash("Hello   world\nagain")
	require.Equal(t, "ed022f9f93a9cefeaf3fb9519cf5c62ec44ed57a096cea04262c040d7e792073", h)
	require.Equal(t, "184351681da77373", fingerprint.ChunkID("file1", "paragraph_0", h))

	amount, ok := document.ParseFloat("1.50")
	require.True(t, ok)
	row = fingerprint.Row(columns("ok:boolean", "name:string", "n:string", "amount:float"),
		document.Row{document.Boolean(true), document.Text("Zoë & <Co>"), {}, amount})
	exactly(t, `{"amount": 1.5, "n": null, "name": "Zo\u00eb & <Co>", "ok": true}`, row)
	h = fingerprint.TextHash(row)
	require.Equal(t, "6eb08d58b1aa2d1aef9d845398cd85729aecd1da28704c4f2e0ec86fe139416d", h)
	require.Equal(t, "659213655dffd630", fingerprint.ChunkID("file1", "row_0", h))
}

func TestGoldenSchemas(t *testing.T) {
	require.Equal(t, "86b9e9509292d9c2208381725e5bd9d15124b2acd04dba2e4b5dc8c38ed6c73a",
		fingerprint.Schema(columns(" ID :integer", "name:string")))
	require.Equal(t, "b298b08f8406fc8b2b2bc3c9cb4c1bd1547780fb238bfe41ab83c5b38b5118e7",
		fingerprint.Schema(columns("id:integer", "name:string", "email:string", "department:string", "salary:integer")))
}

func TestCompare(t *testing.T) {
	d := fingerprint.Compare(columns("id:integer", "name:string", "email:string"), columns("id:integer", "name:string", "phone:string"))
	require.InDelta(t, 0.7, d.Similarity, 1e-12)
	require.False(t, d.Same)
	require.Equal(t, []string{"phone"}, d.Missing)
	require.Equal(t, []string{"email"}, d.Added)
	same := fingerprint.Compare(columns("id:integer"), columns("ID:integer"))
	require.True(t, same.Same)
	require.InDelta(t, 1, same.Similarity, 0)
	require.InDelta(t, 0, fingerprint.Compare(columns("a:integer"), columns("b:integer")).Similarity, 0)
	require.Equal(t, []string{"a"}, fingerprint.Compare(columns("a:integer"), columns("a:float")).Retyped)
	require.InDelta(t, 0.6, fingerprint.Compare(columns("a:integer"), columns("a:float")).Similarity, 1e-12)
}

func TestCanonicalFloats(t *testing.T) {
	for in, want := range map[string]string{
		"1.50": "1.5", "1.0": "1.0", "7": "7.0", "0.10": "0.1", "-0.0": "0.0", "-2.500": "-2.5", "100.00": "100.0",
		"1e3": "1000.0", "1.25E-3": "0.00125", "12345678901234567890.10": "12345678901234567890.1", "1e999": "1e999",
	} {
		v, ok := document.ExactNumber(in).AsFloat()
		require.True(t, ok)
		require.Equal(t, want, fingerprint.Canonical(v), in)
	}
}

func TestCanonicalText(t *testing.T) {
	require.Equal(t, `"\ud83d\ude00 \"q\" \\ \n\u0001\u007f </>"`, fingerprint.Canonical(document.Text("😀 \"q\" \\ \n\x01\x7f </>")))
	exactly(t, `{"a": [1, null, {}], "b": "x"}`, fingerprint.Canonical(document.Object([]document.Member{
		{Name: "b", Value: document.Text("x")},
		{Name: "a", Value: document.Array([]document.Value{document.Integer(1), {}, document.Object(nil)})},
	})))
}

// White space never changes a hash, and canonical JSON is plain ASCII.
func TestProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		require.Equal(t, fingerprint.TextHash(s), fingerprint.TextHash(" "+strings.ReplaceAll(s, " ", "\n\t")+"\n"))
		for _, r := range fingerprint.Canonical(document.Text(s)) {
			require.Less(t, r, rune(0x7F))
		}
	})
}
