package bootstrap

import (
	"context"

	"go.uber.org/fx"

	"github.com/symphainy/symphainy/adapters/sandbox"
	"github.com/symphainy/symphainy/adapters/telemetry"
	"github.com/symphainy/symphainy/application/agents"
	"github.com/symphainy/symphainy/application/artifacts"
	"github.com/symphainy/symphainy/application/conversation"
	"github.com/symphainy/symphainy/application/intents"
	"github.com/symphainy/symphainy/application/realms/content"
	contentliaison "github.com/symphainy/symphainy/application/realms/content/liaison"
	"github.com/symphainy/symphainy/application/realms/content/parse"
	"github.com/symphainy/symphainy/application/realms/insights"
	insightsliaison "github.com/symphainy/symphainy/application/realms/insights/liaison"
	"github.com/symphainy/symphainy/application/realms/journey"
	journeyliaison "github.com/symphainy/symphainy/application/realms/journey/liaison"
	"github.com/symphainy/symphainy/application/realms/narrative"
	"github.com/symphainy/symphainy/application/realms/outcomes"
	outcomesliaison "github.com/symphainy/symphainy/application/realms/outcomes/liaison"
	"github.com/symphainy/symphainy/domain/agent"
	"github.com/symphainy/symphainy/ports"
)

// realmsModule gives the realms, the agents, and the catalogue of everything that can be asked for. A realm is its constructor and its
// place in the catalogue, whose order clients see.
func realmsModule(cfg Config) fx.Option {
	return fx.Module("realms", fx.Provide(
		func(in realmParts) *content.Realm {
			return content.New(content.Deps{UnitOfWork: in.UnitOfWork, Blobs: in.Blobs, Clock: in.Clock, IDs: in.IDs, Config: cfg.content(), PDF: in.Options.pdf()})
		},
		func(in realmParts) *content.Uploads {
			return content.NewUploads(in.UnitOfWork, in.Blobs, in.IDs, cfg.content().Limits)
		},
		func(in realmParts) *insights.Realm {
			return insights.New(insights.Deps{Blobs: in.Blobs, Clock: in.Clock, IDs: in.IDs, Words: in.words(cfg)})
		},
		func(in realmParts, c *content.Realm) *journey.Realm {
			return journey.New(journey.Deps{Blobs: in.Blobs, Clock: in.Clock, IDs: in.IDs, ParseFile: c.ParseFile, Words: in.words(cfg)})
		},
		func(in realmParts) *outcomes.Realm {
			return outcomes.New(outcomes.Deps{Blobs: in.Blobs, Clock: in.Clock, IDs: in.IDs, Words: in.words(cfg)})
		},
		func(in realmParts) *agents.Realm {
			return agents.NewRealm(in.Clock, in.IDs, agents.GuideAgent{}, contentliaison.Agent{}, insightsliaison.Agent{}, journeyliaison.Agent{}, outcomesliaison.Agent{})
		},
		func(r *agents.Realm) conversation.Agents { return r },
		func(c *content.Realm, i *insights.Realm, j *journey.Realm, o *outcomes.Realm, a *agents.Realm, tests testRealms, e equipment) (*intents.Catalogue, error) {
			catalogue, err := intents.NewCatalogue(append([]ports.Realm{c, i, j, o, a}, tests...)...)
			if err != nil {
				return nil, err
			}
			catalogue = catalogue.Around(e.Traces.Handler)
			return catalogue, a.Equip(agents.Equipment{
				Catalogue: catalogue, Grants: e.Grants, Model: e.Model,
				Posture: func(context.Context, ports.Tx, string) (agent.Posture, error) { return cfg.posture(), nil },
				Models:  cfg.LLM.Models, Prices: agents.Prices{Input: cfg.LLM.InputPrice, Output: cfg.LLM.OutputPrice}, UnitOfWork: e.UnitOfWork,
			})
		},
		artifacts.New, artifacts.NewKeeper,
	))
}

type realmParts struct {
	fx.In

	UnitOfWork ports.UnitOfWork
	Blobs      ports.BlobStore
	Clock      ports.Clock
	IDs        ports.IDs
	Options    Options
	Model      ports.LanguageModel
}

// words gives who puts results into words; nobody unless the deployment wants it.
func (p realmParts) words(cfg Config) *narrative.Writer {
	if !cfg.LLM.Narratives {
		return nil
	}
	return narrative.New(p.Model)
}

// equipment is what agents need beside the catalogue.
type equipment struct {
	fx.In

	Grants     ports.Grants
	Model      ports.LanguageModel
	UnitOfWork ports.UnitOfWork
	Traces     *telemetry.Traces
}

// content gives the settings of the content realm.
func (c Config) content() content.Config {
	settings := content.Defaults()
	settings.Limits.Upload = int64(c.Upload.Limit)
	settings.Limits.TenantSpace, settings.Limits.VisitorSpace = int64(c.Upload.TenantSpace), int64(c.Upload.VisitorSpace)
	settings.Results, _ = c.results() // checked by Validate
	return settings
}

// pdf gives how PDF files are read.
func (o Options) pdf() parse.PDFReader {
	if o.Program == "" {
		return nil
	}
	return sandbox.NewPDF(o.Program).Read
}
