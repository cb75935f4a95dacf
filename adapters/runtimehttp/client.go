package runtimehttp

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/propagation"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

const (
	// callTime bounds a call beside what it waits for.
	callTime = 20 * time.Second
	// dialTries is how often a connection is tried; a request that nobody took may be sent again.
	dialTries = 6
	dialPause = 50 * time.Millisecond
	// maxAnswer bounds an answer that is read at once.
	maxAnswer = 256 << 20
)

// errCredential is a Runtime that refuses our credential: a fault of this deployment, never of the user whose request it was.
var errCredential = fault.New(fault.Unavailable, "runtime_unavailable", "The Runtime does not take this service's credential.").After(5 * time.Second)

// Client is a Runtime in another process. It implements ports.Runtime, ports.EventFeed, ports.Control and, for the Runtime's readiness,
// ports.HealthCheck. What cannot be reached is fault.ErrUnavailable.
type Client struct {
	base   string
	issuer ports.ServiceTokenIssuer
	http   *http.Client
}

var (
	_ ports.Runtime     = (*Client)(nil)
	_ ports.EventFeed   = (*Client)(nil)
	_ ports.HealthCheck = (*Client)(nil)
)

// CheckURL reports what is wrong with the URL of a Runtime.
func CheckURL(base string) error {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" || strings.Trim(u.Path, "/") != "" {
		return errors.New("runtimehttp: the Runtime's URL must be an http(s) URL without path, such as http://127.0.0.1:8002")
	}
	return nil
}

// NewClient makes a client of the Runtime at a URL.
func NewClient(base string, issuer ports.ServiceTokenIssuer) (*Client, error) {
	if err := CheckURL(base); err != nil {
		return nil, err
	}
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	return &Client{base: strings.TrimRight(base, "/"), issuer: issuer, http: &http.Client{
		// No proxy: the credential goes to the Runtime and to nobody else. Nor does a redirect take it anywhere.
		Transport: &http.Transport{
			DialContext: dialer.DialContext, MaxIdleConns: 256, MaxIdleConnsPerHost: 256, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

func byPrincipal(p identity.Principal) ports.ServiceCaller { return ports.ServiceCaller{Principal: &p} }
func byScope(s identity.Scope) ports.ServiceCaller         { return ports.ServiceCaller{Scope: &s} }

// Submit hands a submission over; principal, spec and realm are not in it (see submission).
func (c *Client) Submit(ctx context.Context, s ports.Submission) (r ports.Receipt, err error) {
	return r, c.call(ctx, byPrincipal(s.Principal), routeSubmit, submission{
		Intent: s.Intent, SessionID: s.SessionID, IdempotencyKey: s.IdempotencyKey, Fingerprint: s.Fingerprint, TraceID: s.TraceID, Alongside: s.Alongside,
	}, &r)
}

// Execution reads one execution in scope.
func (c *Client) Execution(ctx context.Context, scope identity.Scope, id string) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byScope(scope), routeExecution, byID{id}, &s)
}

// Executions lists executions in scope, newest first.
func (c *Client) Executions(ctx context.Context, scope identity.Scope, f ports.ExecutionFilter, page ports.Page) (list []execution.Snapshot, err error) {
	return list, c.call(ctx, byScope(scope), routeExecutions, listing{f, page}, &list)
}

// Cancel asks for the end of an execution.
func (c *Client) Cancel(ctx context.Context, p identity.Principal, id string) (s execution.Snapshot, err error) {
	return s, c.call(ctx, byPrincipal(p), routeCancel, byID{id}, &s)
}

// Wait asks again until the execution has ended or d is over. A ctx that ends first gives the execution as it is.
func (c *Client) Wait(ctx context.Context, scope identity.Scope, id string, d time.Duration) (p ports.EventPage, err error) {
	err = c.callFor(ctx, d, byScope(scope), routeWait, waiting{id, d}, &p)
	if err != nil && ctx.Err() != nil {
		s, err := c.Execution(context.WithoutCancel(ctx), scope, id)
		return ports.EventPage{Execution: s, Epoch: s.Epoch}, err
	}
	return p, err
}

// Page reads a part of a log.
func (c *Client) Page(ctx context.Context, scope identity.Scope, executionID string, from ports.Position, limit int) (p ports.EventPage, err error) {
	return p, c.call(ctx, byScope(scope), routePage, paging{executionID, from, limit}, &p)
}

// Name is the check's name.
func (c *Client) Name() string { return "runtime" }

// Check asks whether the Runtime is ready.
func (c *Client) Check(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+routeReady, nil)
	if err != nil {
		return fault.As(err)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return fault.ErrUnavailable.Because(err)
	}
	defer res.Body.Close() //nolint:errcheck // nothing was read that could be wrong
	if res.StatusCode != http.StatusNoContent {
		return fault.ErrUnavailable.Because(fmt.Errorf("the Runtime answers %s", res.Status))
	}
	return nil
}

func (c *Client) call(ctx context.Context, who ports.ServiceCaller, route string, in, out any) error {
	return c.callFor(ctx, 0, who, route, in, out)
}

// callFor makes a call that may take d and the usual time.
func (c *Client) callFor(ctx context.Context, d time.Duration, who ports.ServiceCaller, route string, in, out any) error {
	ctx, cancel := context.WithTimeout(ctx, callTime+d)
	defer cancel()
	res, err := c.send(ctx, who, route, in)
	if err != nil {
		return err
	}
	defer res.Body.Close() //nolint:errcheck // a failure to read is seen by the reader
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(out); err != nil {
		return fault.ErrUnavailable.Because(fmt.Errorf("read the Runtime's answer: %w", err))
	}
	return nil
}

// send sends a request and gives the answer if it is a good one; the caller closes its body.
func (c *Client) send(ctx context.Context, who ports.ServiceCaller, route string, in any) (*http.Response, error) {
	body, err := json.Marshal(in)
	if err != nil {
		return nil, fault.As(err)
	}
	token, err := c.issuer.Issue(who, bound(route, body))
	if err != nil {
		return nil, fault.As(err)
	}
	res, err := c.dialled(ctx, func() (*http.Response, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+route, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+token)
		propagation.TraceContext{}.Inject(ctx, propagation.HeaderCarrier(req.Header))
		if again(in) {
			// A key without a value is not sent; it tells the transport that a request may go out again when a connection turns out to be dead.
			req.Header["Idempotency-Key"] = nil
		}
		return c.http.Do(req)
	})
	if err != nil {
		return nil, fault.ErrUnavailable.Because(err)
	}
	if res.StatusCode == http.StatusOK && res.Header.Get(planeHeader) != "" {
		return res, nil
	}
	defer res.Body.Close() //nolint:errcheck // a failure to read is seen by the reader
	return nil, refusal(res)
}

