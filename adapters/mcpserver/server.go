// Package mcpserver serves the tools to agents from outside over the Model Context Protocol (streamable HTTP). Who calls has been verified
// before; what they call goes through the same gate, executions and audit as what the platform's own agents ask for.
package mcpserver

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// maxBody bounds a request in bytes.
const maxBody = 1 << 20

// Server answers requests of verified callers.
type Server struct {
	outside agents.Outside
	version string
	wait    time.Duration
	log     *slog.Logger
	handler http.Handler
}

// New makes the server. A call that takes longer than wait is answered with the id of its execution.
func New(outside agents.Outside, version string, wait time.Duration, log *slog.Logger) *Server {
	s := &Server{outside: outside, version: version, wait: wait, log: log}
	s.handler = mcp.NewStreamableHTTPHandler(s.of, &mcp.StreamableHTTPOptions{
		Stateless: true, JSONResponse: true, MaxRequestBodyBytes: maxBody,
		// The Host of a request is nothing that rights depend on here: every request carries a credential, and a cookie counts only with its Origin.
		DisableLocalhostProtection: true,
	})
	return s
}

// caller is for whom a request is served.
type caller struct {
	principal identity.Principal
	sessionID string
}

type callerKey struct{}

// Serve answers one request of a caller whose credential and session have been verified.
func (s *Server) Serve(w http.ResponseWriter, r *http.Request, p identity.Principal, sessionID string) {
	s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), callerKey{}, caller{p, sessionID})))
}

// of makes the server of one request: it has the tools that the caller may use, and no others.
func (s *Server) of(r *http.Request) *mcp.Server {
	who, ok := r.Context().Value(callerKey{}).(caller)
	if !ok {
		return nil
	}
	server := mcp.NewServer(&mcp.Implementation{Name: "symphainy", Title: "Symphainy", Version: s.version}, &mcp.ServerOptions{
		Instructions: "Each tool is an intent that runs as an execution, is recorded, and may wait for a person. " +
			"Where the answer says that an execution goes on, ask get_execution for it.",
		PageSize: 1000,
	})
	for _, t := range s.outside.Tools(who.principal) {
		changes, removes := t.Changes(), t.Privileged()
		server.AddTool(&mcp.Tool{
			Name: t.Name, Description: t.Description, InputSchema: json.RawMessage(t.Schema),
			Annotations: &mcp.ToolAnnotations{ReadOnlyHint: !changes, DestructiveHint: &removes},
		}, s.call(who, t.Name))
	}
	return server
}

// call is the handler of one tool for one caller.
func (s *Server) call(who caller, tool string) mcp.ToolHandler {
	return func(ctx context.Context, r *mcp.CallToolRequest) (*mcp.CallToolResult, error) {
		ex, err := s.outside.Call(ctx, who.principal, who.sessionID, tool, r.Params.Arguments, s.wait)
		if err != nil {
			return s.failed(ctx, tool, err), nil
		}
		return answer(ex)
	}
}

// failed is a call that was not accepted, as the caller may know it.
func (s *Server) failed(ctx context.Context, tool string, err error) *mcp.CallToolResult {
	f := fault.As(err)
	if f.Kind == fault.Internal {
		s.log.WarnContext(ctx, "a tool call failed", slog.String("tool", tool), slog.Any("error", err))
		f = fault.New(fault.Internal, "internal", "The call failed unexpectedly.")
	}
	return result(map[string]any{"error": f.Code, "message": f.Msg}, true)
}

// answer tells what became of a call, or where to ask.
func answer(ex execution.Snapshot) (*mcp.CallToolResult, error) {
	switch {
	case !ex.State.Terminal():
		return result(map[string]any{"execution_id": ex.ID, "status": ex.State.Wire(), "message": "The work goes on; ask get_execution with this id."}, false), nil
	case ex.State != execution.Completed:
		return result(map[string]any{"execution_id": ex.ID, "status": ex.State.Wire(), "error": ex.ErrorCode, "message": ex.ErrorMessage}, true), nil
	}
	got, err := agents.ResultOf(ex)
	if err != nil {
		return nil, errors.New("the result cannot be read")
	}
	out := map[string]any{"execution_id": ex.ID, "status": ex.State.Wire()}
	if got.ExecutionID != "" {
		out["execution_id"] = got.ExecutionID
	}
	if got.Code != "" {
		out["error"], out["message"] = got.Code, got.Text
	} else if len(got.Data) > 0 {
		out["result"] = json.RawMessage(got.Data)
	}
	return result(out, got.Code != ""), nil
}

func result(v map[string]any, isError bool) *mcp.CallToolResult {
	return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: string(agents.Encode(v))}}, StructuredContent: v, IsError: isError}
}
