package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
)

// person is a client with a session: a visitor's, until they register.
type person struct {
	t       *testing.T
	url     string
	header  http.Header
	client  *http.Client
	session string
}

func newPerson(t *testing.T, url string) *person {
	t.Helper()
	return &person{t: t, url: url, header: http.Header{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
}

func visitor(t *testing.T, url string) *person {
	t.Helper()
	p := newPerson(t, url)
	var made struct {
		Session string `json:"session_id"`
		Secret  string `json:"session_secret"`
	}
	p.json(http.MethodPost, "/api/session/create-anonymous", "{}", &made)
	require.NotEmpty(t, made.Secret)
	p.header.Set("X-Session-Secret", made.Secret)
	p.session = made.Session
	return p
}

// registered makes a user with a tenant of their own.
func registered(t *testing.T, url string) *person {
	t.Helper()
	p := newPerson(t, url)
	p.join("register", `{"name":"Ada","email":"ada@example.org","password":"a long enough phrase"}`)
	return p
}

// join registers or logs in.
func (p *person) join(how, body string) {
	p.t.Helper()
	var made struct {
		Token   string `json:"access_token"`
		Session string `json:"session_id"`
	}
	p.json(http.MethodPost, "/api/auth/"+how, body, &made)
	require.NotEmpty(p.t, made.Token)
	p.header.Set("Authorization", "Bearer "+made.Token)
	p.session = made.Session
}

func (p *person) do(method, path, contentType string, body io.Reader) (int, []byte) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, body)
	require.NoError(p.t, err)
	r.Header = p.header.Clone()
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	res, err := p.client.Do(r)
	require.NoError(p.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	return res.StatusCode, raw
}

func (p *person) json(method, path, body string, into any) {
	p.t.Helper()
	status, raw := p.do(method, path, "application/json", strings.NewReader(body))
	require.Less(p.t, status, 300, string(raw))
	require.NoError(p.t, json.Unmarshal(raw, into), string(raw))
}

// upload sends a file and waits until it is there.
func (p *person) upload(name string) {
	p.t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "test", "fixtures", name))
	require.NoError(p.t, err)
	form, kind := multipartOf(p.t, name, content)
	status, raw := p.do(http.MethodPost, "/api/files", kind, form)
	require.Equal(p.t, http.StatusAccepted, status, string(raw))
	var accepted struct {
		ID string `json:"execution_id"`
	}
	require.NoError(p.t, json.Unmarshal(raw, &accepted))
	require.Equal(p.t, "completed", p.ended(accepted.ID)["status"])
}

func multipartOf(t *testing.T, name string, content []byte) (io.Reader, string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", name)
	require.NoError(t, err)
	_, err = part.Write(content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return &form, w.FormDataContentType()
}

// ended waits for the end of an execution and gives its status.
func (p *person) ended(id string) (s map[string]any) {
	p.t.Helper()
	require.Eventually(p.t, func() bool {
		s = nil
		p.json(http.MethodGet, "/api/execution/"+id+"/status", "", &s)
		return s["status"] == "completed" || s["status"] == "failed" || s["status"] == "cancelled"
	}, 20*time.Second, 10*time.Millisecond)
	return s
}

// chat says something to the guide and gives its answer.
func (p *person) chat(message string) string {
	p.t.Helper()
	raw, err := json.Marshal(map[string]string{"message": message})
	require.NoError(p.t, err)
	var answer struct {
		Status   string `json:"status"`
		Response string `json:"message"`
	}
	p.json(http.MethodPost, "/api/v1/guide-agent/chat", string(raw), &answer)
	p.t.Logf("> %s\n%s\n", message, answer.Response)
	require.Equal(p.t, "completed", answer.Status, "%s: %s", message, answer.Response)
	return answer.Response
}

// header is a transport that adds a credential.
type header struct {
	values http.Header
	next   http.RoundTripper
}

func (h header) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for k, v := range h.values {
		r.Header[k] = v
	}
	return h.next.RoundTrip(r)
}

func (p *person) mcp() *mcp.ClientSession {
	p.t.Helper()
	c := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, nil)
	s, err := c.Connect(p.t.Context(), &mcp.StreamableClientTransport{
		Endpoint: p.url + "/mcp", MaxRetries: -1, DisableStandaloneSSE: true,
		HTTPClient: &http.Client{Transport: header{p.header, &http.Transport{DisableKeepAlives: true}}},
	}, nil)
	require.NoError(p.t, err)
	return s
}

func (p *person) tools(s *mcp.ClientSession) map[string]*mcp.Tool {
	p.t.Helper()
	list, err := s.ListTools(p.t.Context(), nil)
	require.NoError(p.t, err)
	all := map[string]*mcp.Tool{}
	for _, t := range list.Tools {
		all[t.Name] = t
	}
	return all
}

// use calls a tool and gives what it answers.
func (p *person) use(s *mcp.ClientSession, tool string, arguments map[string]any) (map[string]any, bool) {
	p.t.Helper()
	r, err := s.CallTool(p.t.Context(), &mcp.CallToolParams{Name: tool, Arguments: arguments})
	require.NoError(p.t, err)
	var out map[string]any
	require.NoError(p.t, json.Unmarshal([]byte(r.Content[0].(*mcp.TextContent).Text), &out))
	return out, r.IsError
}

