package wsapi

import (
	"context"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
)

// errOtherUser is a refresh with somebody else's token.
var errOtherUser = fault.New(fault.Denied, "permission_denied", "auth.refresh takes a token of the same user.")

// common handles the frames that both sockets know.
func (s *socket) common(ctx context.Context, kind string, data []byte) error {
	switch kind {
	case framePing:
		if err := decode(data, &pingFrame{}); err != nil {
			return err
		}
		s.tell(eventPong, struct{}{}, runtimeEvent{})
		return nil
	case frameRefresh:
		return s.refresh(ctx, data)
	}
	return errUnknownType
}

// refresh puts a later token of the same user in the place of the present credential.
func (s *socket) refresh(ctx context.Context, data []byte) error {
	var f refreshFrame
	if err := decode(data, &f); err != nil {
		return err
	}
	if f.AccessToken == "" {
		return errValue.WithMsg("auth.refresh needs access_token.")
	}
	s.auth.Lock()
	defer s.auth.Unlock()
	p, err := s.hub.Guard.Authenticate(ctx, securityguard.Credentials{Bearer: f.AccessToken})
	if err != nil {
		return err
	}
	now := s.who.principal
	switch {
	case now.Anonymous() || p.UserID != now.UserID || p.TenantID != now.TenantID:
		return errOtherUser
	case p.SessionID == now.SessionID && p.SessionEpoch < now.SessionEpoch:
		return errSessionChanged
	case p.ExpiresAt.Before(now.ExpiresAt):
		return errValue.WithMsg("The token ends before the present credential.")
	}
	s.who.principal = p
	s.hub.watch.join(s, s.who) //nolint:contextcheck // the watch has the life of the hub, not of a message
	return nil
}
