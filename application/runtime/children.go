package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/domain/typeid"
	"github.com/symphainy/symphainy/ports"
)

// How many children of one wait run at a time.
const (
	defaultParallel = 16
	maxParallel     = 256
)

// child is one child that is asked for, checked.
type child struct {
	key        string
	entry      intents.Entry
	parameters []byte
}

// Children submits children a few at a time and waits for all of them. The parent looks again when half of those that run have ended,
// so that a long list does not run the handler for each of its items.
func (c *call) Children(ctx context.Context, name string, specs []ports.ChildSpec, parallel int) ([]execution.Snapshot, error) {
	if done, ok := c.finished[name]; ok {
		return c.ended(ctx, done.Result)
	}
	wanted, err := c.checked(ctx, name, specs)
	if err != nil {
		return nil, err
	}
	parallel = min(cmp.Or(max(parallel, 0), defaultParallel), maxParallel)
	batch, err := c.nextBatch(ctx, wanted, parallel)
	if err != nil {
		return nil, err
	}
	raw, err := c.await(ctx, 0, wait{For: execution.ForChildren, Name: name, Total: len(wanted)},
		func(ctx context.Context, tx ports.Tx, now execution.Snapshot, w *wait, at time.Time) ([]byte, error) {
			return c.engine.tend(ctx, tx, now, wanted, batch, w, at)
		})
	if err != nil {
		return nil, err
	}
	return c.ended(ctx, raw)
}

// checked validates and permits all children before the first is submitted.
func (c *call) checked(ctx context.Context, name string, specs []ports.ChildSpec) ([]child, error) {
	if len(specs) > execution.MaxChildren {
		return nil, execution.ErrTooManyChildren
	}
	if err := c.depth(ctx); err != nil {
		return nil, err
	}
	list, seen := make([]child, len(specs)), map[string]bool{}
	for i, s := range specs {
		entry, err := c.engine.Catalogue.Find(s.IntentType)
		if err != nil {
			return nil, fmt.Errorf("child %d: %w", i, err)
		}
		if err := c.permit(ctx, entry.Spec); err != nil {
			return nil, fmt.Errorf("child %d: %w", i, err)
		}
		parameters, err := entry.Parameters(s.Parameters)
		if err != nil {
			return nil, fmt.Errorf("child %d: %w", i, err)
		}
		list[i] = child{key: name + "/" + cmp.Or(s.Key, strconv.Itoa(i)), entry: entry, parameters: parameters}
		if seen[list[i].key] {
			return nil, fault.Newf(fault.Internal, "repeated_child", "two children have the key %q", s.Key)
		}
		seen[list[i].key] = true
	}
	return list, nil
}

// depth refuses children of an execution that has too many ancestors.
func (c *call) depth(ctx context.Context) error {
	return c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		scope := ex.Snapshot().Scope()
		for depth := 1; ex.Snapshot().ParentID != ""; depth++ {
			if depth >= execution.MaxDepth {
				return execution.ErrTooDeep
			}
			if ex, err = tx.Executions.ByID(ctx, scope, ex.Snapshot().ParentID); err != nil {
				return err
			}
		}
		return nil
	})
}

// nextBatch stages, outside of any transaction, the children that are to be submitted now.
func (c *call) nextBatch(ctx context.Context, wanted []child, parallel int) ([]child, error) {
	var known map[string]execution.Child
	err := c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		known, err = childrenOf(ctx, tx, ex.Snapshot())
		return err
	})
	if err != nil {
		return nil, err
	}
	var batch []child
	live := 0
	for _, w := range wanted {
		if k, ok := known[w.key]; ok && !k.State.Terminal() {
			live++
		}
	}
	for _, w := range wanted {
		if _, ok := known[w.key]; ok || live+len(batch) >= parallel {
			continue
		}
		if w.entry.Stager != nil {
			if w.parameters, err = w.entry.Stager.Stage(ctx, c.claimed.Principal, w.entry.Spec.Type, w.parameters); err != nil {
				return nil, err
			}
		}
		batch = append(batch, w)
	}
	return batch, nil
}

func childrenOf(ctx context.Context, tx ports.Tx, parent execution.Snapshot) (map[string]execution.Child, error) {
	list, err := tx.Children.Of(ctx, parent.TenantID, parent.ID)
	known := make(map[string]execution.Child, len(list))
	for _, k := range list {
		known[k.Key] = k
	}
	return known, err
}

// endedDoc is the stored result of a wait for children.
type endedDoc struct {
	Children []string `json:"children"`
}

