package tour

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// arrive makes the anonymous session.
func (s *story) arrive(ctx context.Context) error {
	s.chapter("A visitor arrives, without an account")
	var created struct {
		SessionID     string  `json:"session_id"`
		SessionSecret string  `json:"session_secret"`
		TenantID      *string `json:"tenant_id"`
	}
	if err := s.call(ctx, caller{}, http.MethodPost, "/api/session/create-anonymous", nil, &created, http.StatusCreated); err != nil {
		return err
	}
	if created.SessionID == "" || created.SessionSecret == "" || created.TenantID != nil {
		return errors.New("an anonymous session should have an id, a secret and no tenant")
	}
	s.sessionID, s.secret = created.SessionID, created.SessionSecret
	s.ok("session %s, and a secret that proves it is theirs", s.sessionID)
	return nil
}

// askGuide opens the socket and talks to the guide.
func (s *story) askGuide(ctx context.Context) (err error) {
	s.chapter("They ask the guide, over a WebSocket")
	if s.socket, err = dial(ctx, s.base, s.sessionID, s.visitor()); err != nil {
		return err
	}
	f, err := s.socket.until("connection.established", nil)
	if err != nil {
		return err
	}
	var hello struct {
		SessionID   string `json:"session_id"`
		IsAnonymous bool   `json:"is_anonymous"`
	}
	if err := json.Unmarshal(f.Data, &hello); err != nil {
		return err
	}
	if hello.SessionID != s.sessionID || !hello.IsAnonymous {
		return errors.New("the socket should stand in the visitor's own, anonymous session")
	}
	_, err = s.talk("home", "Hello! I have a file of orders. What can I do here?", "guide")
	return err
}

// talk sends one message and shows the answer. The order of its events is part of what is promised: started, tokens, completed.
func (s *story) talk(surface, message, agent string) (string, error) {
	s.says("you", message)
	err := s.socket.send(map[string]any{"type": "agent.message", "text": message, "context": map[string]any{"surface": surface}})
	if err != nil {
		return "", err
	}
	started, err := s.socket.until("agent.started", nil)
	if err != nil {
		return "", err
	}
	var tokens strings.Builder
	f, err := s.socket.until("agent.completed", func(f frame) {
		var d struct {
			Token string `json:"token"`
		}
		if f.EventType == "agent.token" && json.Unmarshal(f.Data, &d) == nil {
			tokens.WriteString(d.Token)
		}
	})
	if err != nil {
		return "", err
	}
	var done struct {
		AgentID  string `json:"agent_id"`
		Response string `json:"response"`
	}
	if err := json.Unmarshal(f.Data, &done); err != nil {
		return "", err
	}
	switch {
	case done.AgentID != agent:
		return "", fmt.Errorf("%s should have answered, not %s", agent, done.AgentID)
	case strings.TrimSpace(done.Response) == "":
		return "", fmt.Errorf("%s gave an empty answer", agent)
	case tokens.String() != done.Response:
		return "", errors.New("the streamed tokens should make up the answer")
	}
	s.executions = append(s.executions, started.ExecutionID)
	s.says(agent[strings.LastIndex(agent, ".")+1:], done.Response)
	return done.Response, nil
}

// uploadFile sends the file as multipart; an execution takes it in.
func (s *story) uploadFile(ctx context.Context) error {
	s.chapter("They upload %s (%d bytes)", s.name, len(s.content))
	var accepted struct {
		ExecutionID string `json:"execution_id"`
		FileID      string `json:"file_id"`
	}
	if err := s.upload(ctx, s.visitor(), s.name, s.content, &accepted); err != nil {
		return err
	}
	e, err := s.finish(ctx, s.visitor(), accepted.ExecutionID)
	if err != nil {
		return err
	}
	var file struct {
		FileID   string `json:"file_id"`
		Contract string `json:"boundary_contract_id"`
		Hash     string `json:"file_hash"`
		Status   string `json:"status"`
	}
	if err := e.artifact("file", &file); err != nil {
		return err
	}
	if file.FileID == "" || file.FileID != accepted.FileID || file.Contract == "" {
		return errors.New("the upload should give the file that it promised, under a boundary contract")
	}
	s.fileID, s.contract, s.ingested = file.FileID, file.Contract, e.ExecutionID
	s.executions = append(s.executions, e.ExecutionID)
	s.ok("file %s, sha256 %.16s…", s.fileID, file.Hash)
	s.note("it is kept back under the boundary contract %s until they say so", s.contract)
	return nil
}

