package content_test

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/realms/content"
	"github.com/symphainy/symphainy/application/realms/insights"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/realmtest"
)

// params are the parameters of a submission.
type params = map[string]any

// kit is a world with both realms.
type kit struct {
	*realmtest.World
	content *content.Realm
}

func newKit(t *testing.T, configs ...content.Config) *kit {
	t.Helper()
	k := &kit{}
	config := content.Defaults()
	for _, c := range configs {
		config = c
	}
	k.World = realmtest.NewWorld(t, func(w *realmtest.World) []ports.Realm {
		k.content = content.New(content.Deps{UnitOfWork: w.Store, Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs, Config: config})
		return []ports.Realm{k.content, insights.New(insights.Deps{Blobs: w.Blobs, Clock: w.Clock, IDs: w.IDs})}
	})
	return k
}

const smallCSV = "id,name,amount\n1,Ada,10.50\n2,Alan,7\n3,Grace,\n"

func inHex(s string) string { return hex.EncodeToString([]byte(s)) }

// file is an ingested file.
type file struct{ id, contract, pending string }

func (k *kit) ingest(t *testing.T, p identity.Principal, name, body string) file {
	t.Helper()
	o := k.Must(t, p, "ingest_file", params{"ui_name": name, "file_content": inHex(body)})
	return file{id: o.Value("file_id"), contract: o.Value("boundary_contract_id")}
}

func (k *kit) save(t *testing.T, p identity.Principal, f file, more ...params) file {
	t.Helper()
	in := params{"file_id": f.id, "boundary_contract_id": f.contract}
	for _, m := range more {
		for key, v := range m {
			in[key] = v
		}
	}
	f.pending = k.Must(t, p, "save_materialization", in).Value("pending_parsing_intent_id")
	return f
}

func (k *kit) saved(t *testing.T, p identity.Principal, name, body string) file {
	t.Helper()
	return k.save(t, p, k.ingest(t, p, name, body))
}

func (k *kit) parse(t *testing.T, p identity.Principal, f file) string {
	t.Helper()
	return k.Must(t, p, "parse_content", params{"file_id": f.id}).Value("parsed_file_id")
}

// refused submits what has to fail with the code.
func (k *kit) refused(t *testing.T, p identity.Principal, code, intentType string, in params) {
	t.Helper()
	require.NotNil(t, k.refusal(t, p, code, intentType, in))
}

// refusal is refused that gives the error.
func (k *kit) refusal(t *testing.T, p identity.Principal, code, intentType string, in params) *fault.Error {
	t.Helper()
	_, err := k.Submit(t, p, intentType, in)
	require.Error(t, err)
	f := fault.As(err)
	require.Equal(t, code, f.Code, "%v", err)
	return f
}

func fixture(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "test", "fixtures", name))
	require.NoError(t, err)
	return string(raw)
}

func repeat(s string, n int) string { return strings.Repeat(s, n) }

func newReader(s string) *strings.Reader { return strings.NewReader(s) }
