package wsapi

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
)

// frame gives what a client's message of a type is read into; nil if there is no such type.
func frameOf(kind string) any {
	switch kind {
	case frameMessage:
		return &messageFrame{}
	case frameCancel:
		return &cancelFrame{}
	case frameDecision:
		return &decisionFrame{}
	case frameResume:
		return &resumeFrame{}
	case frameRefresh:
		return &refreshFrame{}
	case frameUpgrade:
		return &upgradeFrame{}
	case framePing:
		return &pingFrame{}
	}
	return nil
}

// What is read as an envelope is what its JSON says, in both of its forms; whatever is refused keeps the socket and is answered by a frame.
func FuzzEnvelope(f *testing.F) {
	for _, text := range []string{
		`{"type":"ping"}`, `{"type":"ping","payload":{}}`, `{"type":"agent.message","text":"hi","context":{"surface":"content_pillar"},"message_id":"m1"}`,
		`{"type":"agent.message","payload":{"text":"hi","when_busy":"queue"}}`, `{"type":"agent.cancel","execution_id":"exe_1"}`,
		`{"type":"agent.decision","execution_id":"e","decision":"edit","response":{"a":1.50},"arguments_hash":"h"}`,
		`{"type":"stream.resume","execution_id":"e","epoch":1,"after_seq":9007199254740993}`, `{"type":"auth.refresh","access_token":"t"}`,
		`{"type":"ping","payload":{"type":"agent.cancel"}}`, `{"type":"ping","Type":"agent.cancel"}`, `{"type":"ping","type":"ping"}`, `[]`, `{"type":1}`,
		`{"type":"agent.cancel","payload":{"execution_id":"a"},"execution_id":"b"}`, "{\"type\":\"ping\",\"a\xff\":1}", `{"type":"agent.cancel","payload":{"Execution_ID":"x"}}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		refused := func(err error) {
			require.NotEqual(t, fault.Internal, fault.KindOf(err), err)
			answer, err := failure(err, time.Unix(0, 0))
			require.NoError(t, err)
			require.True(t, json.Valid(answer))
		}
		kind, err := frameType(raw)
		if err != nil {
			refused(err)
			return
		}
		var plain map[string]any
		require.NoError(t, json.Unmarshal(raw, &plain), "what passes is JSON for everybody")
		require.Equal(t, plain["type"], kind)
		into, again, wrapped := frameOf(kind), frameOf(kind), frameOf(kind)
		if into == nil {
			return
		}
		if err := decode(raw, into); err != nil {
			refused(err)
			return
		}
		flat, err := encode(into)
		require.NoError(t, err)
		require.NoError(t, decode(flat, again), "%s", flat)
		second, err := encode(again)
		require.NoError(t, err)
		require.Equal(t, string(flat), string(second))
		var fields map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(flat, &fields))
		delete(fields, "type")
		folded, err := json.Marshal(map[string]any{"type": kind, "payload": fields})
		require.NoError(t, err)
		require.NoError(t, decode(folded, wrapped), "%s", folded)
		third, err := encode(wrapped)
		require.NoError(t, err)
		require.JSONEq(t, string(flat), string(third), "the two forms say the same")
	})
}

// judged tells by a second reading of the same rules, over all bytes at once, whether a stream of frames has to be refused.
func judged(p []byte, fragmentsMost, controlsMost int) bool {
	fragments, controls := 0, 0
	for len(p) >= 2 {
		opcode, size, head := p[0]&0x0f, uint64(p[1]&0x7f), 2
		long := size
		switch size {
		case 126:
			head += 2
		case 127:
			head += 8
		}
		if p[1]&0x80 != 0 {
			head += 4
		}
		if len(p) < head {
			return false
		}
		switch long {
		case 126:
			size = uint64(binary.BigEndian.Uint16(p[2:]))
			if size <= 125 {
				return true
			}
		case 127:
			size = binary.BigEndian.Uint64(p[2:])
			if size <= math.MaxUint16 || size > math.MaxInt64 {
				return true
			}
		}
		switch {
		case opcode >= 8:
			if controls++; controls > controlsMost || opcode == 8 && size == 1 {
				return true
			}
		case opcode == 0:
			fragments++
		default:
			fragments = 1
		}
		if opcode < 8 && fragments > fragmentsMost {
			return true
		}
		if size > uint64(len(p)-head) {
			return false
		}
		p = p[head+int(size):]
	}
	return false
}

// The reader of frames says the same however the bytes arrive, and what a second reading of the rules says.
func FuzzFrameReader(f *testing.F) {
	for _, raw := range [][]byte{
		{0x81, 0x80, 1, 2, 3, 4}, {0x81, 0x85, 1, 2, 3, 4, 'h', 'e', 'l', 'l', 'o'}, {0x88, 0x81, 1, 2, 3, 4, 9}, {0x89, 0x80, 0, 0, 0, 0},
		{0x82, 0xfe, 0, 5, 1, 2, 3, 4, 0, 0, 0, 0, 0}, {0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4}, {0x82, 0xff, 0, 0, 0, 0, 0, 0, 1, 0},
		{0x01, 0x80, 1, 2, 3, 4, 0x00, 0x80, 1, 2, 3, 4, 0x00, 0x80, 1, 2, 3, 4, 0x80, 0x80, 1, 2, 3, 4}, {0x82, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0},
	} {
		f.Add(raw, uint8(1))
	}
	f.Fuzz(func(t *testing.T, raw []byte, step uint8) {
		cfg := Defaults()
		cfg.MaxFragments, cfg.ControlPerMinute = 3, 4
		want := judged(raw, cfg.MaxFragments, cfg.ControlPerMinute)
		for _, size := range []int{len(raw) + 1, 1 + int(step), 1} {
			c := newFrameCheck(nil, cfg, nil)
			c.controls.SetLimit(0)
			bad := false
			for rest := raw; len(rest) > 0 && !bad; {
				n := min(size, len(rest))
				bad = c.scan(rest[:n]) != nil
				rest = rest[n:]
			}
			require.Equal(t, want, bad, "in pieces of %d", size)
		}
	})
}
