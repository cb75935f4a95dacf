package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/pending"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

type submitBody struct {
	SessionID      string     `json:"session_id,omitempty" doc:"Absent: the login's session, or the one whose secret came"`
	IntentType     string     `json:"intent_type" minLength:"1" maxLength:"100"`
	Parameters     jsonObject `json:"parameters,omitempty" doc:"As GET /api/intents describes them"`
	Metadata       jsonObject `json:"metadata,omitempty" doc:"Yours; comes back in the status"`
	SolutionID     *string    `json:"solution_id,omitempty" maxLength:"100" doc:"Default: default"`
	TenantID       *string    `json:"tenant_id,omitempty" doc:"Null, or the credential's"`
	UserID         *string    `json:"user_id,omitempty" doc:"Null, or the credential's"`
	IntentID       *string    `json:"intent_id,omitempty" doc:"Of a pending intent: takes it up; anything else is ignored"`
	IdempotencyKey *string    `json:"idempotency_key,omitempty" maxLength:"255" doc:"Or the Idempotency-Key header"`
}

type saveBody struct {
	SessionID           string     `json:"session_id,omitempty"`
	BoundaryContractID  string     `json:"boundary_contract_id"`
	FileID              string     `json:"file_id"`
	MaterializationType *string    `json:"materialization_type,omitempty"`
	TTLDays             *int       `json:"ttl_days,omitempty"`
	IngestionProfile    *string    `json:"ingestion_profile,omitempty"`
	ParseOptions        jsonObject `json:"parse_options,omitempty"`
	SolutionID          *string    `json:"solution_id,omitempty" maxLength:"100"`
	Metadata            jsonObject `json:"metadata,omitempty"`
	TenantID            *string    `json:"tenant_id,omitempty"`
	UserID              *string    `json:"user_id,omitempty"`
	IdempotencyKey      *string    `json:"idempotency_key,omitempty" maxLength:"255"`
}

// Asking are the headers of a submission. Huma looks into embedded structs only if they are exported.
type Asking struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255" doc:"The same key and body give the same execution, for 24 hours"`
	Prefer         string `header:"Prefer" maxLength:"200" doc:"wait=N answers 200 with the status if the execution ends within N seconds, at most 60"`
}

// submitted answers a submission: 202 with what was accepted, or 200 with the status of what has ended.
type submitted struct {
	Status    int
	Location  string `header:"Location"`
	Applied   string `header:"Preference-Applied"`
	Coalesced string `header:"Coalesced"`
	Body      any
}

type catalogueEntry struct {
	IntentType  string      `json:"intent_type"`
	Realm       string      `json:"realm"`
	Title       string      `json:"title"`
	Summary     string      `json:"summary"`
	Aliases     []string    `json:"aliases"`
	Tier        int         `json:"tier"`
	Permission  string      `json:"permission"`
	Anonymous   bool        `json:"anonymous" doc:"Whether an anonymous session may submit it"`
	Parameters  wire.Object `json:"parameters" doc:"JSON Schema of the parameters"`
	Example     wire.Object `json:"example"`
	ResultKeys  []string    `json:"result_keys"`
	EventTypes  []string    `json:"event_types"`
	RetryPolicy string      `json:"retry_class"`
}

type catalogue struct {
	Intents []catalogueEntry `json:"intents"`
	Total   int              `json:"total"`
}

type pendingBody struct {
	IntentType       string     `json:"intent_type" minLength:"1" maxLength:"100"`
	TargetArtifactID *string    `json:"target_artifact_id,omitempty"`
	Context          jsonObject `json:"context,omitempty" doc:"Parameters for the later run"`
	SessionID        *string    `json:"session_id,omitempty"`
	TenantID         *string    `json:"tenant_id,omitempty"`
	UserID           *string    `json:"user_id,omitempty"`
	IdempotencyKey   *string    `json:"idempotency_key,omitempty" maxLength:"255"`
}

type pendingMade struct {
	IntentID string `json:"intent_id"`
	Status   string `json:"status"`
}

type pendingFilter struct {
	TargetArtifactID *string `json:"target_artifact_id,omitempty"`
	IntentType       *string `json:"intent_type,omitempty"`
	Status           *string `json:"status,omitempty" enum:"pending,in_progress,completed,failed,cancelled"`
	SessionID        *string `json:"session_id,omitempty"`
	TenantID         *string `json:"tenant_id,omitempty"`
	UserID           *string `json:"user_id,omitempty"`
	Limit            int     `json:"limit,omitempty" minimum:"1" maximum:"200" default:"50"`
	Offset           int     `json:"offset,omitempty" minimum:"0" maximum:"1000000000"`
}

