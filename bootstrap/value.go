package bootstrap

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// redacted is what a secret shows instead of itself.
const redacted = "REDACTED"

// Secret is a setting that must not be seen: every way of printing or encoding it gives REDACTED, or nothing if it is empty.
type Secret string

// Reveal gives the value, for the one place that uses it.
func (s Secret) Reveal() string { return string(s) }

// String gives REDACTED.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString gives REDACTED, for %#v.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// Format gives REDACTED for every verb; %x and %d would show the bytes otherwise.
func (s Secret) Format(f fmt.State, _ rune) {
	// fmt.State is memory; its Write does not fail.
	_, _ = f.Write([]byte(s.String()))
}

// MarshalText gives REDACTED, for JSON and YAML.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the value as it is.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret(text)
	return nil
}

// LogValue gives REDACTED, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// Rate is a limit written "N/duration", such as 5/1m; "0" is no limit.
type Rate struct {
	Limit  int
	Window time.Duration
}

var errRate = errors.New(`a limit is "N/duration", such as 5/1m, or 0 for none`)

// UnmarshalText reads a limit.
func (r *Rate) UnmarshalText(text []byte) error {
	s := strings.TrimSpace(string(text))
	if s == "0" {
		*r = Rate{}
		return nil
	}
	count, window, ok := strings.Cut(s, "/")
	n, errCount := strconv.Atoi(count)
	d, errWindow := time.ParseDuration(window)
	if !ok || errCount != nil || errWindow != nil || n < 1 || d <= 0 {
		return errRate
	}
	*r = Rate{Limit: n, Window: d}
	return nil
}

// String gives the form that UnmarshalText reads.
func (r Rate) String() string {
	if r.Limit == 0 {
		return "0"
	}
	return fmt.Sprintf("%d/%s", r.Limit, short(r.Window))
}

// Off reports whether nothing is limited.
func (r Rate) Off() bool { return r.Limit == 0 }

// short drops the zero parts that time.Duration prints: 5m0s is 5m.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Size is a number of bytes, written 1048576, 256MiB or 10MB.
type Size int64

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > 1<<50 {
		return errors.New("a size is a number of bytes, such as 1048576 or 256MiB")
	}
	*s = Size(n)
	return nil
}

// String gives the form that UnmarshalText reads, rounded to what a person reads easily.
func (s Size) String() string {
	if s < 0 {
		return strconv.FormatInt(int64(s), 10)
	}
	return strings.ReplaceAll(humanize.IBytes(uint64(s)), " ", "")
}
