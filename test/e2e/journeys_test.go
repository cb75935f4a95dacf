package e2e_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sign in, refresh, replay of an old token, password change, sign out.
func TestSignIn(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		a := newAPI(t, start(t, e))
		ada := a.register("Ada")
		me := a.get(ada.caller(), "/api/auth/me").is(http.StatusOK).object()
		require.Contains(t, me["roles"], "owner")

		a.post(caller{}, "/api/auth/login", map[string]any{"email": ada.email, "password": "wrong-" + ada.password}).
			problem(http.StatusUnauthorized, "authentication_failed")
		a.post(caller{}, "/api/auth/login", map[string]any{"email": "nobody@e2e.example", "password": ada.password}).
			problem(http.StatusUnauthorized, "authentication_failed")
		a.post(caller{}, "/api/auth/register", map[string]any{"name": "Ada", "email": strings.ToUpper(ada.email), "password": ada.password}).
			problem(http.StatusConflict, "email_taken")
		login := map[string]any{"email": " " + strings.ToUpper(ada.email), "password": ada.password}
		second := ada.signedIn(a.post(caller{}, "/api/auth/login", login).is(http.StatusOK))
		require.NotEqual(t, ada.session, second.session, "each sign-in has its own session")

		// An old refresh token that comes again late means that somebody copied it: the whole family ends.
		third := second
		for range 3 {
			third = third.signedIn(a.post(caller{}, "/api/auth/refresh", map[string]any{"refresh_token": third.refresh}).is(http.StatusOK))
		}
		a.get(third.caller(), "/api/auth/me").is(http.StatusOK)
		a.post(caller{}, "/api/auth/refresh", map[string]any{"refresh_token": second.refresh}).is(http.StatusUnauthorized)
		eventually(t, func() bool { return a.get(third.caller(), "/api/auth/me").status == http.StatusUnauthorized })
		a.post(caller{}, "/api/auth/refresh", map[string]any{"refresh_token": third.refresh}).is(http.StatusUnauthorized)

		// A changed password ends the other sessions, not this one.
		other := ada.signedIn(a.post(caller{}, "/api/auth/login", login).is(http.StatusOK))
		changed := map[string]any{"current_password": ada.password, "new_password": "quite-another-Phrase-77"}
		a.post(ada.caller(), "/api/auth/password", changed).is(http.StatusOK)
		eventually(t, func() bool { return a.get(other.caller(), "/api/auth/me").status == http.StatusUnauthorized })
		a.post(caller{}, "/api/auth/login", login).problem(http.StatusUnauthorized, "authentication_failed")
		login["password"] = changed["new_password"]
		last := ada.signedIn(a.post(caller{}, "/api/auth/login", login).is(http.StatusOK))
		a.post(last.caller(), "/api/auth/logout", nil).is(http.StatusOK)
		eventually(t, func() bool { return a.get(last.caller(), "/api/auth/me").status == http.StatusUnauthorized })
	})
}

// A browser page that knows no token: the login cookie identifies it, and the Origin is checked.
func TestCookies(t *testing.T) {
	t.Parallel()
	a := newAPI(t, start(t, onSQLite(t)))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	a.http.Jar = jar
	ada := a.register("Ada")
	submit := func(origin string) response {
		r := request{method: http.MethodPost, path: "/api/intent/submit", json: map[string]any{
			"session_id": ada.session, "intent_type": "list_files", "parameters": map[string]any{}, "tenant_id": ada.tenant, "user_id": ada.id,
		}}
		if origin != "" {
			r.headers = map[string]string{"Origin": origin}
		}
		return a.do(r)
	}
	submit(a.base).is(http.StatusAccepted)
	submit("").is(http.StatusForbidden)
	submit("https://evil.example").is(http.StatusForbidden)
	a.get(caller{}, "/api/auth/me").is(http.StatusOK)
	for _, cookie := range jar.Cookies(mustURL(t, a.base)) {
		require.NotContains(t, cookie.Name, "__Host-", "plain HTTP on loopback")
	}
}

func mustURL(t *testing.T, raw string) *url.URL {
	t.Helper()
	u, err := url.Parse(raw)
	require.NoError(t, err)
	return u
}

