package httpapi

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// document is an artifact in its one wire form.
type document map[string]any

// Schema names the fields that every artifact has.
func (document) Schema(huma.Registry) *huma.Schema {
	str, obj := &huma.Schema{Type: huma.TypeString}, &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
	strs := &huma.Schema{Type: huma.TypeArray, Items: str}
	return &huma.Schema{
		Type: huma.TypeObject, AdditionalProperties: true, Description: "The envelope; the payload's fields stand flat beside it and under semantic_payload.",
		Properties: map[string]*huma.Schema{
			"artifact_id": str, "artifact_type": str, "lifecycle_state": str, "tenant_id": {Type: huma.TypeString, Nullable: true},
			"semantic_payload": obj, "renderings": obj, "metadata": obj, "semantic_descriptor": obj, "parent_artifacts": strs,
			"lineage": obj, "produced_by": obj,
		},
		Required: []string{"artifact_id", "artifact_type", "lifecycle_state", "tenant_id", "semantic_payload"},
	}
}

type resolveBody struct {
	ArtifactID   string  `json:"artifact_id" minLength:"1" maxLength:"300" doc:"Id or reference"`
	ArtifactType string  `json:"artifact_type,omitempty" maxLength:"100"`
	SessionID    *string `json:"session_id,omitempty"`
	TenantID     *string `json:"tenant_id,omitempty"`
	UserID       *string `json:"user_id,omitempty"`
}

type resolved struct {
	ArtifactID         string    `json:"artifact_id"`
	ArtifactType       string    `json:"artifact_type"`
	TenantID           *string   `json:"tenant_id"`
	LifecycleState     string    `json:"lifecycle_state"`
	SemanticDescriptor any       `json:"semantic_descriptor"`
	Materializations   any       `json:"materializations"`
	ParentArtifacts    any       `json:"parent_artifacts"`
	ProducedBy         any       `json:"produced_by"`
	CreatedAt          time.Time `json:"created_at"`
	UpdatedAt          time.Time `json:"updated_at"`
}

type artifactFilter struct {
	ArtifactType   *string `json:"artifact_type,omitempty" maxLength:"100"`
	LifecycleState *string `json:"lifecycle_state,omitempty" enum:"PENDING,READY,ARCHIVED,FAILED,draft,accepted,obsolete"`
	EligibleFor    *string `json:"eligible_for,omitempty" maxLength:"100" doc:"An intent type: only artifacts that it can work on"`
	SessionID      *string `json:"session_id,omitempty"`
	TenantID       *string `json:"tenant_id,omitempty"`
	UserID         *string `json:"user_id,omitempty"`
	Limit          int     `json:"limit,omitempty" minimum:"1" maximum:"200" default:"100"`
	Offset         int     `json:"offset,omitempty" minimum:"0" maximum:"1000000000"`
}

type artifactItem struct {
	ArtifactID         string    `json:"artifact_id"`
	ArtifactType       string    `json:"artifact_type"`
	LifecycleState     string    `json:"lifecycle_state"`
	SemanticDescriptor any       `json:"semantic_descriptor"`
	CreatedAt          time.Time `json:"created_at"`
	UpdatedAt          time.Time `json:"updated_at"`
}

type artifactList struct {
	Artifacts []artifactItem `json:"artifacts"`
	Total     int64          `json:"total"`
	Limit     int            `json:"limit"`
	Offset    int            `json:"offset"`
}

type lineageNode struct {
	ArtifactID     string    `json:"artifact_id"`
	ArtifactType   string    `json:"artifact_type"`
	LifecycleState string    `json:"lifecycle_state"`
	Name           string    `json:"name"`
	CreatedAt      time.Time `json:"created_at"`
}

type lineageEdge struct {
	From string `json:"from" doc:"The parent"`
	To   string `json:"to" doc:"What was made of it"`
}

type lineageGraph struct {
	ArtifactID string        `json:"artifact_id"`
	Nodes      []lineageNode `json:"nodes"`
	Edges      []lineageEdge `json:"edges"`
	Truncated  bool          `json:"truncated"`
}

type artifactPath struct {
	ID string `path:"id"`
}

