package realmtest

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The suite is only worth something if it refuses.
func TestUnboundedFindsWhatHasNoBound(t *testing.T) {
	cases := map[string]struct{ schema, says string }{
		"text":          {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`, "/properties/a: a text"},
		"list":          {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"array","items":{"type":"boolean"}}}}`, "/properties/a: a list"},
		"item":          {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"array","maxItems":2,"items":{"type":"string"}}}}`, "/properties/a/items: a text"},
		"open":          {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"object"}}}`, "/properties/a: an object"},
		"number":        {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"integer","minimum":1}}}`, "/properties/a: an integer"},
		"one of types":  {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":["null","string"]}}}`, "/properties/a: a text"},
		"alternatives":  {`{"type":"object","additionalProperties":false,"anyOf":[{"properties":{"a":{"type":"string"}}}]}`, "a text"},
		"named like it": {`{"type":"object","additionalProperties":false,"properties":{"type":{"type":"string"}}}`, "/properties/type: a text"},
		"bounded":       {`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string","maxLength":3},"b":{"type":"string","enum":["x"]}}}`, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var schema map[string]any
			require.NoError(t, json.Unmarshal([]byte(c.schema), &schema))
			found := strings.Join(unbounded("", schema), "\n")
			if c.says == "" {
				require.Empty(t, found)
				return
			}
			require.Contains(t, found, c.says)
		})
	}
}
