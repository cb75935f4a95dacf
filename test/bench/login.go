package main

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"time"

	"github.com/symphainy/symphainy/adapters/passwords"
)

// storm is how many sign in at the same moment while others read.
const storm = 500

// logins is S7: sign-ins beside the hash alone, and what readers feel while many sign in.
func logins(ctx context.Context, d *deployment, s settings) (string, error) {
	var hashes, signedIn, calm, disturbed []result
	hasher, err := passwords.New(passwords.Defaults())
	if err != nil {
		return "", err
	}
	alone := func(context.Context, *deployment, string) (client, func(), error) {
		return func(ctx context.Context) error {
			_, err := hasher.Hash(ctx, "a-long-passphrase-for-bench")
			return err
		}, nothing, nil
	}
	for range s.runs {
		for _, step := range []struct {
			into    *[]result
			clients int
			prepare prepare
		}{{&hashes, runtime.NumCPU(), alone}, {&signedIn, 8, signIn}, {&calm, 32, readSession}} {
			r, err := d.run(ctx, d.url, step.clients, s.length, step.prepare)
			if err != nil {
				return "", err
			}
			*step.into = append(*step.into, r)
		}
		r, err := underStorm(ctx, d, s.length)
		if err != nil {
			return "", err
		}
		disturbed = append(disturbed, r)
	}
	h, l, before, during := median(hashes), median(signedIn), median(calm), median(disturbed)
	return fmt.Sprintf("sign-in c8: %.1f/s, p99 %s: %.2f of %.1f hashes/s; reads' p99 while %d sign in at once: %.1f × (%s → %s)",
		l.rate, short(l.p99), l.rate/h.rate, h.rate, storm, float64(during.p99)/float64(before.p99), short(before.p99), short(during.p99)), nil
}

// signIn is one sign-in with the right password.
func signIn(_ context.Context, d *deployment, url string) (client, func(), error) {
	body := []byte(`{"email":"bench@bench.example","password":"a-long-passphrase-for-bench"}`)
	return func(ctx context.Context) error {
		_, err := d.call(ctx, http.MethodPost, url+"/api/auth/login", nil, body, http.StatusOK)
		return err
	}, nothing, nil
}

// underStorm reads while many sign in. Those who find the queue of hashes full are turned away, as they should be; that is no failure here.
func underStorm(ctx context.Context, d *deployment, length time.Duration) (result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c, _, err := signIn(ctx, d, d.url)
	if err != nil {
		return result{}, err
	}
	done := make(chan struct{}, storm)
	for range storm {
		go func() {
			_ = c(ctx)
			done <- struct{}{}
		}()
	}
	r, err := d.run(ctx, d.url, 32, length, readSession)
	cancel()
	for range storm {
		<-done
	}
	return r, err
}
