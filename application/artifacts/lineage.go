package artifacts

import (
	"context"
	"errors"

	"github.com/symphainy/symphainy/domain/artifact"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/ports"
)

// MaxLineage is how many artifacts a lineage shows.
const MaxLineage = 500

// Edge says that one artifact was made of another.
type Edge struct {
	// From is the parent, To what was made of it.
	From, To string
}

// Graph is what an artifact was made of and what was made of it, as far as the scope sees it.
type Graph struct {
	// Nodes starts with the artifact that was asked for; ancestors and descendants follow, nearest first.
	Nodes []artifact.Snapshot
	Edges []Edge
	// Truncated tells that there is more than MaxLineage artifacts.
	Truncated bool
}

// AllStates gives every state in which an artifact exists, for lists that leave nothing out.
func AllStates() []artifact.State {
	return []artifact.State{
		artifact.Pending, artifact.Ready, artifact.Archived, artifact.Failed, artifact.Draft, artifact.Accepted, artifact.Obsolete,
	}
}

// Lineage is Walk in a transaction of its own.
func (s *Service) Lineage(ctx context.Context, scope identity.Scope, id string) (Graph, error) {
	var g Graph
	err := s.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		g, err = Walk(ctx, tx, scope, id)
		return err
	})
	return g, err
}

// Walk goes from an artifact to its ancestors and its descendants. Relatives that the scope does not see, or that are deleted, are left
// out with their edges, so that nothing is learnt of them; an unknown or foreign start is fault.ErrNotFound.
func Walk(ctx context.Context, tx ports.Tx, scope identity.Scope, id string) (Graph, error) {
	start, err := Find(ctx, tx, scope, "", id)
	if err != nil {
		return Graph{}, err
	}
	w := walk{tx: tx, scope: scope, seen: map[string]bool{}, edges: map[Edge]bool{}}
	w.add(start.Snapshot())
	if err := w.up(ctx, start.Snapshot()); err != nil {
		return Graph{}, err
	}
	if err := w.down(ctx, start.ID()); err != nil {
		return Graph{}, err
	}
	return w.graph, nil
}

type walk struct {
	tx    ports.Tx
	scope identity.Scope
	seen  map[string]bool
	edges map[Edge]bool
	graph Graph
}

// add takes an artifact in; it reports whether it is new and there is room.
func (w *walk) add(s artifact.Snapshot) bool {
	if w.seen[s.ID] {
		return false
	}
	if len(w.graph.Nodes) >= MaxLineage {
		w.graph.Truncated = true
		return false
	}
	w.seen[s.ID] = true
	w.graph.Nodes = append(w.graph.Nodes, s)
	return true
}

func (w *walk) connect(from, to string) {
	e := Edge{From: from, To: to}
	if w.seen[from] && w.seen[to] && !w.edges[e] {
		w.edges[e] = true
		w.graph.Edges = append(w.graph.Edges, e)
	}
}

func (w *walk) up(ctx context.Context, start artifact.Snapshot) error {
	for queue := []artifact.Snapshot{start}; len(queue) > 0; queue = queue[1:] {
		child := queue[0]
		for _, id := range child.Parents {
			parent, err := w.tx.Artifacts.ByID(ctx, w.scope, id)
			if errors.Is(err, fault.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if w.add(parent.Snapshot()) {
				queue = append(queue, parent.Snapshot())
			}
			w.connect(id, child.ID)
		}
	}
	return nil
}

func (w *walk) down(ctx context.Context, start string) error {
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		parent := queue[0]
		children, err := Children(ctx, w.tx, w.scope, parent)
		if err != nil {
			return err
		}
		for _, c := range children {
			if w.add(c.Snapshot()) {
				queue = append(queue, c.ID())
			}
			w.connect(parent, c.ID())
		}
	}
	return nil
}

// Children gives all artifacts in scope that were made of the parent, in any state but DELETED.
func Children(ctx context.Context, tx ports.Tx, scope identity.Scope, parentID string) ([]artifact.Artifact, error) {
	var all []artifact.Artifact
	for {
		page, total, err := tx.Artifacts.List(ctx, scope, ports.ArtifactFilter{ParentID: parentID, States: AllStates()}, ports.Window{Limit: MaxWindow, Offset: len(all)})
		if err != nil {
			return nil, err
		}
		all = append(all, page...)
		if len(page) == 0 || int64(len(all)) >= total {
			return all, nil
		}
	}
}
