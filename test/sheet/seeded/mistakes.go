package seeded

import "slices"

// Mistakes gives all of them: the seeded bugs B11–B24 (B1–B10 are seen by `make chaos-bugs`, which needs replicas), and the hard rules.
func Mistakes() []Mistake { return slices.Concat(bugs(), rules()) }

const (
	httpapi  = "./adapters/httpapi"
	wsapi    = "./adapters/wsapi"
	store    = "./adapters/gormstore"
	accounts = "./application/accounts"
	traffic  = "./application/trafficcop"
	guard    = "./application/securityguard"
	runtime  = "./application/runtime"
	agents   = "./application/agents"
)

func bugs() []Mistake {
	return []Mistake{
		{ID: "B11", What: "an upgrade without the secret", Row: "S5", Package: traffic, Run: "TestUpgradeWithoutTheRightSecret", Edits: []Edit{
			{"application/sessionupgrade/upgrade.go", `if c.SessionID == "" || c.Secret == "" {`, `if c.SessionID == "" {`},
			{"adapters/memstore/sessions.go", "v.Status(now) != session.Anonymous || !v.ProvedBy(secretHash)", "v.Status(now) != session.Anonymous"},
		}},
		{ID: "B12", What: "an upgrade without a new epoch", Row: "S4", Package: traffic, Run: "TestUpgradeKeepsTheIDAndRaisesTheEpoch|TestFullFixationLeavesTheAttackerNothing", Edits: []Edit{
			{"domain/session/session.go", "\ts.s.SecretHash = nil\n\ts.s.Epoch++\n", "\ts.s.SecretHash = nil\n"},
		}},
		{ID: "B13", What: "an epoch that is remembered for ever", Row: "W14", Package: wsapi, Run: "TestRevocation", Edits: []Edit{
			{"application/securityguard/cache.go", "age >= 0 && age < cacheLife", "age >= 0"},
			{"application/securityguard/cache.go", "c.keep(sessionID, cached{asked: c.generation}, now)", "_, _ = sessionID, now"},
			{"application/securityguard/cache.go", "if generation < c.floor || generation < c.entries[sessionID].asked {", "if _, known := c.entries[sessionID]; known {"},
		}},
		{ID: "B14", What: "the revocation of a family is rolled back", Row: "A3", Package: accounts, Run: "TestReplayOfAnyOldTokenRevokesTheFamily", Edits: []Edit{
			{"application/accounts/refresh.go", "return refreshed{refused: session.ErrRefreshReused, revoked: ended}, err", "return refreshed{revoked: ended}, errors.Join(session.ErrRefreshReused, err)"},
		}},
		{ID: "B15", What: "one list without its tenant", Row: "T1", Package: httpapi, Run: "TestMatrixOfActorsRoutesAndIDs", Edits: []Edit{
			{"adapters/memstore/executions.go", "return sees(scope, row.TenantID, row.OwnerID, row.SessionID) && (passes(row, f) || cursor(row))", "return passes(row, f) || cursor(row)"},
		}},
		{ID: "B16", What: "the tenant is set for the connection, not the transaction", Row: "T4", Package: store, Run: "TestATenantInAStatementIsPlain", Edits: []Edit{
			{"adapters/gormstore/tenancy.go", "\"SELECT set_config('symphainy.tenant', $1, true)\"", "\"SELECT set_config('symphainy.tenant', $1, false)\""},
		}},
		{ID: "B17", What: "every proxy is trusted", Row: "A8", Package: httpapi, Run: "TestHeadersLiftNoLimit", Edits: []Edit{
			{"adapters/internal/wire/origin.go", "for i := len(hops) - 1; i >= 0 && a.isProxy(addr); i-- {", "for i := len(hops) - 1; i >= 0; i-- {"},
		}},
		{ID: "B18", What: "each process limits for itself", Row: "A7", Package: accounts, Run: "TestTheLimitIsThatOfAllProcesses", Edits: []Edit{
			{"application/accounts/limits.go", "tx.Limits.Take(ctx, failureKey(key, place),", "tx.Limits.Take(ctx, append(failureKey(key, place), fmt.Sprintf(\"%p\", s)),"},
			{"application/accounts/limits.go", "import (\n", "import (\n\t\"fmt\"\n"},
		}},
		{ID: "B19", What: "sockets are compressed", Row: "W5", Package: wsapi, Run: "TestProtocolViolations", Edits: []Edit{
			{"adapters/wsapi/conn.go", "EnableCompression: false,", "EnableCompression: true,"},
		}},
		{ID: "B20", What: "a queue without an end", Row: "W7", Package: wsapi, Run: "TestSlowReader", Edits: []Edit{
			{"adapters/wsapi/outbox.go", "if len(o.frames) > 0 && (len(o.frames) >= o.maxFrames || o.bytes+len(frame) > o.maxBytes) {", "if o.maxBytes < 0 {"},
		}},
		{ID: "B21", What: "an empty list of tools is all tools", Row: "L2", Package: agents, Run: "TestWhatCannotBeDecidedIsDenied|TestAnEmptyGrantIsNone", Tag: "bugB21"},
		{ID: "B22", What: "an approval is good for the tool, whatever its arguments", Row: "L6", Package: agents, Run: "TestApprovals", Tag: "bugB22"},
		{ID: "B23", What: "the log has the query", Row: "W19", Package: httpapi, Run: "TestLogsTellNoSecrets", Edits: []Edit{
			{"adapters/httpapi/middleware.go", `s.d.Log.InfoContext(c.Request.Context(), "request",`, `s.d.Log.InfoContext(c.Request.Context(), "request", slog.String("query", c.Request.URL.RawQuery),`},
		}},
		{ID: "B24", What: "an unknown mail costs no hash", Row: "A6", Package: "./adapters/passwords", Run: "TestNoHashIsComparedAgainstTheDummyAndNeverMatches", Edits: []Edit{
			{"adapters/passwords/hasher.go", "\t\tencoded = h.dummy\n", "\t\treturn false, nil\n"},
		}},
	}
}