// tend submits the batch and gives the ids of all children when all have ended.
func (e *Engine) tend(ctx context.Context, tx ports.Tx, parent execution.Snapshot, wanted, batch []child, w *wait, at time.Time) ([]byte, error) {
	for _, b := range batch {
		if err := e.submitChild(ctx, tx, parent, b, at); err != nil {
			return nil, err
		}
	}
	known, err := childrenOf(ctx, tx, parent)
	if err != nil {
		return nil, err
	}
	ids, live := make([]string, 0, len(wanted)), 0
	for _, want := range wanted {
		k, ok := known[want.key]
		if !ok {
			continue
		}
		ids = append(ids, k.ID)
		if !k.State.Terminal() {
			live++
		}
	}
	if len(ids) == len(wanted) && live == 0 {
		return json.Marshal(endedDoc{ids})
	}
	w.Submitted, w.WakeAt = len(ids), 0
	if len(ids) < len(wanted) {
		w.WakeAt = live / 2
	}
	return nil, nil
}

func (e *Engine) submitChild(ctx context.Context, tx ports.Tx, parent execution.Snapshot, b child, at time.Time) error {
	spec := b.entry.Spec
	in := intent.Intent{
		ID: e.IDs.NewID(typeid.Intent), Type: spec.Type, Parameters: b.parameters, Metadata: []byte("{}"), SolutionID: parent.Intent.SolutionID,
	}
	deadline := e.deadline(ports.Submission{Spec: spec}, at)
	ex := execution.AcceptChild(e.IDs.NewID(typeid.Execution), b.entry.Realm, b.key, in, parent, deadline, at)
	return e.accept(ctx, tx, &ex, at)
}

// ended reads the children of a wait that is over.
func (c *call) ended(ctx context.Context, raw []byte) ([]execution.Snapshot, error) {
	var doc endedDoc
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fault.As(err)
	}
	list := make([]execution.Snapshot, 0, len(doc.Children))
	err := c.engine.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Leases.Hold(ctx, c.claimed.Lease())
		if err != nil {
			return err
		}
		list = list[:0]
		for _, id := range doc.Children {
			k, err := tx.Executions.ByID(ctx, ex.Snapshot().Scope(), id)
			if err != nil {
				return err
			}
			list = append(list, k.Snapshot())
		}
		return nil
	})
	return list, err
}

// wakeParent lets a parent look again when enough of its children have ended. The parent's row is locked: it either sees this end when it
// looks, or is seen waiting here.
func (e *Engine) wakeParent(ctx context.Context, tx ports.Tx, s execution.Snapshot, now time.Time) error {
	if s.ParentID == "" {
		return nil
	}
	parent, err := tx.Executions.Lock(ctx, s.Scope(), s.ParentID)
	if errors.Is(err, fault.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	w := waitOf(parent.Snapshot())
	if w.For != execution.ForChildren || !strings.HasPrefix(s.ChildKey, w.Name+"/") {
		return nil
	}
	live, err := tx.Children.Live(ctx, s.TenantID, s.ParentID)
	if err != nil || live > w.WakeAt {
		return err
	}
	if err := e.wake(ctx, tx, &parent, now); err != nil {
		return err
	}
	return tx.Executions.Save(ctx, parent)
}

// One call cancels at most so many children whose parent has ended; each round finds the children of the one before.
const (
	orphanBatch  = 200
	orphanRounds = 20
)

// cancelOrphans ends what an execution that ended left behind. What fails here is found by the next sweep.
func (e *Engine) cancelOrphans(ctx context.Context) {
	if err := e.endOrphans(context.WithoutCancel(ctx)); err != nil {
		e.Report(ctx, "cancel the children of an execution that ended", err)
	}
}

func (e *Engine) endOrphans(ctx context.Context) error {
	for range orphanRounds {
		var orphans []execution.Orphan
		err := e.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
			orphans, err = tx.Children.Orphans(ctx, orphanBatch)
			return err
		})
		if err != nil {
			return err
		}
		for _, o := range orphans {
			if err := e.endOrphan(ctx, o); err != nil {
				return err
			}
		}
		if len(orphans) == 0 {
			break
		}
	}
	return nil
}

func (e *Engine) endOrphan(ctx context.Context, o execution.Orphan) error {
	var after execution.Snapshot
	err := e.again(ctx, func(ctx context.Context, tx ports.Tx) error {
		ex, err := tx.Executions.Lock(ctx, o.Scope, o.ID)
		if err != nil {
			return err
		}
		now := e.Clock.Now()
		if after = ex.Snapshot(); after.State.Terminal() || after.CancelRequested {
			return nil
		}
		_, err = e.cancel(ctx, tx, &ex, &after, now)
		return err
	})
	if errors.Is(err, fault.ErrNotFound) { // an upgrade moved it between the two looks; the next sweep sees where it is
		return nil
	}
	if err == nil {
		e.hint(ctx, after, true)
	}
	return err
}
