package runtime

import (
	"context"
	"time"

	"github.com/symphainy/symphainy/domain/intent"
	"github.com/symphainy/symphainy/ports"
)

// alongside stores what a submission wants committed with its execution. What it names is looked up under the principal: a caller that
// names somebody else's conversation or pending intent is told that there is none.
func alongside(ctx context.Context, tx ports.Tx, s ports.Submission, executionID string, now time.Time) error {
	if id := s.Alongside.PendingID; id != "" {
		pending, err := tx.Pending.ByID(ctx, s.Principal.Scope(), id)
		if err != nil {
			return err
		}
		if pending.Status != intent.PendingOpen {
			return intent.ErrInvalidTransition
		}
		if err := pending.Move(intent.PendingInProgress, now); err != nil {
			return err
		}
		pending.ExecutionID = executionID
		if err := tx.Pending.Save(ctx, pending); err != nil {
			return err
		}
	}
	if s.Alongside.Message == nil {
		return nil
	}
	message := *s.Alongside.Message
	if _, err := tx.Conversations.ByID(ctx, s.Principal.Scope(), message.ConversationID); err != nil {
		return err
	}
	message.TenantID, message.ExecutionID = s.Principal.TenantID, executionID
	_, err := tx.Messages.Append(ctx, message)
	return err
}
