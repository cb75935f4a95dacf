package realmtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// Conformance checks the declarations of realms that are wired together: handled is what is declared, names are given once, schemas are
// closed and bounded, examples fit, results and rights are named.
func Conformance(t *testing.T, realms ...ports.Realm) {
	t.Helper()
	catalogue, err := intents.NewCatalogue(realms...)
	require.NoError(t, err, "the catalogue must accept the realms")
	owner := map[string]string{}
	for _, r := range realms {
		d := r.Declaration()
		t.Run(d.Name, func(t *testing.T) {
			require.NotEmpty(t, d.Name)
			require.NotEmpty(t, d.Title)
			require.NotEmpty(t, d.Intents)
			handled(t, d, r.Handlers())
			for _, spec := range d.Intents {
				for _, name := range append([]string{spec.Type}, spec.Aliases...) {
					require.Empty(t, owner[name], "%q belongs to two intents", name)
					owner[name] = d.Name
					found, err := catalogue.Find(name)
					require.NoError(t, err)
					require.Equal(t, spec.Type, found.Spec.Type)
				}
				t.Run(spec.Type, func(t *testing.T) { declaration(t, spec) })
			}
		})
	}
}

func handled(t *testing.T, d realm.Declaration, handlers map[string]ports.IntentHandler) {
	t.Helper()
	declared := make([]string, 0, len(d.Intents))
	for _, spec := range d.Intents {
		declared = append(declared, spec.Type)
		assert.NotNil(t, handlers[spec.Type], "%s has no handler", spec.Type)
	}
	assert.ElementsMatch(t, declared, slices.Collect(maps.Keys(handlers)), "declared must be handled, and handled declared")
}

func declaration(t *testing.T, spec realm.IntentSpec) {
	t.Helper()
	assert.NotEmpty(t, spec.Title)
	assert.NotEmpty(t, spec.Summary)
	assert.Contains(t, []int{1, 2}, spec.Tier)
	assert.Contains(t, []identity.Permission{identity.PermRead, identity.PermWrite, identity.PermDelete, identity.PermAdmin, identity.PermOperate}, spec.Permission)
	assert.Contains(t, []realm.RetryClass{realm.RetryPure, realm.RetryExternal, realm.RetryHuman, realm.RetryBulk}, spec.Retry)
	assert.NotEmpty(t, spec.ResultKeys, "a completed execution has named results")
	names(t, "result key", spec.ResultKeys)
	assert.Subset(t, spec.ResultKeys, spec.OptionalKeys, "an optional key is a result key")
	names(t, "optional key", spec.OptionalKeys)
	names(t, "alias", append([]string{spec.Type}, spec.Aliases...))
	names(t, "event", spec.Events)
	for _, e := range spec.Events {
		assert.NotContains(t, e, ".", "domain events have no dot in their name")
	}
	schema := decode(t, spec.Schema)
	assert.Equal(t, "object", schema["type"])
	assert.Equal(t, false, schema["additionalProperties"], "unknown parameters are refused")
	for _, problem := range unbounded("", schema) {
		t.Error(problem)
	}
	properties, _ := schema["properties"].(map[string]any)
	for alias, name := range spec.ParameterAliases {
		assert.Contains(t, properties, name, "alias %s", alias)
		assert.NotContains(t, properties, alias, "an alias is no parameter of its own")
	}
	example(t, spec)
}

func names(t *testing.T, what string, list []string) {
	t.Helper()
	for i, n := range list {
		assert.NotEmpty(t, n, "empty %s", what)
		assert.NotContains(t, list[i+1:], n, "repeated %s", what)
	}
}

func decode(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	var out map[string]any
	require.NoError(t, json.Unmarshal(raw, &out))
	return out
}

// example compiles the schema with the library alone, so that a fault of the catalogue's own validation shows too.
func example(t *testing.T, spec realm.IntentSpec) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Schema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	require.NoError(t, c.AddResource("schema.json", doc))
	compiled, err := c.Compile("schema.json")
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(spec.Example))
	require.NoError(t, err)
	require.NoError(t, compiled.Validate(value), "the example must fit the schema")
}

// unbounded names the places of a schema where a value of any size would pass.
func unbounded(path string, schema map[string]any) []string {
	var problems []string
	has := func(keys ...string) bool {
		return slices.ContainsFunc(keys, func(k string) bool { _, ok := schema[k]; return ok })
	}
	add := func(what string) { problems = append(problems, fmt.Sprintf("%s: %s", path, what)) }
	for _, kind := range kinds(schema) {
		switch {
		case kind == "string" && !has("maxLength", "enum", "const"):
			add("a text without maxLength or enum")
		case kind == "array" && !has("maxItems"):
			add("a list without maxItems")
		case kind == "object" && schema["additionalProperties"] != false && !has("maxProperties"):
			add("an object that is neither closed nor bounded")
		case kind == "integer" && !(has("minimum", "exclusiveMinimum") && has("maximum", "exclusiveMaximum")):
			add("an integer without bounds")
		}
	}
	for _, key := range slices.Sorted(maps.Keys(schema)) {
		problems = append(problems, inside(path+"/"+key, key, schema[key])...)
	}
	return problems
}

func inside(path, key string, value any) []string {
	var problems []string
	switch v := value.(type) {
	case map[string]any:
		if key == "properties" || key == "$defs" || key == "patternProperties" {
			for _, name := range slices.Sorted(maps.Keys(v)) {
				problems = append(problems, inside(path+"/"+name, "", v[name])...)
			}
			return problems
		}
		return unbounded(path, v)
	case []any:
		for i, x := range v {
			if m, ok := x.(map[string]any); ok && strings.HasSuffix(key, "Of") {
				problems = append(problems, unbounded(fmt.Sprintf("%s/%d", path, i), m)...)
			}
		}
	}
	return problems
}

func kinds(schema map[string]any) []string {
	switch k := schema["type"].(type) {
	case string:
		return []string{k}
	case []any:
		out := make([]string, 0, len(k))
		for _, x := range k {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
