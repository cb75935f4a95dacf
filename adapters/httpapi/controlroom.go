package httpapi

import (
	"context"
	"encoding/hex"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// operation makes the documentation of an admin route.
type operation = func(method, path, summary, description string) huma.Operation

type auditShape struct {
	ID         string     `json:"id"`
	TenantID   string     `json:"tenant_id"`
	Action     string     `json:"action"`
	Actor      string     `json:"actor"`
	OnBehalfOf string     `json:"on_behalf_of"`
	Target     string     `json:"target"`
	IntentType string     `json:"intent_type"`
	Result     string     `json:"result"`
	Detail     jsonObject `json:"detail"`
	TraceID    string     `json:"trace_id"`
	At         time.Time  `json:"at"`
}

type auditList struct {
	Records    []auditShape `json:"records" doc:"Newest first"`
	NextCursor *string      `json:"next_cursor"`
}

type auditReport struct {
	TenantID string `json:"tenant_id"`
	Intact   bool   `json:"intact"`
	Sealed   int64  `json:"sealed" doc:"Records that hold, from the first"`
	Unsealed int64  `json:"unsealed" doc:"Records that wait for their place in the chain"`
	Head     string `json:"head"`
	Reason   string `json:"reason" doc:"What is wrong; empty if nothing is"`
	Position int64  `json:"position" doc:"Where it is wrong"`
	RecordID string `json:"record_id"`
}

type scopeInput struct {
	Scope string `query:"scope" enum:"tenant,platform" default:"tenant" doc:"platform needs an operator"`
}

func (s *Server) auditRoutes(op operation) {
	route(s, op(http.MethodGet, "/audit", "Audit records", "Of the tenant, or with scope=platform those that belong to none."), s.listAudit)
	route(s, op(http.MethodGet, "/audit/verify", "Check the chain of the audit records", ""), s.verifyAudit)
}

type auditInput struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Cursor string `query:"cursor" maxLength:"512" doc:"next_cursor of the page before"`
	Scope  string `query:"scope" enum:"tenant,platform" default:"tenant" doc:"platform needs an operator"`
	Target string `query:"target" maxLength:"200" doc:"Only records about this object, such as an execution"`
}

func (s *Server) listAudit(ctx context.Context, in *auditInput) (*body[auditList], error) {
	list, next, err := paged(ctx, s, "audit?target="+in.Target, &adminPage{in.Limit, in.Cursor, in.Scope}, func(p identity.Principal, page ports.Page) ([]audit.Record, error) {
		return s.d.Admin.Audit(ctx, p, in.Scope == platformScope, in.Target, page)
	}, func(r audit.Record) string { return r.ID }, func(r audit.Record) auditShape {
		return auditShape{r.ID, r.TenantID, r.Action, r.Actor, r.OnBehalfOf, r.Target, r.IntentType, string(r.Result), jsonObject(r.Detail), r.TraceID, r.At.UTC()}
	})
	return &body[auditList]{auditList{list, next}}, err
}

func (s *Server) verifyAudit(ctx context.Context, in *scopeInput) (*body[auditReport], error) {
	r, err := s.d.Admin.Verify(ctx, callerOf(ctx).principal, in.Scope == platformScope)
	out := auditReport{TenantID: r.Tenant, Intact: r.Broken == nil, Sealed: r.Sealed, Unsealed: r.Unsealed, Head: hex.EncodeToString(r.Head)}
	if r.Broken != nil {
		out.Reason, out.Position, out.RecordID = string(r.Broken.Reason), r.Broken.Position, r.Broken.RecordID
	}
	return &body[auditReport]{out}, err
}

type liveCounts struct {
	Accepted int64 `json:"accepted"`
	Running  int64 `json:"running"`
	Waiting  int64 `json:"waiting"`
	Retrying int64 `json:"retrying"`
	Paused   int64 `json:"paused"`
	Live     int64 `json:"live" doc:"All of them together"`
	Stuck    int64 `json:"stuck"`
}

type statisticsShape struct {
	Scope         string     `json:"scope" enum:"tenant,platform"`
	Users         int64      `json:"users"`
	Tenants       int64      `json:"tenants"`
	Sessions      int64      `json:"sessions" doc:"Live ones"`
	Artifacts     int64      `json:"artifacts"`
	Conversations int64      `json:"conversations"`
	Executions    liveCounts `json:"executions"`
}

