package artifacts

import (
	"context"
	"strings"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// Reference gives the long form of a file's or parsed document's id, "file:{tenant}:{session}:{id}". While anonymous the tenant is the
// session's id. Other types have none: it gives the id.
func Reference(artifactType, tenantID, sessionID, id string) string {
	switch artifactType {
	case TypeFile:
		return "file:" + tenantID + ":" + sessionID + ":" + id
	case TypeParsedContent:
		return "parsed:" + tenantID + ":" + sessionID + ":" + id
	}
	return id
}

// named is what a caller wrote: an id, or a reference with the scope that it claims.
type named struct {
	id, tenantID, sessionID, artifactType string
	reference                             bool
}

func parseName(s string) named {
	parts := strings.Split(s, ":")
	if len(parts) != 4 {
		return named{id: s}
	}
	n := named{reference: true, tenantID: parts[1], sessionID: parts[2], id: parts[3]}
	switch parts[0] {
	case "file":
		n.artifactType = TypeFile
	case "parsed":
		n.artifactType = TypeParsedContent
	default:
		return named{id: s}
	}
	return n
}

// IDOf gives the id that an id or reference names, without looking anything up.
func IDOf(idOrReference string) string { return parseName(idOrReference).id }

// Find looks up an artifact by id or reference in the scope. artifactType, if not empty, must be its type. A reference must name the
// artifact's own session, and the scope's tenant or, for what was made before an upgrade, that session as the tenant. Everything that
// does not fit is fault.ErrNotFound, whatever the reason.
func Find(ctx context.Context, tx ports.Tx, scope identity.Scope, artifactType, idOrReference string) (artifact.Artifact, error) {
	n := parseName(idOrReference)
	if n.id == "" {
		return artifact.Artifact{}, fault.ErrNotFound
	}
	a, err := tx.Artifacts.ByID(ctx, scope, n.id)
	if err != nil {
		return artifact.Artifact{}, err
	}
	s := a.Snapshot()
	wrongType := artifactType != "" && s.Type != artifactType || n.reference && s.Type != n.artifactType
	wrongScope := n.reference && (n.sessionID != s.SessionID || n.tenantID != scope.TenantID && n.tenantID != s.SessionID)
	if wrongType || wrongScope {
		return artifact.Artifact{}, fault.ErrNotFound
	}
	return a, nil
}