// save activates the boundary contract.
func (s *story) save(ctx context.Context) error {
	s.chapter("They save it: the policy decides what may be kept, and for how long")
	e, err := s.run(ctx, s.visitor(), s.sessionID, "save_materialization", map[string]any{"boundary_contract_id": s.contract, "file_id": s.fileID})
	if err != nil {
		return err
	}
	var saved struct {
		Type    string `json:"materialization_type"`
		Expires string `json:"materialization_expires_at"`
	}
	if err := e.artifact("materialization", &saved); err != nil {
		return err
	}
	s.executions = append(s.executions, e.ExecutionID)
	s.ok("kept as %s until %.10s, then swept", saved.Type, saved.Expires)
	return nil
}

// parse turns the file into typed columns.
func (s *story) parse(ctx context.Context) error {
	s.chapter("They have it parsed into a typed document")
	e, err := s.run(ctx, s.visitor(), s.sessionID, "parse_content", map[string]any{"file_id": s.fileID})
	if err != nil {
		return err
	}
	var parsed struct {
		ID      string `json:"parsed_file_id"`
		Records int    `json:"record_count"`
		Columns []struct {
			Name   string `json:"name"`
			Type   string `json:"type"`
			Format string `json:"format"`
		} `json:"columns"`
	}
	if err := e.artifact("parsed_content", &parsed); err != nil {
		return err
	}
	if parsed.ID == "" {
		return errors.New("parsing should make a parsed file")
	}
	s.parsedID = parsed.ID
	s.executions = append(s.executions, e.ExecutionID)
	s.ok("%d records, %d columns", parsed.Records, len(parsed.Columns))
	types := map[string]string{}
	var shown []string
	for _, c := range parsed.Columns {
		types[c.Name] = c.Type
		kind := c.Type
		if c.Format != "" {
			kind += "/" + c.Format
		}
		shown = append(shown, c.Name+" "+kind)
	}
	for _, line := range wrap(strings.Join(shown, ", ")) {
		s.note("%s", line)
	}
	if !s.mine && (parsed.Records != 240 || types["order_id"] != "integer" || types["order_date"] != "date" || types["quantity"] != "integer") {
		return fmt.Errorf("the sample has 240 orders with an integer id, a date and an integer quantity, not %d records of %v", parsed.Records, types)
	}
	return nil
}

// badRow is the one bad row of the sample, counted from 0: line 138 of the file.
const badRow = 136

// assess has the quality assessed; of the sample it is known which row is bad.
func (s *story) assess(ctx context.Context) error {
	s.chapter("They have its quality assessed")
	e, err := s.run(ctx, s.visitor(), s.sessionID, "assess_data_quality", map[string]any{"parsed_file_id": s.parsedID})
	if err != nil {
		return err
	}
	var q struct {
		ID      string  `json:"artifact_id"`
		Overall float64 `json:"overall"`
		Grade   string  `json:"grade"`
		Issues  []struct {
			Code        string `json:"code"`
			Severity    string `json:"severity"`
			Description string `json:"description"`
			Column      string `json:"column"`
			Rows        []int  `json:"rows"`
		} `json:"issues"`
	}
	if err := e.artifact("quality_assessment", &q); err != nil {
		return err
	}
	s.qualityID = q.ID
	s.executions = append(s.executions, e.ExecutionID)
	s.ok("grade %s, %d issues", q.Grade, len(q.Issues))
	pointing := map[string]bool{}
	for _, issue := range q.Issues {
		s.note("%-6s %s", issue.Severity, issue.Description)
		if slices.Contains(issue.Rows, badRow) {
			pointing[issue.Column] = true
		}
	}
	if !s.mine && (!pointing["order_id"] || !pointing["order_date"] || !pointing["quantity"]) {
		return fmt.Errorf("the assessment should point at row %d by its key, its date and its number; it points by %v", badRow, pointing)
	}
	if !s.mine {
		s.ok("it found the one bad row: line %d, with a taken id, a date that does not exist and a word for a number", badRow+2)
	}
	return nil
}
