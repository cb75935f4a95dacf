package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/test/llmtest"
)

// wish is what the scripted model asks for, again and again.
const wish = `{"description":"Show that staff can be checked"}`

// proposing greets, asks for a tool, and is content with what becomes of it.
func proposing(r llmtest.Request) llmtest.Answer {
	switch last := r.Messages[len(r.Messages)-1]; {
	case last.Role == "tool":
		return llmtest.Say("It is ", "as you decided.")
	case strings.Contains(last.Content, "Hello"):
		return llmtest.Say("Good day.")
	}
	return llmtest.Use("create_poc", wish)
}

// An agent asks before it changes anything: the person approves, edits, rejects, and cancels, each time for exactly what is shown.
func TestConsoleDecides(t *testing.T) {
	t.Parallel()
	model := llmtest.NewServer(t, proposing)
	s := start(t, onSQLite(t).with("SYMPHAINY_LLM_BASE_URL="+model.BaseURL(), "SYMPHAINY_AGENTS_STRICT=true"))
	a := newAPI(t, s)
	ada := a.register("Ada")
	p := openTab(t, s.url, "/console#/account")
	p.signsIn(ada)
	p.answered("Hello")
	p.until(`(document.querySelector(".composer select").value = "outcomes_pillar")`)

	p.proposes("Make a proof of concept.")
	p.shows(".count", "1")
	p.press(".decision", "Approve")
	p.answered("Make a proof of concept.")
	p.proposes("And one more.")
	p.press(".decision", "Edit …")
	p.until(`(document.querySelector(".decision textarea").value = %s)`, quoted(`{"description":"Only what the person wrote"}`))
	p.press(".decision", "Approve the changes")
	p.answered("And one more.")
	p.proposes("And a third one.")
	p.accessible()
	p.press(".decision", "Reject")
	p.answered("And a third one.")

	p.proposes("And a last one.")
	p.goTo("decisions")
	p.shows(".decision", "Show that staff can be checked")
	p.accessible()
	p.press("main", "Agent turn")
	p.shows("main", "Waits for decision")
	p.press("main", "Cancel")
	p.press("dialog", "Cancel")
	p.shows("main .badge", "Cancelled")
	p.goTo("decisions")
	p.shows("main", "Nothing waits for you")

	made := a.get(ada.caller(), "/api/executions?intent_type=create_poc").is(200).object()["executions"].([]any)
	require.Len(t, made, 2, "what was rejected or cancelled did not run")
	edited := a.get(ada.caller(), "/api/execution/"+made[0].(map[string]any)["execution_id"].(string)+"/status").is(200)
	require.Contains(t, string(edited.body), "Only what the person wrote")
	require.NotContains(t, string(edited.body), "staff can be checked")

	// What an agent had done leads to the turn, which tells what it began, what it took, and what the audit trail has of it.
	p.goTo("execution/" + made[1].(map[string]any)["execution_id"].(string))
	p.shows("main", "Begun by")
	p.press("main p", "another execution")
	p.shows("main h1", "Agent turn")
	p.shows("main", "What it began")
	p.shows("main", "1 of tools.")
	p.press("main section[aria-label=Audit]", "Show its records")
	p.shows("main section[aria-label=Audit]", "Agent")
	p.accessible()
	p.content(lookups...)
}

// The operator looks after everything, and revokes a session: its open page says so within a second, whichever page that is.
func TestConsoleOperates(t *testing.T) {
	t.Parallel()
	s := start(t, onSQLite(t))
	a := newAPI(t, s)
	ada, bob := a.register("Ada"), a.register("Bob") // the first one is the operator
	theirs := openTab(t, s.url, "/console#/account")
	theirs.signsIn(bob)
	session := theirs.read(`localStorage.getItem("symphainy.session")`)
	theirs.goTo("catalogue")
	theirs.shows("main", "ingest_file")
	theirs.until(`document.querySelector("[data-line=open]")`)
	theirs.until(`(window.was = 0, new MutationObserver(() => { window.was ||= Date.now(); }).observe(document.documentElement, { attributeFilter: ["data-who"] }), true)`)

	p := theirs.beside("/console#/account")
	p.shows("main", "Sign up or in")
	t.Logf("first paint after %.0f ms, %.0f bytes over the wire", p.number(`performance.getEntriesByName("first-contentful-paint")[0].startTime`),
		p.number(`performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).filter((e) => e.name.includes("/console")).reduce((n, e) => n + e.transferSize, 0)`))
	p.signsIn(ada)
	for page, shown := range map[string]string{"operations": "Work of all tenants", "operations/users": bob.email, "operations/tenants": bob.tenant, "operations/audit": "Intact"} {
		p.goTo(page)
		p.shows("main", shown)
		p.until(`!document.querySelector("main [aria-busy=true]")`)
		p.accessible()
	}
	p.goTo("operations/sessions")
	p.shows("main", session)
	p.accessible()
	p.until(`[...document.querySelectorAll("tr")].find((r) => r.innerText.includes(%s)).querySelector("button").click() || true`, quoted(session))
	p.until(`document.querySelector("dialog[open]")`)
	asked := p.number(`(document.querySelector("dialog [value=yes]").click(), Date.now())`)

	theirs.shows("main h1", "This session has ended")
	took := time.Duration(theirs.number(`window.was`)-asked) * time.Millisecond
	t.Logf("the page reacted after %v", took)
	require.Less(t, took, time.Second)
	theirs.accessible()
	theirs.signsIn(bob)
	p.shows("main", "Ended")
	p.content(lookups...)
	theirs.content(append([]string{"network: *status of 401*/api/session/", "network: *status of 404*/api/session/"}, lookups...)...)
}

// signsIn fills in the form and waits for the chat.
func (p *tab) signsIn(u user) {
	p.t.Helper()
	form := "form[aria-label^='Sign in']"
	p.until(`document.querySelector(%s)`, quoted(form))
	p.typed(form+" [type=email]", u.email)
	p.typed(form+" [type=password]", u.password)
	p.until(`(document.querySelector(%s + " button.primary").click(), true)`, quoted(form))
	p.until(`document.documentElement.dataset.who === "user"`)
	p.until(`document.querySelector("main h1")?.innerText === "Chat"`)
	p.shows(".composer .line", "Connected")
}

// proposes sends a message and waits for the question that it leads to, which shows the exact arguments.
func (p *tab) proposes(message string) {
	p.t.Helper()
	p.send(message)
	p.shows(".log > li:last-child .decision", "Approve")
	shown := p.read(`document.querySelector(".log > li:last-child .decision pre").innerText`)
	require.JSONEq(p.t, wish, shown)
	require.Contains(p.t, p.read(`document.querySelector(".log > li:last-child .decision").innerText`), "create_poc")
}
