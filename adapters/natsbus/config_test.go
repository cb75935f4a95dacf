package natsbus_test

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"github.com/symphainy/symphainy/adapters/natsbus"
	"github.com/symphainy/symphainy/ports"
	"github.com/symphainy/symphainy/test/natstest"
)

func itoa(n int) string { return strconv.Itoa(n) }

const secret = "hunter2"

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"nats://h", "nats://h:4222", "tls://u:p@h:4222, nats://token@h2", "nats://[::1]:4222"} {
		require.NoError(t, natsbus.Config{URL: url}.Validate(), url)
	}
	for _, cfg := range []natsbus.Config{
		{}, {URL: "h:4222"}, {URL: "http://u:" + secret + "@h"}, {URL: "nats://u:" + secret + "@h:99x"}, {URL: "nats://u:" + secret + "@"},
		{URL: "nats://h,"}, {URL: "nats://h", Subject: "a b"}, {URL: "nats://h", Subject: "a.*"}, {URL: "nats://h", Subject: ">"},
		{URL: "nats://h", Subject: "a..b"}, {URL: "nats://h", CredentialsFile: "/missing"}, {URL: "nats://h", CAFile: "/missing"},
	} {
		_, err := natsbus.New(cfg)
		require.ErrorContains(t, err, "nats: ")
		require.NotContains(t, err.Error(), secret)
	}
}

func TestNothingPrintsTheURL(t *testing.T) {
	t.Parallel()
	cfg := natsbus.Config{URL: "nats://u:" + secret + "@h"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "config", cfg)
	for _, text := range []string{fmt.Sprint(cfg), fmt.Sprintf("%+v %#v %s", cfg, cfg, &cfg), log.String()} {
		require.NotContains(t, text, secret)
	}
}

// A server that refuses the client refuses the start, without the password in the reason; one that forbids the subject shows in the check.
func TestCredentials(t *testing.T) {
	t.Parallel()
	nats := natstest.New(t, func(o *server.Options) {
		deny := &server.Permissions{Subscribe: &server.SubjectPermission{Deny: []string{"symphainy"}}}
		o.Users = []*server.User{{Username: "app", Password: secret}, {Username: "deaf", Password: secret, Permissions: deny}}
	})
	as := func(user string) string { return "nats://" + user + "@" + nats.Address() }
	_, err := natsbus.New(natsbus.Config{URL: as("app:" + strings.ToUpper(secret))})
	require.ErrorContains(t, err, "Authorization")
	require.NotContains(t, strings.ToLower(err.Error()), secret)

	require.NoError(t, open(t, as("app:"+secret)).Check(t.Context()))
	deaf := open(t, as("deaf:"+secret))
	refused := func() bool { return deaf.Check(t.Context()) != nil }
	require.Eventually(t, refused, patience, tick)
	require.ErrorContains(t, errors.Unwrap(deaf.Check(t.Context())), "ermissions violation")
}

func TestTLS(t *testing.T) {
	t.Parallel()
	https := httptest.NewTLSServer(nil)
	defer https.Close()
	nats := natstest.New(t, func(o *server.Options) {
		o.TLS, o.TLSTimeout = true, 20
		o.TLSConfig = https.TLS.Clone()
		o.TLSConfig.NextProtos = nil
	})
	url := "tls://" + nats.Address()
	_, err := natsbus.New(natsbus.Config{URL: url})
	require.ErrorContains(t, err, "certificate")

	authorities := filepath.Join(t.TempDir(), "ca.pem")
	block := &pem.Block{Type: "CERTIFICATE", Bytes: https.Certificate().Raw}
	require.NoError(t, os.WriteFile(authorities, pem.EncodeToMemory(block), 0o600))
	b, err := natsbus.New(natsbus.Config{URL: url, CAFile: authorities, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	require.NoError(t, b.Check(t.Context()))
	require.NoError(t, b.Publish(t.Context(), ports.Hint{Control: true}))
}
