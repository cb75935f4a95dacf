package examplerealm_test

import (
	"encoding/hex"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/content/parsed"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/examplerealm"
	"github.com/symphainy/symphainy/test/realmtest"
)

func TestConformance(t *testing.T) { realmtest.Conformance(t, examplerealm.Realm{}) }

func TestCount(t *testing.T) {
	w := realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		return []ports.Realm{
			content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs}),
			examplerealm.Realm{IDs: w.IDs, Documents: parsed.NewStore(w.Blobs, 0)},
		}
	})
	visitor := w.Visitor(t)
	bring := func(name, body string) string {
		in := w.Must(t, visitor, "ingest_file", map[string]any{"ui_name": name, "file_content": hex.EncodeToString([]byte(body))})
		w.Must(t, visitor, "save_materialization", map[string]any{"file_id": in.Value("file_id"), "boundary_contract_id": in.Value("boundary_contract_id")})
		return w.Must(t, visitor, "parse_content", map[string]any{"file_id": in.Value("file_id")}).Value("parsed_file_id")
	}
	text := bring("hamlet.txt", "To be or not to be\nthat is the question")
	o := w.Must(t, visitor, "count_words", map[string]any{"parsed_file_id": text})
	require.InDelta(t, 10, o.Artifact("word_count")["words"], 0)
	require.InDelta(t, 2, o.Artifact("word_count")["lines"], 0)
	require.Equal(t, []any{text}, o.Artifact("word_count")["parent_artifacts"])
	require.Equal(t, []string{"words_counted"}, o.Events())
	o = w.Must(t, visitor, "count_words", map[string]any{"parsed_file_id": text, "least": 4})
	require.InDelta(t, 2, o.Artifact("word_count")["words"], 0)

	_, err := w.Submit(t, visitor, "count_words", map[string]any{"parsed_file_id": bring("a.csv", "id\n1\n")})
	require.Equal(t, "insufficient_data", fault.As(err).Code, "nothing to work on is a failure")
	_, err = w.Submit(t, w.User(t), "count_words", map[string]any{"parsed_file_id": text})
	require.Equal(t, fault.ErrNotFound, err, "what is foreign is as unknown as what is unknown")
}

// The author's guide shows this package; what it shows is what is compiled here.
func TestTheGuideShowsThisCode(t *testing.T) {
	guide, err := os.ReadFile("../../docs/realms.md")
	require.NoError(t, err)
	for _, name := range []string{"examplerealm.go", "examplerealm_test.go"} {
		code, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Contains(t, string(guide), "```go\n"+string(code)+"```", "docs/realms.md must show %s as it is", name)
	}
}
