package httpapi

import (
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// A cursor gives back what it was made of to the caller, list and filter that it was made for, and nothing to anybody else; it has one spelling.
func FuzzCursor(f *testing.F) {
	s := &Server{cfg: Config{CursorKey: []byte("0123456789abcdef0123456789abcdef")}}
	p := identity.Principal{Kind: identity.KindUser, TenantID: "ten_1", UserID: "usr_1"}
	good := s.cursors("artifacts", p, "type", "x").seal("art_1")
	for _, text := range []string{"", good, good + "A", good[1:], strings.ToUpper(good), good + "=", "\n" + good} {
		f.Add(text, "art_1", "artifacts", "ten_1", "usr_1", "type")
		f.Add(text, "art_2", "artifact", "sten_1", "usr_2", "typex")
	}
	f.Fuzz(func(t *testing.T, text, after, list, tenant, user, filter string) {
		box := s.cursors(list, identity.Principal{Kind: identity.KindUser, TenantID: tenant, UserID: user}, filter, "x")
		back, err := box.open(box.seal(after))
		if after == "" {
			require.Empty(t, back)
		} else {
			require.NoError(t, err)
			require.Equal(t, after, back)
		}
		for _, other := range []cursorBox{
			s.cursors(list+filter, p, "x"), s.cursors(list, identity.Principal{TenantID: tenant + user}, filter, "x"), s.cursors(list, p, filter+"x"),
			s.cursors(list, identity.Principal{Kind: identity.KindAnonymous, TenantID: tenant, SessionID: user + "."}, filter, "x"),
		} {
			_, err := other.open(box.seal(after))
			require.ErrorIs(t, err, errCursor)
		}
		if found, err := box.open(text); err == nil && text != "" {
			require.Equal(t, text, box.seal(found), "one spelling")
		} else if err != nil {
			require.Equal(t, fault.Malformed, fault.KindOf(err))
		}
	})
}

// A file's name becomes a label without ways out of it, and the header of a download gives back exactly the name and nothing besides.
func FuzzFileName(f *testing.F) {
	for _, name := range []string{
		"", ".", "..", "../../etc/passwd", `C:\temp\a.csv`, "a/b\\c", "a\r\nSet-Cookie: x=1", "\x00.csv", "a\u202egnp.exe", "é.csv", "a\xff.csv", "…/..", "\"; filename=\"b",
		strings.Repeat("é", 150), strings.Repeat("x", 300) + ".csv", " .. ", "%2e%2e%2f", "a;b", "=?utf-8?q?x?=", "..\x01",
	} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		safe := label(name)
		require.NotEmpty(t, safe)
		require.True(t, utf8.ValidString(safe))
		require.LessOrEqual(t, len(safe), 200)
		require.False(t, strings.ContainsAny(safe, `/\`) || strings.ContainsFunc(safe, unicode.IsControl), "%q", safe)
		require.NotContains(t, []string{".", ".."}, safe)
		require.Equal(t, safe, label(safe))
		for _, shown := range []string{safe, name} {
			header := attachment(shown)
			require.False(t, strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }), "%q", header)
			kind, parameters, err := mime.ParseMediaType(header)
			require.NoError(t, err, header)
			require.Equal(t, "attachment", kind)
			if given, ok := parameters["filename"]; ok {
				require.Equal(t, shown, given)
			}
			require.LessOrEqual(t, len(parameters), 1)
		}
	})
}