func rules() []Mistake {
	return slices.Concat(identityRules(), tenancyRules(), platformRules())
}

func identityRules() []Mistake {
	return []Mistake{
		{ID: "H1", What: "a token stands in for a session's id", Row: "W1", Package: wsapi, Run: "TestTokenInTheURL|TestBadCredentials|TestEveryCarrierOpens", Edits: []Edit{
			{"adapters/wsapi/handshake.go", "\tcase token == \"\" || legacy == \"\":\n\t\treturn id, nil\n", "\tcase id == \"\" && token != \"\":\n\t\treturn token, nil\n\tcase token == \"\" || legacy == \"\":\n\t\treturn id, nil\n"},
		}},
		{ID: "H2", What: "sockets open before anybody is known", Row: "W1", Package: wsapi, Run: "TestBadCredentials", Edits: []Edit{
			{"adapters/wsapi/serve.go", "if who, err = route.enter(ctx, r, o); err != nil {", "if who, err = route.enter(ctx, r, o); false {"},
		}},
		{ID: "H3", What: "an upgrade with an old sign-in", Row: "S12", Package: traffic, Run: "TestUpgradeNeedsAFreshTokenOfTheNamedUser", Edits: []Edit{
			{"application/trafficcop/sessions_upgrade.go", "if now.Sub(p.AuthTime) > freshAuthentication {", "if now.Before(p.AuthTime) {"},
		}},
		{ID: "H4", What: "what the visitor made stays the visitor's", Row: "S7", Package: traffic, Run: "TestUpgradeMovesWhatTheSessionMade", Edits: []Edit{
			{"application/sessionupgrade/upgrade.go", "if err := tx.Scopes.Rekey(ctx, c.SessionID, c.TenantID, c.UserID); err != nil {", "if err != nil {"},
		}},
		{ID: "H5", What: "clients choose the ids of sessions", Row: "S2", Package: httpapi, Run: "TestServerChoosesSessionIDs", Edits: []Edit{
			{"adapters/httpapi/access.go", `if p.create && query.Has("session_id") {`, `if p.create && query.Has("no_such_thing") {`},
		}},
		{ID: "H9", What: "a header names the user", Row: "T2", Package: httpapi, Run: "TestHeadersNameNobody", Edits: []Edit{
			{"adapters/httpapi/access.go", "who := &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie, names: n}",
				"who := &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie, names: n}\n\tif h := r.Header.Get(\"X-Tenant-Id\"); h != \"\" {\n\t\twho.principal.TenantID = h\n\t}"},
		}},
		{ID: "H11", What: "roles are remembered for ever", Row: "T12", Package: guard, Run: "TestAuthorizeKnowsTodaysRoles", Edits: []Edit{
			{"application/securityguard/guard.go", "\troles, err := g.Current(ctx, p)\n\tif err != nil {", "\troles, err := p.Roles, error(nil)\n\tif err != nil {"},
		}},
		{ID: "H12", What: "the audience is not checked", Row: "A1", Package: "./adapters/jwtauth", Run: "TestIdentityAttacksAreRefused", Edits: []Edit{
			{"adapters/jwtauth/verifier.go", "\t\tjwt.WithAudience(cfg.Audience),\n", ""},
		}},
		{ID: "H14", What: "a header lifts the limits", Row: "A8", Package: httpapi, Run: "TestHeadersLiftNoLimit", Edits: []Edit{
			{"adapters/internal/wire/origin.go", "\tat, err := netip.ParseAddrPort(r.RemoteAddr)\n", "\tif h := r.Header.Get(\"X-Real-Ip\"); h != \"\" {\n\t\treturn h\n\t}\n\tat, err := netip.ParseAddrPort(r.RemoteAddr)\n"},
		}},
		{ID: "H15", What: "registering says that the account is there to who knows its password", Row: "A11", Package: accounts, Run: "TestATakenMailIsNeverLoggedInTo", Edits: []Edit{
			{"application/accounts/register.go", "\tif errors.Is(err, ErrEmailTaken) {\n", "\tif errors.Is(err, ErrEmailTaken) {\n\t\treturn s.Login(ctx, LoginCommand{Email: cmd.Email, Password: cmd.Password, Client: cmd.Client})\n"},
		}},
		{ID: "H16", What: "a logout leaves the session as it is", Row: "A12", Package: accounts, Run: "TestLogoutEndsEverythingOfTheSignIn", Edits: []Edit{
			{"domain/session/session.go", "\ts.s.State = Ended\n\ts.s.Epoch++\n", "\ts.s.UpdatedAt = now\n"},
		}},
		{ID: "H17", What: "what begins like an open route is open", Row: "N8", Package: httpapi, Run: "TestOnlyListedRoutesAreOpen", Edits: []Edit{
			{"adapters/httpapi/server.go", "\treturn p, ok && c.FullPath() != \"\"\n", "\tif len(p.path) > 9 && p.path[:10] == \"/api/auth/\" {\n\t\tp.access = open\n\t}\n\treturn p, ok && c.FullPath() != \"\"\n"},
		}},
		{ID: "H18", What: "every origin is listed", Row: "A17", Package: httpapi, Run: "TestCORS", Edits: []Edit{
			{"adapters/httpapi/middleware.go", `listed := origin != "" && s.origins.Listed(origin)`, `listed := origin != ""`},
		}},
	}
}

