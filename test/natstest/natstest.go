// Package natstest runs NATS servers within the test process, on loopback.
package natstest

import (
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// patience bounds the start of a server.
const patience = 20 * time.Second

// Server is a NATS server that can be stopped and started again at its address.
type Server struct {
	t       *testing.T
	options server.Options
	running *server.Server
}

// New starts a server on a free port until the test ends. change may set further options, or be nil.
func New(t *testing.T, change func(*server.Options)) *Server {
	t.Helper()
	s := &Server{t: t, options: server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true}}
	if change != nil {
		change(&s.options)
	}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start starts the server, at the address that it had before.
func (s *Server) Start() {
	s.t.Helper()
	options := s.options
	running, err := server.NewServer(&options)
	require.NoError(s.t, err)
	running.Start()
	require.True(s.t, running.ReadyForConnections(patience), "the NATS server does not start")
	s.running, s.options.Port = running, options.Port
}

// Stop ends the server and all its connections. Stopping again does nothing.
func (s *Server) Stop() {
	if s.running != nil {
		s.running.Shutdown()
		s.running.WaitForShutdown()
		s.running = nil
	}
}

// Address is host:port.
func (s *Server) Address() string { return fmt.Sprintf("127.0.0.1:%d", s.options.Port) }

// URL is nats://host:port.
func (s *Server) URL() string { return "nats://" + s.Address() }

// Clients is the number of open connections.
func (s *Server) Clients() int { return s.running.NumClients() }

// Subscriptions is the number of the clients' subscriptions.
func (s *Server) Subscriptions() int { return int(s.running.NumSubscriptions()) }
