package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// turnFrame is an event as a chat's client sees it.
type turnFrame struct {
	Type      string            `json:"type"`
	EventType string            `json:"event_type"`
	Data      map[string]string `json:"data"`
	Execution string            `json:"execution_id"`
	Epoch     int               `json:"epoch"`
	Seq       int               `json:"seq"`
	Timestamp time.Time         `json:"timestamp"`
}

// talk serves L4: a chat that stores nothing. Each question is decoded, and answered with as many frames as a turn of the guide has, each encoded.
func talk(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	defer func() { _ = conn.Close() }() // the generator is done
	for {
		var ask map[string]any
		if conn.ReadJSON(&ask) != nil {
			return // the generator is done
		}
		for seq := 1; seq <= turnFrames; seq++ {
			f := turnFrame{"runtime_event", "agent.token", map[string]string{"token": "word "}, "one", 1, seq, time.Now().UTC()}
			if seq == turnFrames {
				f.EventType = "execution.completed"
			}
			if conn.WriteJSON(f) != nil {
				return
			}
		}
	}
}

// thinChat is L4 as its client sees it.
func thinChat(ctx context.Context, _ *deployment, url string) (client, func(), error) {
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(url, "http", "ws", 1)+"/l4", nil)
	if err != nil {
		return nil, nil, err
	}
	ask, err := json.Marshal(question())
	if err != nil {
		return nil, nil, err
	}
	return func(context.Context) error { return turn(conn, ask) }, func() { _ = errors.Join(conn.Close(), res.Body.Close()) }, nil
}

func question() map[string]any {
	return map[string]any{"type": "agent.message", "text": "Hello, what can I do here?", "context": map[string]string{"surface": "home"}}
}

// turn asks, and reads the answer to its end.
func turn(conn *websocket.Conn, ask []byte) error {
	if err := conn.WriteMessage(websocket.TextMessage, ask); err != nil {
		return err
	}
	for {
		_, frame, err := conn.ReadMessage()
		switch {
		case err != nil:
			return err
		case bytes.Contains(frame, []byte(`"event_type":"execution.completed"`)):
			return nil
		case bytes.Contains(frame, []byte(`"type":"error"`)):
			return errors.New("refused: " + string(frame))
		}
	}
}