func (s *Server) controlRoomRoutes(op operation) {
	const get, room = http.MethodGet, "/control-room"
	route(s, op(get, room+"/statistics", "How much there is", ""), s.statistics)
	route(s, op(get, room+"/execution-metrics", "What became of executions", "By intent type and state, of the last hours."), s.executionMetrics)
	route(s, op(get, room+"/realm-health", "How the realms do", "What they stand on is asked, and what they did in the last hour is counted."), s.realmHealth)
	route(s, op(get, room+"/solution-registry", "Registered solutions of the tenant", ""), s.solutionRegistry)
	route(s, op(get, room+"/system-health", "Whether everything answers", "Each dependency is asked now."), s.systemHealth)
}

func scopeName(platform bool) string {
	if platform {
		return platformScope
	}
	return "tenant"
}

func (s *Server) statistics(ctx context.Context, in *scopeInput) (*body[statisticsShape], error) {
	found, err := s.d.Admin.Statistics(ctx, callerOf(ctx).principal, in.Scope == platformScope)
	if err != nil {
		return nil, err
	}
	t := found.Totals
	out := statisticsShape{
		Scope: scopeName(found.Platform), Users: t.Users, Tenants: t.Tenants, Sessions: t.Sessions, Artifacts: t.Artifacts, Conversations: t.Conversations,
	}
	e := &out.Executions
	by := map[execution.State]*int64{
		execution.Accepted: &e.Accepted, execution.Running: &e.Running, execution.Waiting: &e.Waiting, execution.Retrying: &e.Retrying, execution.Paused: &e.Paused,
	}
	for _, q := range found.Live {
		if n, ok := by[q.State]; ok {
			*n += q.Count
		}
		e.Live += q.Count
		e.Stuck += q.Stuck
	}
	return &body[statisticsShape]{out}, nil
}

type metricShape struct {
	IntentType     string  `json:"intent_type"`
	State          string  `json:"state"`
	Count          int64   `json:"count"`
	MeanSeconds    float64 `json:"mean_seconds" doc:"From acceptance to the end; 0 for what has not ended"`
	LongestSeconds float64 `json:"longest_seconds"`
}

type metricsShape struct {
	Since       time.Time     `json:"since"`
	Total       int64         `json:"total"`
	Completed   int64         `json:"completed"`
	Failed      int64         `json:"failed"`
	Cancelled   int64         `json:"cancelled"`
	SuccessRate float64       `json:"success_rate" doc:"Completed of those that completed or failed; 1 if none has"`
	Metrics     []metricShape `json:"metrics"`
}

func (s *Server) executionMetrics(ctx context.Context, in *struct {
	Scope string `query:"scope" enum:"tenant,platform" default:"tenant" doc:"platform needs an operator"`
	Hours int    `query:"hours" minimum:"1" maximum:"720" default:"24"`
}) (*body[metricsShape], error) {
	since, counts, err := s.d.Admin.Metrics(ctx, callerOf(ctx).principal, in.Scope == platformScope, time.Duration(in.Hours)*time.Hour)
	if err != nil {
		return nil, err
	}
	out := metricsShape{Since: since.UTC(), Metrics: make([]metricShape, len(counts))}
	for i, c := range counts {
		out.Metrics[i] = metricShape{c.IntentType, string(c.State), c.Count, c.Mean.Seconds(), c.Longest.Seconds()}
		out.Total += c.Count
		switch c.State { //nolint:exhaustive // what has not ended is in the total alone
		case execution.Completed:
			out.Completed += c.Count
		case execution.Failed:
			out.Failed += c.Count
		case execution.Cancelled:
			out.Cancelled += c.Count
		}
	}
	out.SuccessRate = rate(out.Completed, out.Failed)
	return &body[metricsShape]{out}, nil
}

func rate(completed, failed int64) float64 {
	if completed+failed == 0 {
		return 1
	}
	return float64(completed) / float64(completed+failed)
}

type realmHealthShape struct {
	Name        string  `json:"name"`
	Title       string  `json:"title"`
	Status      string  `json:"status" enum:"healthy,degraded,unhealthy"`
	Intents     int     `json:"intents"`
	Agents      int     `json:"agents"`
	Completed   int64   `json:"completed" doc:"Of the last hour, in the caller's reach"`
	Failed      int64   `json:"failed"`
	SuccessRate float64 `json:"success_rate"`
}

type realmHealthList struct {
	Status string             `json:"status" enum:"healthy,degraded,unhealthy"`
	Realms []realmHealthShape `json:"realms"`
}

// fewRuns is how many ended executions say nothing about a realm yet.
const fewRuns = 5

