package ports

import "context"

// Hint tells that something changed; the table is the truth. A hint may be lost, doubled or out of order.
type Hint struct {
	// SessionID and ExecutionID say where; ExecutionID is empty for a change of the session itself (epoch, end, upgrade).
	SessionID   string
	ExecutionID string
	// LastSeq is the number of the newest event at the time; 0 if none.
	LastSeq int64
	// Control asks the owner of the execution to look at its row (cancel, pause).
	Control bool
}

// EventBus fans hints out to every process.
type EventBus interface {
	// Publish sends a hint. It never blocks on a slow subscriber.
	Publish(ctx context.Context, h Hint) error
	// Subscribe delivers the hints of a topic until cancel is called. A full channel drops the hint: one that is pending already makes
	// its reader look. cancel is idempotent; the channel is never closed.
	Subscribe(topic string) (hints <-chan Hint, cancel func(), err error)
}

// TopicSession is the topic of all hints of a session.
func TopicSession(id string) string { return "session." + id }

// TopicExecution is the topic of the hints of one execution.
func TopicExecution(id string) string { return "execution." + id }

// TopicControl carries the hints with Control set, for the processes that run executions.
const TopicControl = "control"
