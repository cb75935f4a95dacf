package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/symphainy/symphainy/domain/execution"
	"github.com/symphainy/symphainy/ports"
)

const (
	// backlogRows bounds what one look at the queue reads, and backlogTime how long it may take.
	backlogRows = 10_000
	backlogTime = 2 * time.Second
)

// Backlog adds how much work there is in the store and how old it is, looked up whenever the metrics are read. Every process tells the same of
// the whole platform: take the maximum over the replicas, not the sum. While the store does not answer the numbers are left out.
func (m *Metrics) Backlog(uow ports.UnitOfWork, clock ports.Clock) {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(namespace+"_"+name, help, []string{"state"}, nil)
	}
	m.registry.MustRegister(&backlog{
		uow: uow, clock: clock, count: desc("queue_executions", "Executions of the platform that have not ended, by state."),
		age:   desc("queue_oldest_seconds", "Age of the oldest execution that has not ended, by state."),
		stuck: desc("queue_stuck", "Executions that nobody works on although somebody should, by state."),
	})
}

type backlog struct {
	uow               ports.UnitOfWork
	clock             ports.Clock
	count, age, stuck *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (b *backlog) Describe(out chan<- *prometheus.Desc) {
	out <- b.count
	out <- b.age
	out <- b.stuck
}

// Collect implements prometheus.Collector.
func (b *backlog) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), backlogTime)
	defer cancel()
	var rows []ports.QueueCount
	if err := b.uow.View(ctx, func(ctx context.Context, tx ports.Tx) (err error) {
		rows, err = tx.Flow.Queues(ctx, "", backlogRows)
		return err
	}); err != nil {
		return
	}
	now := b.clock.Now()
	for _, state := range []execution.State{execution.Accepted, execution.Running, execution.Waiting, execution.Retrying, execution.Paused} {
		var count, stuck int64
		oldest := now
		for _, r := range rows {
			if r.State == state {
				count, stuck = count+r.Count, stuck+r.Stuck
				if r.Oldest.Before(oldest) {
					oldest = r.Oldest
				}
			}
		}
		gauge := func(d *prometheus.Desc, v float64) {
			out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, string(state))
		}
		gauge(b.count, float64(count))
		gauge(b.stuck, float64(stuck))
		gauge(b.age, now.Sub(oldest).Seconds())
	}
}