// again reports whether a request that came twice does no harm: every one but a submission without a key.
func again(in any) bool {
	s, ok := in.(submission)
	return !ok || s.IdempotencyKey != ""
}

// dialled tries again while nobody listens, for about a second and a half: a Runtime that is restarted fails no request. Once a connection stands
// nothing is sent twice.
func (c *Client) dialled(ctx context.Context, do func() (*http.Response, error)) (*http.Response, error) {
	pause := dialPause
	for try := 1; ; try++ {
		res, err := do()
		var dial *net.OpError
		if err == nil || try == dialTries || !errors.As(err, &dial) || dial.Op != "dial" {
			return res, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		case <-timer.C:
		}
		pause *= 2
	}
}

// refusal gives the fault that an answer tells. What no Runtime said is an unreachable Runtime.
func refusal(res *http.Response) error {
	var p wire.Problem
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil || res.Header.Get(planeHeader) == "" || res.Header.Get("Content-Type") != wire.ProblemType || json.Unmarshal(raw, &p) != nil || p.Code == "" {
		return fault.ErrUnavailable.Because(fmt.Errorf("the Runtime's address answers %s", res.Status))
	}
	return faultOf(p)
}

// faultOf is the fault that a problem was made of: same kind, code, text and fields, so that errors.Is finds the same sentinels.
func faultOf(p wire.Problem) error {
	if p.Code == ports.ErrServiceToken.Code {
		return errCredential
	}
	for k := fault.Internal; k <= fault.Quota; k++ {
		if wire.Status(k) != p.Status {
			continue
		}
		f := fault.New(k, p.Code, p.Detail)
		for _, e := range p.Errors {
			f = f.WithFields(fault.Field(e))
		}
		return f.After(time.Duration(p.RetryAfter) * time.Second)
	}
	return fault.ErrUnavailable.Because(fmt.Errorf("the Runtime answers %d %s", p.Status, p.Code))
}