type pendingList struct {
	Intents []wire.PendingIntent `json:"intents"`
	Total   int64                `json:"total"`
	Limit   int                  `json:"limit"`
	Offset  int                  `json:"offset"`
}

func (s *Server) intentRoutes() {
	tags := []string{"intents"}
	route(s, huma.Operation{Method: http.MethodGet, Path: "/api/intents", Summary: "What can be asked for", Tags: tags}, s.listIntents)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/intent/submit", Summary: "Ask for an intent", Tags: tags, DefaultStatus: http.StatusAccepted,
		Description: "Answers after the execution is stored, and before it runs.", Responses: s.submitResponses()}, s.submit)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/content/save_materialization", Summary: "Save an uploaded file", Tags: tags,
		DefaultStatus: http.StatusAccepted, Description: "Submits save_materialization.", Responses: s.submitResponses()}, s.saveMaterialization)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/intent/pending/create", Summary: "Prepare an intent for later", Tags: tags,
		DefaultStatus: http.StatusCreated}, s.createPending)
	route(s, huma.Operation{Method: http.MethodPost, Path: "/api/intent/pending/list", Summary: "List prepared intents", Tags: tags}, s.listPending)
}

func (s *Server) submitResponses() map[string]*huma.Response {
	accepted := jsonOf[wire.Accepted](s, "Accepted: stored, and about to run")
	accepted.Headers = map[string]*huma.Param{"Coalesced": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "true if the same work was in flight already, and this is it"}, "Location": {Schema: &huma.Schema{Type: huma.TypeString}, Description: "Where its status is"}}
	return map[string]*huma.Response{"202": accepted, "200": jsonOf[wire.ExecutionStatus](s, "Ended within the time that Prefer: wait gave")}
}

func (s *Server) listIntents(context.Context, *none) (*body[catalogue], error) {
	entries := s.d.Catalogue.Entries()
	out := catalogue{Intents: make([]catalogueEntry, len(entries)), Total: len(entries)}
	for i, e := range entries {
		out.Intents[i] = newCatalogueEntry(e)
	}
	return &body[catalogue]{out}, nil
}

func newCatalogueEntry(e intents.Entry) catalogueEntry {
	return catalogueEntry{
		IntentType: e.Spec.Type, Realm: e.Realm, Title: e.Spec.Title, Summary: e.Spec.Summary, Aliases: append([]string{}, e.Spec.Aliases...),
		Tier: e.Spec.Tier, Permission: string(e.Spec.Permission), Anonymous: e.Spec.Anonymous, Parameters: e.Spec.Schema, Example: e.Spec.Example,
		ResultKeys: append([]string{}, e.Spec.ResultKeys...), EventTypes: append([]string{}, e.Spec.Events...), RetryPolicy: string(e.Spec.Retry),
	}
}

// idempotencyKey gives the one key of a request; two that differ are wire.ErrConflict.
func idempotencyKey(header string, inBody *string) (string, error) {
	switch b := text(inBody); {
	case b == "" || b == header:
		return header, nil
	case header == "":
		return b, nil
	}
	return "", wire.ErrConflict
}