func TestOutsideAgentsUseTheToolsAsTheirCallerMay(t *testing.T) {
	cfg := variant(t)
	cfg.Agents.Strict = true
	require.NoError(t, run(t, cfg, func(url string) {
		nobody := newPerson(t, url)
		status, _ := nobody.do(http.MethodPost, "/mcp", "application/json", strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"tools/list"}`))
		require.Equal(t, http.StatusUnauthorized, status)

		owner, guest := registered(t, url), visitor(t, url)
		o, g := owner.mcp(), guest.mcp()
		defer o.Close()
		defer g.Close()
		all, few := owner.tools(o), guest.tools(g)
		for _, name := range []string{"find_artifacts", "parse_content", "generate_roadmap"} {
			require.Contains(t, all, name)
		}
		require.NotContains(t, few, "generate_roadmap")
		require.NotContains(t, all, "agent.turn")
		require.Less(t, len(few), len(all))

		owner.upload("orders-240.csv")
		found, failed := owner.use(o, "find_artifacts", map[string]any{"artifact_type": "file"})
		require.False(t, failed, found)
		files := found["result"].(map[string]any)["artifacts"].([]any)
		require.Len(t, files, 1)
		id := files[0].(map[string]any)["artifact_id"]
		found, failed = guest.use(g, "find_artifacts", map[string]any{"artifact_type": "file"})
		require.False(t, failed)
		require.Empty(t, found["result"].(map[string]any)["artifacts"], "another's files do not exist")
		found, failed = guest.use(g, "get_artifact", map[string]any{"artifact_id": id})
		require.True(t, failed)
		require.Equal(t, "not_found", found["error"])
		found, failed = owner.use(o, "parse_content", map[string]any{"file_id": id, "tenant_id": "ten_other"})
		require.True(t, failed)
		require.Equal(t, "unknown_field", found["error"])
		_, err := g.CallTool(t.Context(), &mcp.CallToolParams{Name: "generate_roadmap", Arguments: map[string]any{"goals": []string{"x"}}})
		require.Error(t, err, "a tool that is not the caller's is none")

		// Under a strict posture what changes something waits for a person: the answer is a handle at once, which tells how it stands.
		found, failed = owner.use(o, "generate_roadmap", map[string]any{"goals": []string{"Less rework"}})
		require.False(t, failed, found)
		require.Equal(t, "waiting", found["status"])
		found, failed = owner.use(o, "get_execution", map[string]any{"execution_id": found["execution_id"]})
		require.False(t, failed)
		require.Equal(t, "waiting", found["result"].(map[string]any)["status"])
	}))
}

// A viewer reads and changes nothing, also through MCP, and a member who becomes one loses the rest within a second, on the open connection.
func TestAViewerChangesNothingThroughMCP(t *testing.T) {
	require.NoError(t, run(t, variant(t), func(url string) {
		owner := registered(t, url)
		viewer, member := owner.invites("vera", "viewer"), owner.invites("max", "member")
		v, m := viewer.mcp(), member.mcp()
		defer v.Close()
		defer m.Close()
		reads, all := viewer.tools(v), member.tools(m)
		require.Contains(t, reads, "find_artifacts")
		require.Contains(t, all, "generate_roadmap")
		for name := range reads {
			require.Contains(t, all, name)
		}
		for _, name := range []string{"parse_content", "generate_roadmap", "delete_file"} {
			require.NotContains(t, reads, name)
			_, err := v.CallTool(t.Context(), &mcp.CallToolParams{Name: name, Arguments: map[string]any{}})
			require.Error(t, err, name)
		}
		found, failed := viewer.use(v, "find_artifacts", map[string]any{"artifact_type": "file"})
		require.False(t, failed, found)

		made, failed := member.use(m, "generate_roadmap", map[string]any{"goals": []string{"Less rework"}})
		require.False(t, failed, made)
		var me struct {
			User struct {
				ID string `json:"id"`
			} `json:"user"`
		}
		member.json(http.MethodGet, "/api/auth/me", "", &me)
		var changed map[string]any
		owner.json(http.MethodPost, "/api/admin/users/"+me.User.ID+"/role", `{"role":"viewer"}`, &changed)
		require.Eventually(t, func() bool {
			_, err := m.CallTool(t.Context(), &mcp.CallToolParams{Name: "generate_roadmap", Arguments: map[string]any{"goals": []string{"Less rework"}}})
			return err != nil
		}, 5*time.Second, 50*time.Millisecond)
	}))
}

// invites makes somebody a member of p's tenant with a role.
func (p *person) invites(name, role string) *person {
	p.t.Helper()
	var invitation struct {
		Token string `json:"token"`
	}
	p.json(http.MethodPost, "/api/admin/invitations", `{"email":"`+name+`@example.org","role":"`+role+`"}`, &invitation)
	other := newPerson(p.t, p.url)
	other.join("register", `{"name":"`+name+`","email":"`+name+`@example.org","password":"a long enough phrase","invitation":"`+invitation.Token+`"}`)
	return other
}
