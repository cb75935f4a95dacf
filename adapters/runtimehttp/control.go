package runtimehttp

import (
	"context"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

var (
	_ ports.Control    = (*Client)(nil)
	_ ports.Operations = (*Client)(nil)
)

// control makes the routes of ports.Control.
func (s *Server) control() {
	c := s.d.Control
	answer(s, routeDecisions, func(ctx context.Context, by caller, r decisionsPage) (any, error) {
		return c.OpenDecisions(ctx, by.principal, r.Page)
	})
	answer(s, routeDecide, func(ctx context.Context, by caller, r deciding) (any, error) {
		return c.Decide(ctx, by.principal, r.ID, r.Decision)
	})
	answer(s, routeSignal, func(ctx context.Context, by caller, r signalling) (any, error) {
		return c.Signal(ctx, by.principal, r.ID, r.Signal)
	})
	answer(s, routePause, func(ctx context.Context, by caller, r byID) (any, error) { return c.Pause(ctx, by.principal, r.ID) })
	answer(s, routeResume, func(ctx context.Context, by caller, r byID) (any, error) { return c.Resume(ctx, by.principal, r.ID) })
	answer(s, routeRetry, func(ctx context.Context, by caller, r retrying) (any, error) {
		return c.Retry(ctx, by.principal, r.ID, r.Retry)
	})
	answer(s, routeBulk, func(ctx context.Context, by caller, r bulk) (any, error) {
		return c.Bulk(ctx, by.principal, r.Action, r.Filter)
	})
	answer(s, routeOperate, func(ctx context.Context, by caller, r operating) (any, error) {
		return s.d.Operations.Operate(ctx, by.principal, r.Action, r.Filter)
	})
}

// OpenDecisions gives the decisions that the caller may take.
func (c *Client) OpenDecisions(ctx context.Context, p identity.Principal, page ports.Page) (d ports.DecisionPage, err error) {
	return d, c.call(ctx, byPrincipal(p), routeDecisions, decisionsPage{page}, &d)
}

// Decide takes the decision that an execution waits for.
func (c *Client) Decide(ctx context.Context, p identity.Principal, id string, d ports.DecisionCommand) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routeDecide, deciding{id, d}, &s)
}

// Signal sends a signal to an execution.
func (c *Client) Signal(ctx context.Context, p identity.Principal, id string, sent execution.Signal) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routeSignal, signalling{id, sent}, &s)
}

// Pause stops an execution until it is resumed.
func (c *Client) Pause(ctx context.Context, p identity.Principal, id string) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routePause, byID{id}, &s)
}

// Resume lets a paused execution go on.
func (c *Client) Resume(ctx context.Context, p identity.Principal, id string) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routeResume, byID{id}, &s)
}

// Retry goes on at once, or repeats what has ended.
func (c *Client) Retry(ctx context.Context, p identity.Principal, id string, r ports.RetryCommand) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routeRetry, retrying{id, r}, &s)
}

// Bulk does one thing to many executions.
func (c *Client) Bulk(ctx context.Context, p identity.Principal, action ports.BulkAction, f ports.ExecutionFilter) (r ports.BulkResult, err error) {
	return r, c.call(ctx, byPrincipal(p), routeBulk, bulk{action, f}, &r)
}

// Operate does one thing to executions of others.
func (c *Client) Operate(ctx context.Context, p identity.Principal, action ports.BulkAction, f ports.WorkFilter) (r ports.BulkResult, err error) {
	return r, c.call(ctx, byPrincipal(p), routeOperate, operating{action, f}, &r)
}
