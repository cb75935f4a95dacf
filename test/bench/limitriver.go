package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverCooldown is what River rests between two fetches, as ours is set.
const riverCooldown = 5 * time.Millisecond

// riverJob carries the name of a place in which somebody waits for it.
type riverJob struct {
	Place string `json:"place"`
}

// Kind names the job.
func (riverJob) Kind() string { return "limit" }

// riverLimit is a queue in a database of its own, with its workers in this process.
type riverLimit struct {
	pool   *pgxpool.Pool
	client *river.Client[pgx.Tx]
	places sync.Map
}

// riverWork is L5, alternating with S3: River on PostgreSQL, a job inserted in a transaction until it is worked, without any load on what it works.
// The table of limits counts to L6 without naming a fifth, and has River after them; so River is the fifth here.
func riverWork(ctx context.Context, d *deployment, s settings) (string, error) {
	if d.dsn == "" {
		return "PostgreSQL's only", nil
	}
	l, err := d.river(ctx)
	if err != nil {
		return "", err
	}
	defer l.close(ctx)
	var ours, theirs []result
	for range s.runs {
		r, err := d.run(ctx, d.url, 32, s.length, runIntent)
		if err != nil {
			return "", err
		}
		ours = append(ours, r)
		if r, err = d.run(ctx, "", 32, s.length, l.waiter); err != nil {
			return "", fmt.Errorf("river: %w", err)
		}
		theirs = append(theirs, r)
	}
	m := median(ours)
	return fmt.Sprintf("River, inserted in a transaction until worked, c32; S3 beside it %.0f/s, %s", m.rate, against(m, "L5", theirs)), nil
}

func (d *deployment) river(ctx context.Context) (*riverLimit, error) {
	dsn, err := d.database(ctx)
	if err != nil {
		return nil, err
	}
	cfg, err := pgxpool.ParseConfig(dsn)
	if err != nil {
		return nil, err
	}
	cfg.MaxConns = 20
	l := &riverLimit{}
	if l.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, err
	}
	driver, quiet := riverpgxv5.New(l.pool), slog.New(slog.DiscardHandler)
	m, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	if err == nil {
		_, err = m.Migrate(ctx, rivermigrate.DirectionUp, nil)
	}
	if err != nil {
		l.pool.Close()
		return nil, err
	}
	workers := river.NewWorkers()
	river.AddWorker(workers, river.WorkFunc(func(_ context.Context, j *river.Job[riverJob]) error {
		if place, ok := l.places.Load(j.Args.Place); ok {
			if done, ok := place.(chan struct{}); ok {
				close(done)
			}
		}
		return nil
	}))
	l.client, err = river.NewClient(driver, &river.Config{
		Queues: map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 32}}, Workers: workers, FetchCooldown: riverCooldown, Logger: quiet,
	})
	if err == nil {
		err = l.client.Start(ctx)
	}
	if err != nil {
		l.pool.Close()
		return nil, err
	}
	return l, nil
}

// waiter inserts one job at a time, and waits until it is worked.
func (l *riverLimit) waiter(context.Context, *deployment, string) (client, func(), error) {
	return func(ctx context.Context) error {
		place, done := random(), make(chan struct{})
		l.places.Store(place, done)
		defer l.places.Delete(place)
		err := pgx.BeginFunc(ctx, l.pool, func(tx pgx.Tx) error {
			_, err := l.client.InsertTx(ctx, tx, riverJob{place}, nil)
			return err
		})
		if err != nil {
			return err
		}
		select {
		case <-done:
			return nil
		case <-time.After(time.Minute):
			return errors.New("a job was never worked")
		}
	}, nothing, nil
}

func (l *riverLimit) close(ctx context.Context) {
	_ = l.client.Stop(context.WithoutCancel(ctx)) // it is measured, not kept
	l.pool.Close()
}
