package wsapi

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/event"
)

func TestAFrameIsSharedByThoseWhoPutTheSameEventOut(t *testing.T) {
	var c frameCache
	e := event.Event{ExecutionID: "exe_1", Epoch: 1, Seq: 7, Type: "agent.token", Data: []byte(`{"token":"a"}`), Time: time.Unix(1, 0)}
	first, err := c.logged(e, "con_1")
	require.NoError(t, err)
	again, err := c.logged(e, "con_1")
	require.NoError(t, err)
	require.Same(t, &first[0], &again[0])
	for name, other := range map[string]func(*event.Event, *string){
		"conversation": func(_ *event.Event, c *string) { *c = "con_2" },
		"epoch":        func(e *event.Event, _ *string) { e.Epoch = 2 },
		"number":       func(e *event.Event, _ *string) { e.Seq = 8 },
		"execution":    func(e *event.Event, _ *string) { e.ExecutionID = "exe_2" },
	} {
		changed, conversation := e, "con_1"
		other(&changed, &conversation)
		frame, err := c.logged(changed, conversation)
		require.NoError(t, err)
		require.NotEqual(t, string(first), string(frame), name)
		require.True(t, json.Valid(frame))
	}
}

func TestTheSharedFramesAreBounded(t *testing.T) {
	var c frameCache
	for seq := range int64(3 * sharedFrames) {
		_, err := c.logged(event.Event{ExecutionID: "exe_1", Epoch: 1, Seq: seq + 1, Data: make([]byte, 0)}, "")
		require.NoError(t, err)
	}
	require.Len(t, c.frames, sharedFrames)

	frame, err := c.logged(event.Event{ExecutionID: "exe_2", Epoch: 1, Seq: 1, Data: fmt.Appendf(nil, `{"token":%q}`, strings.Repeat("a", sharedBytes))}, "")
	require.NoError(t, err)
	require.Greater(t, len(frame), sharedBytes)
	require.Len(t, c.frames, sharedFrames)
	require.NotContains(t, c.frames, frameKey{"exe_2", "", 1, 1})
}
