package natsbus

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
)

// Times of the connection. A peer that is gone is noticed after two pings; a write that stalls ends the connection.
const (
	dialTime      = 2 * time.Second
	writeTime     = time.Second
	pingEvery     = 5 * time.Second
	reconnectWait = 250 * time.Millisecond
	reconnectSpan = 250 * time.Millisecond
)

// connect opens the connection. A server that is not there is no error: the connection is made as soon as it is. One that refuses this
// client, or that cannot prove who it is, is an error.
func (b *Bus) connect() error {
	options := []nats.Option{
		nats.Name(b.cfg.Name), nats.NoEcho(), nats.Timeout(dialTime), nats.FlusherTimeout(writeTime), nats.ReconnectOnFlusherError(),
		nats.PingInterval(pingEvery), nats.MaxPingsOutstanding(2),
		nats.MaxReconnects(-1), nats.ReconnectWait(reconnectWait), nats.ReconnectJitter(reconnectSpan, reconnectSpan),
		nats.IgnoreAuthErrorAbort(),
		// Old hints are of no use when the connection is back: the polls have seen everything.
		nats.ReconnectBufSize(-1),
		nats.ConnectHandler(b.whenConnected), nats.ReconnectHandler(b.whenConnected), nats.DisconnectErrHandler(b.whenDisconnected),
		nats.ErrorHandler(b.whenFailed), nats.ClosedHandler(func(*nats.Conn) { close(b.closed) }),
	}
	if b.cfg.CredentialsFile != "" {
		options = append(options, nats.UserCredentials(b.cfg.CredentialsFile))
	}
	if b.cfg.CAFile != "" {
		options = append(options, nats.RootCAs(b.cfg.CAFile))
	}
	var err error
	if b.conn, err = nats.Connect(b.cfg.URL, options...); err == nil {
		b.connected.Store(true) // the handler comes later; a hint may be published before
		return nil
	}
	if refused(err) {
		return fmt.Errorf("natsbus: connect: %w", err)
	}
	if b.conn, err = nats.Connect(b.cfg.URL, append(options, nats.RetryOnFailedConnect(true))...); err != nil {
		return fmt.Errorf("natsbus: connect: %w", err)
	}
	if !b.conn.IsConnected() {
		b.cfg.Logger.Warn("no connection to NATS yet; changes of other processes are found by polling")
	}
	return nil
}

// refused reports whether waiting cannot help.
func refused(err error) bool {
	var certificate *tls.CertificateVerificationError
	return errors.As(err, &certificate) || slices.ContainsFunc(
		[]error{nats.ErrAuthorization, nats.ErrAuthExpired, nats.ErrAuthRevoked, nats.ErrSecureConnRequired, nats.ErrSecureConnWanted},
		func(known error) bool { return errors.Is(err, known) },
	)
}

func (b *Bus) whenConnected(*nats.Conn) {
	b.denied.Store(nil)
	b.connected.Store(true)
	b.cfg.Logger.Info("connected to NATS", slog.Int64("hints_not_sent", b.lost.Swap(0)))
}

func (b *Bus) whenDisconnected(_ *nats.Conn, err error) {
	// It is also called by attempts that fail, and at the end.
	if b.connected.Swap(false) && !b.ending() {
		b.cfg.Logger.Warn("the connection to NATS is lost; changes of other processes are found by polling", slog.Any("error", err))
	}
}

// whenFailed gets what the client does not say by a result: a server that refuses a subject, a subscription that is too slow.
func (b *Bus) whenFailed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		b.denied.Store(&err)
	}
	b.complain("a failure of NATS", err)
}
