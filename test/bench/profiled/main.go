// Command profiled is the server with the profiler's routes on a port of its own, for finding what costs. It is not part of any release: it
// takes its settings from the environment alone, and what it serves beside the API is open to everybody on the machine.
package main

import (
	"context"
	"fmt"
	"net/http"
	_ "net/http/pprof"
	"os"
	"os/signal"
	"time"

	"github.com/symphainy/symphainy/bootstrap"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "profiled:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	cfg, err := bootstrap.Load(bootstrap.Sources{Environ: os.Environ()})
	if err != nil {
		return err
	}
	go func() {
		server := &http.Server{Addr: "127.0.0.1:6060", ReadHeaderTimeout: time.Minute}
		fmt.Fprintln(os.Stderr, server.ListenAndServe())
	}()
	return bootstrap.Serve(ctx, cfg, bootstrap.Options{
		Version: "profiled", Log: bootstrap.NewLogger(cfg.Log, os.Stderr),
		Ready: func(i bootstrap.Info) { _, _ = fmt.Fprintln(os.Stdout, "Address", i.URL) },
	})
}
