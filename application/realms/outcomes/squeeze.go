package outcomes

import (
	"bytes"
	"encoding/json"

	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
)

// squeezed encodes a payload. One that is too large has its texts and lists cut, ever shorter, until it fits; cut tells so. What is counted
// beside a list still counts all of it.
func squeezed(payload map[string]any) (raw json.RawMessage, cut bool) {
	raw = artifacts.Encode(payload)
	for _, most := range []struct{ text, list int }{{500, 50}, {300, 30}, {150, 20}, {80, 10}, {40, 5}} {
		if len(raw) <= artifact.MaxPayload {
			return raw, cut
		}
		cut = true
		var v map[string]any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&v); err != nil {
			return raw, cut
		}
		raw = artifacts.Encode(shorter(v, most.text, most.list))
	}
	return raw, cut
}

func shorter(v any, text, list int) any {
	switch x := v.(type) {
	case string:
		return clip(x, text)
	case []any:
		x = x[:min(len(x), list)]
		for i := range x {
			x[i] = shorter(x[i], text, list)
		}
		return x
	case map[string]any:
		for k := range x {
			x[k] = shorter(x[k], text, list)
		}
		return x
	}
	return v
}

// settle gives the result its payload, and its metadata with a warning if something was left out.
func (m *made) settle(kind string, payload map[string]any, assumptions []string, warnings []any) {
	var cut bool
	if m.Payload, cut = squeezed(payload); cut {
		warnings = append(warnings, warning("truncated", "The result is too large for its payload: texts are shortened and lists cut."))
	}
	m.Metadata = described(kind, assumptions, warnings)
}
