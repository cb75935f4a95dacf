package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// lookups are the questions of the console whose answer may be that there is nobody and nothing yet.
var lookups = []string{"network: *status of 401*/api/auth/me", "network: *status of 404*/api/v1/guide-agent/history/"}

// A visitor chats, uploads a file with faults in it and sees them, signs up, and is in the same session with everything in it.
func TestConsole(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t))
	p := openTab(t, s.url, "/console")
	p.shows(".composer .line", "Connected")
	p.shows("main", "You are a visitor")
	p.answers("What can I do here?")
	session := p.read(`localStorage.getItem("symphainy.session")`)
	require.Contains(t, session, "ses_")

	p.goTo("files")
	file, err := filepath.Abs(filepath.Join("..", "fixtures", "dirty.csv"))
	require.NoError(t, err)
	p.run(chromedp.SetUploadFiles("#choose", []string{file}))
	p.shows("main [role=status]", "dirty.csv is saved")
	p.press("[aria-label=Files] tr:has(a)", "Parse")
	p.shows("main", "format csv")
	p.press("main", "Check the quality")
	p.shows("main .grade", "Grade")
	p.shows("[aria-label=Issues]", "Duplicate")
	assessment := p.read(`location.hash`)

	p.goTo("account")
	p.typed("form[aria-label='Sign up'] [autocomplete=name]", "Ada")
	p.typed("form[aria-label='Sign up'] [type=email]", "ada@e2e.example")
	p.typed("form[aria-label='Sign up'] [type=password]", "correct-horse-battery")
	p.press("form[aria-label='Sign up']", "Sign up")
	p.shows("#account", "Ada")
	require.Equal(t, session, p.read(`localStorage.getItem("symphainy.session")`), "the session goes on")
	p.until(`document.querySelector("main h1")?.innerText === "Chat"`)
	p.shows(".composer .line", "Connected")
	p.shows(".log", "What can I do here?")
	p.answers("And now?")

	p.goTo("files")
	p.press("[aria-label=Files]", "dirty.csv")
	p.until(`document.querySelector("main h1")?.innerText === "dirty.csv"`)
	require.Equal(t, fixture(t, "dirty.csv"), p.downloads("Download"), "what comes back is what was brought")
	p.goTo(strings.TrimPrefix(assessment, "#/"))
	p.shows("main .grade", "Grade")
	p.press("main", "Export as md")
	p.until(`location.hash !== %s && document.querySelector("main h1")`, quoted(assessment))
	require.Contains(t, strings.ToLower(string(p.downloads("Download"))), "quality")

	p.goTo("files")
	p.typed("[aria-label='Bring it together'] input", "Clean the staff list")
	p.press("[aria-label='Bring it together']", "Plan a roadmap")
	p.shows("main h1", "Roadmap")
	p.shows("main", "Clean the staff list")
	roadmap := p.read(`location.hash`)
	p.press("main", "Export as docx")
	p.until(`location.hash !== %s && document.querySelector("main h1")`, quoted(roadmap))
	require.Equal(t, "PK", string(p.downloads("Download")[:2]), "a document is a zip archive")

	p.goTo("executions")
	p.press("main", "Generate roadmap")
	p.shows(".timeline", "Attempt 1")
	p.shows(".events", "execution.completed")
	ran := strings.TrimPrefix(p.read(`location.hash`), "#/")
	for page, shown := range map[string]string{
		strings.TrimPrefix(assessment, "#/"): "Issues", strings.TrimPrefix(roadmap, "#/"): "Where it comes from", ran: "execution.completed", "chat": "And now?", "files": "dirty.csv",
		"executions": "Generate roadmap", "decisions": "Nothing waits for you", "catalogue": "ingest_file", "catalogue/agents": "Posture", "operations": "Everything that this server needs", "account": "This one",
	} {
		p.goTo(page)
		p.shows("main", shown)
		p.until(`!document.querySelector("main [aria-busy=true]")`)
		p.accessible()
	}
	p.until(`(document.querySelector(".skip").click(), document.activeElement.id === "main")`)
	require.NotEqual(t, "#main", p.read(`location.hash`), "skipping to the content stays on the page")
	p.modules()
	p.cookiesAlone()
	p.content(lookups...)
}

// The server is killed and comes back: the page says so, opens its line again, and what is asked meanwhile is answered.
func TestConsoleComesBack(t *testing.T) {
	t.Parallel()
	e := onSQLite(t)
	first := start(t, e)
	p := openTab(t, first.url, "/console")
	p.shows(".composer .line", "Connected")
	p.answers("What can I do here?")
	first.kill()
	p.shows(".composer .line", "Connecting …")
	p.send("Are you there?")
	start(t, e.with("SYMPHAINY_ADDR="+strings.TrimPrefix(first.url, "http://")))
	p.shows(".composer .line", "Connected")
	p.answered("Are you there?")
	p.answers("And again?")
	// While nobody listens, opening the line fails, in one way or another.
	p.content(append([]string{"WebSocket connection to*/api/runtime/agent*failed: ", "network: Failed to load resource: net::ERR_"}, lookups...)...)
}

// goTo opens a page of the console by its address.
func (p *tab) goTo(page string) {
	p.t.Helper()
	p.until(`(location.hash = "#/%s")`, page)
}

// send writes a message into the chat and sends it.
func (p *tab) send(message string) {
	p.t.Helper()
	p.typed(".composer textarea", message)
	p.press(".composer", "Send")
}

// answered waits until something is said after a message of this person.
func (p *tab) answered(message string) {
	p.t.Helper()
	p.until(`(() => { const mine = [...document.querySelectorAll(".log > .user")].findLast((m) => m.innerText.includes(%s));
		return mine && [...document.querySelectorAll(".log > .agent")].some((a) => mine.compareDocumentPosition(a) & Node.DOCUMENT_POSITION_FOLLOWING && a.querySelector(".said").innerText.trim()); })()`, quoted(message))
}

// answers is send and answered.
func (p *tab) answers(message string) {
	p.t.Helper()
	p.send(message)
	p.answered(message)
}

// fits insists that the page is not wider than the screen.
func (p *tab) fits() {
	p.t.Helper()
	wide := p.read(`[...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > innerWidth && !e.closest(".scroll, .sr, .skip, pre"))
		.map((e) => e.outerHTML.slice(0, 120)).join("\n") + "\n" + (document.documentElement.scrollWidth - innerWidth)`)
	require.Equal(p.t, "\n0", wide, "on %s", p.read("location.hash"))
}

// downloads presses a link and gives what the browser saved.
func (p *tab) downloads(link string) []byte {
	p.t.Helper()
	dir, events := p.t.TempDir(), true
	_, err := chromedp.CallBrowser(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &events,
	})
	require.NoError(p.t, err)
	p.press("main", link)
	var id string
	eventually(p.t, func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		id, p.saved = p.saved, ""
		return id != ""
	})
	saved, err := os.ReadFile(filepath.Join(dir, id))
	require.NoError(p.t, err)
	return saved
}
