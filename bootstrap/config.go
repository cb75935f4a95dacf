package bootstrap

import (
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/symphainy/symphainy/adapters/openaillm"
	"github.com/symphainy/symphainy/adapters/passwords"
	"github.com/symphainy/symphainy/adapters/wsapi"
	"github.com/symphainy/symphainy/application/runtime"
	"github.com/symphainy/symphainy/application/schedules"
	"github.com/symphainy/symphainy/domain/agent"
)

// The environments. Production refuses what is only convenient.
const (
	Development = "development"
	Production  = "production"
)

// Config is everything that can be set. Defaults gives a platform that works on one machine without configuration; Load reads a file,
// the environment and flags over it; Validate refuses what cannot work or is unsafe.
type Config struct {
	Env            string   `koanf:"env" doc:"development or production; production refuses unsafe settings"`
	Plane          string   `koanf:"plane" doc:"what this process is: all, experience or runtime; serve experience and serve runtime set it"`
	Addr           string   `koanf:"addr" doc:"address to listen on; port 0 takes a free one"`
	BaseURL        string   `koanf:"base_url" doc:"URL under which browsers reach the service; https in production"`
	DataDir        string   `koanf:"data_dir" doc:"folder of the embedded database, files and generated keys"`
	TrustedProxies []string `koanf:"trusted_proxies" doc:"networks of reverse proxies whose X-Forwarded-For counts, in CIDR form"`

	Database DatabaseConfig `koanf:"database"`
	// MigrateURL is named like this because security.md names its variable so.
	Migrate MigrateConfig `koanf:"migrate"`
	NATS    NATSConfig    `koanf:"nats"`
	Planes  PlanesConfig  `koanf:"planes"`
	Auth    AuthConfig    `koanf:"auth"`
	Limit   LimitConfig   `koanf:"limit"`
	CORS    CORSConfig    `koanf:"cors"`
	Upload  UploadConfig  `koanf:"upload"`
	Log     LogConfig     `koanf:"log"`
	LLM     LLMConfig     `koanf:"llm"`
	Metrics MetricsConfig `koanf:"metrics"`
	Traces  TracesConfig  `koanf:"traces"`
	Agents  AgentsConfig  `koanf:"agents"`

	Workers     int           `koanf:"workers" doc:"executions that run at once in this process"`
	StopTimeout time.Duration `koanf:"stop_timeout" doc:"how long a graceful stop may take"`
	SweepEvery  time.Duration `koanf:"sweep_every" doc:"interval of the sweep of expired files and contracts"`
	PurgeEvery  time.Duration `koanf:"purge_every" doc:"interval of the removal of expired tickets, limits and idempotency keys"`

	Concurrency ConcurrencyConfig `koanf:"concurrency"`
	Results     ResultsConfig     `koanf:"results"`
	Retention   RetentionConfig   `koanf:"retention"`

	Schedules schedules.Config `koanf:"schedules"`

	Runtime runtime.Config   `koanf:"runtime" skip:"Exclusive,Bounded,Workers"`
	WS      wsapi.Config     `koanf:"ws" skip:"BaseURL,AllowedOrigins,TrustedProxies,PlainCookies"`
	Hashing passwords.Config `koanf:"hashing"`
}

// DatabaseConfig says where everything durable is.
type DatabaseConfig struct {
	URL         Secret        `koanf:"url" doc:"postgres:// URL; empty is SQLite in the data dir"`
	Connections int           `koanf:"connections" doc:"connections to PostgreSQL at most"`
	Timeout     time.Duration `koanf:"timeout" doc:"limit of one transaction"`
}

// MigrateConfig says as whom the schema is changed.
type MigrateConfig struct {
	DatabaseURL Secret `koanf:"database_url" doc:"postgres:// URL of the role that owns the tables; empty is database.url"`
}

// NATSConfig says how replicas tell each other at once what they would find by polling.
type NATSConfig struct {
	URL             Secret `koanf:"url" doc:"nats:// or tls:// URL, of a cluster several with commas; empty is hints within one process"`
	CredentialsFile string `koanf:"credentials_file" doc:".creds file of the NATS user"`
	CAFile          string `koanf:"ca_file" doc:"PEM file of the authorities of a tls:// URL; empty is the system's"`
	Subject         string `koanf:"subject" doc:"subject of the hints; deployments that share a NATS account need different ones"`
}

// PlanesConfig says how a process of the Experience plane reaches one of the Runtime, and how that knows it.
type PlanesConfig struct {
	RuntimeURL  string   `koanf:"runtime_url" doc:"URL of the Runtime's internal address, for serve experience"`
	RuntimeAddr string   `koanf:"runtime_addr" doc:"internal address of serve runtime; port 0 takes a free one"`
	KeyFiles    []string `koanf:"key_files" doc:"keys of the service credential: serve experience signs with the first Ed25519 key (PKCS#8 PEM, 0600), serve runtime has the public ones"`
}