func (s *Server) artifactRoutes() {
	tags := []string{"artifacts"}
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/artifacts/{id}", Summary: "Read an artifact", Tags: tags}, s.getArtifact)
	route(s, huma.Operation{Method: http.MethodPatch, Path: "/api/artifacts/{id}", Summary: "Change an artifact's state or scope", Tags: tags,
		Description: "Accepts or retires an outcome, archives or restores derived material, and shares with the tenant. The same again changes nothing."}, s.changeArtifact)
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/artifacts/{id}/lineage", Summary: "What it was made of, and what of it", Tags: tags}, s.lineage)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/artifact/resolve", Summary: "Find an artifact to work with", Tags: tags}, s.resolveArtifact)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/artifact/list", Summary: "List artifacts", Tags: tags}, s.listArtifacts)
	content := s.download("/api/artifacts/{id}/content", "Download an artifact's content")
	content.Parameters = append(content.Parameters, &huma.Param{
		Name: "rendering", In: "query", Schema: &huma.Schema{Type: huma.TypeString}, Description: "One of its renderings instead, by name: where it is too large to stand inside the artifact, its content_url names it",
	})
	s.plain(content, s.content)
}

func (s *Server) artifact(ctx context.Context, look func(identity.Scope) (artifact.Snapshot, error)) (artifact.Snapshot, error) {
	found, _, err := lookUp(ctx, func(p identity.Principal) (artifact.Snapshot, error) { return look(p.Scope()) })
	return found, err
}

func (s *Server) getArtifact(ctx context.Context, in *artifactPath) (*body[document], error) {
	found, err := s.artifact(ctx, func(scope identity.Scope) (artifact.Snapshot, error) { return s.d.Artifacts.Get(ctx, scope, in.ID) })
	if err != nil {
		return nil, err
	}
	doc, err := documentOf(found)
	return &body[document]{doc}, err
}

type changeBody struct {
	LifecycleState *string `json:"lifecycle_state,omitempty" enum:"accepted,obsolete,ARCHIVED,READY"`
	Reason         *string `json:"reason,omitempty" maxLength:"500"`
	Scope          *string `json:"scope,omitempty" enum:"workspace,tenant"`
	SessionID      *string `json:"session_id,omitempty"`
	TenantID       *string `json:"tenant_id,omitempty"`
	UserID         *string `json:"user_id,omitempty"`
}

func (s *Server) changeArtifact(ctx context.Context, in *struct {
	ID   string `path:"id"`
	Body changeBody
}) (*body[document], error) {
	found, p, err := lookUp(ctx, func(p identity.Principal) (artifact.Snapshot, error) { return s.d.Artifacts.Get(ctx, p.Scope(), in.ID) })
	if err != nil {
		return nil, err
	}
	of, err := s.d.Sessions.Resolve(ctx, p, p.SessionID)
	if err != nil {
		return nil, err
	}
	if err := s.usable(policy{writes: true}, of); err != nil {
		return nil, err
	}
	found, err = s.d.Keeper.Apply(ctx, p, found.ID, artifacts.Change{
		State: artifact.State(text(in.Body.LifecycleState)), Sharing: artifact.Sharing(text(in.Body.Scope)), Reason: text(in.Body.Reason),
	})
	if err != nil {
		return nil, err
	}
	doc, err := documentOf(found)
	return &body[document]{doc}, err
}

// documentOf gives the wire form with the tenant as the client may see it.
func documentOf(a artifact.Snapshot) (document, error) {
	doc, err := artifacts.Document(a)
	if err != nil {
		return nil, err
	}
	out := document(maps.Clone(doc))
	out["tenant_id"] = wire.VisibleTenant(a.TenantID, a.OwnerID)
	return out, nil
}

func (s *Server) resolveArtifact(ctx context.Context, in *struct{ Body resolveBody }) (*body[resolved], error) {
	found, err := s.artifact(ctx, func(scope identity.Scope) (artifact.Snapshot, error) {
		return s.d.Artifacts.Resolve(ctx, scope, in.Body.ArtifactType, in.Body.ArtifactID)
	})
	if err != nil {
		return nil, err
	}
	doc, err := documentOf(found)
	if err != nil {
		return nil, err
	}
	return &body[resolved]{resolved{
		ArtifactID: found.ID, ArtifactType: found.Type, TenantID: wire.VisibleTenant(found.TenantID, found.OwnerID), LifecycleState: string(found.State),
		SemanticDescriptor: doc["semantic_descriptor"], Materializations: doc["materializations"], ParentArtifacts: doc["parent_artifacts"],
		ProducedBy: doc["produced_by"], CreatedAt: found.CreatedAt.UTC(), UpdatedAt: found.UpdatedAt.UTC(),
	}}, nil
}

