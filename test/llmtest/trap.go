package llmtest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// TrapName is a name that nobody has a reason to look up.
const TrapName = "secret-4711.canary.invalid"

// Trap is what nothing may call: listeners on several addresses of loopback, on another port and on a Unix socket, and all look-ups of names.
type Trap struct {
	v4, v6, database netip.AddrPort
	socket           string
	hits             atomic.Int64
}

// NewTrap sets it up until the test ends. Until then this process can look up no name.
func NewTrap(t testing.TB) *Trap {
	t.Helper()
	trap := &Trap{socket: filepath.Join(t.TempDir(), "s")}
	var group sync.WaitGroup
	listen := func(network, address string) net.Addr {
		l, err := (&net.ListenConfig{}).Listen(t.Context(), network, address)
		require.NoError(t, err)
		group.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				trap.hits.Add(1)
				_ = c.Close()
			}
		})
		t.Cleanup(func() { _ = l.Close() })
		return l.Addr()
	}
	parse := func(a net.Addr) netip.AddrPort {
		p, err := netip.ParseAddrPort(a.String())
		require.NoError(t, err)
		return p
	}
	t.Cleanup(group.Wait)
	trap.v4 = parse(listen("tcp", "127.0.0.1:0"))
	trap.v6 = netip.AddrPortFrom(netip.IPv6Loopback(), trap.v4.Port())
	listen("tcp", netip.AddrPortFrom(netip.MustParseAddr("127.255.255.254"), trap.v4.Port()).String())
	if probe, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "[::1]:0"); err == nil { // a machine without IPv6 has nothing to hit there
		require.NoError(t, probe.Close())
		listen("tcp", trap.v6.String())
	}
	trap.database = parse(listen("tcp", "127.0.0.1:0"))
	listen("unix", trap.socket)
	before := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		trap.hits.Add(1)
		return nil, errors.New("no names here")
	}}
	t.Cleanup(func() { net.DefaultResolver = before })
	return trap
}

// URLs gives 40 forms of addresses in the trap.
func (t *Trap) URLs() []string { return URLForms(t.v4, t.v6, t.database, TrapName, t.socket) }

// Address is where it listens.
func (t *Trap) Address() string { return t.v4.String() }

// Hits gives how many connections and look-ups there were.
func (t *Trap) Hits() int64 { return t.hits.Load() }
