package httpapi

import (
	"context"
	"errors"
	"mime/multipart"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
)

// Paths that older pages call (contract.md §5): translations onto the other routes, with their checks.
const (
	olderUpload  = "/api/v1/content-pillar/upload-file"
	copybookPart = "copybook"
)

type olderFiles struct {
	Success     bool  `json:"success"`
	ParsedFiles []any `json:"parsed_files" doc:"As in a session's realm_state.content.parsedFiles"`
	Total       int   `json:"total"`
}

type customizeBody struct {
	Addressed

	Goals      []string `json:"goals,omitempty" maxItems:"20"`
	Systems    []string `json:"systems,omitempty" maxItems:"20"`
	Industries []string `json:"industries,omitempty" maxItems:"20"`
}

type olderGuidance struct {
	Success  bool          `json:"success"`
	Context  contextShape  `json:"context"`
	Guidance guidanceShape `json:"guidance"`
}

type navigateBody struct {
	Addressed

	Pillar *string `json:"pillar,omitempty" maxLength:"64"`
	Target *string `json:"target,omitempty" maxLength:"64" doc:"Another name of pillar"`
}

func (s *Server) olderRoutes() {
	tags := []string{"older"}
	str := &huma.Schema{Type: huma.TypeString}
	binary := &huma.Schema{Type: huma.TypeString, Format: "binary"}
	form := &huma.Schema{Type: huma.TypeObject, Required: []string{"file"}, AdditionalProperties: true, Properties: map[string]*huma.Schema{
		"file": binary, copybookPart: binary, "session_id": str, "content_type": str, "file_type_category": str,
	}}
	s.plain(huma.Operation{Method: http.MethodPost, Path: olderUpload, Summary: "Upload a file, with a copybook beside it", Tags: tags,
		Description: "POST /api/files under its older name; a part called copybook is registered as a file of its own, before the file that refers to it.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: form}}},
		Responses:   map[string]*huma.Response{"202": jsonOf[wire.Accepted](s, "Accepted: ingest_file is stored, and about to run")}}, s.upload)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/v1/content-pillar/list-parsed-files", Summary: "The session's parsed files", Tags: tags}, s.olderParsed)
	route(s, huma.Operation{Method: http.MethodDelete, Path: "/api/v1/content-pillar/delete-file/{file_id}", Summary: "Submits delete_file", Tags: tags,
		DefaultStatus: http.StatusAccepted, Responses: s.submitResponses()}, s.olderDelete)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/v1/mvp-solution/guidance", Summary: "As guide-agent/guidance", Tags: tags}, s.guidance)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/v1/mvp-solution/customize", Summary: "Commits a business context and gives the guidance after it", Tags: tags}, s.olderCustomize)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/v1/mvp-solution/session", Summary: "As GET /api/session/{id}", Tags: tags}, s.olderSession)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/v1/mvp-solution/navigate", Summary: "As guide-agent/route-to-pillar", Tags: tags}, s.olderNavigate)
}

// takeCopybook stages the copybook of an older upload and registers it, so that the file can refer to it.
func (s *Server) takeCopybook(c *gin.Context, f *form, part *multipart.Part) error {
	if f.fields["copybook_reference"] != "" {
		return errTwice
	}
	who, err := s.uploader(c, f.fields)
	if err != nil {
		return err
	}
	book := form{fields: map[string]string{}}
	if err := s.stage(c.Request.Context(), who, &book, part); err != nil {
		return err
	}
	raw, err := wire.Marshal(map[string]any{"file_id": book.fileID, "ui_name": label(book.name)})
	if err != nil {
		return err
	}
	receipt, err := s.d.Admission.Submit(c.Request.Context(), who.principal, trafficcop.SubmitCommand{
		SessionID: who.session.ID(), IntentType: "register_file", Parameters: raw, TraceID: wire.TraceID(c.Request.Context()),
	})
	if err != nil {
		return err
	}
	// The file that follows refers to the copybook, so that has to be there first.
	page, err := s.d.Runtime.Wait(c.Request.Context(), who.principal.Scope(), receipt.Execution.ID, copybookWait)
	switch {
	case err != nil:
		return err
	case page.Execution.State != execution.Completed:
		return errCopybook.Because(errors.New(page.Execution.ErrorCode))
	}
	f.fields["copybook_reference"] = book.fileID
	return nil
}

// copybookWait is how long the registration of a copybook is waited for.
const copybookWait = 20 * time.Second

// errCopybook is a copybook that could not be registered in time.
var errCopybook = fault.New(fault.Unavailable, "copybook_not_registered", "The copybook could not be registered; upload it by itself, or try again.").After(time.Second)

func (s *Server) olderParsed(ctx context.Context, _ *none) (*body[olderFiles], error) {
	c := callerOf(ctx)
	state, err := s.d.Artifacts.RealmState(ctx, c.principal.Scope(), c.session.ID())
	if err != nil {
		return nil, err
	}
	out := olderFiles{Success: true, ParsedFiles: []any{}}
	if content, ok := state["content"].(map[string]any); ok {
		if list, ok := content["parsedFiles"].([]any); ok {
			out.ParsedFiles = list
		}
	}
	out.Total = len(out.ParsedFiles)
	return &body[olderFiles]{out}, nil
}

func (s *Server) olderDelete(ctx context.Context, in *struct {
	Asking

	FileID string `path:"file_id"`
	Body   *nothing
}) (*submitted, error) {
	raw, err := wire.Marshal(map[string]string{"file_id": in.FileID})
	if err != nil {
		return nil, err
	}
	return s.send(ctx, in.Prefer, trafficcop.SubmitCommand{IntentType: "delete_file", Parameters: raw, IdempotencyKey: in.IdempotencyKey})
}

func (s *Server) olderCustomize(ctx context.Context, in *struct{ Body customizeBody }) (*body[olderGuidance], error) {
	c := callerOf(ctx)
	b := agents.BusinessContext{Industries: in.Body.Industries, Systems: in.Body.Systems, Goals: in.Body.Goals}
	if _, err := s.d.Conversations.CommitContext(ctx, c.principal, c.session.ID(), b); err != nil {
		return nil, err
	}
	g, err := s.guidance(ctx, &struct{ Body *guidanceBody }{})
	if err != nil {
		return nil, err
	}
	return &body[olderGuidance]{olderGuidance{Success: true, Context: newContext(b), Guidance: g.Body}}, nil
}

func (s *Server) olderSession(ctx context.Context, _ *struct{ Body *Addressed }) (*body[wire.Session], error) {
	shape, err := s.sessionShape(ctx, callerOf(ctx).session)
	return &body[wire.Session]{shape}, err
}

func (s *Server) olderNavigate(ctx context.Context, in *struct{ Body navigateBody }) (*body[routeShape], error) {
	pillar := in.Body.Pillar
	if text(pillar) == "" {
		pillar = in.Body.Target
	}
	return s.routeToPillar(ctx, &struct{ Body routeBody }{Body: routeBody{Pillar: pillar}})
}
