package intent_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/intent"
)

func TestIdempotencyKeysAreVisibleASCII(t *testing.T) {
	for _, good := range []string{"", "!", "~", "a-1", strings.Repeat("k", 255)} {
		require.NoError(t, intent.CheckKey(good), good)
	}
	for _, bad := range []string{" ", "a b", "\n", "\x7f", "ä", "\xff", strings.Repeat("k", 256)} {
		require.ErrorIs(t, intent.CheckKey(bad), intent.ErrParameters, bad)
	}
}
