package intents_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

type module struct {
	declaration realm.Declaration
	handlers    map[string]ports.IntentHandler
}

func (m module) Declaration() realm.Declaration           { return m.declaration }
func (m module) Handlers() map[string]ports.IntentHandler { return m.handlers }

func nothing(context.Context, ports.IntentCall) (ports.IntentResult, error) {
	return ports.IntentResult{}, nil
}

func greet() realm.IntentSpec {
	return realm.IntentSpec{
		Type: "greet", Aliases: []string{"say_hello"}, ParameterAliases: map[string]string{"who": "name"},
		Schema: []byte(`{"type":"object","additionalProperties":false,"required":["name"],"properties":{
			"name":{"type":"string","maxLength":10},"times":{"type":"integer","minimum":1},"a/b":{"type":"string","maxLength":3}}}`),
		Example: []byte(`{"name":"Ada"}`),
	}
}

func catalogue(t *testing.T) *intents.Catalogue {
	t.Helper()
	c, err := intents.NewCatalogue(module{
		realm.Declaration{Name: "manners", Intents: []realm.IntentSpec{greet()}}, map[string]ports.IntentHandler{"greet": nothing},
	})
	require.NoError(t, err)
	return c
}

func TestFindKnowsTypesAndAliases(t *testing.T) {
	c := catalogue(t)
	for _, name := range []string{"greet", "say_hello"} {
		e, err := c.Find(name)
		require.NoError(t, err)
		require.Equal(t, "greet", e.Spec.Type)
		require.Equal(t, "manners", e.Realm)
	}
	_, err := c.Find("Greet")
	require.ErrorIs(t, err, intent.ErrUnknown)
}

func TestParametersAreCanonical(t *testing.T) {
	e, err := catalogue(t).Find("greet")
	require.NoError(t, err)
	got, err := e.Parameters([]byte(` {"times": 10000000000000001, "who": "<Zoë>"} `))
	require.NoError(t, err)
	require.Equal(t, `{"name":"<Zoë>","times":10000000000000001}`, string(got)) //nolint:testifylint // the bytes matter: keys sorted, digits kept
}

func TestParametersNameWhatIsWrong(t *testing.T) {
	e, err := catalogue(t).Find("greet")
	require.NoError(t, err)
	cases := []struct {
		name, raw, code, pointer, fieldCode string
		kind                                fault.Kind
	}{
		{"missing", `{}`, "invalid_parameters", "/parameters/name", "missing", fault.Invalid},
		{"unknown", `{"name":"a","x~y":1}`, "unknown_field", "/parameters/x~0y", "unknown_field", fault.Malformed},
		{"too long", `{"name":"12345678901"}`, "invalid_parameters", "/parameters/name", "invalid_maxlength", fault.Invalid},
		{"wrong type", `{"name":"a","times":"two"}`, "invalid_parameters", "/parameters/times", "invalid_type", fault.Invalid},
		{"escaped", `{"name":"a","a/b":"long"}`, "invalid_parameters", "/parameters/a~1b", "invalid_maxlength", fault.Invalid},
		{"conflict", `{"name":"a","who":"b"}`, "invalid_parameters", "/parameters/who", "conflicting_alias", fault.Invalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := e.Parameters([]byte(c.raw))
			f := fault.As(err)
			require.Equal(t, c.code, f.Code)
			require.Equal(t, c.kind, f.Kind)
			require.Len(t, f.Fields, 1)
			require.Equal(t, c.pointer, f.Fields[0].Pointer)
			require.Equal(t, c.fieldCode, f.Fields[0].Code)
		})
	}
	for _, raw := range []string{`[]`, `null`, `{} {}`, `"x"`, `{`} {
		_, err := e.Parameters([]byte(raw))
		require.ErrorIs(t, err, intent.ErrParameters, raw)
	}
}

func TestNewCatalogueRefusesWhatDoesNotFit(t *testing.T) {
	bad := greet()
	bad.Example = []byte(`{}`)
	broken := greet()
	broken.Type, broken.Aliases, broken.Schema = "broken", nil, []byte(`{"type":7}`)
	cases := map[string]struct {
		realms []ports.Realm
		says   string
	}{
		"no handler":      {[]ports.Realm{module{realm.Declaration{Name: "a", Intents: []realm.IntentSpec{greet()}}, nil}}, "has no handler"},
		"undeclared":      {[]ports.Realm{module{realm.Declaration{Name: "a"}, map[string]ports.IntentHandler{"x": nothing}}}, "undeclared"},
		"example":         {[]ports.Realm{module{realm.Declaration{Name: "a", Intents: []realm.IntentSpec{bad}}, map[string]ports.IntentHandler{"greet": nothing}}}, "example"},
		"broken schema":   {[]ports.Realm{module{realm.Declaration{Name: "a", Intents: []realm.IntentSpec{broken}}, map[string]ports.IntentHandler{"broken": nothing}}}, "schema"},
		"taken elsewhere": {[]ports.Realm{one("a"), one("b")}, "is taken"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := intents.NewCatalogue(c.realms...)
			require.ErrorContains(t, err, c.says)
		})
	}
}

func one(name string) ports.Realm {
	return module{realm.Declaration{Name: name, Intents: []realm.IntentSpec{greet()}}, map[string]ports.IntentHandler{"greet": nothing}}
}
