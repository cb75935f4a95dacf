package accounts

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"time"

	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/domain/fault"
	"github.com/symphainy/symphainy/ports"
)

// Errors of accounts.
var (
	// ErrAuthentication is the one answer for an unknown mail, a wrong password, a disabled or locked user and a lost membership.
	ErrAuthentication = fault.New(fault.Unauthenticated, "authentication_failed", "The e-mail address or the password is wrong.")
	// ErrEmailTaken is a registration with the mail of an existing account.
	ErrEmailTaken = fault.New(fault.Conflict, "email_taken", "An account with this e-mail address exists; sign in instead.")
	// ErrInvalid is input with wrong values; Fields names them.
	ErrInvalid = fault.New(fault.Invalid, "invalid_parameters", "Some values are not acceptable.")
	// ErrRateLimited is a caller over a limit; RetryAfter says when to come back.
	ErrRateLimited = fault.New(fault.Limited, "rate_limited", "Too many attempts; try again later.")
)

// minPassword is the floor of Config.PasswordMin.
const minPassword = 8

// Config sets policy. A zero field takes its default; a Rate with a Window and a Limit of 0 means no limit.
type Config struct {
	// PasswordMin is the least number of characters, never below 8.
	PasswordMin int
	// LoginRate holds per address and per account, over all routes that check a password.
	LoginRate ports.Rate
	// RegisterRate holds per address and per account.
	RegisterRate ports.Rate
	// FailureLimit failures of an account within FailureWindow are let through; then even the right password waits.
	FailureLimit  int
	FailureWindow time.Duration
	// LockAfter consecutive failures lock the account until its password is reset or an administrator helps.
	LockAfter int
	// FirstUserIsOperator makes the first registration on an empty store a platform operator too. Off in production.
	FirstUserIsOperator bool
	// ProductNames are words that no password may be, also with digits around them.
	ProductNames []string
}

// Defaults gives the policy of the specification.
func Defaults() Config {
	return Config{
		PasswordMin:   minPassword,
		LoginRate:     ports.Rate{Limit: 5, Window: time.Minute},
		RegisterRate:  ports.Rate{Limit: 3, Window: 5 * time.Minute},
		FailureLimit:  10,
		FailureWindow: 15 * time.Minute,
		LockAfter:     100,
		ProductNames:  []string{"symphainy"},
	}
}

func (c Config) withDefaults() Config {
	d := Defaults()
	c.PasswordMin = max(c.PasswordMin, d.PasswordMin)
	c.LoginRate = cmp.Or(c.LoginRate, d.LoginRate)
	c.RegisterRate = cmp.Or(c.RegisterRate, d.RegisterRate)
	c.FailureLimit = cmp.Or(c.FailureLimit, d.FailureLimit)
	c.FailureWindow = cmp.Or(c.FailureWindow, d.FailureWindow)
	c.LockAfter = cmp.Or(c.LockAfter, d.LockAfter)
	if c.ProductNames == nil {
		c.ProductNames = d.ProductNames
	}
	return c
}

// Deps is what the service works with; all are needed.
type Deps struct {
	UnitOfWork ports.UnitOfWork
	Issuer     ports.TokenIssuer
	Hasher     ports.PasswordHasher
	Blocklist  ports.PasswordBlocklist
	Clock      ports.Clock
	IDs        ports.IDs
	Bus        ports.EventBus
	Guard      *securityguard.Guard
	Config     Config
}

// Service offers the use cases. It is safe for concurrent use.
type Service struct {
	d   Deps
	cfg Config
}

// New makes the service.
func New(d Deps) *Service { return &Service{d: d, cfg: d.Config.withDefaults()} }

// Client is what is known of the other end of the connection.
type Client struct {
	// Address is the client's IP address without a port.
	Address string
}

// LimitKey gives the address by which limits count. Of IPv6 the first 64 bits count, since a single line has all the rest to itself;
// an IPv4 address counts the same however it is written. What is not an address counts as it is.
func (c Client) LimitKey() string {
	a, err := netip.ParseAddr(c.Address)
	if err != nil {
		return c.Address
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
}

// staleTries bounds how often a use case starts again because somebody else changed what it had read.
const staleTries = 6

// do runs fn in a transaction, again while an aggregate that it saves was changed by somebody else meanwhile.
func (s *Service) do(ctx context.Context, fn func(ctx context.Context, tx ports.Tx) error) error {
	var err error
	for range staleTries {
		if err = s.d.UnitOfWork.Do(ctx, fn); !errors.Is(err, fault.ErrStale) {
			return err
		}
	}
	return fault.ErrUnavailable.Because(err)
}

// announce tells every process that sessions have changed. The table is the truth and hints may be lost, so a bus that fails costs
// other processes at most the half second until their next look, and never the answer.
func (s *Service) announce(ctx context.Context, sessionIDs ...string) {
	for _, id := range sessionIDs {
		s.d.Guard.Forget(id)
		_ = s.d.Bus.Publish(ctx, ports.Hint{SessionID: id})
	}
}
