package wsapi

import (
	"errors"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// The close codes of contract.md §4. Clients reconnect and resume on 1001, 1011–1013, 4408, 4413 and 4429, with new credentials on 4401
// and 4409, never on the others.
const (
	closeNormal      = 1000
	closeProtocol    = 1002
	closeBinary      = 1003
	closeBadUTF8     = 1007
	closeTooBig      = 1009
	closeBug         = 1011
	closeRestart     = 1012
	closeTryLater    = 1013
	closeExpired     = 4401
	closeForbidden   = 4403
	closeNotFound    = 4404
	closeIdle        = 4408
	closeChanged     = 4409
	closeSlowReader  = 4413
	closeRateLimited = 4429
)

// ending is why a socket ends: the code and reason of its close frame.
type ending struct {
	code   int
	reason string
}

// Error gives the reason, for logs.
func (e ending) Error() string { return e.reason }

// flushes reports whether frames that wait are written before the close frame. After a refusal nothing more may be seen.
func (e ending) flushes() bool { return e.code == closeNormal || e.code == closeRestart }

// refusal gives the ending of a credential that is not good any more; ok is false if err says nothing about the credential.
func refusal(err error) (e ending, ok bool) {
	if errors.Is(err, ports.ErrTokenExpired) {
		return ending{closeExpired, "token_expired"}, true
	}
	f := fault.As(err)
	switch f.Kind {
	case fault.Unauthenticated, fault.Denied, fault.Conflict, fault.Gone:
		return ending{closeChanged, f.Code}, true
	case fault.NotFound:
		return ending{closeNotFound, f.Code}, true
	case fault.Internal, fault.Malformed, fault.TooLarge, fault.Unsupported, fault.Invalid, fault.Limited, fault.Unavailable, fault.Quota:
		return ending{}, false
	}
	return ending{}, false
}

// endingOf finds the ending in err's chain.
func endingOf(err error) (e ending, ok bool) {
	ok = errors.As(err, &e)
	return e, ok
}
