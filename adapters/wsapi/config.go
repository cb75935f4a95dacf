package wsapi

import (
	"errors"
	"time"
)

// Config holds the bounds of the sockets. Make it with Defaults and change what differs.
type Config struct {
	// BaseURL is the service's own address; its origin may open sockets. Empty: the origin that the request itself names.
	BaseURL string
	// AllowedOrigins are further origins, exact.
	AllowedOrigins []string
	// TrustedProxies are the networks whose X-Forwarded-For counts.
	TrustedProxies []string
	// PlainCookies reads the cookies of plain HTTP on loopback, without the __Host- prefix.
	PlainCookies bool
	// AllowQueryJWT accepts an access token itself in ?access_token= or the legacy ?session_token=. Off in production: URLs are logged
	// by proxies.
	AllowQueryJWT bool

	// Handshake bounds authentication and the upgrade.
	Handshake time.Duration
	// MaxMessage is the size of a client's message after reassembly, in bytes.
	MaxMessage int64
	// MessageTime is how long a message may take from its first byte to its last.
	MessageTime time.Duration
	// MaxFragments is how many frames a message may come in.
	MaxFragments int
	// MessagesPerMinute and ControlPerMinute bound a client's messages and its control frames; bursts of the same size are allowed.
	MessagesPerMinute int
	ControlPerMinute  int
	// HandleTime bounds the work on one message.
	HandleTime time.Duration

	// QueueBytes and QueueFrames bound what waits for a slow reader; a log longer than the queue is read as fast as the client reads.
	QueueBytes  int
	QueueFrames int
	// DrainWait is how long a full queue may stay full before the reader counts as slow.
	DrainWait time.Duration
	// Ping is the interval of pings and Pong how long an answer may take; Write bounds each write.
	Ping  time.Duration
	Pong  time.Duration
	Write time.Duration
	// Linger is how long a closed socket waits for the peer's close frame, so that ours is not lost.
	Linger time.Duration

	// Poll is how often a silent socket's credential is checked; a hint of the bus makes it sooner. The guard's answer may be half a
	// second old, and the promise is one second.
	Poll time.Duration
	// Idle ends a socket without messages and events for so long.
	Idle time.Duration
	// GoAway is the time between server.goaway and the close at a stop.
	GoAway time.Duration

	// The caps of open sockets: PerProcess in this process, the others wherever Deps.Seats counts. A full session or user is 429, the others 503.
	PerSession int
	PerUser    int
	PerTenant  int
	PerAddress int
	PerProcess int
}

// Defaults gives the bounds of security.md §1.3.
func Defaults() Config {
	return Config{
		Handshake: 10 * time.Second, MaxMessage: 64 << 10, MessageTime: 10 * time.Second, MaxFragments: 1024,
		MessagesPerMinute: 100, ControlPerMinute: 100, HandleTime: 15 * time.Second,
		QueueBytes: 1 << 20, QueueFrames: 256, DrainWait: 3 * time.Second,
		Ping: 25 * time.Second, Pong: 8 * time.Second, Write: 5 * time.Second, Linger: time.Second,
		Poll: 450 * time.Millisecond, Idle: 30 * time.Minute, GoAway: time.Second,
		PerSession: 5, PerUser: 20, PerTenant: 2000, PerAddress: 1000, PerProcess: 10000,
	}
}

// Validate reports every bound that is not positive: none of them can be switched off.
func (c Config) Validate() error {
	var all []error
	positive := func(name string, v int64) {
		if v <= 0 {
			all = append(all, errors.New("wsapi: "+name+" must be positive"))
		}
	}
	for name, d := range map[string]time.Duration{
		"Handshake": c.Handshake, "MessageTime": c.MessageTime, "HandleTime": c.HandleTime, "DrainWait": c.DrainWait, "Ping": c.Ping,
		"Pong": c.Pong, "Write": c.Write, "Linger": c.Linger, "Poll": c.Poll, "Idle": c.Idle, "GoAway": c.GoAway,
	} {
		positive(name, int64(d))
	}
	for name, n := range map[string]int{
		"MaxFragments": c.MaxFragments, "MessagesPerMinute": c.MessagesPerMinute, "ControlPerMinute": c.ControlPerMinute,
		"QueueBytes": c.QueueBytes, "QueueFrames": c.QueueFrames, "PerSession": c.PerSession, "PerUser": c.PerUser,
		"PerTenant": c.PerTenant, "PerAddress": c.PerAddress, "PerProcess": c.PerProcess,
	} {
		positive(name, int64(n))
	}
	positive("MaxMessage", c.MaxMessage)
	return errors.Join(all...)
}
