package e2e_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// frames is the schema of what the server sends over a socket, from its AsyncAPI document.
type frames struct{ schema *jsonschema.Schema }

// loadFrames asks the server for its AsyncAPI document and compiles the schema of the server's frames.
func loadFrames(t *testing.T, a *api) *frames {
	t.Helper()
	a.framesLock.Lock()
	defer a.framesLock.Unlock()
	if a.frames != nil {
		return a.frames
	}
	res, _, err := a.try(request{method: http.MethodGet, path: "/api/asyncapi.json"})
	require.NoError(t, err)
	res.is(http.StatusOK)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(res.body))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	const name = "https://symphainy.test/asyncapi.json"
	require.NoError(t, compiler.AddResource(name, doc))
	schema, err := compiler.Compile(name + "#/components/schemas/ServerFrame")
	require.NoError(t, err)
	a.frames = &frames{schema}
	return a.frames
}

// check holds a frame against the document.
func (f *frames) check(t *testing.T, raw []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	require.NoError(t, err)
	require.NoError(t, f.schema.Validate(value), "%s", raw)
}
