// Command bench drives a built binary with the shapes of load that the project measures itself by, on SQLite and, where
// SYMPHAINY_TEST_DSN names a server, on PostgreSQL. Beside each shape it measures its limit: what a thin program with the same database
// round trips and the same HTTP server does on this machine at this moment. Ratios compare machines; the figures alone do not.
//
// Generator, server and database share the machine. Nothing here is a test, and no test depends on it.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"
)

// settings are what the flags say.
type settings struct {
	binary string
	// server, if set, is served instead of the binary, which then only migrates.
	server string
	shapes []string
	stores []string
	runs   int
	length time.Duration
	// flood is how many executions one tenant of T11 submits at once.
	flood int
	// rows is how many finished executions, and how many sessions, the tables of S10 hold.
	rows int
}

func main() {
	shapes := flag.String("shapes", "S1,S2,S3,S3c1,S4,S4c1,pgbench,L5,S3a,S5,S6,S7,S8,S9,S10,S11,T11", "which shapes to run")
	stores := flag.String("stores", "sqlite,postgres", "on which databases")
	s := settings{}
	flag.StringVar(&s.binary, "bin", "bin/symphainy", "the binary to measure")
	flag.StringVar(&s.server, "server", "", "another program to serve with, such as test/bench/profiled")
	flag.IntVar(&s.runs, "runs", 5, "runs of each shape; the median counts")
	flag.DurationVar(&s.length, "length", 3*time.Second, "how long one run takes")
	flag.IntVar(&s.flood, "flood", 10_000, "how many executions the noisy tenant of T11 submits at once")
	flag.IntVar(&s.rows, "rows", 1_000_000, "how many finished executions, and how many sessions, there are in S10")
	limit := flag.String("limit-server", "", "internal: serve the limits of this database, a URL or sqlite:PATH")
	flag.Parse()
	s.shapes, s.stores = strings.Split(*shapes, ","), strings.Split(*stores, ",")
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	run := func() error { return measure(ctx, os.Stdout, s) }
	if *limit != "" {
		run = func() error { return serveLimits(ctx, os.Stdout, *limit) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func measure(ctx context.Context, out io.Writer, s settings) error {
	write(out, "%d processors, load %s, %d runs of %s, medians\n\n", runtime.NumCPU(), load(), s.runs, s.length)
	write(out, "%-9s %-5s %4s %9s %9s %9s %9s %9s   %s\n", "store", "shape", "c", "per s", "p50", "p99", "cpu", "memory", "of its limit")
	for _, store := range s.stores {
		if err := measureOn(ctx, out, s, store); err != nil {
			return fmt.Errorf("%s: %w", store, err)
		}
	}
	write(out, "\nload %s\n", load())
	return nil
}

func measureOn(ctx context.Context, out io.Writer, s settings, store string) error {
	d, err := deploy(ctx, s, store)
	if err != nil {
		return err
	}
	defer d.end()
	for _, shape := range all(store) {
		if !slices.Contains(s.shapes, shape.name) {
			continue
		}
		var mine, limits []result
		for range s.runs { // alternating, so that both see the machine's moods
			r, err := d.run(ctx, d.url, shape.clients, s.length, shape.prepare)
			if err != nil {
				return fmt.Errorf("%s: %w", shape.name, err)
			}
			mine = append(mine, r)
			if r, err = d.run(ctx, d.limitURL, shape.limit.clients, s.length, shape.limit.prepare); err != nil {
				return fmt.Errorf("limit of %s: %w", shape.name, err)
			}
			limits = append(limits, r)
		}
		m := median(mine)
		d.measured[shape.name] = m
		write(out, "%-9s %-5s %4d %9.0f %9s %9s %9s %9s   %s\n", store, shape.name, shape.clients, m.rate, short(m.p50), short(m.p99), short(m.cpu), mib(m.memory),
			against(m, shape.limit.name, limits))
	}
	for _, other := range others() {
		if !slices.Contains(s.shapes, other.name) {
			continue
		}
		line, err := other.run(ctx, d, s)
		if err != nil {
			return fmt.Errorf("%s: %w", other.name, err)
		}
		write(out, "%-9s %-5s %s\n", store, other.name, line)
	}
	return nil
}

// write prints for whoever watches; a terminal that is gone does not end a measurement.
func write(out io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(out, format, args...) }

func against(m result, name string, limit []result) string {
	l := median(limit)
	return fmt.Sprintf("%.2f × %s: %.0f/s, p50 %s, p99 %s, cpu %s", m.rate/l.rate, name, l.rate, short(l.p50), short(l.p99), short(l.cpu))
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

// load gives the machine's load average.
func load() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	return strings.Join(strings.Fields(string(text))[:3], " ")
}
