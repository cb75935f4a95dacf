package bed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/symphainy/symphainy/test/chaos/history"
)

// Client is somebody who uses the platform.
type Client struct {
	bed  *Bed
	Name string
	// Secret proves an anonymous session, Token a signed-in one.
	Session, Secret, Token string
	// Refresh renews Token.
	Refresh string
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Took   time.Duration
}

// Object gives the body as a JSON object, nil if it is none.
func (a Answer) Object() map[string]any {
	var o map[string]any
	if json.Unmarshal(a.Body, &o) != nil {
		return nil
	}
	return o
}

// Text gives a field of the body, "" if it is not a text.
func (a Answer) Text(field string) string {
	s, _ := a.Object()[field].(string)
	return s
}

// Call sends a request to a base URL and takes the whole answer.
func (c *Client) Call(ctx context.Context, base, method, path string, body any, headers ...string) (Answer, error) {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, reader)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.credentials(req.Header)
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	began := time.Now()
	res, err := c.bed.HTTP.Do(req)
	if err != nil {
		return Answer{Took: time.Since(began)}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return Answer{res.StatusCode, res.Header, raw, time.Since(began)}, err
}

func (c *Client) credentials(h http.Header) {
	if c.Secret != "" {
		h.Set("X-Session-Secret", c.Secret)
	}
	if c.Token != "" {
		h.Set("Authorization", "Bearer "+c.Token)
	}
}

// patience bounds what a client tries again.
const patience = 90 * time.Second

// Anonymous makes a client with an anonymous session.
func (b *Bed) Anonymous(ctx context.Context, name string) (*Client, error) {
	c := &Client{bed: b, Name: name}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last Answer
	err := Until(ctx, 50*time.Millisecond, func() (bool, error) {
		a, err := c.Call(ctx, b.Any(), http.MethodPost, "/api/session/create-anonymous", nil)
		last = a
		return err == nil && a.Status == http.StatusCreated, ctx.Err()
	})
	c.Session, c.Secret = last.Text("session_id"), last.Text("session_secret")
	if err != nil {
		return nil, fmt.Errorf("make a session: %d %s: %w", last.Status, last.Body, err)
	}
	return c, nil
}

// Intent is what a client asks for.
type Intent struct {
	Type       string
	Parameters map[string]any
	Key        string
}

func (c *Client) body(in Intent) map[string]any {
	body := map[string]any{"session_id": c.Session, "intent_type": in.Type, "parameters": in.Parameters}
	if in.Key != "" {
		body["idempotency_key"] = in.Key
	}
	return body
}

// Submit sends an intent once and records what the client knows of it.
func (c *Client) Submit(ctx context.Context, base string, in Intent) (id string, a Answer, outcome history.Outcome) {
	op := history.Op{Client: c.Name, Op: "submit", Args: in, Start: time.Now()}
	a, err := c.Call(ctx, base, http.MethodPost, "/api/intent/submit", c.body(in))
	op.End, op.Status, op.Outcome = time.Now(), a.Status, history.Unknown
	switch {
	case err == nil && a.Status == http.StatusAccepted:
		op.Outcome, op.Result = history.OK, a.Text("execution_id")
	case err == nil && a.Status < http.StatusInternalServerError:
		op.Outcome = history.Fail
	}
	c.bed.History.Did(op)
	return op.Result, a, op.Outcome
}

// Insist submits at replicas by chance, under one key, until one accepts: what a client does that must not lose an intent.
func (c *Client) Insist(ctx context.Context, in Intent) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var id string
	var last Answer
	err := Until(ctx, 50*time.Millisecond, func() (bool, error) {
		got, a, outcome := c.Submit(ctx, c.bed.Any(), in)
		id, last = got, a
		if outcome == history.Fail && a.Status != http.StatusTooManyRequests {
			return false, fmt.Errorf("refused with %d: %s", a.Status, a.Body)
		}
		return outcome == history.OK, nil
	})
	if err != nil {
		return "", fmt.Errorf("submit %s: %w (last answer %d %s)", in.Key, err, last.Status, strings.TrimSpace(string(last.Body)))
	}
	return id, nil
}

// Ended polls an execution until it is over, and gives its status.
func (c *Client) Ended(ctx context.Context, id string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var status string
	err := Until(ctx, 30*time.Millisecond, func() (bool, error) {
		a, err := c.Call(ctx, c.bed.Any(), http.MethodGet, "/api/execution/"+id+"/status", nil)
		if err != nil || a.Status != http.StatusOK {
			return false, ctx.Err()
		}
		status = a.Text("status")
		return status == "completed" || status == "failed" || status == "cancelled", nil
	})
	if err != nil {
		return status, errors.Join(fmt.Errorf("execution %s is %q", id, status), err)
	}
	return status, nil
}
