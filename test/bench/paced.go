package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	offered = 500 // submissions a second
	senders = 64  // what may be on its way at once
)

// paced is S3a: submissions arrive at a fixed rate, whatever the answers take, and the time counts from when each was due. So a server
// that stalls cannot slow its own measurement down.
func paced(ctx context.Context, d *deployment, s settings) (string, error) {
	clients := make([]client, senders)
	for i := range clients {
		c, err := submitter(ctx, d)
		if err != nil {
			return "", err
		}
		clients[i] = c
	}
	var runs []result
	for range s.runs {
		r, err := pace(ctx, clients, s.length)
		if err != nil {
			return "", err
		}
		runs = append(runs, r)
	}
	m := median(runs)
	return fmt.Sprintf("submit → durable 202 at %d/s offered: %.0f/s done, p50 %s, p99 %s", offered, m.rate, short(m.p50), short(m.p99)), nil
}

func pace(ctx context.Context, clients []client, length time.Duration) (result, error) {
	due := make(chan time.Time, int(length.Seconds()*offered)+1)
	began := time.Now()
	go func() {
		defer close(due)
		for i := range int(length.Seconds() * offered) {
			at := began.Add(time.Duration(i) * time.Second / offered)
			time.Sleep(time.Until(at))
			due <- at
		}
	}()
	var (
		mu    sync.Mutex
		times []time.Duration
		errs  []error
		group sync.WaitGroup
	)
	for _, c := range clients {
		group.Go(func() {
			for at := range due {
				err := c(ctx)
				mu.Lock()
				times, errs = append(times, time.Since(at)), append(errs, err)
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return result{}, err
	}
	took := time.Since(began)
	slices.Sort(times)
	return result{rate: float64(len(times)) / took.Seconds(), p50: times[len(times)/2], p99: times[len(times)*99/100]}, nil
}

// submitter accepts work without waiting for it. Its keys keep submissions apart that would be answered with one execution otherwise.
func submitter(ctx context.Context, d *deployment) (client, error) {
	id, secret, err := d.visitor(ctx, d.url)
	if err != nil {
		return nil, err
	}
	body := fmt.Appendf(nil, `{"session_id":%q,"intent_type":"list_files","parameters":{}}`, id)
	return func(ctx context.Context) error {
		header := http.Header{"X-Session-Secret": {secret}, "Idempotency-Key": {random()}}
		_, err := d.call(ctx, http.MethodPost, d.url+"/api/intent/submit", header, body, http.StatusAccepted)
		return err
	}, nil
}
