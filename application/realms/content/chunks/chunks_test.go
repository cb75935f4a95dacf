package chunks_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content/chunks"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/domain/document"
)

func cut(t *testing.T, name string, content []byte) []chunks.Chunk {
	t.Helper()
	doc, err := parse.NewRegistry(parse.Limits{}).ParseAll(t.Context(), parse.Input{Body: bytes.NewReader(content), Filename: name}, parse.Options{})
	require.NoError(t, err)
	var out []chunks.Chunk
	require.NoError(t, chunks.Cut(doc, "file1", func(table int, visit func(int, document.Row) error) error {
		for n, row := range doc.Tables[table].Rows {
			if err := visit(n, row); err != nil {
				return err
			}
		}
		return nil
	}, func(c chunks.Chunk) error {
		out = append(out, c)
		return nil
	}))
	return out
}

func fixture(t *testing.T, name string) []chunks.Chunk {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return cut(t, name, content)
}

func paths(list []chunks.Chunk) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Path
	}
	return out
}

// The golden values of the specification, through a parser.
func TestGolden(t *testing.T) {
	rows := cut(t, "x.csv", []byte("id,name\n1,John Doe\n1,John Doe\n"))
	require.Equal(t, `{"id": 1, "name": "John Doe"}`, rows[0].Text) //nolint:testifylint // the bytes are the point
	require.Equal(t, "2f72d8e642f6653d633d9556c604c2b26cbaceed1a4819ccf6c3df453a917419", rows[0].Hash)
	require.Equal(t, []string{"85ef2063d2233f80", "29216a5b4cf765b6"}, []string{rows[0].ID, rows[1].ID})
	text := cut(t, "x.txt", []byte("Hello   world\nagain"))
	require.Len(t, text, 1)
	require.Equal(t, []string{"paragraph_0", "184351681da77373"}, []string{text[0].Path, text[0].ID})
}

func TestPaths(t *testing.T) {
	require.Equal(t, []string{"page_0", "page_1"}, paths(fixture(t, "permit.pdf")))
	require.Equal(t, []string{"paragraph_0", "paragraph_1"}, paths(cut(t, "x.txt", []byte("one\n\n\n\n \n\ntwo\n"))))
	sheets := paths(fixture(t, "policies.xlsx"))
	require.Equal(t, []string{"row_0", "row_1", "row_2", "row_3", "Riders/row_0", "Riders/row_1", "Riders/row_2", "Riders/row_3"}, sheets)
	process := fixture(t, "beneficiary.bpmn")
	require.Subset(t, paths(process), []string{"task_0", "gateway_0", "task_1", "task_2", "task_3", "task_4"})
	require.Equal(t, "Task: Verify Policy Status - Look the policy up and read its status.", process[0].Text)
	require.Contains(t, paths(fixture(t, "procedure.md")), "step_0")
	require.Contains(t, paths(fixture(t, "customer.schema.json")), "schema")
	for _, name := range []string{"manual.docx", "handbook.html", "review.txt"} {
		list := fixture(t, name)
		require.NotEmpty(t, list, name)
		seen := map[string]bool{}
		for _, c := range list {
			require.False(t, seen[c.ID], "%s: %s", name, c.Path)
			seen[c.ID] = true
		}
	}
}
