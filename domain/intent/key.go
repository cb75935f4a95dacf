package intent

import "strings"

// maxKey bounds an idempotency key in bytes.
const maxKey = 255

// CheckKey refuses an idempotency key that is not 1 to 255 visible ASCII characters; "" is no key, and good.
func CheckKey(key string) error {
	hidden := func(r rune) bool { return r <= ' ' || r > '~' }
	if len(key) > maxKey || strings.ContainsFunc(key, hidden) {
		return ErrParameters.WithMsg("The idempotency key must be 1 to %d visible ASCII characters.", maxKey)
	}
	return nil
}
