package bootstrap

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/auditing"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/seats"
	"github.com/symphainy/symphainy/application/securityguard"
	"github.com/symphainy/symphainy/application/trafficcop"
	"github.com/symphainy/symphainy/ports"
)

// socketsModule gives the WebSocket hub.
func socketsModule(cfg Config) fx.Option {
	return fx.Module("sockets", fx.Provide(
		func(lc fx.Lifecycle, in socketParts) (*wsapi.Hub, error) {
			deps := in.deps()
			if !cfg.Embedded() { // else no other process can have sockets
				deps.Seats = in.seats(lc)
			}
			return wsapi.New(deps, cfg.sockets())
		},
	))
}

type socketParts struct {
	fx.In

	UnitOfWork    ports.UnitOfWork
	IDs           ports.IDs
	Guard         *securityguard.Guard
	Sessions      *trafficcop.Sessions
	Conversations *conversation.Service
	Runtime       ports.Runtime
	Control       ports.Control
	Feed          ports.EventFeed
	Bus           ports.EventBus
	Clock         ports.Clock
	Log           *slog.Logger
	Metrics       *telemetry.Metrics
	Refusals      *auditing.Refusals
}

func (p socketParts) deps() wsapi.Deps {
	return wsapi.Deps{
		Guard: p.Guard, Sessions: p.Sessions, Conversations: p.Conversations, Runtime: p.Runtime, Control: p.Control, Feed: p.Feed, Bus: p.Bus, Clock: p.Clock,
		Active: p.active, Log: p.Log, Delivered: p.Metrics.Delivered, Refused: p.Refusals.Note,
	}
}

// active asks the store in which of many sessions anything goes on.
func (p socketParts) active(ctx context.Context, sessions []ports.SessionKey, since time.Time) (active []ports.SessionKey, err error) {
	err = p.UnitOfWork.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		active, err = tx.Activity.Active(ctx, sessions, since)
		return err
	})
	return active, err
}

// seats gives what counts sockets for all replicas, from before the server listens until it has stopped.
func (p socketParts) seats(lc fx.Lifecycle) *seats.Counter {
	c := seats.New(seats.Deps{
		UnitOfWork: p.UnitOfWork, IDs: p.IDs,
		Report: func(ctx context.Context, what string, err error) {
			p.Log.WarnContext(ctx, "sockets", slog.String("what", what), slog.Any("error", err))
		},
	}, seats.Defaults())
	lc.Append(fx.Hook{OnStart: func(ctx context.Context) error { return c.Start(context.WithoutCancel(ctx)) }, OnStop: c.Stop})
	return c
}

// sockets gives the settings of the sockets, with what they share with HTTP.
func (c Config) sockets() wsapi.Config {
	s := c.WS
	s.BaseURL, s.AllowedOrigins, s.TrustedProxies, s.PlainCookies = c.BaseURL, c.CORS.Origins, c.TrustedProxies, c.plainCookies()
	return s
}
