package e2e_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the transcript anew")

const transcriptFile = "testdata/chat.golden"

// what changes from run to run in a transcript.
var (
	anyID  = regexp.MustCompile(`\b([a-z]{3})_[0-9a-z]{26}\b`)
	anyDay = regexp.MustCompile(`\b\d{1,2} (January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b`)
)

// talk is a person who chats and uploads, and does nothing else.
type talk struct {
	*api

	who    user
	socket *socket
	script strings.Builder
}

// says sends a message to whoever answers on the surface, and keeps what was said.
func (c *talk) says(surface, agent, text string) string {
	c.t.Helper()
	answer, _ := c.socket.ask(surface, text, agent)
	name := map[string]string{"": "guide", "content_pillar": "content", "insights_pillar": "insights", "journey_pillar": "journey", "outcomes_pillar": "outcomes"}[surface]
	c.script.WriteString("> to " + name + ": " + text + "\n\n" + answer + "\n\n")
	return answer
}

func (c *talk) gives(name string) {
	c.t.Helper()
	accepted := c.upload(c.who.caller(), name, fixture(c.t, name)).is(http.StatusAccepted)
	c.completed(c.who.caller(), accepted.text("execution_id"), "file")
	c.script.WriteString("> uploads " + name + "\n\n")
}

// Without any key a person gets from a table and a process to an exported roadmap by uploading two files and chatting, and tells an SOP to the
// journey liaison. The transcript is kept; -update writes it anew.
func TestAPersonGetsToARoadmapByChatting(t *testing.T) {
	t.Parallel()
	server := start(t, onSQLite(t))
	a := newAPI(t, server)
	c := &talk{api: a, who: a.register("Ada")}
	c.socket = a.open(c.who.caller(), c.who.session)
	guide := func(text string) string { return c.says("", "guide", text) }
	guide("Hello")
	c.gives("orders-240.csv")
	c.gives("beneficiary.bpmn")
	for _, text := range []string{
		"what is next?", "save orders-240.csv", "save it please, the beneficiary one", "parse orders-240.csv", "yes", "what is wrong with my data?", "analyse orders-240.csv",
		"create a workflow of beneficiary.bpmn", "analyse the coexistence", "create a blueprint", "write the SOP", "synthesise what was found", "make a roadmap",
		"make a roadmap to cut rework by 20 %, move the policies to the new system", "status of the roadmap", "export the roadmap as docx", "what do I have?", "yes",
		"sing me a lullaby",
	} {
		guide(text)
	}
	c.asksLiaisons()
	c.tellsAnSOP()
	c.downloads()

	got := anyDay.ReplaceAllString(anyID.ReplaceAllString(c.script.String(), "${1}_…"), "DAY")
	if *update {
		require.NoError(t, os.WriteFile(transcriptFile, []byte(got), 0o600))
	}
	want, err := os.ReadFile(transcriptFile)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
	server.terminate()
	require.Zero(t, server.exit())
}

func (c *talk) asksLiaisons() {
	for _, q := range []struct{ surface, agent, text string }{
		{"content_pillar", "liaison.content", "which files do I have?"},
		{"content_pillar", "liaison.content", "compare orders-240.csv and beneficiary.bpmn"},
		{"insights_pillar", "liaison.insights", "what do you know of my data?"},
		{"insights_pillar", "liaison.insights", "explain the structured analysis"},
		{"journey_pillar", "liaison.journey", "where is the friction?"},
		{"journey_pillar", "liaison.journey", "explain the blueprint"},
		{"outcomes_pillar", "liaison.outcomes", "what is ready for a plan?"},
		{"outcomes_pillar", "liaison.outcomes", "explain the roadmap"},
	} {
		c.says(q.surface, q.agent, q.text)
	}
}

// tellsAnSOP goes through the wizard with the journey liaison.
func (c *talk) tellsAnSOP() {
	for _, text := range []string{
		"write an SOP together", "Returns", "How we take parcels back", "All parcels",
		"1. Clerk: Open the parcel\n2. Is it damaged? If yes, go to step 4\n3. Refund the price\n4. Lead: Approve the claim", "edit step 3: Refund the price within a day", "show", "done",
		"what is there of my processes?",
	} {
		c.says("journey_pillar", "liaison.journey", text)
	}
}

// downloads follows the place that the guide has named, and opens what is there.
func (c *talk) downloads() {
	place := regexp.MustCompile(`/api/artifacts/art_[0-9a-z]{26}/content`).FindString(c.script.String())
	require.NotEmpty(c.t, place)
	file := c.get(c.who.caller(), place).is(http.StatusOK)
	archive, err := zip.NewReader(bytes.NewReader(file.body), int64(len(file.body)))
	require.NoError(c.t, err)
	_, err = archive.Open("word/document.xml")
	require.NoError(c.t, err)
}
