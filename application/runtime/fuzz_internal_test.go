package runtime

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// scrambled writes a value again with its members in the other order and with white space.
func scrambled(v any) string {
	switch v := v.(type) {
	case map[string]any:
		names := make([]string, 0, len(v))
		for name := range v {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Reverse(names)
		var members []string
		for _, name := range names {
			members = append(members, scrambled(name)+" :\t"+scrambled(v[name]))
		}
		return "{\n" + strings.Join(members, " ,\r\n") + " }"
	case []any:
		var members []string
		for _, one := range v {
			members = append(members, scrambled(one))
		}
		return "[ " + strings.Join(members, " , ") + " ]"
	}
	raw, _ := json.Marshal(v) //nolint:errchkjson // texts, numbers that were read, and truth values
	return string(raw)
}

func exact(t *testing.T, raw []byte) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v))
	return v
}

// The canonical form of an intent's parameters is one form: stable, the same for every way to write the value, and of one value only.
func FuzzCanonicalIntent(f *testing.F) {
	for _, pair := range [][2]string{
		{``, `null`}, {`{"b":1,"a":[1.50,-0,1e3]}`, `{"a":[1.5,0,1000],"b":1}`}, {`{"a":"<&>\u2028"}`, `{"a":"<&>\u2029"}`},
		{`{"a":{"b":null}}`, `{"a.b":null}`}, {`{"a":9007199254740993}`, `{"a":9007199254740992}`}, {`{"é":1}`, `{"e\u0301":1}`}, {`{"a":1,"a":2}`, `{"a":2}`}, {`[[],{}]`, `[{},[]]`},
	} {
		f.Add([]byte(pair[0]), []byte(pair[1]))
	}
	f.Fuzz(func(t *testing.T, raw, other []byte) {
		if !json.Valid(raw) || !json.Valid(other) {
			return // what is submitted has been read as JSON before
		}
		one, err := canonical(raw)
		require.NoError(t, err)
		again, err := canonical(one)
		require.NoError(t, err)
		require.Equal(t, string(one), string(again))
		value := exact(t, raw)
		require.Equal(t, value, exact(t, one), "it says the same")
		rewritten, err := canonical([]byte(scrambled(value)))
		require.NoError(t, err)
		require.Equal(t, string(one), string(rewritten))
		two, err := canonical(other)
		require.NoError(t, err)
		require.Equal(t, hashOf(one) == hashOf(two), string(one) == string(two))
		require.Equal(t, same(value, exact(t, other)), string(one) == string(two), "one hash for one value")
	})
}

func same(a, b any) bool { return scrambled(a) == scrambled(b) }
