package httpapi

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/domain/fault"
)

// checkTime bounds what readiness waits for.
const checkTime = 2 * time.Second

type health struct {
	Status  string `json:"status" enum:"healthy"`
	Service string `json:"service"`
	Version string `json:"version"`
}

type readiness struct {
	Status string            `json:"status" enum:"ready"`
	Checks map[string]string `json:"checks"`
}

type realmShape struct {
	Name    string   `json:"name"`
	Aliases []string `json:"aliases"`
	Title   string   `json:"title"`
	Intents []string `json:"intents" doc:"Those that can be submitted"`
	Agents  []string `json:"agents"`
	Health  string   `json:"health" enum:"healthy,unhealthy"`
}

type realmList struct {
	Realms []realmShape `json:"realms"`
	Total  int          `json:"total"`
}

func (s *Server) platformRoutes() {
	tags := []string{"platform"}
	for _, path := range []string{"/health", "/health/live"} {
		route(s, huma.Operation{Method: http.MethodGet, Path: path, Summary: "The process is alive", Tags: tags}, s.health)
	}
	route(s, huma.Operation{Method: http.MethodGet, Path: "/health/ready", Summary: "What it stands on answers", Tags: tags}, s.ready)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/realms", Summary: "Realms, their intents and agents", Tags: tags}, s.realms)
}

func (s *Server) health(context.Context, *none) (*body[health], error) {
	return &body[health]{health{Status: "healthy", Service: s.cfg.Service, Version: s.cfg.Version}}, nil
}

// errNotReady is a dependency that does not answer; which one is in the log.
var errNotReady = fault.New(fault.Unavailable, "not_ready", "A dependency does not answer.").After(2 * time.Second)

// check asks every dependency at once and gives the first failure with its name. One that can be spared for a while shows as degraded.
func (s *Server) check(ctx context.Context) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	checks := slices.Concat(s.d.Checks, s.d.SpareChecks)
	results := make([]error, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() { results[i] = fault.Guard(func() error { return check.Check(ctx) }) })
	}
	all.Wait()
	told := map[string]string{}
	for i, check := range checks {
		if results[i] != nil && i >= len(s.d.Checks) {
			told[check.Name()] = "degraded"
			continue
		}
		if results[i] != nil {
			return nil, errNotReady.WithMsg("%s does not answer", check.Name()).Because(results[i])
		}
		told[check.Name()] = "ok"
	}
	return told, nil
}

func (s *Server) ready(ctx context.Context, _ *none) (*body[readiness], error) {
	told, err := s.check(ctx)
	return &body[readiness]{readiness{Status: "ready", Checks: told}}, err
}

func (s *Server) realms(ctx context.Context, _ *none) (*body[realmList], error) {
	state := "healthy"
	if _, err := s.check(ctx); err != nil {
		state = "unhealthy"
	}
	out := realmList{Realms: []realmShape{}}
	for _, r := range s.d.Catalogue.Realms() {
		shape := realmShape{
			Name: r.Name, Aliases: append([]string{}, r.Aliases...), Title: r.Title, Intents: []string{}, Agents: append([]string{}, r.Agents...), Health: state,
		}
		for _, spec := range r.Intents {
			if !spec.Internal {
				shape.Intents = append(shape.Intents, spec.Type)
			}
		}
		out.Realms = append(out.Realms, shape)
	}
	out.Total = len(out.Realms)
	return &body[realmList]{out}, nil
}
