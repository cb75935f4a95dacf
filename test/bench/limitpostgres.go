package main

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// thinPostgres sends what belongs together in one round trip.
type thinPostgres struct{ pool *pgxpool.Pool }

const thinPostgresTables = `CREATE TABLE IF NOT EXISTS limit_sessions (id text PRIMARY KEY, secret bytea, created_at timestamptz);
	CREATE TABLE IF NOT EXISTS limit_executions (id text PRIMARY KEY, state text, fence int, last_seq int);
	CREATE TABLE IF NOT EXISTS limit_events (id text, seq int, data json, PRIMARY KEY (id, seq))`

func openThinPostgres(ctx context.Context, dsn string) (*thinPostgres, error) {
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 20
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if _, err := pool.Exec(ctx, thinPostgresTables); err != nil {
		pool.Close()
		return nil, err
	}
	return &thinPostgres{pool}, nil
}

// Close ends the connections.
func (s *thinPostgres) Close() error {
	s.pool.Close()
	return nil
}

func (s *thinPostgres) create(ctx context.Context, id string) error {
	_, err := s.pool.Exec(ctx, "INSERT INTO limit_sessions VALUES ($1, $2, now())", id, []byte(id))
	return err
}

func (s *thinPostgres) read(ctx context.Context, id string) error {
	var at time.Time
	return s.pool.QueryRow(ctx, "SELECT created_at FROM limit_sessions WHERE id = $1", id).Scan(&at)
}

func (s *thinPostgres) execute(ctx context.Context, id string) error {
	for seq, sql := range []string{
		"INSERT INTO limit_executions VALUES ($1, 'accepted', 0, $2)",
		"UPDATE limit_executions SET state = 'running', fence = fence + 1, last_seq = $2 WHERE id = $1",
		"UPDATE limit_executions SET state = 'completed', last_seq = $2 WHERE id = $1",
	} {
		b := &pgx.Batch{}
		b.Queue("BEGIN")
		b.Queue(sql, id, seq+1)
		b.Queue("INSERT INTO limit_events VALUES ($1, $2, '{}')", id, seq+1)
		b.Queue("COMMIT")
		if err := s.pool.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
	}
	return nil
}
