package riverqueue

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config says which database holds the jobs and how many are worked on. Zero fields take their defaults.
type Config struct {
	// DatabaseURL is the store's postgres:// URL. It holds a password: never print it.
	DatabaseURL string
	// MigrateURL is the URL of the role that owns the tables; empty means DatabaseURL. Only Migrate uses it.
	MigrateURL string
	// Workers is how many jobs run at the same time; default 16. WakeWorkers is how many executions of Wake run beside them; default a
	// half of Workers, at least 2.
	Workers     int
	WakeWorkers int
	// WakeCapacity bounds the executions of Wake that wait for a worker; default 1,000. What comes over it is left to the next sweep.
	WakeCapacity int
	// Connections bounds the queue's own connections; default 8. Running jobs hold none of them.
	Connections int
	// Cooldown is the least time between two fetches; default 5 ms. Poll is how often jobs are looked for without a notification;
	// default 250 ms.
	Cooldown time.Duration
	Poll     time.Duration
	// Retention is how long a completed job stays; default 10 minutes.
	Retention time.Duration
	// Logger gets the errors of the handler and River's warnings; default slog.Default.
	Logger *slog.Logger
}

// Defaults gives the configuration with the zero fields set.
func (c Config) Defaults() Config {
	positive(&c.Workers, 16)
	positive(&c.WakeWorkers, max(2, c.Workers/2))
	positive(&c.WakeCapacity, 1000)
	positive(&c.Connections, 8)
	positive(&c.Cooldown, 5*time.Millisecond)
	positive(&c.Poll, 250*time.Millisecond)
	positive(&c.Retention, 10*time.Minute)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

func positive[N int | time.Duration](v *N, otherwise N) {
	if *v <= 0 {
		*v = otherwise
	}
}

// connectTimeout bounds the making of one connection: a server that does not answer is an error, never a hang.
const connectTimeout = 10 * time.Second

// pool reads a URL. Errors never repeat it.
func (c Config) pool(url string) (*pgxpool.Config, error) {
	p, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, errors.New("riverqueue: the database url cannot be read")
	}
	if c.Connections > 1<<15 {
		return nil, fmt.Errorf("riverqueue: %d connections are too many", c.Connections)
	}
	p.MaxConns = int32(c.Connections)
	p.ConnConfig.ConnectTimeout = connectTimeout
	p.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeCacheStatement
	p.ConnConfig.RuntimeParams["application_name"] = "symphainy queue"
	p.ConnConfig.RuntimeParams["timezone"] = "UTC"
	return p, nil
}
