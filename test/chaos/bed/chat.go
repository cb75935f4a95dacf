package bed

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/gorilla/websocket"

	"github.com/symphainy/symphainy/test/chaos/check"
)

// Talk opens the client's chat and sends messages, one after the other. What comes back is read and dropped until end, or until the socket
// breaks; which messages were accepted is in the tables.
func (c *Client) Talk(ctx context.Context, base string, messages []string) (end func(), err error) {
	header := http.Header{}
	c.credentials(header)
	conn, res, err := websocket.DefaultDialer.DialContext(ctx, strings.Replace(base, "http", "ws", 1)+"/api/runtime/agent?session_id="+c.Session, header)
	if res != nil {
		err = errors.Join(err, res.Body.Close())
	}
	if err != nil {
		return nil, errors.Join(ErrHandshake, err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			if _, _, err := conn.ReadMessage(); err != nil {
				return
			}
		}
	}()
	end = func() {
		_ = conn.Close() // it may be broken already, which is what the row is about
		<-over
	}
	for i, text := range messages {
		raw, err := json.Marshal(map[string]any{"type": "agent.message", "text": text, "message_id": fmt.Sprint("m", i), "context": map[string]any{"surface": "home"}})
		if err == nil {
			err = conn.WriteMessage(websocket.TextMessage, raw)
		}
		if err != nil {
			end()
			return nil, err
		}
	}
	return end, nil
}

// Turns reads the turns of all chats, in the order in which they began, with the number that each one's message ends with.
func (b *Bed) Turns(ctx context.Context) ([]check.Turn, error) {
	text, began, over := "parameters->>'text'", "to_char(started_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')", "to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')"
	if b.Options.SQLite {
		// As they are stored, they sort as texts.
		text, began, over = "json_extract(parameters, '$.text')", "CAST(started_at AS text)", "CAST(completed_at AS text)"
	}
	var turns []check.Turn
	err := b.Query(ctx, "SELECT id, session_id, "+text+", COALESCE("+began+", ''), COALESCE("+over+", '') FROM executions WHERE intent_type = 'agent.turn' ORDER BY started_at, lane_pos", func(r *sql.Rows) error {
		var t check.Turn
		var words string
		if err := r.Scan(&t.Execution, &t.Chat, &words, &t.Began, &t.Ended); err != nil {
			return err
		}
		_, err := fmt.Sscanf(words[strings.LastIndexByte(words, ' ')+1:], "%d", &t.Number)
		turns = append(turns, t)
		return err
	})
	return turns, err
}