func (s *Server) submit(ctx context.Context, in *struct {
	Asking
	Body submitBody
}) (*submitted, error) {
	k, err := idempotencyKey(in.IdempotencyKey, in.Body.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	return s.send(ctx, in.Prefer, trafficcop.SubmitCommand{
		IntentType: in.Body.IntentType, Parameters: in.Body.Parameters, Metadata: in.Body.Metadata, SolutionID: text(in.Body.SolutionID),
		TenantID: text(in.Body.TenantID), UserID: text(in.Body.UserID), IntentID: text(in.Body.IntentID), IdempotencyKey: k,
	})
}

func (s *Server) saveMaterialization(ctx context.Context, in *struct {
	Asking
	Body saveBody
}) (*submitted, error) {
	k, err := idempotencyKey(in.IdempotencyKey, in.Body.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	parameters := map[string]any{"boundary_contract_id": in.Body.BoundaryContractID, "file_id": in.Body.FileID}
	for name, value := range map[string]*string{"materialization_type": in.Body.MaterializationType, "ingestion_profile": in.Body.IngestionProfile} {
		if value != nil {
			parameters[name] = *value
		}
	}
	if in.Body.TTLDays != nil {
		parameters["ttl_days"] = *in.Body.TTLDays
	}
	if in.Body.ParseOptions != nil {
		parameters["parse_options"] = in.Body.ParseOptions
	}
	raw, err := wire.Marshal(parameters)
	if err != nil {
		return nil, err
	}
	return s.send(ctx, in.Prefer, trafficcop.SubmitCommand{
		IntentType: "save_materialization", Parameters: raw, Metadata: in.Body.Metadata, SolutionID: text(in.Body.SolutionID),
		TenantID: text(in.Body.TenantID), UserID: text(in.Body.UserID), IdempotencyKey: k,
	})
}

// send submits for the caller's session and waits for the end as long as the caller prefers.
func (s *Server) send(ctx context.Context, prefer string, cmd trafficcop.SubmitCommand) (*submitted, error) {
	c := callerOf(ctx)
	cmd.SessionID, cmd.TraceID = c.session.ID(), wire.TraceID(ctx)
	receipt, err := s.d.Admission.Submit(ctx, c.principal, cmd)
	if err != nil {
		return nil, err
	}
	ex := receipt.Execution
	out := &submitted{Status: http.StatusAccepted, Location: "/api/execution/" + ex.ID + "/status", Body: wire.NewAccepted(ex)}
	if receipt.Coalesced {
		out.Coalesced = "true"
	}
	wait, asked := s.preferred(prefer)
	if !asked {
		return out, nil
	}
	page, err := s.d.Runtime.Wait(ctx, c.principal.Scope(), ex.ID, wait)
	if err != nil {
		return nil, err
	}
	out.Applied = "wait=" + strconv.Itoa(int(wait.Seconds()))
	if !page.Execution.State.Terminal() {
		return out, nil
	}
	status, err := wire.NewExecutionStatus(page.Execution, page.Events, wire.StatusOptions{Artifacts: true, Visuals: true})
	if err != nil {
		return nil, err
	}
	out.Status, out.Body = http.StatusOK, status
	return out, nil
}

// preferred reads wait=N out of a Prefer header (RFC 7240), held to the longest wait. What it does not understand it ignores, as the
// RFC says.
func (s *Server) preferred(header string) (time.Duration, bool) {
	for _, preference := range strings.Split(header, ",") {
		name, value, _ := strings.Cut(preference, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "wait") {
			continue
		}
		value, _, _ = strings.Cut(value, ";")
		n, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
		return min(time.Duration(n)*time.Second, s.cfg.MaxWait), err == nil
	}
	return 0, false
}

func (s *Server) createPending(ctx context.Context, in *struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"255"`
	Body           pendingBody
}) (*body[pendingMade], error) {
	k, err := idempotencyKey(in.IdempotencyKey, in.Body.IdempotencyKey)
	if err != nil {
		return nil, err
	}
	c := callerOf(ctx)
	made, err := s.d.Pending.Create(ctx, c.principal, pending.CreateCommand{
		SessionID: c.session.ID(), IntentType: in.Body.IntentType, TargetArtifactID: text(in.Body.TargetArtifactID), Context: in.Body.Context, IdempotencyKey: k,
	})
	return &body[pendingMade]{pendingMade{IntentID: made.ID, Status: string(made.Status)}}, err
}

func (s *Server) listPending(ctx context.Context, in *struct{ Body *pendingFilter }) (*body[pendingList], error) {
	f := in.Body
	if f == nil {
		f = &pendingFilter{}
	}
	if f.Limit == 0 {
		f.Limit = 50
	}
	filter := ports.PendingFilter{TargetArtifactID: text(f.TargetArtifactID)}
	if t := text(f.IntentType); t != "" {
		entry, err := s.d.Catalogue.Find(t)
		if err != nil {
			return nil, fault.As(err)
		}
		filter.Type = entry.Spec.Type
	}
	if status := text(f.Status); status != "" {
		filter.Status = []intent.PendingStatus{intent.PendingStatus(status)}
	}
	found, total, err := s.d.Pending.List(ctx, callerOf(ctx).principal, filter, ports.Window{Limit: f.Limit, Offset: f.Offset})
	if err != nil {
		return nil, err
	}
	out := pendingList{Intents: make([]wire.PendingIntent, len(found)), Total: total, Limit: f.Limit, Offset: f.Offset}
	for i, p := range found {
		out.Intents[i] = wire.NewPendingIntent(p)
	}
	return &body[pendingList]{out}, nil
}
