package openaillm_test

import (
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/openaillm"
)

// The only address that the platform calls is the operator's. What passes as one with a key has no credentials or query in it, and leaves this
// machine over TLS only, as the request that is made of it names its host.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{
		"", "https://api.openai.com/v1", "http://localhost:11434/v1", "http://127.0.0.1", "http://127.0.0.1@evil.example/", "http://localhost@evil.example", "http://[::1]:80/v1",
		"http://[::ffff:127.0.0.1]/", "http://[::ffff:10.0.0.1]/", "http://0.0.0.0/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://localhost.evil.example/",
		"http://169.254.169.254/latest", "file:///etc/passwd", "gopher://127.0.0.1", "HTTP://LOCALHOST", "http://localhost\t/", "http://127.0.0.1:80\\@evil.example", "//evil.example",
		"http://127.0.0.1%2eevil.example/", "http://[fe80::1%25lo]/", "https://u:p@x.example", "http://evil.example#@127.0.0.1", "http:127.0.0.1", "http://ⓛocalhost/", "https://x?k=1", "https://x?",
	} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		c := openaillm.Defaults()
		c.BaseURL, c.Key = address, "k"
		if c.Validate() != nil {
			return
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, nil)
		require.NoError(t, err)
		require.NotEmpty(t, r.URL.Host)
		require.Nil(t, r.URL.User)
		require.Empty(t, r.URL.RawQuery)
		require.NotContains(t, r.URL.Host, "@")
		switch r.URL.Scheme {
		case "https":
		case "http":
			host := r.URL.Hostname()
			ip, err := netip.ParseAddr(host)
			require.True(t, strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback(), "%q leaves the machine in the open", address)
		default:
			t.Fatalf("scheme of %q", address)
		}
		again, err := url.Parse(r.URL.String())
		require.NoError(t, err)
		require.Equal(t, r.URL.Host, again.Host)
	})
}
