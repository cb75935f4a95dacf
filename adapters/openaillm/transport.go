package openaillm

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

// Reasons why a call is given up.
var (
	errIdle    = errors.New("the endpoint was silent for too long")
	errTooLong = errors.New("the call took longer than it may")
	errTooBig  = errors.New("the answer is larger than it may be")
)

// bounds is a transport under which no answer is silent, or larger, than allowed.
type bounds struct {
	next http.RoundTripper
	max  int64
	idle time.Duration
}

// newClient gives a client that follows no redirect: the key is for one host.
func newClient(c Config) *http.Client {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, MaxIdleConnsPerHost: 8, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10, // 10 MiB by default, which takes seven times as much memory
	}
	return &http.Client{
		Transport:     bounds{next: t, max: c.MaxBytes, idle: c.Idle},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// RoundTrip sends a request whose context ends when the endpoint falls silent.
func (b bounds) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(r.Context())
	silence := time.AfterFunc(b.idle, func() { cancel(errIdle) })
	resp, err := b.next.RoundTrip(r.WithContext(ctx))
	if err != nil {
		silence.Stop()
		err = because(ctx, err)
		cancel(nil)
		return nil, err
	}
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		// It is not followed, and the client would read it as an answer.
		resp.StatusCode = http.StatusMisdirectedRequest
	}
	resp.Body = &body{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, silence: silence, idle: b.idle, left: b.max}
	return resp, nil
}

// because gives the reason for which a context ended instead of the error that followed from it.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// body is an answer that ends with an error when it is silent or too large.
type body struct {
	io.ReadCloser
	ctx     context.Context
	cancel  context.CancelCauseFunc
	silence *time.Timer
	idle    time.Duration
	left    int64
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.silence.Reset(b.idle)
	if b.left -= int64(n); b.left < 0 {
		b.cancel(errTooBig)
		return 0, errTooBig
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = because(b.ctx, err)
	}
	return n, err
}

func (b *body) Close() error {
	b.silence.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
