package intent_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
)

var keyForm = regexp.MustCompile(`\A[\x21-\x7e]{0,255}\z`)

// A key is taken as it is or refused, so that two keys that look alike are never one and one is never two.
func FuzzIdempotencyKey(f *testing.F) {
	for _, key := range []string{"", "a", "~", " ", "a b", "a\n", "é", "\x7f", "\xff", "a\u200bb", strings.Repeat("k", 255), strings.Repeat("k", 256), "６"} {
		f.Add(key)
	}
	f.Fuzz(func(t *testing.T, key string) {
		err := intent.CheckKey(key)
		require.Equal(t, keyForm.MatchString(key), err == nil, "%q", key)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			require.NotContains(t, fault.As(err).Msg, "%!")
		}
	})
}
