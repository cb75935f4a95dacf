package journey_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/journey"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

type params = map[string]any

// kit is a world with the realms that the tests need.
type kit struct{ *realmtest.World }

func newKit(t *testing.T) *kit {
	t.Helper()
	return &kit{realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		c := content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs})
		return []ports.Realm{c, journey.New(journey.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs, ParseFile: c.ParseFile})}
	})}
}

// ingested brings a file in, saved brings it in and saves it.
func (k *kit) ingested(t *testing.T, p identity.Principal, name, body string) (fileID, contractID string) {
	t.Helper()
	in := k.Must(t, p, "ingest_file", params{"ui_name": name, "file_content": hex.EncodeToString([]byte(body))})
	return in.Value("file_id"), in.Value("boundary_contract_id")
}

func (k *kit) saved(t *testing.T, p identity.Principal, name, body string) string {
	t.Helper()
	file, contract := k.ingested(t, p, name, body)
	k.Must(t, p, "save_materialization", params{"file_id": file, "boundary_contract_id": contract})
	return file
}

func (k *kit) parsed(t *testing.T, p identity.Principal, name, body string) string {
	t.Helper()
	return k.Must(t, p, "parse_content", params{"file_id": k.saved(t, p, name, body)}).Value("parsed_file_id")
}

// workflow makes a workflow of a file's text.
func (k *kit) workflow(t *testing.T, p identity.Principal, name, body string) map[string]any {
	t.Helper()
	return k.Must(t, p, "create_workflow", params{"parsed_file_id": k.parsed(t, p, name, body)}).Artifact("workflow")
}

// refused submits what has to fail with the code.
func (k *kit) refused(t *testing.T, p identity.Principal, code, intentType string, in params) {
	t.Helper()
	_, err := k.Submit(t, p, intentType, in)
	require.Error(t, err)
	require.Equal(t, code, fault.As(err).Code, "%v", err)
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return string(raw)
}

// at walks into a decoded document.
func at(t *testing.T, doc any, path ...any) any {
	t.Helper()
	for _, p := range path {
		switch key := p.(type) {
		case string:
			m, ok := doc.(map[string]any)
			require.True(t, ok, "%v of %v", key, path)
			doc = m[key]
		case int:
			l, ok := doc.([]any)
			require.True(t, ok && key < len(l), "%v of %v", key, path)
			doc = l[key]
		}
	}
	return doc
}

// pluck gives one field of every element of a list.
func pluck(t *testing.T, list any, field string) []any {
	t.Helper()
	items, ok := list.([]any)
	require.True(t, ok)
	out := []any{}
	for i := range items {
		out = append(out, at(t, items, i, field))
	}
	return out
}

func TestConformance(t *testing.T) {
	c := content.New(content.Deps{})
	realmtest.Conformance(t, c, journey.New(journey.Deps{}))
}
