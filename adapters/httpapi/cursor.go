package httpapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// errCursor is a cursor that this list did not hand out to this caller.
var errCursor = fault.New(fault.Malformed, "invalid_cursor", "The cursor is not one of this list; start again without it.")

const macSize = sha256.Size

// cursorBox makes the cursors of one list: opaque, and worthless to every other caller, list and filter.
type cursorBox struct {
	key   []byte
	parts []string
}

// cursors gives the box for a list as the caller sees it under a filter.
func (s *Server) cursors(list string, p identity.Principal, filter ...string) cursorBox {
	return cursorBox{key: s.cfg.CursorKey, parts: append([]string{list, p.TenantID, p.Actor()}, filter...)}
}

// mac covers every part with its length, so that no two lists run together.
func (b cursorBox) mac(after string) []byte {
	h := hmac.New(sha256.New, b.key)
	for _, part := range append([]string{"symphainy cursor", after}, b.parts...) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return h.Sum(nil)
}

func (b cursorBox) seal(after string) string {
	return base64.RawURLEncoding.EncodeToString(append(b.mac(after), after...))
}

// open gives what seal was given, "" for no cursor.
func (b cursorBox) open(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(cursor)
	if err != nil || len(raw) <= macSize || !hmac.Equal(raw[:macSize], b.mac(string(raw[macSize:]))) {
		return "", errCursor
	}
	after := string(raw[macSize:])
	// Also a strict decoder skips line ends.
	if cursor != b.seal(after) {
		return "", errCursor
	}
	return after, nil
}

// window cuts a list that was read with one item more than asked for, and gives the cursor of the next page if there is one.
func window[T any](found []T, limit int, seal func(last T) string) ([]T, *string) {
	if len(found) <= limit {
		return found, nil
	}
	found = found[:limit]
	next := seal(found[limit-1])
	return found, &next
}
