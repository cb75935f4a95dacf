package bootstrap

import (
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/passwords"
	"github.com/symphainy/symphainy/application/accounts"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/ports"
)

// authModule gives keys, tokens, passwords, the Security Guard, accounts and sessions.
func authModule(cfg Config) fx.Option {
	return fx.Module("auth", fx.Provide(
		func() (keyFiles, error) { return findKeys(cfg) },
		func(files keyFiles) (*jwtauth.Keys, error) { return jwtauth.LoadKeys(files...) },
		func(k *jwtauth.Keys, clock ports.Clock, ids ports.IDs) (ports.TokenIssuer, error) {
			return jwtauth.NewIssuer(k, cfg.tokens(), clock, ids)
		},
		verifier(cfg),
		func() (ports.PasswordHasher, error) { return passwords.New(cfg.Hashing) },
		func() ports.PasswordBlocklist { return passwords.NewBlocklist() },
		fx.Annotate(securityguard.New, fx.As(fx.Self()), fx.As(new(ports.Grants))),
		func(in authParts) *accounts.Service { return accounts.New(in.accounts(cfg)) },
		func(in authParts) *trafficcop.Sessions { return trafficcop.NewSessions(in.sessions(cfg)) },
	))
}

// verifier gives a constructor of what checks access tokens. A Runtime takes none, and needs no key for it.
func verifier(cfg Config) any {
	if cfg.Plane == PlaneRuntime {
		return func() ports.TokenVerifier { return noUserTokens{} }
	}
	return func(k *jwtauth.Keys, clock ports.Clock) (ports.TokenVerifier, error) {
		return jwtauth.NewVerifier(k, cfg.tokens(), clock)
	}
}

// keyFiles are the files of the signing keys; the first signs.
type keyFiles []string

// findKeys gives the configured signing keys. Only the embedded default makes one, in the data dir.
func findKeys(cfg Config) (keyFiles, error) {
	if len(cfg.Auth.KeyFiles) > 0 || !cfg.Embedded() {
		return cfg.Auth.KeyFiles, nil
	}
	made, err := jwtauth.GenerateIn(cfg.keysDir())
	return keyFiles{made}, err
}

// authParts are what accounts and sessions stand on.
type authParts struct {
	fx.In

	UnitOfWork ports.UnitOfWork
	Issuer     ports.TokenIssuer
	Hasher     ports.PasswordHasher
	Blocklist  ports.PasswordBlocklist
	Clock      ports.Clock
	IDs        ports.IDs
	Bus        ports.EventBus
	Guard      *securityguard.Guard
}

func (p authParts) accounts(cfg Config) accounts.Deps {
	policy := accounts.Defaults()
	policy.PasswordMin = cfg.Auth.PasswordMin
	policy.LoginRate, policy.RegisterRate = cfg.Limit.Login.port(), cfg.Limit.Register.port()
	policy.FirstUserIsOperator = !cfg.Production()
	return accounts.Deps{
		UnitOfWork: p.UnitOfWork, Issuer: p.Issuer, Hasher: p.Hasher, Blocklist: p.Blocklist, Clock: p.Clock, IDs: p.IDs, Bus: p.Bus,
		Guard: p.Guard, Config: policy,
	}
}

func (p authParts) sessions(cfg Config) trafficcop.Deps {
	limits := trafficcop.Defaults()
	limits.AnonymousRate, limits.AnonymousTotal = cfg.Limit.Anonymous.port(), cfg.Limit.AnonymousTotal.port()
	return trafficcop.Deps{
		UnitOfWork: p.UnitOfWork, Guard: p.Guard, Issuer: p.Issuer, Clock: p.Clock, IDs: p.IDs, Bus: p.Bus, Config: limits,
	}
}

// port gives the limit as the core knows it. The window of a limit that is off tells "none" from "not set".
func (r Rate) port() ports.Rate {
	if r.Off() {
		return ports.Rate{Window: time.Minute}
	}
	return ports.Rate{Limit: r.Limit, Window: r.Window}
}
