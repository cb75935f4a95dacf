package accounts

import (
	"context"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/audit"
	"github.com/symphainy/symphainy/ports"
)

// LoginCommand asks to sign in.
type LoginCommand struct {
	Email    string
	Password string
	// Session names an anonymous session to take along.
	Session SessionProof
	// Metadata is a JSON object for the session, nil for none.
	Metadata []byte
	Client   Client
}

// Login checks the password and opens a login, on the proved anonymous session or a new one. Errors are those of CheckPassword.
func (s *Service) Login(ctx context.Context, cmd LoginCommand) (SignIn, error) {
	if cmd.Metadata != nil {
		metadata, err := SessionMetadata(cmd.Metadata)
		if err != nil {
			return SignIn{}, err
		}
		cmd.Metadata = metadata
	}
	var o opening
	account, err := s.verify(ctx, cmd.Email, cmd.Password, cmd.Client, func(ctx context.Context, tx ports.Tx, a securityguard.Account) (err error) {
		if o, err = s.open(ctx, tx, a, cmd.Session, cmd.Metadata, s.d.Clock.Now()); err != nil {
			return err
		}
		return tx.Audit.Append(ctx, s.record(actionLogin, audit.Completed, a.Tenant.ID, a.User.ID, o.session.ID(), nil))
	})
	if err != nil {
		return SignIn{}, err
	}
	return s.finish(ctx, o, account)
}
