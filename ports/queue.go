package ports

import (
	"context"
	"time"
)

// Job says that an execution is to be looked at.
type Job struct {
	ExecutionID string
	// DueAt is when; zero or past means now.
	DueAt time.Time
}

// WorkEnqueuer adds jobs in the transaction it comes from: they are seen by workers only if it commits.
type WorkEnqueuer interface {
	Enqueue(ctx context.Context, jobs ...Job) error
}

// WorkQueue says when to look at an execution. The execution's row is the truth about the work: a job that comes twice, late or for
// nothing does no harm, and a lost job is found by the sweep of due rows.
type WorkQueue interface {
	// Start begins to hand jobs to handle, several at a time, until Stop. handle never panics; its error is the queue's to report.
	Start(ctx context.Context, handle func(ctx context.Context, executionID string) error) error
	// Wake hands over executions found due by a sweep. It never blocks; what does not fit is found by the next sweep.
	Wake(executionIDs ...string)
	// Stop takes no more jobs and waits for the running ones until ctx ends, then cancels their contexts and waits for them.
	Stop(ctx context.Context) error
}
