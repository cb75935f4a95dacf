package accounts

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMailAddresses(t *testing.T) {
	for text, key := range map[string]string{
		"a@b":                          "a@b",
		" Ada.L+x@Example.ORG\n":       "ada.l+x@example.org",
		"straße@example.org":           "strasse@example.org",
		"ADA@ΕΛΛΆΣ.gr":                 "ada@ελλάσ.gr",
		"ada＠ｅｘａｍｐｌｅ．org":              "ada@example.org",
		"\u13ca@example.org":           "\uab9a@example.org",
		"\uab9a@example.org":           "\uab9a@example.org",
		"o'hara@example.org":           "o'hara@example.org",
		strings.Repeat("a", 64) + "@x": strings.Repeat("a", 64) + "@x",
	} {
		_, got, wrong := parseEmail(text)
		require.Nil(t, wrong, text)
		require.Equal(t, key, got)
	}
	for _, text := range []string{
		"a", "@", "a@", "@b", "a@b@c", "a b@c", "a@b c", "a@b.", "a@.b", "a@b..c", ".a@b", "a.@b", "a..b@c", "a@-b", "a@b-", "a\x00@b",
		"a\u200b@b", "a@b\u200d", "a\u202e@b", "\"a\"@b", "a@[127.0.0.1]", "a@b,c@d", "<a@b>", "a(b)@c", "a@b/c", "a\u00a0b@c",
		strings.Repeat("a", 65) + "@x", "a@" + strings.Repeat("b", 64), "a\xff@b",
	} {
		_, _, wrong := parseEmail(text)
		require.NotNil(t, wrong, "%q", text)
		require.Equal(t, "/email", wrong.Pointer)
	}
}

// Two spellings are the same account exactly if their keys are equal, so a key has to be its own key.
func TestAKeyIsItsOwnKey(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		key := EmailKey(rapid.String().Draw(r, "mail"))
		require.Equal(t, key, EmailKey(key))
		require.Equal(t, key, EmailKey(" "+key+"\t"))
	})
}
