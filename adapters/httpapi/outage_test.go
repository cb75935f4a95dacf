package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/sheet"
)

// outage is a store that can be gone.
type outage struct {
	ports.UnitOfWork
	gone *atomic.Bool
}

func (s outage) Do(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if s.gone.Load() {
		return fault.ErrUnavailable
	}
	return s.UnitOfWork.Do(ctx, fn)
}

func (s outage) View(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if s.gone.Load() {
		return fault.ErrUnavailable
	}
	return s.UnitOfWork.View(ctx, fn)
}

func (s outage) Look(ctx context.Context, fn func(context.Context, ports.Tx) error) error {
	if s.gone.Load() {
		return fault.ErrUnavailable
	}
	return s.UnitOfWork.Look(ctx, fn)
}

// openRoutes are those that ask nobody who they are (contract.md §2), written once more: the table may not be wider than this.
func openRoutes() []string {
	return strings.Fields(`GET/ GET/health GET/health/live GET/health/ready GET/console GET/console/{file} GET/api/docs GET/api/docs/assets/{file}
		GET/api/openapi.json GET/api/asyncapi.json GET/.well-known/jwks.json POST/api/auth/register POST/api/auth/login POST/api/auth/refresh POST/api/auth/verify
		POST/api/auth/reset POST/api/auth/reset/confirm POST/api/session/create POST/api/session/create-anonymous`)
}

func namesSession(route string) bool {
	return strings.Contains(route, "/session/{id}") || strings.Contains(route, "/history/{id}")
}

// each calls every documented route, as somebody or as nobody, about a session where it names one.
func (w *world) each(a actor, session string, see func(route string, status int, body string, header http.Header)) {
	for path, methods := range documented(w.t, w) {
		for _, method := range methods {
			at := pathParameter.ReplaceAllString(path, "exe_01jd8h0000exampe0000000000")
			if namesSession(path) {
				at = pathParameter.ReplaceAllString(path, session)
			}
			rec := w.sent(a, method, at, "{}")
			see(method+path, rec.Code, rec.Body.String(), rec.Header())
		}
	}
}

// Every route but those that are named one by one asks for a credential (H17).
func TestOnlyListedRoutesAreOpen(t *testing.T) {
	w := newWorld(t)
	open := openRoutes()
	sort.Strings(open)
	var let []string
	tried := 0
	w.each(actor{name: "none"}, w.visit().session, func(route string, status int, _ string, _ http.Header) {
		switch tried++; {
		case status == http.StatusUnauthorized:
		case namesSession(route): // without its secret a session is as good as unknown (S1)
			require.Equal(t, http.StatusNotFound, status, route)
		default:
			let = append(let, route)
		}
	})
	sort.Strings(let)
	for _, route := range let {
		require.Contains(t, open, route, "answers without a credential")
	}
	sheet.Record(t, "N8", tried, fmt.Sprintf("routes without a credential: %d answer, each of them among the %d that are listed one by one", len(let), len(open)), "never past auth")
}

// Without its store a route answers 503 and when to come back, and nothing is answered from memory (H20, R11 over one process).
func TestNothingIsAnsweredWithoutTheStore(t *testing.T) {
	w := newWorld(t)
	in, visit := w.register("ada"), w.visit()
	static := append(openRoutes(), "GET/api/intents") // the pages, the document, the keys, the catalogue and liveness are no facts of the store's
	w.gone.Store(true)
	tried, refused := 0, 0
	for _, a := range []actor{{name: "nobody"}, {name: "user", token: in.token}, {name: "visitor", secret: visit.secret}} {
		w.each(a, visit.session, func(route string, status int, body string, header http.Header) {
			tried++
			switch {
			case status == http.StatusServiceUnavailable:
				refused++
				require.NotEmpty(t, header.Get("Retry-After"), route)
			case status < 400:
				require.True(t, strings.HasPrefix(route, "GET") && slices.Contains(static, route), "%s as %s: %d %s", route, a.name, status, body)
			default:
				require.Less(t, status, 500, "%s as %s: %s", route, a.name, body)
			}
		})
	}
	// What is right in every other way is answered with 503 and nothing else.
	mail := `{"name":"B","email":"b@example.org","password":"violet armchair 17"}`
	for path, body := range map[string]string{
		"/api/auth/login": `{"email":"ada@example.org","password":"violet armchair 17"}`, "/api/auth/register": mail, "/api/session/create-anonymous": `{}`, "/api/session/create": `{}`,
		"/api/intent/submit": `{"intent_type":"wait","parameters":{"n":1},"session_id":"` + in.session + `"}`, "/api/artifact/list": `{}`,
	} {
		rec := w.sent(actor{token: in.token}, http.MethodPost, path, body)
		require.Equal(t, http.StatusServiceUnavailable, rec.Code, "%s: %s", path, rec.Body)
		require.NotContains(t, rec.Body.String(), "ses_", path)
		tried, refused = tried+1, refused+1
	}
	w.gone.Store(false)
	require.Equal(t, http.StatusOK, w.sent(actor{token: in.token}, http.MethodPost, "/api/artifact/list", `{}`).Code, "it heals by itself")
	sheet.Record(t, "R11", tried, fmt.Sprintf("every route as nobody, a user and a visitor with the store gone: 503 with Retry-After %d, answered from memory 0", refused), "in-memory success 0")
}