func tenancyRules() []Mistake {
	return []Mistake{
		{ID: "H6", What: "a creation takes a tenant from the query", Row: "T2", Package: httpapi, Run: "TestNamedTenantsAreComparedEverywhere|TestNamedTenantsOnEveryRoute", Edits: []Edit{
			{"adapters/httpapi/access.go", "if p.create && !n.agree(identity.Principal{}) {", "if p.create && p.body < 0 {"},
		}},
		{ID: "H7", What: "a foreign tenant in a request passes", Row: "T2", Package: httpapi, Run: "TestNamedTenantsAreComparedEverywhere|TestNamedTenantsOnEveryRoute", Edits: []Edit{
			{"adapters/httpapi/access.go", `if t != "" && t != p.TenantID {`, `if t != "" && t == "nobody's" {`},
		}},
		{ID: "H8", What: "objects are found by their ids alone", Row: "T1", Package: httpapi, Run: "TestMatrixOfActorsRoutesAndIDs", Edits: []Edit{
			{"adapters/memstore/txn.go", "\tif tenantID != s.TenantID {\n\t\treturn false\n\t}\n\tif s.OwnerID", "\tif tenantID != \"\" {\n\t\treturn true\n\t}\n\tif s.OwnerID"},
		}},
		{ID: "H10", What: "every member is an admin", Row: "T8", Package: httpapi, Run: "TestAdminRoutesAreForAdminsAlone", Edits: []Edit{
			{"domain/identity/identity.go", "\t\treturn []Permission{PermRead, PermWrite}\n", "\t\treturn []Permission{PermRead, PermWrite, PermAdmin}\n"},
		}},
		{ID: "H22", What: "a decision that cannot be recorded counts", Row: "L2", Package: agents, Run: "TestWhatCannotBeDecidedIsDenied", Edits: []Edit{
			{"application/agents/gate.go", "return pass, tx.Audit.Append(ctx, g.record(now, r, pass))", "_ = tx.Audit.Append(ctx, g.record(now, r, pass)); return pass, nil"},
		}},
		{ID: "H23", What: "an agent uses what it was not given", Row: "L1", Package: agents, Run: "TestNothingRunsOutsideTheGrant", Edits: []Edit{
			{"application/agents/seeded_b21_off.go", "return slices.Contains(list, tool)", "return tool != \"\" || slices.Contains(list, tool)"},
		}},
		{ID: "H24", What: "an execution that a frame names is found whoever asks", Row: "W15", Package: wsapi, Run: "TestForeignIDsAreUnknown", Edits: []Edit{
			{"adapters/memstore/executions.go", "if err != nil || !sees(scope, row.TenantID, row.OwnerID, row.SessionID) {", "if err != nil {"},
		}},
	}
}

