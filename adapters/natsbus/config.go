package natsbus

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// Config says where NATS is.
type Config struct {
	// URL is nats:// or tls://, or several of one cluster with commas between. It may hold a password or token: it is never printed.
	URL string
	// CredentialsFile is a .creds file (user JWT and its key), CAFile a PEM file of authorities for tls:// URLs. Empty means none.
	CredentialsFile string
	CAFile          string
	// Subject is where hints go; default "symphainy". Platforms that share one NATS account need different ones.
	Subject string
	// Name is what NATS shows of this connection; default "symphainy".
	Name string
	// Queue is how many hints may wait to be sent; default 4,096. What comes over it is dropped.
	Queue int
	// Logger gets changes of the connection, and failures of hints at most every ten seconds; default slog.Default.
	Logger *slog.Logger
}

// Defaults gives the configuration with its empty fields filled in.
func (c Config) Defaults() Config {
	if c.Subject == "" {
		c.Subject = "symphainy"
	}
	if c.Name == "" {
		c.Name = "symphainy"
	}
	if c.Queue <= 0 {
		c.Queue = 4096
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c
}

var subjectForm = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)

// Validate reports everything that cannot work, joined. No value of the URL is in an error.
func (c Config) Validate() error {
	c = c.Defaults()
	var problems []error
	for server := range strings.SplitSeq(c.URL, ",") {
		if u, err := url.Parse(strings.TrimSpace(server)); err != nil || u.Hostname() == "" || u.Scheme != "nats" && u.Scheme != "tls" {
			problems = append(problems, errors.New("nats: the URL must be nats://host:port or tls://host:port, or several with commas between"))
			break
		}
	}
	if !subjectForm.MatchString(c.Subject) {
		problems = append(problems, fmt.Errorf("nats: the subject must be letters, digits, _ and - with dots between, not %q", c.Subject))
	}
	for name, path := range map[string]string{"credentials": c.CredentialsFile, "authorities": c.CAFile} {
		if path == "" {
			continue
		}
		if _, err := os.ReadFile(path); err != nil { //nolint:gosec // the operator names the file
			problems = append(problems, fmt.Errorf("nats: the file of %s cannot be read: %w", name, err))
		}
	}
	return errors.Join(problems...)
}

// Format prints the configuration without its URL, for every verb.
func (c Config) Format(f fmt.State, _ rune) {
	// fmt.State is memory; its Write does not fail.
	_, _ = fmt.Fprintf(f, "natsbus.Config{Subject: %q, Name: %q}", c.Subject, c.Name)
}

// LogValue gives what Format prints, for slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(fmt.Sprint(c)) }