// The same key gives the same execution, another body with it is refused; waiting gives the result at once.
func TestSubmitting(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		a := newAPI(t, start(t, e))
		v := a.anonymous()
		submit := func(key, name string, more map[string]string) response {
			headers := map[string]string{"Idempotency-Key": key}
			for k, value := range more {
				headers[k] = value
			}
			return a.do(request{who: v.caller(), method: http.MethodPost, path: "/api/intent/submit", headers: headers, json: map[string]any{
				"session_id": v.id, "intent_type": "ingest_file", "parameters": map[string]any{
					"ui_name": name, "file_type": "csv", "file_content": hexOf(fixture(t, "employees.csv")),
				},
			}})
		}
		first := submit("k-1", "a.csv", nil).is(http.StatusAccepted)
		require.Equal(t, first.text("execution_id"), submit("k-1", "a.csv", nil).is(http.StatusAccepted).text("execution_id"))
		submit("k-1", "b.csv", nil).is(http.StatusUnprocessableEntity)
		done := submit("k-2", "c.csv", map[string]string{"Prefer": "wait=30"}).is(http.StatusOK).object()
		require.Equal(t, "completed", done["status"])

		catalogue := a.get(v.caller(), "/api/intents").is(http.StatusOK).object()
		require.NotEmpty(t, catalogue["intents"])
		cancelled := a.submit(v.caller(), v.id, "list_files", map[string]any{})
		a.ended(v.caller(), cancelled)
		a.post(v.caller(), "/api/execution/"+cancelled+"/cancel", nil).is(http.StatusConflict)
	})
}

// The event log as a stream, from the beginning and from a place in it.
func TestEventStream(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		a := newAPI(t, start(t, e))
		v := a.anonymous()
		id := a.submit(v.caller(), v.id, "list_files", map[string]any{})
		stream := func(lastID string) (ids []int) {
			res := a.do(request{who: v.caller(), method: http.MethodGet, path: "/api/execution/" + id + "/events", headers: map[string]string{
				"Accept": "text/event-stream", "Last-Event-ID": lastID,
			}}).is(http.StatusOK)
			lines := bufio.NewScanner(bytes.NewReader(res.body))
			for lines.Scan() {
				if text, ok := strings.CutPrefix(lines.Text(), "id:"); ok {
					parts := strings.FieldsFunc(strings.TrimSpace(text), func(r rune) bool { return r < '0' || r > '9' })
					seq, err := strconv.Atoi(parts[len(parts)-1])
					require.NoError(t, err)
					ids = append(ids, seq)
				}
			}
			return ids
		}
		all := stream("")
		require.Greater(t, len(all), 2)
		for i, seq := range all {
			require.Equal(t, i+1, seq)
		}
		checkLog(a, v.caller(), id)
	})
}

// A page gets a ticket, opens the socket with it once, loses it, and resumes where it was.
func TestTicketAndResume(t *testing.T) {
	t.Parallel()
	onEach(t, func(e environment) {
		t := e.t
		a := newAPI(t, start(t, e))
		v := a.anonymous()
		ticket := a.post(v.caller(), "/api/runtime/agent/ticket", map[string]any{"session_id": v.id}).is(http.StatusOK).text("ticket")
		query := url.Values{"access_token": {ticket}}
		s, refused := a.dial(caller{}, query, nil)
		require.NotNil(t, s, "%s", refused.body)
		require.Equal(t, v.id, s.until("connection.established", nil).Data["session_id"])
		_, again := a.dial(caller{}, query, nil)
		require.Equal(t, http.StatusUnauthorized, again.status, "a ticket opens once: %s", again.body)
		_, execution := s.ask("home", "Hello", "guide")
		require.NoError(t, s.conn.Close())

		s = a.open(v.caller(), v.id)
		s.send(map[string]any{"type": "stream.resume", "execution_id": execution, "epoch": 1, "after_seq": 2})
		resumed := s.until("stream.resumed", nil)
		require.Equal(t, true, resumed.Data["recovered"])
		next := int64(2)
		for f := (frame{}); f.EventType != "execution.completed"; {
			var err error
			f, err = s.next()
			require.NoError(t, err)
			if f.ExecutionID == execution {
				next++
				require.Equal(t, next, f.Seq, "no hole, nothing twice")
			}
		}
		other := a.anonymous()
		stranger := a.open(other.caller(), other.id)
		stranger.send(map[string]any{"type": "stream.resume", "execution_id": execution, "epoch": 1, "after_seq": 0})
		require.Equal(t, "not_found", stranger.refusal().Code)
	})
}
