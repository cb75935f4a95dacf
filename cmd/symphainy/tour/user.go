package tour

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// register makes an account; the visitor's session is not touched by it.
func (s *story) register(ctx context.Context) error {
	s.chapter("They register")
	ada := person("Ada Tour")
	if err := s.call(ctx, caller{}, http.MethodPost, "/api/auth/register", ada, &s.user, http.StatusCreated); err != nil {
		return err
	}
	if s.user.AccessToken == "" || s.user.TenantID == "" {
		return errors.New("a new user should be signed in, with a tenant of their own")
	}
	s.ok("user %s owns the new tenant %s", s.user.UserID, s.user.TenantID)
	return nil
}

// upgrade gives the session to the user, on the open socket.
func (s *story) upgrade(ctx context.Context) error {
	s.chapter("They take their session along, on the open socket")
	err := s.socket.send(map[string]any{"type": "session.upgrade", "access_token": s.user.AccessToken, "session_secret": s.secret})
	if err != nil {
		return err
	}
	f, err := s.socket.until("session.upgraded", nil)
	if err != nil {
		return err
	}
	var upgraded struct {
		SessionID   string `json:"session_id"`
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(f.Data, &upgraded); err != nil {
		return err
	}
	if upgraded.SessionID != s.sessionID {
		return fmt.Errorf("the session should keep its id %s, not become %s", s.sessionID, upgraded.SessionID)
	}
	if upgraded.AccessToken != "" {
		s.user.AccessToken = upgraded.AccessToken
	}
	var session struct {
		Status      string  `json:"status"`
		IsAnonymous bool    `json:"is_anonymous"`
		TenantID    *string `json:"tenant_id"`
	}
	if err := s.call(ctx, s.me(), http.MethodGet, "/api/session/"+s.sessionID, nil, &session, http.StatusOK); err != nil {
		return err
	}
	if session.Status != "active" || session.IsAnonymous || text(session.TenantID) != s.user.TenantID {
		return errors.New("the session should be active and belong to the user's tenant")
	}
	a, err := s.send(ctx, s.visitor(), http.MethodGet, "/api/session/"+s.sessionID, nil)
	if err != nil {
		return err
	}
	if a.status != http.StatusNotFound {
		return fmt.Errorf("the visitor's secret should be dead after the upgrade, but answered %d", a.status)
	}
	s.ok("same session id, same socket; the secret is dead")
	return nil
}

func (s *story) me() caller { return caller{token: s.user.AccessToken} }

// history checks that all executions came along.
func (s *story) history(ctx context.Context) error {
	s.chapter("Everything they did came along")
	var list struct {
		Executions []execution `json:"executions"`
	}
	if err := s.call(ctx, s.me(), http.MethodGet, "/api/executions?limit=200&session_id="+s.sessionID, nil, &list, http.StatusOK); err != nil {
		return err
	}
	var ids, types []string
	for _, e := range slices.Backward(list.Executions) {
		ids, types = append(ids, e.ExecutionID), append(types, e.IntentType)
	}
	for _, id := range s.executions {
		if !slices.Contains(ids, id) {
			return fmt.Errorf("execution %s of the visitor is missing in the user's history", id)
		}
	}
	s.ok("%d executions: %s", len(ids), strings.Join(types, ", "))
	return nil
}

// askLiaison asks the agent of the content realm, on the same socket.
func (s *story) askLiaison(context.Context) error {
	s.chapter("They ask the content liaison, still on the same socket")
	reply, err := s.talk("content_pillar", "Which files do I have?", "liaison.content")
	if err == nil && !strings.Contains(reply, s.name) {
		return fmt.Errorf("the liaison should name the file %s", s.name)
	}
	return err
}

// traceparent is sent with both requests of a comparison, because answers name their trace.
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// stranger registers somebody else, to whom nothing of all this exists.
func (s *story) stranger(ctx context.Context) error {
	s.chapter("Somebody else finds nothing")
	other, err := s.somebodyElse(ctx)
	if err != nil {
		return err
	}
	for _, object := range []struct{ name, id, path string }{
		{"session", s.sessionID, "/api/session/%s"},
		{"execution", s.ingested, "/api/execution/%s/status"},
		{"file", s.fileID, "/api/files/%s/content"},
		{"artifact", s.qualityID, "/api/artifacts/%s"},
	} {
		if err := s.hidden(ctx, other, object.name, object.id, object.path); err != nil {
			return err
		}
	}
	s.ok("session, execution, file and artifact: 404, byte for byte as if they had never been")
	return nil
}

// somebodyElse registers a second user. Where the limit of registrations is reached, as after several tours, another visitor has to do.
func (s *story) somebodyElse(ctx context.Context) (caller, error) {
	a, err := s.send(ctx, caller{}, http.MethodPost, "/api/auth/register", person("Mallory Tour"))
	if err != nil {
		return caller{}, err
	}
	if a.status == http.StatusTooManyRequests {
		s.note("the server takes no more registrations just now, so it is another visitor instead of another user")
		var v struct {
			Secret string `json:"session_secret"`
		}
		err := s.call(ctx, caller{}, http.MethodPost, "/api/session/create-anonymous", nil, &v, http.StatusCreated)
		return caller{secret: v.Secret}, err
	}
	var other signedIn
	err = a.decode("POST /api/auth/register", &other, http.StatusCreated)
	return caller{token: other.AccessToken}, err
}

// hidden compares the answer for a foreign object with that for an unknown one.
func (s *story) hidden(ctx context.Context, who caller, name, id, path string) error {
	get := func(id string) (answer, error) {
		return s.send(ctx, who, http.MethodGet, fmt.Sprintf(path, id), nil, "Traceparent", traceparent)
	}
	theirs, err := get(id)
	if err != nil {
		return err
	}
	unknown, err := get(neverMade(id))
	if err != nil {
		return err
	}
	if theirs.status != http.StatusNotFound || unknown.status != http.StatusNotFound {
		return fmt.Errorf("a foreign %s answered %d and an unknown one %d; both should be 404", name, theirs.status, unknown.status)
	}
	if !bytes.Equal(theirs.body, unknown.body) {
		return fmt.Errorf("a foreign %s should answer exactly as an unknown one", name)
	}
	return nil
}

// neverMade gives an id of the same form that no server made.
func neverMade(id string) string {
	prefix, _, _ := strings.Cut(id, "_")
	return prefix + "_01jd8h0000e7e8000000000000"
}
