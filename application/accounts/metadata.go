package accounts

import (
	"bytes"
	"encoding/json"

	"github.com/symphainy/symphainy/domain/fault"
)

// maxSessionMetadata bounds what a client may attach to a session, in bytes of JSON.
const maxSessionMetadata = 16 << 10

// SessionMetadata accepts what a client attaches to a session: a JSON object of at most 16 KiB. Nothing and null are {}; anything else
// is ErrInvalid.
func SessionMetadata(raw []byte) ([]byte, error) {
	if raw = bytes.TrimSpace(raw); len(raw) == 0 || string(raw) == "null" {
		return []byte("{}"), nil
	}
	if len(raw) > maxSessionMetadata || raw[0] != '{' || !json.Valid(raw) {
		return nil, ErrInvalid.WithFields(fault.Field{
			Pointer: "/metadata", Code: "invalid", Message: "Give a JSON object of at most 16 KiB.",
		})
	}
	return raw, nil
}
