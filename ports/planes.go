package ports

import (
	"time"

	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/domain/identity"
)

// ServiceCaller is on whose behalf one plane calls another: a principal, or for reads that need no more a scope. Exactly one is set.
type ServiceCaller struct {
	Principal *identity.Principal
	Scope     *identity.Scope
}

// ErrServiceToken is any failure of a service credential; the reason goes to its cause only.
var ErrServiceToken = fault.New(fault.Unauthenticated, "service_credential", "A valid service credential is needed.")

// ServiceTokenIssuer makes the credentials with which one plane calls another.
type ServiceTokenIssuer interface {
	// Issue signs a credential for one request, named by the SHA-256 of its path and body, which ends within a minute.
	Issue(c ServiceCaller, request []byte) (token string, err error)
}

// ServiceTokenVerifier checks such credentials. A user's access token is none.
type ServiceTokenVerifier interface {
	// Verify gives the caller of a good credential made for this very request, and when it ends; everything else is ErrServiceToken.
	Verify(token string, request []byte) (c ServiceCaller, ends time.Time, err error)
}
