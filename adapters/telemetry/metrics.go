package telemetry

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

const namespace = "symphainy"

// Metrics is what is counted. Make it with New; all methods are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry

	requests     *prometheus.CounterVec
	requestTime  *prometheus.HistogramVec
	executions   *prometheus.CounterVec
	attempts     *prometheus.CounterVec
	steps        *prometheus.CounterVec
	waits        *prometheus.CounterVec
	turns        *prometheus.CounterVec
	runTime      *prometheus.HistogramVec
	queueTime    prometheus.Histogram
	transactions *prometheus.HistogramVec
	streamLag    prometheus.Histogram
	takeOvers    *prometheus.CounterVec
	modelTime    *prometheus.HistogramVec
	tokens       *prometheus.CounterVec
	budget       *prometheus.CounterVec
}

// fast are the buckets of what should take milliseconds, in seconds; long those of what may take minutes.
//
//nolint:gochecknoglobals // constant tables
var (
	fast = []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10}
	long = []float64{.005, .025, .1, .5, 1, 5, 15, 60, 300, 900}
)

// New makes the metrics and registers them, with those of Go and the process.
func New(version string) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, labels)
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}, labels)
	}
	m := &Metrics{
		registry:    prometheus.NewRegistry(),
		requests:    counter("http_requests_total", "HTTP requests by route template and status.", "method", "route", "status"),
		requestTime: histogram("http_request_duration_seconds", "Time until a request is answered; streams count with their whole life.", fast, "method", "route"),
		executions:  counter("executions_total", "Executions by what became of them: accepted, completed, failed, cancelled.", "state", "intent_type"),
		attempts:    counter("attempts_total", "Claims of executions: first, and again after a retry, a wait or the death of an owner.", "kind"),
		steps:       counter("steps_total", "Steps of executions by result.", "result"),
		waits:       counter("waits_total", "Executions that were put to sleep, by what for: retrying, waiting, paused.", "kind"),
		turns:       counter("agent_turns_total", "Answers of agents by result.", "result"),
		runTime:     histogram("execution_duration_seconds", "Time from acceptance to the end of an execution.", long, "state"),
		queueTime: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "execution_start_seconds", Help: "Time from acceptance to the first claim.", Buckets: fast,
		}),
		transactions: histogram("store_transaction_duration_seconds", "Transactions of the store by kind and result.", fast, "kind", "result"),
		streamLag: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "stream_lag_seconds", Help: "Age of an event when a socket puts it out; replays of old events not counted.", Buckets: fast,
		}),
	}
	m.takeOvers = counter("lease_takeovers_total", "Claims of executions whose owner had gone without a word.")
	m.modelTime = histogram("llm_call_duration_seconds", "Calls of the language model by kind and result, with their retries.", long, "kind", "result")
	m.tokens = counter("llm_tokens_total", "Tokens of the language model, read and written.", "direction")
	m.budget = counter("agent_budget_total", "What agents reserved from budgets and returned unused; the difference is what they used.", "what", "unit")
	m.takeOvers.WithLabelValues() // it is there before the first
	build := prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: namespace, Name: "build_info", Help: "1, labelled with the version."}, []string{"version"})
	build.WithLabelValues(version).Set(1)
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build, m.requests, m.requestTime, m.executions,
		m.attempts, m.steps, m.waits, m.turns, m.runTime, m.queueTime, m.transactions, m.streamLag,
		m.takeOvers, m.modelTime, m.tokens, m.budget,
	)
	return m
}

// Handler serves the metrics in Prometheus' text form. It is for a listener of its own: the numbers are nobody's business outside.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, MaxRequestsInFlight: 4, Timeout: 10 * time.Second})
}

// Request counts an answered request. route is a template, "" for one that matched none.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "other", "unmatched"
	}
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.requestTime.WithLabelValues(method, route).Observe(took.Seconds())
}

// recent is how old an event may be to count as live; what is older was asked for again.
const recent = time.Minute

// Delivered counts an event that a socket put out at that age.
func (m *Metrics) Delivered(age time.Duration) {
	if age >= 0 && age < recent {
		m.streamLag.Observe(age.Seconds())
	}
}

// Gauge adds a number that is read whenever the metrics are.
func (m *Metrics) Gauge(name, help string, value func() float64) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help}, value))
}
