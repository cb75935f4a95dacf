package main

import (
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// turnFrames is how many events a turn of the builtin guide has, about.
const turnFrames = 22

// room is L6: sockets, and frames that are encoded once and written to each of them.
type room struct {
	mu  sync.Mutex
	out []chan *websocket.PreparedMessage
}

func (m *room) join(w http.ResponseWriter, r *http.Request) {
	upgrader := websocket.Upgrader{ReadBufferSize: 512, WriteBufferSize: 512, WriteBufferPool: &sync.Pool{}}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // it has answered
	}
	frames := make(chan *websocket.PreparedMessage, 4*turnFrames)
	m.mu.Lock()
	m.out = append(m.out, frames)
	m.mu.Unlock()
	for f := range frames {
		if conn.WritePreparedMessage(f) != nil {
			return // the generator is done
		}
	}
}

func (m *room) turn(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for seq := 1; seq <= turnFrames; seq++ {
		kind := "agent.token"
		if seq == turnFrames {
			kind = "execution.completed"
		}
		frame, err := websocket.NewPreparedMessage(websocket.TextMessage, fmt.Appendf(nil,
			`{"type":"runtime_event","event_type":%q,"data":{"token":"word "},"execution_id":"one","epoch":1,"seq":%d,"timestamp":%q}`,
			kind, seq, time.Now().UTC().Format(time.RFC3339Nano)))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		for _, out := range m.out {
			out <- frame
		}
	}
}