// ConcurrencyConfig bounds how many executions run at once, over all processes on the database.
type ConcurrencyConfig struct {
	PerTenant  int      `koanf:"per_tenant" doc:"executions of a tenant that run at once, over all processes; 0 is no bound"`
	PerSession int      `koanf:"per_session" doc:"executions of a session that run at once; 0 is no bound"`
	PerType    []string `koanf:"per_type" doc:"executions of an intent type that run at once, such as parse_content=4,ingest_file=2"`
}

// ResultsConfig says what is kept of what executions make.
type ResultsConfig struct {
	PerType []string `koanf:"per_type" doc:"what is kept of the renderings of an artifact type: persist, cache (24 h) or discard, such as roadmap=cache,workflow=discard"`
}

// RetentionConfig says how long is kept what grows.
type RetentionConfig struct {
	Events   time.Duration `koanf:"events" doc:"how long the event log of an execution that has ended is kept; 0 keeps it for ever"`
	Visitors time.Duration `koanf:"visitors" doc:"how long what a visitor made is kept after the end of a session that was never signed in; 0 keeps it for ever"`
}

// AuthConfig is about sign-in and tokens.
type AuthConfig struct {
	Issuer      string        `koanf:"issuer" doc:"iss of access tokens"`
	Audience    string        `koanf:"audience" doc:"aud of access tokens"`
	AccessLife  time.Duration `koanf:"access_life" doc:"life of an access token"`
	KeyFiles    []string      `koanf:"key_files" doc:"Ed25519 keys (PKCS#8 PEM, 0600), the first signs; the embedded default makes its own"`
	PasswordMin int           `koanf:"password_min" doc:"characters that a password needs, at least 8"`
}

// MetricsConfig is about what operators look at.
type MetricsConfig struct {
	Addr    string `koanf:"addr" doc:"private address for Prometheus at /metrics; empty is off"`
	Profile bool   `koanf:"profile" doc:"serve Go's profiles beside the metrics, at /debug/pprof/"`
}

// TracesConfig says where spans go.
type TracesConfig struct {
	Endpoint      string  `koanf:"endpoint" doc:"URL of a collector of OpenTelemetry traces (OTLP over HTTP), such as http://127.0.0.1:4318/v1/traces; empty is off"`
	Authorization Secret  `koanf:"authorization" doc:"Authorization header for the collector, such as Bearer …"`
	Ratio         float64 `koanf:"ratio" doc:"share of the traces that is kept, from 0 to 1"`
}

// LimitConfig bounds how often a client may try. Off ("0") is for development only.
type LimitConfig struct {
	Login     Rate `koanf:"login" doc:"sign-ins per client address and per account"`
	Register  Rate `koanf:"register" doc:"registrations per client address"`
	Anonymous Rate `koanf:"anonymous" doc:"anonymous sessions per client address"`
	// AnonymousTotal is one counter that all creations share.
	AnonymousTotal Rate `koanf:"anonymous_total" doc:"anonymous sessions of all clients together"`
}

// CORSConfig says which other web pages may call.
type CORSConfig struct {
	Origins []string `koanf:"origins" doc:"other origins that may call with credentials, exact"`
}

// UploadConfig bounds uploads.
type UploadConfig struct {
	Limit        Size `koanf:"limit" doc:"largest file of a multipart upload"`
	TenantSpace  Size `koanf:"tenant_space" doc:"what all files of a tenant may take together; more is quota_exceeded"`
	VisitorSpace Size `koanf:"visitor_space" doc:"what all files of a visitor's session may take together"`
}

// LLMConfig says which language model the agents use.
type LLMConfig struct {
	BaseURL        string        `koanf:"base_url" doc:"root of an OpenAI-compatible endpoint, such as http://localhost:11434/v1; empty is no model, and the builtin agents answer"`
	Key            Secret        `koanf:"key" doc:"key of the endpoint; local servers need none"`
	Model          string        `koanf:"model" doc:"model that answers"`
	Models         []string      `koanf:"models" doc:"models that a tenant may choose for its agents instead"`
	EmbeddingModel string        `koanf:"embedding_model" doc:"model that makes vectors of texts; empty is none"`
	Timeout        time.Duration `koanf:"timeout" doc:"limit of one call of the model, with its retries"`
	Idle           time.Duration `koanf:"idle" doc:"how long the endpoint may be silent in a call"`
	Retries        int           `koanf:"retries" doc:"repeats of a call that fails before its answer begins"`
	MaxTokens      int           `koanf:"max_tokens" doc:"tokens of one answer at most"`
	InputPrice     float64       `koanf:"input_price" doc:"cost of a million tokens that the model reads, for budgets"`
	OutputPrice    float64       `koanf:"output_price" doc:"cost of a million tokens that the model writes, for budgets"`
	Narratives     bool          `koanf:"narratives" doc:"have the model put results of insights, journey and outcomes into words too; a call for each result, not counted in the agents' budgets"`
}

