package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"
)

// settle is how long a server that has started is left alone before its memory is read.
const settle = 1500 * time.Millisecond

// begin is S8: how soon a server on a migrated store is ready, and what it weighs then.
func begin(ctx context.Context, d *deployment, s settings) (string, error) {
	info, err := os.Stat(s.binary)
	if err != nil {
		return "", err
	}
	var ready []time.Duration
	var memory []int64
	for range s.runs {
		took, rss, err := d.once(ctx, s)
		if err != nil {
			return "", err
		}
		ready, memory = append(ready, took), append(memory, rss)
	}
	slices.Sort(ready)
	slices.Sort(memory)
	return fmt.Sprintf("exec → ready %s, idle RSS %s, binary %s", short(ready[len(ready)/2]), mib(memory[len(memory)/2]), mib(info.Size())), nil
}

func (d *deployment) once(ctx context.Context, s settings) (time.Duration, int64, error) {
	fresh := newDeployment(d.store)
	defer fresh.end()
	if err := fresh.prepare(ctx, s); err != nil {
		return 0, 0, err
	}
	if d.store == "sqlite" { // the other is migrated
		if out, err := command(ctx, s.binary, fresh.vars, "migrate").Output(); err != nil {
			return 0, 0, fmt.Errorf("migrate: %w: %s", err, out)
		}
	}
	began := time.Now()
	url, err := fresh.start(command(ctx, s.binary, fresh.vars, "serve"))
	if err != nil {
		return 0, 0, err
	}
	if err := fresh.ready(ctx, url); err != nil {
		return 0, 0, err
	}
	took := time.Since(began)
	time.Sleep(settle)
	return took, resident(fresh.pids[url]), nil
}

// ready waits until a server says that it is.
func (d *deployment) ready(ctx context.Context, url string) error {
	began := time.Now()
	for {
		_, err := d.call(ctx, http.MethodGet, url+"/health/ready", nil, nil, http.StatusOK)
		if err == nil {
			return nil
		}
		if time.Since(began) > time.Minute {
			return errors.Join(errors.New("never ready"), err)
		}
		time.Sleep(time.Millisecond)
	}
}
