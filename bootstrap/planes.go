package bootstrap

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/runtimehttp"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/domain/realm"
	"github.com/symphainy/symphainy/ports"
)

// What a process is. The Experience plane answers clients; the Runtime does the work, and is reached by the Experience plane alone.
const (
	PlaneAll        = "all"
	PlaneExperience = "experience"
	PlaneRuntime    = "runtime"
)

// Split reports whether the planes are processes of their own.
func (c Config) Split() bool { return c.Plane != PlaneAll }

// roots gives what a process of the plane does; everything else is made only as far as these need it.
func (c Config) roots() fx.Option {
	switch c.Plane {
	case PlaneExperience:
		return fx.Invoke(func(*server) {})
	case PlaneRuntime:
		return fx.Invoke(func(*upkeep, *internalServer) {})
	}
	return fx.Invoke(func(*upkeep, *server) {})
}

// planesModule gives the Runtime's face: the engine of this process, or over HTTP that of another.
func planesModule(cfg Config) fx.Option {
	if cfg.Plane != PlaneExperience {
		return fx.Module("planes", fx.Provide(
			func(e *runtime.Engine) (ports.Runtime, ports.EventFeed, ports.Control, ports.Operations) {
				return e, e, e, e
			},
			func(lc fx.Lifecycle, in internalParts) (*internalServer, error) {
				return newInternalServer(lc, cfg, in)
			},
		))
	}
	return fx.Module("planes", fx.Provide(
		func(clock ports.Clock, ids ports.IDs, opened *openings) (*runtimehttp.Client, error) {
			keys, err := jwtauth.LoadKeys(cfg.Planes.KeyFiles...)
			if err != nil {
				return nil, fmt.Errorf("planes.key_files: %w", err)
			}
			issuer, err := jwtauth.NewServiceIssuer(keys, clock, ids)
			if err != nil {
				return nil, err
			}
			c, err := runtimehttp.NewClient(cfg.Planes.RuntimeURL, issuer)
			if err == nil {
				opened.add(func() error {
					c.Close()
					return nil
				})
			}
			return c, err
		},
		func(c *runtimehttp.Client) (ports.Runtime, ports.EventFeed, ports.Control, ports.Operations) {
			return c, c, c, c
		},
	))
}

// internalServer listens for other planes.
type internalServer struct{ *server }

type internalParts struct {
	fx.In

	Engine    *runtime.Engine
	Catalogue *intents.Catalogue
	Clock     ports.Clock
	Checks    []ports.HealthCheck
	Ready     *readiness
	Log       *slog.Logger
	Options   Options
	Opened    *openings
}

func newInternalServer(lc fx.Lifecycle, cfg Config, in internalParts) (*internalServer, error) {
	keys, err := jwtauth.LoadPublicKeys(cfg.Planes.KeyFiles...)
	if err != nil {
		return nil, fmt.Errorf("planes.key_files: %w", err)
	}
	verifier, err := jwtauth.NewServiceVerifier(keys, in.Clock)
	if err != nil {
		return nil, err
	}
	handler := runtimehttp.NewServer(runtimehttp.Deps{
		Runtime: in.Engine, Control: in.Engine, Operations: in.Engine, Feed: in.Engine, Verifier: verifier, Clock: in.Clock, Checks: append(in.Checks, in.Ready), Log: in.Log,
		Spec: func(intentType string) (string, realm.IntentSpec, error) {
			e, err := in.Catalogue.Find(intentType)
			return e.Realm, e.Spec, err
		},
	})
	s := newServer(runtimehttp.HTTPServer(handler, in.Log), nil, in.Ready, in.Opened.fail)
	s.onLife(lc, cfg.Planes.RuntimeAddr, func(url string) { listening(in.Log, in.Options, cfg, url) })
	return &internalServer{s}, nil
}

// listening tells that connections are accepted.
func listening(log *slog.Logger, o Options, cfg Config, url string) {
	log.Info("listening", slog.String("url", url), slog.String("plane", cfg.Plane))
	if o.Ready != nil {
		o.Ready(Info{Version: o.Version, URL: url, Store: cfg.storeInWords(), Internal: cfg.Plane == PlaneRuntime})
	}
}

// noUserTokens is the verifier of a Runtime: users' tokens are good at the Experience plane only.
type noUserTokens struct{}

// Verify refuses.
func (noUserTokens) Verify(string) (ports.Claims, error) { return ports.Claims{}, ports.ErrToken }

// runtimeCheck lets the readiness of the Experience plane show that the Runtime is gone. It takes requests all the same: signing in and reading
// go on, and what needs the Runtime answers 503 by itself.
func (c Config) runtimeCheck(r ports.Runtime) []ports.HealthCheck {
	if check, ok := r.(ports.HealthCheck); ok && c.Plane == PlaneExperience {
		return []ports.HealthCheck{check}
	}
	return nil
}

// validatePlanes refuses planes that are apart where they cannot be, or without what they need for it.
func (c Config) validatePlanes() (problems []error) {
	switch c.Plane {
	case PlaneAll:
		if c.Planes.RuntimeURL != "" || len(c.Planes.KeyFiles) > 0 {
			problems = append(problems, errors.New("planes.runtime_url or planes.key_files is set, but plane is all: use serve experience and serve runtime"))
		}
		return problems
	case PlaneExperience:
		if err := runtimehttp.CheckURL(c.Planes.RuntimeURL); err != nil {
			problems = append(problems, fmt.Errorf("planes.runtime_url: %w", err))
		}
	case PlaneRuntime:
		if err := checkAddr("planes.runtime_addr", c.Planes.RuntimeAddr); err != nil {
			problems = append(problems, err)
		}
	default:
		return []error{fmt.Errorf("plane must be %s, %s or %s, not %q", PlaneAll, PlaneExperience, PlaneRuntime, c.Plane)}
	}
	if c.Embedded() {
		problems = append(problems, errors.New("plane is not all, but the embedded database allows only one process; planes of their own need database.url"))
	}
	if len(c.Planes.KeyFiles) == 0 {
		problems = append(problems, errors.New("planes.key_files: no key of the service credential is configured "+
			"(openssl genpkey -algorithm ed25519 -out planes.pem, and for the Runtime openssl pkey -in planes.pem -pubout)"))
	}
	for _, file := range c.Planes.KeyFiles {
		if slices.ContainsFunc(c.Auth.KeyFiles, func(own string) bool { return filepath.Clean(own) == filepath.Clean(file) }) {
			problems = append(problems, fmt.Errorf("planes.key_files: %s is one of auth.key_files; the service credential needs a key of its own", file))
		}
	}
	return problems
}

// checkPlanes reads the keys of the service credential as a start does.
func (c Config) checkPlanes() error {
	if len(c.Planes.KeyFiles) == 0 || !c.Split() {
		return nil
	}
	load := jwtauth.LoadKeys
	if c.Plane == PlaneRuntime {
		load = jwtauth.LoadPublicKeys
	}
	_, err := load(c.Planes.KeyFiles...)
	return err
}
