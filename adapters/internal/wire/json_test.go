package wire_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
)

type body struct {
	SessionID string      `json:"session_id"`
	Count     int         `json:"count"`
	Context   wire.Object `json:"context"`
}

func badDocuments() map[string]string {
	keys := strings.Builder{}
	for i := range wire.MaxKeys + 1 {
		fmt.Fprintf(&keys, `"k%d":0,`, i)
	}
	return map[string]string{
		"empty": ``, "blank": "  \n", "array": `[]`, "null": `null`, "broken": `{"session_id":`,
		"duplicate": `{"session_id":"a","session_id":"b"}`, "escaped duplicate": `{"count":1,"c\u006funt":2}`,
		"case twin": `{"session_id":"a","Session_ID":"b"}`, "unicode twin": `{"kind":1,"` + "\u212a" + `ind":2}`,
		"nested twin": `{"context":{"a":[{"x":1,"X":2}]}}`,
		"trailing":    `{} {}`, "trailing text": `{}x`, "overflow": `{"count":1e400}`, "nested overflow": `{"context":{"a":-1e999}}`,
		"lone surrogate": `{"session_id":"\ud800"}`, "reversed surrogates": `{"session_id":"\udc00\ud800"}`, "not UTF-8": "{\"session_id\":\"\xff\"}",
		"utf-16": "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00", "bom": "\xef\xbb\xbf{}", "NaN": `{"count":NaN}`, "comment": `{/**/}`,
		"nul": `{"session_id":"a\u0000b"}`, "nul in a key": `{"context":{"\u0000":1}}`,
		"comma": `{"count":1,}`, "control": "{\"session_id\":\"\n\"}", "leading zero": `{"count":01}`,
		"deep":   `{"context":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`,
		"deeper": `{"context":` + strings.Repeat("[", wire.MaxDepth) + strings.Repeat("]", wire.MaxDepth) + `}`,
		"keys":   `{"context":{` + strings.TrimSuffix(keys.String(), ",") + `}}`,
	}
}

func TestDecodeRefusesWhatIsNotStrict(t *testing.T) {
	for name, raw := range badDocuments() {
		t.Run(name, func(t *testing.T) {
			var into body
			err := wire.Decode([]byte(raw), &into)
			require.ErrorIs(t, err, wire.ErrInvalidJSON)
			require.Equal(t, 400, wire.NewProblem(err, "").Status)
		})
	}
}

func TestDecodeTakesWhatIsAllowed(t *testing.T) {
	deep := `{"context":` + strings.Repeat(`{"a":`, wire.MaxDepth-1) + `1` + strings.Repeat("}", wire.MaxDepth-1) + `}`
	for _, raw := range []string{`{}`, ` {"session_id":"ses_x","count":3,"context":{"Count":1,"x":[1,2,{"x":null}]}} `, deep, `{"session_id":"😀\ud83d\ude00"}`} {
		var into body
		require.NoError(t, wire.Decode([]byte(raw), &into), raw)
	}
}

func TestDecodeNamesTheWrongPlace(t *testing.T) {
	cases := []struct {
		raw, code, pointer string
		kind               fault.Kind
	}{
		{`{"Session_ID":"a"}`, "unknown_field", "/Session_ID", fault.Malformed},
		{`{"a/b":1}`, "unknown_field", "/a~1b", fault.Malformed},
		{`{"count":"three"}`, "invalid_parameters", "/count", fault.Invalid},
		{`{"count":1.5}`, "invalid_parameters", "/count", fault.Invalid},
		{`{"session_id":{}}`, "invalid_parameters", "/session_id", fault.Invalid},
	}
	for _, c := range cases {
		var into body
		f := fault.As(wire.Decode([]byte(c.raw), &into))
		require.Equal(t, c.code, f.Code, c.raw)
		require.Equal(t, c.kind, f.Kind)
		require.Equal(t, c.pointer, f.Fields[0].Pointer)
	}
	var into body
	f := fault.As(wire.Decode([]byte(`{"`+strings.Repeat("é", 500)+`":1}`), &into))
	require.LessOrEqual(t, len(f.Fields[0].Pointer), 210)
}

func TestReadBodyHoldsTheLimit(t *testing.T) {
	for size, ok := range map[int]bool{0: true, 10: true, 11: false, 1 << 20: false} {
		for _, declared := range []bool{true, false} {
			r := httptest.NewRequest("POST", "/", strings.NewReader(strings.Repeat("x", size)))
			if !declared {
				r.ContentLength = -1
			}
			raw, err := wire.ReadBody(httptest.NewRecorder(), r, 10)
			if ok {
				require.NoError(t, err)
				require.Len(t, raw, size)
				continue
			}
			require.ErrorIs(t, err, wire.ErrTooLarge)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, raw := range badDocuments() {
		if len(raw) < 1000 {
			f.Add([]byte(raw))
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var into body
		if err := wire.Decode(raw, &into); err != nil {
			require.NotEqual(t, fault.Internal, fault.KindOf(err))
		}
	})
}

// The library takes a number that kept its text for a text.
func TestNumbersThatKeptTheirTextAreNumbers(t *testing.T) {
	raw, err := wire.Marshal(map[string]any{"price": json.Number("1.50"), "list": []any{json.Number("7")}, "text": "7"})
	require.NoError(t, err)
	require.Equal(t, `{"list":[7],"price":1.50,"text":"7"}`, string(raw)) //nolint:testifylint // the very text: 1.50 is not 1.5
}