func platformRules() []Mistake {
	return []Mistake{
		{ID: "H13", What: "the log has the credential", Row: "W19", Package: httpapi, Run: "TestLogsTellNoSecrets", Edits: []Edit{
			{"adapters/httpapi/middleware.go", `s.d.Log.InfoContext(c.Request.Context(), "request",`, `s.d.Log.InfoContext(c.Request.Context(), "request", slog.String("by", c.GetHeader("Authorization")),`},
		}},
		{ID: "H19", What: "the request does the work that it has accepted", Row: "R1", Package: runtime, Run: "TestAcceptedWorkIsNotItsRequests", Edits: []Edit{
			{"application/runtime/submit.go", "\tif own.ID() != \"\" {\n\t\tprompt = false", "\t_ = e.work(ctx, receipt.Execution.ID)\n\tif own.ID() != \"\" {\n\t\tprompt = false"},
		}},
		{ID: "H20", What: "a session that could not be stored is given all the same", Row: "R11", Package: httpapi, Run: "TestNothingIsAnsweredWithoutTheStore", Edits: []Edit{
			{"application/trafficcop/sessions.go", "\t\treturn Created{}, s.limited(ctx, limit, err)\n\t}\n\tif err != nil {\n", "\t\treturn Created{}, s.limited(ctx, limit, err)\n\t}\n\tif err != nil && fault.KindOf(err) != fault.Unavailable {\n"},
		}},
		{ID: "H21", What: "events are not part of the transaction", Row: "R22", Package: runtime, Run: "TestAnIntentRunsToItsResult", Edits: []Edit{
			{"application/runtime/worker.go", "return tx.Events.Append(ctx, ex.Snapshot().TenantID, events)", "return e.UnitOfWork.View(context.WithoutCancel(ctx), func(ctx context.Context, tx ports.Tx) error { return tx.Events.Append(ctx, ex.Snapshot().TenantID, events) })"},
		}},
		{ID: "H25", What: "a file is shown as what its sender calls it", Row: "U7", Package: httpapi, Run: "TestHostileNamesAreOnlyLabels", Edits: []Edit{
			{"adapters/httpapi/files.go", "mime.FormatMediaType(\"attachment\",", "mime.FormatMediaType(\"inline\","},
		}},
		{ID: "H26", What: "formulas are exported as they are", Row: "U8", Package: "./application/realms/outcomes/export", Run: "Test", Edits: []Edit{
			{"application/realms/outcomes/export/mapping.go", "\t\treturn \"'\" + s\n", "\t\treturn s\n"},
		}},
		{ID: "H27", What: "a known key is good for any body", Row: "R7", Package: runtime, Run: "TestIdempotencyKeys", Edits: []Edit{
			{"application/runtime/submit.go", "if !bytes.Equal(known.Fingerprint, s.Fingerprint) {", "if bytes.Equal(known.Fingerprint, nil) {"},
		}},
		{ID: "H28", What: "sockets of a user are not counted", Row: "W12", Package: wsapi, Run: "TestCaps", Edits: []Edit{
			{"adapters/wsapi/admit.go", "if err := h.full(p, before[i]); err != nil {", "if err := h.full(p, before[i]); err != nil && p.Kind == \"\" {"},
		}},
	}
}
