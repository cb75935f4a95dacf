package httpapi_test

import (
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/system"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/test/sheet"
)

// kinds are all kinds of ids.
func kinds() []typeid.Prefix {
	return []typeid.Prefix{
		typeid.Session, typeid.User, typeid.Tenant, typeid.Intent, typeid.Execution, typeid.Artifact, typeid.File, typeid.ParsedDocument, typeid.Contract, typeid.PendingIntent,
		typeid.Conversation, typeid.Message, typeid.Event, typeid.AuditRecord, typeid.Worker, typeid.Token, typeid.Materialization, typeid.Signal, typeid.Invitation, typeid.Schedule,
	}
}

// T14: ids of every kind and secrets of every kind never repeat, and a secret's 256 bits are all random: none is fixed, and none follows another.
func TestIDsAndSecretsDoNotRepeat(t *testing.T) {
	each := sheet.Cases(1_000_000, 1_000_000, 5_000)
	ids, made := system.IDs{}, make([]string, each)
	unrepeated := func(kind string) {
		slices.Sort(made)
		require.Len(t, slices.Compact(made), each, kind)
	}
	for _, kind := range kinds() {
		for i := range made {
			made[i] = ids.NewID(kind)
		}
		unrepeated(string(kind))
	}
	secretKinds := []securityguard.Kind{securityguard.LoginCookie, securityguard.AnonymousSecret, securityguard.SocketTicket, securityguard.InvitationToken}
	// A fair bit is set in half of n, give or take sqrt(n)/2; seven times that is once in 10^11.
	most := 7 * math.Sqrt(float64(each)) / 2
	worst := 0.0
	for _, kind := range secretKinds {
		var set, turned [256]int
		var last []byte
		for i := range made {
			made[i] = securityguard.NewSecret(kind, ids.Secret())
			raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(made[i], string(kind)))
			require.NoError(t, err)
			require.Len(t, raw, 32)
			for bit := range set {
				value := int(raw[bit/8] >> (bit % 8) & 1)
				set[bit] += value
				if last != nil {
					turned[bit] += value ^ int(last[bit/8]>>(bit%8)&1)
				}
			}
			last = raw
		}
		for bit := range set {
			for _, n := range []int{set[bit], turned[bit]} {
				off := math.Abs(float64(n) - float64(each)/2)
				require.Less(t, off, most, "bit %d of %s", bit, kind)
				worst = max(worst, off/float64(each))
			}
		}
		unrepeated(string(kind))
	}
	sheet.Record(t, "T14", each*(len(kinds())+len(secretKinds)), fmt.Sprintf("%d each of %d kinds of ids and %d of secrets: repeats 0; of 256 bits none is off by more than %.2f %%",
		each, len(kinds()), len(secretKinds), 100*worst), "repeats 0, at least 128 bits")
}

var anyID = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b`)

// T14: an id holds nothing of a tenant or a user, and proves nothing, wherever a credential may stand.
func TestAnIDIsNoCredential(t *testing.T) {
	w := newWorld(t)
	v := w.victim("victim")
	visitor := w.visit()
	w.do(call{method: "POST", path: "/api/intent/pending/create", token: v.token, body: map[string]any{"intent_type": "wait", "context": map[string]any{}}})
	found := map[string]bool{visitor.session: true}
	for path, methods := range documented(t, w) {
		if !slices.Contains(methods, http.MethodGet) || strings.HasSuffix(path, "/stream") || path == "/ws" || strings.HasSuffix(path, "/events") || strings.Contains(path, "docs") || strings.Contains(path, ".json") {
			continue
		}
		theirs, _, _ := v.object(path)
		for _, id := range anyID.FindAllString(string(w.do(call{method: "GET", path: pathParameter.ReplaceAllString(path, theirs), token: v.token}).body), -1) {
			found[id] = true
		}
	}
	for _, id := range []string{v.id, v.tenant, v.session, v.execution, v.artifact, v.schedule, v.invitation} {
		found[id] = true
	}
	seen := map[string]bool{}
	tried := 0
	for id := range found {
		seen[id[:3]] = true
		for _, whose := range []string{v.id, v.tenant, v.session} {
			if id != whose { // the last 12 characters are random
				require.NotEqual(t, whose[len(whose)-12:], id[len(id)-12:], "%s has something of %s", id, whose)
			}
		}
		tried += w.provesNothing(t, id, v, visitor)
	}
	require.Greater(t, len(seen), 8, "kinds of ids: %v", seen)
	sheet.Record(t, "T14", tried, fmt.Sprintf("%d ids of %d kinds in the place of every credential: accepted 0; with a part of a tenant or user 0", len(found), len(seen)), "no id is a credential")
}

// provesNothing puts an id where each kind of credential stands.
func (w *world) provesNothing(t *testing.T, id string, v victim, visitor visitor) int {
	t.Helper()
	for name, c := range map[string]call{
		"token":              {method: "GET", path: "/api/auth/me", token: id},
		"login cookie":       {method: "GET", path: "/api/auth/me", cookies: []*http.Cookie{{Name: "lgn", Value: id}}},
		"dressed as one":     {method: "GET", path: "/api/auth/me", cookies: []*http.Cookie{{Name: "lgn", Value: "lgn_" + id}}},
		"secret":             {method: "GET", path: "/api/session/" + visitor.session, secret: id},
		"dressed as secret":  {method: "GET", path: "/api/session/" + visitor.session, secret: "sas_" + id},
		"secret of a login":  {method: "GET", path: "/api/session/" + v.session, secret: id},
		"cookie of a secret": {method: "GET", path: "/api/session/" + visitor.session, cookies: []*http.Cookie{{Name: "sas-" + visitor.session, Value: id}}},
		"refresh token":      {method: "POST", path: "/api/auth/refresh", body: map[string]any{"refresh_token": id}},
	} {
		require.Contains(t, []int{400, 401, 404, 422}, w.do(c).status, "%s as %s", id, name)
	}
	invited := w.do(call{method: "POST", path: "/api/auth/register", body: map[string]any{"name": "x", "email": id + "@example.net", "password": password, "invitation": id}})
	require.GreaterOrEqual(t, invited.status, 400, "%s as an invitation", id)
	return 9
}