func (s *Server) listArtifacts(ctx context.Context, in *struct{ Body *artifactFilter }) (*body[artifactList], error) {
	f := in.Body
	if f == nil {
		f = &artifactFilter{}
	}
	if f.Limit == 0 {
		f.Limit = 100
	}
	filter := ports.ArtifactFilter{SessionID: text(f.SessionID)}
	if t := text(f.ArtifactType); t != "" {
		filter.Types = []string{t}
	}
	if state := text(f.LifecycleState); state != "" {
		filter.States = []artifact.State{artifact.State(state)}
	}
	out := artifactList{Artifacts: []artifactItem{}, Limit: f.Limit, Offset: f.Offset}
	if intentType := text(f.EligibleFor); intentType != "" {
		if filter.Types = s.eligible(intentType, filter.Types); len(filter.Types) == 0 {
			return &body[artifactList]{out}, nil
		}
	}
	found, total, err := s.d.Artifacts.List(ctx, callerOf(ctx).principal.Scope(), filter, ports.Window{Limit: f.Limit, Offset: f.Offset})
	if err != nil {
		return nil, err
	}
	out.Total = total
	for _, a := range found {
		doc, err := documentOf(a)
		if err != nil {
			return nil, err
		}
		out.Artifacts = append(out.Artifacts, artifactItem{
			ArtifactID: a.ID, ArtifactType: a.Type, LifecycleState: string(a.State), SemanticDescriptor: doc["semantic_descriptor"],
			CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC(),
		})
	}
	return &body[artifactList]{out}, nil
}

// eligible gives the artifact types that an intent works on, of those asked for.
func (s *Server) eligible(intentType string, asked []string) []string {
	if entry, err := s.d.Catalogue.Find(intentType); err == nil {
		intentType = entry.Spec.Type
	}
	types, ok := artifacts.EligibleFor(intentType)
	if !ok {
		return nil
	}
	if len(asked) == 0 {
		return types
	}
	var out []string
	for _, t := range types {
		if t == asked[0] {
			out = append(out, t)
		}
	}
	return out
}

func (s *Server) lineage(ctx context.Context, in *artifactPath) (*body[lineageGraph], error) {
	graph, _, err := lookUp(ctx, func(p identity.Principal) (artifacts.Graph, error) {
		return s.d.Artifacts.Lineage(ctx, p.Scope(), in.ID)
	})
	if err != nil {
		return nil, err
	}
	if len(graph.Nodes) == 0 {
		return nil, fault.ErrNotFound
	}
	out := lineageGraph{ArtifactID: graph.Nodes[0].ID, Edges: []lineageEdge{}, Truncated: graph.Truncated}
	for _, n := range graph.Nodes {
		out.Nodes = append(out.Nodes, lineageNode{ArtifactID: n.ID, ArtifactType: n.Type, LifecycleState: string(n.State), Name: n.Name, CreatedAt: n.CreatedAt.UTC()})
	}
	for _, e := range graph.Edges {
		out.Edges = append(out.Edges, lineageEdge(e))
	}
	return &body[lineageGraph]{out}, nil
}

// errRange is a Range that the content does not have.
var errRange = fault.New(fault.Malformed, "invalid_range", "The content does not have this range.")

// content serves bytes as an attachment that no browser runs, in ranges if asked.
func (s *Server) content(c *gin.Context) {
	ctx := c.Request.Context()
	found, _, err := lookUp(ctx, func(p identity.Principal) (artifacts.Content, error) {
		if name := c.Query("rendering"); name != "" {
			return s.d.Artifacts.Rendering(ctx, p.Scope(), c.Param("id"), name)
		}
		return s.d.Artifacts.Open(ctx, p.Scope(), c.Param("id"))
	})
	if err != nil {
		s.fail(c, err)
		return
	}
	defer found.Reader.Close()
	if err := untimed(c.Writer); err != nil {
		s.fail(c, err)
		return
	}
	h := c.Writer.Header()
	h.Set("Content-Type", found.MediaType)
	h.Set("Content-Disposition", attachment(found.Name))
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'")
	if found.SHA256 != "" {
		h.Set("ETag", `"`+found.SHA256+`"`)
	}
	out := &slowWriter{ResponseWriter: c.Writer, rc: http.NewResponseController(c.Writer), pace: s.cfg.SlowWrite}
	out.fail = func(status int) {
		h.Del("Content-Disposition")
		s.fail(c, wire.WithStatus(status, errRange))
	}
	http.ServeContent(out, c.Request, "", time.Time{}, found.Reader)
}
