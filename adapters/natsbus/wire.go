package natsbus

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/symphainy/symphainy/ports"
)

// maxMessage is far more than a hint needs.
const maxMessage = 1024

var errMessage = errors.New("natsbus: not a hint")

// message is a hint between processes. Fields that a newer version adds are ignored, so that versions may run side by side.
type message struct {
	SessionID   string `json:"s,omitempty"`
	ExecutionID string `json:"e,omitempty"`
	LastSeq     int64  `json:"n,omitempty"`
	Control     bool   `json:"c,omitempty"`
}

func encode(h ports.Hint) ([]byte, error) {
	raw, err := json.Marshal(message(h))
	if err == nil && len(raw) > maxMessage {
		err = errMessage
	}
	return raw, err
}

func decode(raw []byte) (ports.Hint, error) {
	var m message
	if len(raw) > maxMessage {
		return ports.Hint{}, errMessage
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return ports.Hint{}, fmt.Errorf("%w: %w", errMessage, err)
	}
	return ports.Hint(m), nil
}
