package e2e_test

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"path/filepath"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// sameOrigin serves a page of this folder at /page, and the real server, sockets included, at everything else.
func sameOrigin(t *testing.T, s *server, page string) string {
	t.Helper()
	target, err := url.Parse(s.url)
	require.NoError(t, err)
	routes := http.NewServeMux()
	routes.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, page) })
	routes.Handle("/", &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.Out.Host = r.In.Host // the server holds the Origin against the host that the browser asked for
	}})
	front := httptest.NewServer(routes)
	t.Cleanup(front.Close)
	return front.URL
}

// A page that somebody else writes needs no token: it signs in by cookie, opens the socket, chats, uploads and watches an execution.
func TestPlainPage(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t))
	ada := newAPI(t, s).register("Ada")
	p := openTab(t, sameOrigin(t, s, filepath.Join("testdata", "page.html")), "/page")

	p.typed("#login [name=email]", ada.email)
	p.typed("#login [name=password]", ada.password)
	p.press("#login", "Sign in")
	p.shows("#who", "Ada in ses_")
	p.shows("#line", "open")

	p.typed("#chat [name=text]", "What can I do here?")
	p.press("#chat", "Send")
	p.until(`document.querySelector("#answer").dataset.whole`)
	require.NotEmpty(t, p.read(`document.querySelector("#answer").textContent`))
	require.Equal(t, p.read(`document.querySelector("#answer").dataset.whole`), p.read(`document.querySelector("#answer").textContent`), "the tokens make the answer")

	file, err := filepath.Abs(filepath.Join("..", "fixtures", "employees.csv"))
	require.NoError(t, err)
	p.run(chromedp.SetUploadFiles("#upload [name=file]", []string{file}))
	p.press("#upload", "Upload")
	p.shows("#result", "completed: employees.csv")
	events := p.read(`[...document.querySelectorAll("#events li")].map((l) => l.textContent).join(" ")`)
	require.Regexp(t, `^execution\.accepted execution\.started execution\.step\.started .*execution\.completed$`, events)

	p.cookiesAlone()
	p.content()
}
