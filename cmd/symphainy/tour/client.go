package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"time"
)

// maxAnswer bounds what is read of one answer.
const maxAnswer = 16 << 20

// caller is who sends a request: an anonymous session's secret, or an access token.
type caller struct{ secret, token string }

func (c caller) sign(h http.Header) {
	if c.secret != "" {
		h.Set("X-Session-Secret", c.secret)
	}
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
}

// client speaks to the server like any other client would.
type client struct {
	base string
	http *http.Client
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// problem is the part of an error that a person wants.
type problem struct {
	Detail string `json:"detail"`
	Code   string `json:"code"`
	Errors []struct {
		Pointer string `json:"pointer"`
		Message string `json:"message"`
	} `json:"errors"`
}

// send makes one request; body is a JSON value, nil for none.
func (c *client) send(ctx context.Context, who caller, method, path string, body any, headers ...string) (answer, error) {
	var payload io.Reader
	h := http.Header{}
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		payload = bytes.NewReader(raw)
		h.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		h.Set(headers[i], headers[i+1])
	}
	return c.raw(ctx, who, method, path, payload, h)
}

func (c *client) raw(ctx context.Context, who caller, method, path string, body io.Reader, h http.Header) (_ answer, err error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return answer{}, err
	}
	req.Header = h
	who.sign(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return answer{}, fmt.Errorf("no answer from %s (is the server running? start it with: symphainy serve): %w", c.base, err)
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	return answer{res.StatusCode, res.Header, text}, err
}

// call makes a request and decodes the answer; another status than the wanted ones is an error that says what the server said.
func (c *client) call(ctx context.Context, who caller, method, path string, body, into any, want ...int) error {
	a, err := c.send(ctx, who, method, path, body)
	if err != nil {
		return err
	}
	return a.decode(method+" "+path, into, want...)
}

func (a answer) decode(what string, into any, want ...int) error {
	for _, status := range want {
		if a.status == status {
			if into == nil {
				return nil
			}
			if err := json.Unmarshal(a.body, into); err != nil {
				return fmt.Errorf("%s: the answer is not what was promised: %w", what, err)
			}
			return nil
		}
	}
	var p problem
	if json.Unmarshal(a.body, &p) != nil || p.Detail == "" {
		p.Detail = fmt.Sprintf("%.200s", a.body)
	}
	text := fmt.Sprintf("%s answered %d: %s", what, a.status, p.Detail)
	for _, e := range p.Errors {
		text += fmt.Sprintf(" (%s: %s)", e.Pointer, e.Message)
	}
	if wait := a.header.Get("Retry-After"); a.status == http.StatusTooManyRequests && wait != "" {
		text += fmt.Sprintf(" Try again in %s s; for trying things out, SYMPHAINY_LIMIT_REGISTER=0 and the like switch limits off.", wait)
	}
	return errors.New(text)
}

// upload sends a file as multipart.
func (c *client) upload(ctx context.Context, who caller, name string, content []byte, into any) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(content)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return err
	}
	a, err := c.raw(ctx, who, http.MethodPost, "/api/files", &body, http.Header{"Content-Type": {form.FormDataContentType()}})
	if err != nil {
		return err
	}
	return a.decode("POST /api/files", into, http.StatusAccepted, http.StatusOK)
}

// execution is what the tour reads of an ExecutionStatus.
type execution struct {
	ExecutionID string                     `json:"execution_id"`
	IntentType  string                     `json:"intent_type"`
	SessionID   string                     `json:"session_id"`
	Status      string                     `json:"status"`
	Error       *string                    `json:"error"`
	ErrorCode   *string                    `json:"error_code"`
	Artifacts   map[string]json.RawMessage `json:"artifacts"`
}

// artifact decodes a named result.
func (e execution) artifact(key string, into any) error {
	raw, ok := e.Artifacts[key]
	if !ok {
		return fmt.Errorf("the execution of %s has no artifact %q", e.IntentType, key)
	}
	return json.Unmarshal(raw, into)
}

// finish polls an execution until it has ended, and insists that it was completed.
func (c *client) finish(ctx context.Context, who caller, id string) (execution, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var e execution
		if err := c.call(ctx, who, http.MethodGet, "/api/execution/"+id+"/status", nil, &e, http.StatusOK); err != nil {
			return e, err
		}
		switch e.Status {
		case "completed":
			return e, nil
		case "failed", "cancelled":
			return e, fmt.Errorf("the execution of %s %s: %s (%s)", e.IntentType, e.Status, text(e.Error), text(e.ErrorCode))
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return e, fmt.Errorf("the execution of %s is still %s: %w", e.IntentType, e.Status, context.Cause(ctx))
		}
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// run submits an intent and waits for its end.
func (c *client) run(ctx context.Context, who caller, sessionID, intentType string, parameters map[string]any) (execution, error) {
	a, err := c.send(ctx, who, http.MethodPost, "/api/intent/submit",
		map[string]any{"session_id": sessionID, "intent_type": intentType, "parameters": parameters})
	if err != nil {
		return execution{}, err
	}
	var accepted struct {
		ExecutionID string `json:"execution_id"`
	}
	if err := a.decode("the intent "+intentType, &accepted, http.StatusAccepted, http.StatusOK); err != nil {
		return execution{}, err
	}
	return c.finish(ctx, who, accepted.ExecutionID)
}
