package httpapi

import (
	"context"
	"net/http"

	"github.com/symphainy/symphainy/adapters/internal/wire"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
	"github.com/symphainy/symphainy/domain/session"
	"github.com/symphainy/symphainy/domain/typeid"
)

// actingFor finds the one session that a request acts for (security.md §1.1): the named one, else the login's, else the one whose
// secret came. What is not the caller's is as unknown as an unknown one.
func (s *Server) actingFor(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	who, err := s.actor(r.Context(), cred, n.session)
	if err != nil {
		return nil, err
	}
	who.names = n
	if err := s.settle(r, p, who); err != nil {
		return nil, err
	}
	id := n.session
	if id == "" {
		id = who.principal.SessionID
	}
	if who.session, err = s.d.Sessions.Resolve(r.Context(), who.principal, id); err != nil {
		return nil, err
	}
	return who, s.usable(p, who.session)
}

// usable refuses writes for a session that is over.
func (s *Server) usable(p policy, found session.Session) error {
	if !p.writes {
		return nil
	}
	switch found.Status(s.d.Clock.Now()) {
	case session.Ended:
		return session.ErrEnded
	case session.Expired:
		return errSessionExpired
	case session.Anonymous, session.Active:
	}
	return nil
}

func (s *Server) actor(ctx context.Context, cred credentials, named string) (*caller, error) {
	if named == "" {
		return s.defaultActor(ctx, cred)
	}
	if !typeid.Valid(typeid.Session, named) {
		return nil, fault.ErrNotFound
	}
	for _, proof := range cred.proofs {
		if proof.ByCookie && proof.SessionID != named {
			continue
		}
		p, err := s.d.Guard.AnonymousBySecret(ctx, named, proof.Secret)
		switch {
		case err == nil:
			return &caller{principal: p, byCookie: proof.ByCookie}, nil
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	if cred.login == nil {
		return nil, fault.ErrNotFound
	}
	return &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie}, nil
}

func (s *Server) defaultActor(ctx context.Context, cred credentials) (*caller, error) {
	if cred.login != nil {
		return &caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie}, nil
	}
	visitors, err := s.visitors(ctx, cred.proofs)
	switch {
	case err != nil:
		return nil, err
	case len(visitors) == 0:
		return nil, fault.ErrUnauthenticated
	case len(visitors) > 1:
		return nil, errWhichSession
	}
	return &visitors[0], nil
}

// visitors gives the anonymous callers whose secrets are good.
func (s *Server) visitors(ctx context.Context, proofs []wire.Proof) ([]caller, error) {
	var found []caller
	// A browser keeps at most MaxAnonymousCookies; who sends more is no browser of ours.
	for _, proof := range proofs[max(0, len(proofs)-2*wire.MaxAnonymousCookies):] {
		p, err := s.d.Guard.AnonymousBySecret(ctx, proof.SessionID, proof.Secret)
		switch {
		case err == nil:
			found = append(found, caller{principal: p, byCookie: proof.ByCookie})
		case fault.KindOf(err) != fault.NotFound:
			return nil, err
		}
	}
	return found, nil
}

// candidates gives everybody for whom the object may be looked up. Those who may not do this at all are left out; if that is all, the
// reason is the answer.
func (s *Server) candidates(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	all, err := s.visitors(r.Context(), cred.proofs)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		// Reading is a use of the visitor's session too, so it does not idle away under a page that only looks.
		if _, err := s.d.Sessions.Resolve(r.Context(), v.principal, v.principal.SessionID); err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
	}
	if cred.login != nil {
		all = append(all, caller{principal: *cred.login, signedIn: true, byCookie: cred.loginByCookie})
	}
	if n.session != "" {
		return s.named(r, p, cred, n)
	}
	who := &caller{names: n}
	var refused error
	for _, one := range all {
		one.names = n
		if err := s.settle(r, p, &one); err != nil {
			refused = err
			continue
		}
		who.candidates = append(who.candidates, one.principal)
	}
	if len(who.candidates) == 0 && refused != nil {
		return nil, refused
	}
	return who, nil
}

// named narrows an object route to the session that the request names.
func (s *Server) named(r *http.Request, p policy, cred credentials, n names) (*caller, error) {
	who, err := s.actingFor(r, p, cred, n)
	if err != nil {
		return nil, err
	}
	who.candidates = []identity.Principal{who.principal}
	return who, nil
}

// lookUp tries the object with each candidate. For all others it does not exist.
func lookUp[T any](ctx context.Context, look func(identity.Principal) (T, error)) (found T, p identity.Principal, err error) {
	for _, p = range callerOf(ctx).candidates {
		found, err = look(p)
		if err == nil || fault.KindOf(err) != fault.NotFound {
			return found, p, err
		}
	}
	return found, identity.Principal{}, fault.ErrNotFound
}
