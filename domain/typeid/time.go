package typeid

import "strings"

// Millis gives the time, in milliseconds since 1970 UTC, at which an id was made: the first 48 bits of its UUIDv7. ok is false for a
// text that is no id of the kind.
func Millis(prefix Prefix, s string) (ms int64, ok bool) {
	if !Valid(prefix, s) {
		return 0, false
	}
	// The first ten characters hold 50 bits, of which the first two are always zero.
	for _, c := range []byte(s[len(prefix)+1:][:10]) {
		ms = ms<<5 | int64(strings.IndexByte(alphabet, c))
	}
	return ms, true
}