func (s *Server) realmHealth(ctx context.Context, in *scopeInput) (*body[realmHealthList], error) {
	_, counts, err := s.d.Admin.Metrics(ctx, callerOf(ctx).principal, in.Scope == platformScope, time.Hour)
	if err != nil {
		return nil, err
	}
	out := realmHealthList{Status: "healthy", Realms: []realmHealthShape{}}
	if _, err := s.check(ctx); err != nil {
		out.Status = "unhealthy"
	}
	for _, r := range s.d.Catalogue.Realms() {
		shape := realmHealthShape{Name: r.Name, Title: r.Title, Status: out.Status, Intents: len(r.Intents), Agents: len(r.Agents)}
		for _, spec := range r.Intents {
			for _, c := range counts {
				switch {
				case c.IntentType == spec.Type && c.State == execution.Completed:
					shape.Completed += c.Count
				case c.IntentType == spec.Type && c.State == execution.Failed:
					shape.Failed += c.Count
				}
			}
		}
		shape.SuccessRate = rate(shape.Completed, shape.Failed)
		if shape.Status == "healthy" && shape.Completed+shape.Failed >= fewRuns && shape.Failed > shape.Completed {
			shape.Status = "degraded"
		}
		out.Realms = append(out.Realms, shape)
	}
	if out.Status == "healthy" && slices.ContainsFunc(out.Realms, func(r realmHealthShape) bool { return r.Status == "degraded" }) {
		out.Status = "degraded"
	}
	return &body[realmHealthList]{out}, nil
}

type solutionShape struct {
	SolutionID string    `json:"solution_id"`
	Name       string    `json:"name"`
	UserID     string    `json:"user_id"`
	State      string    `json:"lifecycle_state"`
	Version    int       `json:"version"`
	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
}

type solutionList struct {
	Solutions  []solutionShape `json:"solutions"`
	Total      int             `json:"total" doc:"On this page"`
	NextCursor *string         `json:"next_cursor"`
}

func (s *Server) solutionRegistry(ctx context.Context, in *pageInput) (*body[solutionList], error) {
	p := callerOf(ctx).principal
	cursors := s.cursors("admin.solutions", p)
	after, err := cursors.open(in.Cursor)
	if err != nil {
		return nil, err
	}
	found, next, err := s.d.Admin.Solutions(ctx, p, ports.Page{Limit: in.Limit, After: after})
	if err != nil {
		return nil, err
	}
	out := solutionList{Solutions: make([]solutionShape, len(found)), Total: len(found)}
	for i, v := range found {
		out.Solutions[i] = newSolution(v)
	}
	if next != "" {
		out.NextCursor = nullable(cursors.seal(next))
	}
	return &body[solutionList]{out}, nil
}

func newSolution(v artifact.Snapshot) solutionShape {
	return solutionShape{v.ID, v.Name, v.OwnerID, string(v.State), v.ContentVersion, v.CreatedAt.UTC(), v.UpdatedAt.UTC()}
}

type checkShape struct {
	Name   string  `json:"name"`
	Status string  `json:"status" enum:"ok,failed"`
	Spare  bool    `json:"spare" doc:"Everything works without it, slower"`
	Took   float64 `json:"took_ms"`
}

type systemHealth struct {
	Status  string       `json:"status" enum:"healthy,degraded,unhealthy"`
	Service string       `json:"service"`
	Version string       `json:"version"`
	Checks  []checkShape `json:"checks"`
}

// systemHealth asks every dependency at once. Why one fails is in the log, not in the answer.
func (s *Server) systemHealth(ctx context.Context, _ *none) (*body[systemHealth], error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	checks := slices.Concat(s.d.Checks, s.d.SpareChecks)
	out := systemHealth{Status: "healthy", Service: s.cfg.Service, Version: s.cfg.Version, Checks: make([]checkShape, len(checks))}
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() {
			start := s.d.Clock.Now()
			err := fault.Guard(func() error { return check.Check(ctx) })
			shape := checkShape{Name: check.Name(), Status: "ok", Spare: i >= len(s.d.Checks), Took: float64(s.d.Clock.Now().Sub(start).Microseconds()) / 1000}
			if err != nil {
				shape.Status = "failed"
				s.d.Log.WarnContext(ctx, "a check failed", "check", check.Name(), "error", err.Error())
			}
			out.Checks[i] = shape
		})
	}
	all.Wait()
	for _, c := range out.Checks {
		switch {
		case c.Status == "ok":
		case !c.Spare:
			out.Status = "unhealthy"
		case out.Status == "healthy":
			out.Status = "degraded"
		}
	}
	return &body[systemHealth]{out}, nil
}