// AgentsConfig is the posture of the deployment's agents.
type AgentsConfig struct {
	Strict     bool          `koanf:"strict" doc:"ask a person before an agent changes anything"`
	FourEyes   bool          `koanf:"four_eyes" doc:"who is asked must be another member of the tenant than the one for whom the agent works"`
	AtLimit    string        `koanf:"at_limit" doc:"what a turn does at its limit: end, or ask for as much again"`
	ModelCalls int64         `koanf:"model_calls" doc:"calls of the model in one turn"`
	ToolCalls  int64         `koanf:"tool_calls" doc:"tool calls in one turn"`
	Tokens     int64         `koanf:"tokens" doc:"tokens in one turn, read and written"`
	Cost       int64         `koanf:"cost" doc:"cost of one turn in millionths; 0 does not count it"`
	Time       time.Duration `koanf:"time" doc:"how long the model works in one turn"`

	Session BudgetConfig `koanf:"session"`
	Day     BudgetConfig `koanf:"day"`
}

// BudgetConfig bounds what all turns of a session, or all of a tenant in a day, use up. Zero is no bound.
type BudgetConfig struct {
	Tokens int64         `koanf:"tokens" doc:"tokens, read and written; 0 is no bound"`
	Cost   int64         `koanf:"cost" doc:"cost in millionths; 0 is no bound"`
	Steps  int64         `koanf:"steps" doc:"calls of the model and tool calls; 0 is no bound"`
	Time   time.Duration `koanf:"time" doc:"how long the model works; 0 is no bound"`
}

// LogConfig says what is logged and how.
type LogConfig struct {
	Level  string `koanf:"level" doc:"debug, info, warn or error"`
	Format string `koanf:"format" doc:"json, text, or auto: text on a terminal"`
}

// Defaults gives the configuration without any setting, for an environment.
func Defaults(environment string) Config {
	ws, llm, posture := wsapi.Defaults(), openaillm.Defaults(), agent.DefaultPosture()
	ws.AllowQueryJWT = environment != Production
	return Config{
		Env: environment, Plane: PlaneAll, Addr: "127.0.0.1:8001", DataDir: "./data",
		Database: DatabaseConfig{Connections: 20, Timeout: 10 * time.Second},
		NATS:     NATSConfig{Subject: "symphainy"},
		Planes:   PlanesConfig{RuntimeAddr: "127.0.0.1:8002"},
		Auth:     AuthConfig{Issuer: "symphainy", Audience: "symphainy", AccessLife: 10 * time.Minute, PasswordMin: 8},
		Limit: LimitConfig{
			Login: Rate{5, time.Minute}, Register: Rate{3, 5 * time.Minute}, Anonymous: Rate{30, time.Hour}, AnonymousTotal: Rate{10_000, time.Hour},
		},
		Upload: UploadConfig{Limit: 256 << 20, TenantSpace: 10 << 30, VisitorSpace: 1 << 30}, Log: LogConfig{Level: "info", Format: "auto"},
		Agents: AgentsConfig{
			AtLimit: string(posture.AtLimit), ModelCalls: posture.Limits.ModelCalls, ToolCalls: posture.Limits.ToolCalls,
			Tokens: posture.Limits.Tokens, Time: posture.Limits.Time,
		},
		Traces:  TracesConfig{Ratio: 1},
		LLM:     LLMConfig{Model: llm.Model, Timeout: llm.Timeout, Idle: llm.Idle, Retries: llm.Retries, MaxTokens: llm.MaxTokens},
		Workers: 32, StopTimeout: 30 * time.Second, SweepEvery: 15 * time.Minute, PurgeEvery: time.Minute,
		Retention: RetentionConfig{Events: 90 * 24 * time.Hour, Visitors: 7 * 24 * time.Hour}, Schedules: schedules.Defaults(), Runtime: runtime.Defaults(), WS: ws, Hashing: passwords.Defaults(),
	}
}

// Embedded reports whether everything is in the data dir and this process is the only one.
func (c Config) Embedded() bool { return c.Database.URL == "" }

// Production reports whether unsafe settings are refused.
func (c Config) Production() bool { return c.Env == Production }

// plainCookies reports whether cookies go without Secure and the __Host- prefix: only where a browser would drop them, on plain HTTP
// on this machine.
func (c Config) plainCookies() bool {
	if u, err := url.Parse(c.BaseURL); c.BaseURL != "" {
		return err == nil && u.Scheme == "http" && loopback(u.Hostname())
	}
	host, _, err := net.SplitHostPort(c.Addr)
	return err == nil && loopback(host)
}

func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
