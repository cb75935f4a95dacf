package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/symphainy/symphainy/adapters/gormstore"
	"github.com/symphainy/symphainy/adapters/jwtauth"
	"github.com/symphainy/symphainy/adapters/riverqueue"
)

// Check reports everything for which a start would be refused, joined, without starting: the settings, the signing keys, and on
// PostgreSQL the server and its schema. It changes nothing, and it does not touch the embedded database, which may be in use.
func Check(ctx context.Context, cfg Config) error {
	problems := []error{cfg.Validate(), cfg.checkPlanes()}
	if len(cfg.Auth.KeyFiles) > 0 {
		_, err := jwtauth.LoadKeys(cfg.Auth.KeyFiles...)
		problems = append(problems, err)
	}
	if !cfg.Embedded() && cfg.store().Validate() == nil {
		problems = append(problems, checkDatabase(ctx, cfg))
	}
	return errors.Join(problems...)
}

// checkDatabase opens the database as a start does, and closes it; then it looks for the queue's tables.
func checkDatabase(ctx context.Context, cfg Config) error {
	s, err := gormstore.Open(ctx, cfg.store())
	if err != nil {
		return fmt.Errorf("database.url: %w", err)
	}
	role := s.Unprivileged(ctx)
	if errors.Is(role, gormstore.ErrPrivileged) && !cfg.Production() {
		role = nil // a start warns
	}
	if err := errors.Join(role, s.Close(), riverqueue.Check(ctx, cfg.river(slog.New(slog.DiscardHandler)))); err != nil {
		return fmt.Errorf("database.url: %w", err)
	}
	return nil
}

// Migrate brings the database, the queue's tables among it, to this version's schema and says in words what there is now.
func Migrate(ctx context.Context, cfg Config) (string, error) {
	if err := errors.Join(cfg.validateDatabase()...); err != nil {
		return "", err
	}
	if err := gormstore.Migrate(ctx, cfg.store()); err != nil {
		return "", err
	}
	if !cfg.Embedded() {
		if err := riverqueue.Migrate(ctx, cfg.river(slog.New(slog.DiscardHandler))); err != nil {
			return "", err
		}
	}
	return cfg.storeInWords() + " has the schema of this version.", nil
}
