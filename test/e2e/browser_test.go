package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// tab is one page of a browser of its own, with nothing kept from another test. It notes what the page asks for and complains about.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string

	mu sync.Mutex
	// sent are the requests and the handshakes of sockets, as they went over the wire.
	sent []sentRequest
	// complaints are errors and warnings in the browser's console, refused content among them, and scripts' failures.
	complaints []string
	// saved is the name of the last download that is whole.
	saved string
}

// sentRequest is one request of a page. The headers that the network layer adds, cookies among them, are told apart from the address.
type sentRequest struct {
	url     string
	headers map[string]string
}

// openTab starts Chromium and shows a page. The browser ends with the test.
func openTab(t *testing.T, base, path string) *tab {
	t.Helper()
	program, err := exec.LookPath("chromium")
	require.NoError(t, err, "the end-to-end tests need Debian's package chromium; make test installs it")
	// chromedp gives each browser a new folder for its data and removes it.
	allocator, release := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(program), chromedp.Env("HOME="+t.TempDir()),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true), chromedp.WindowSize(1280, 800))
	ctx, closeTab := chromedp.NewContext(allocator)
	p := &tab{t: t, ctx: ctx, base: base}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the page at the end:\n%s", p.text())
		}
		if err := chromedp.Cancel(ctx); err != nil {
			t.Logf("close the browser: %v", err)
		}
		closeTab()
		release()
	})
	// Starts the browser, which lives as long as the context of this call.
	require.NoError(t, chromedp.Listen(ctx, p.note))
	require.NoError(t, chromedp.ListenBrowser(ctx, p.note))
	p.run(chromedp.Navigate(base + path))
	return p
}

// beside shows a page in the same browser to somebody else, with nothing of the first one's.
func (p *tab) beside(path string) *tab {
	p.t.Helper()
	ctx, done := chromedp.NewContext(p.ctx, chromedp.WithNewBrowserContext())
	p.t.Cleanup(done)
	other := &tab{t: p.t, ctx: ctx, base: p.base}
	require.NoError(p.t, chromedp.Listen(ctx, other.note))
	other.run(chromedp.Navigate(p.base + path))
	return other
}

// note keeps what the tests judge; it is called for every event of the page.
func (p *tab) note(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.sent = append(p.sent, sentRequest{e.Request.URL, headersOf(e.Request.Headers)})
	case *network.EventRequestWillBeSentExtraInfo:
		p.sent = append(p.sent, sentRequest{"", headersOf(e.Headers)})
	case *network.EventWebSocketCreated:
		p.sent = append(p.sent, sentRequest{e.URL, nil})
	case *network.EventWebSocketWillSendHandshakeRequest:
		p.sent = append(p.sent, sentRequest{"", headersOf(e.Request.Headers)})
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.complaints = append(p.complaints, fmt.Sprintf("%s: %s %s", e.Entry.Source, e.Entry.Text, e.Entry.URL))
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning || e.Type == runtime.ConsoleAPICalledTypeAssert {
			p.complaints = append(p.complaints, fmt.Sprintf("console: %v", e.Args))
		}
	case *browser.EventDownloadProgress:
		if e.State == browser.DownloadProgressStateCompleted {
			p.saved = e.GUID
		}
	case *runtime.EventExceptionThrown:
		p.complaints = append(p.complaints, "exception: "+e.ExceptionDetails.Text)
	}
}

func headersOf(h network.Headers) map[string]string {
	found := map[string]string{}
	for name, value := range h {
		found[strings.ToLower(name)] = fmt.Sprint(value)
	}
	return found
}

// run does things in the page and insists that they work.
func (p *tab) run(actions ...chromedp.Action[chromedp.Void]) {
	p.t.Helper()
	ctx, done := context.WithTimeout(p.ctx, waitTime)
	defer done()
	require.NoError(p.t, chromedp.Do(ctx, actions...))
}

// until waits until an expression in the page is true. A page that is being replaced is not there yet.
func (p *tab) until(format string, args ...any) {
	p.t.Helper()
	expression := fmt.Sprintf(format, args...)
	defer func() {
		if p.t.Failed() {
			p.t.Logf("waited for %s", expression)
		}
	}()
	eventually(p.t, func() bool {
		ok, err := chromedp.Run(p.ctx, chromedp.Evaluate[bool]("Boolean("+expression+")"))
		return err == nil && ok
	})
}

// read gives the value of an expression that is a text.
func (p *tab) read(expression string) string {
	p.t.Helper()
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string](expression))
	require.NoError(p.t, err, expression)
	return text
}

// text is what a person sees; it is for messages only.
func (p *tab) text() string {
	text, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("location.href + '\\n' + document.body.innerText"))
	if err != nil {
		return err.Error()
	}
	return text
}

// shows waits for a text in the part of the page that a selector names.
func (p *tab) shows(selector, text string) {
	p.t.Helper()
	p.until("document.querySelector(%s)?.innerText.includes(%s)", quoted(selector), quoted(text))
}

// press waits for the button or link of a name that can be used, and clicks it.
func (p *tab) press(within, name string) {
	p.t.Helper()
	p.until(`(() => { const b = [...document.querySelectorAll(%s + " :is(button, a)")].find((b) => b.innerText.trim() === %s && !b.disabled && b.checkVisibility());
		b?.click(); return b; })()`, quoted(within), quoted(name))
}

// typed writes into a field with the keyboard.
func (p *tab) typed(selector, text string) {
	p.t.Helper()
	p.run(chromedp.SendKeys(selector, text))
}

// quoted is a text as JavaScript writes it.
func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // a text can always be encoded
	}
	return string(raw)
}

// wire gives what was sent so far.
func (p *tab) wire() []sentRequest {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.sent)
}

// cookiesAlone insists that the page's cookies were its only credential, and that it asked nobody but its own origin.
func (p *tab) cookiesAlone() {
	p.t.Helper()
	origin, err := url.Parse(p.base)
	require.NoError(p.t, err)
	cookies, sockets := 0, 0
	for _, r := range p.wire() {
		require.NotContains(p.t, r.headers, "authorization", r.url)
		require.NotContains(p.t, r.headers, "x-session-secret", r.url)
		require.NotContains(p.t, r.headers["sec-websocket-protocol"], "bearer", r.url)
		if r.headers["cookie"] != "" {
			cookies++
		}
		if r.url == "" || strings.HasPrefix(r.url, "data:") || strings.HasPrefix(r.url, "blob:") {
			continue
		}
		asked, err := url.Parse(r.url)
		require.NoError(p.t, err)
		require.Equal(p.t, origin.Host, asked.Host, r.url)
		require.NotContains(p.t, asked.RawQuery, "token", r.url)
		if asked.Scheme == "ws" {
			sockets++
		}
	}
	require.Positive(p.t, cookies, "the headers were seen as they went over the wire")
	require.Positive(p.t, sockets)
}

// content waits for nothing: it insists that all complaints so far begin with one of the expected texts.
func (p *tab) content(expected ...string) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, complaint := range p.complaints {
		require.True(p.t, slices.ContainsFunc(expected, func(e string) bool { return matches(complaint, e) }), "unexpected in the browser's console: %s", complaint)
	}
}

// matches tells whether all parts of a pattern, which stars separate, come one after the other.
func matches(text, pattern string) bool {
	for part := range strings.SplitSeq(pattern, "*") {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return true
}
