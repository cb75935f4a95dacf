package passwords

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"

	"github.com/symphainy/symphainy/ports"
)

// Config sets the cost of one hash and how many are computed at once. A hash takes MemoryKiB of memory while it is computed, so
// Slots × MemoryKiB is what a storm of sign-ins can take.
type Config struct {
	// MemoryKiB, Iterations and Parallelism are the argon2id parameters of new hashes. Stored hashes are checked with their own.
	MemoryKiB   uint32
	Iterations  uint32
	Parallelism uint8
	// Slots is how many hashes are computed at once; Queue how many callers may wait for a slot.
	Slots int
	Queue int
}

// Defaults gives 19 MiB, two passes and one lane (OWASP's first choice for argon2id, about 30 ms), two at a time, 16 waiting.
func Defaults() Config {
	return Config{MemoryKiB: 19 << 10, Iterations: 2, Parallelism: 1, Slots: 2, Queue: 16}
}

// Validate names everything that is wrong, or returns nil.
func (c Config) Validate() error {
	var errs []error
	if c.Iterations < 1 || c.Parallelism < 1 || c.MemoryKiB < 8*uint32(c.Parallelism) {
		errs = append(errs, errors.New("passwords: argon2id needs at least one iteration, one lane and 8 KiB for each lane"))
	}
	if c.Slots < 1 || c.Queue < 0 {
		errs = append(errs, errors.New("passwords: at least one hashing slot is needed, and no negative queue"))
	}
	return errors.Join(errs...)
}

const (
	saltLength = 16
	keyLength  = 32
)

// Hasher implements ports.PasswordHasher.
type Hasher struct {
	params argon2id.Params
	// admitted holds a token for every caller that computes or waits; slots one for every caller that computes.
	admitted chan struct{}
	slots    chan struct{}
	// dummy is compared against where there is no hash, so that an unknown user costs what a known one does.
	dummy string
	// hash and compare are argon2id; tests replace them to count and to hold slots.
	hash    func(password string, params *argon2id.Params) (string, error)
	compare func(password, encoded string) (bool, error)
}

var _ ports.PasswordHasher = (*Hasher)(nil)

// New makes a hasher.
func New(cfg Config) (*Hasher, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	h := &Hasher{
		params: argon2id.Params{
			Memory: cfg.MemoryKiB, Iterations: cfg.Iterations, Parallelism: cfg.Parallelism,
			SaltLength: saltLength, KeyLength: keyLength,
		},
		admitted: make(chan struct{}, cfg.Slots+cfg.Queue),
		slots:    make(chan struct{}, cfg.Slots),
		hash:     argon2id.CreateHash,
		compare:  argon2id.ComparePasswordAndHash,
	}
	h.dummy = unmatched(h.params)
	return h, nil
}

// unmatched is an encoded hash of the given cost whose key is random, so that no password is known to match it. It costs nothing to make:
// computing a real one would leave its memory behind in every process from the start.
func unmatched(p argon2id.Params) string {
	salt, key := make([]byte, p.SaltLength), make([]byte, p.KeyLength)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the process where the system has no randomness
	_, _ = rand.Read(key)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.Memory, p.Iterations, p.Parallelism,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// Hash encodes the password with a new salt in the PHC format. It waits for a slot; ports.ErrHashBusy means that the queue is full,
// and an error of ctx that it ended first. All bytes of the password count.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	release, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer release()
	encoded, err := h.hash(password, &h.params)
	if err != nil {
		return "", fmt.Errorf("passwords: hash: %w", err)
	}
	return encoded, nil
}

// Matches compares in constant time, waiting as Hash does. Without an encoded hash it does the same work and gives false; an encoded
// hash that is not argon2id's is an error.
func (h *Hasher) Matches(ctx context.Context, password, encoded string) (bool, error) {
	release, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer release()
	known := encoded != ""
	if !known {
		encoded = h.dummy
	}
	match, err := h.compare(password, encoded)
	if err != nil {
		return false, fmt.Errorf("passwords: compare with a stored hash: %w", err)
	}
	return match && known, nil
}

// enter takes a place in the queue, then a slot. A computation that has begun is not cut short by ctx: argon2 cannot be.
func (h *Hasher) enter(ctx context.Context) (release func(), err error) {
	select {
	case h.admitted <- struct{}{}:
	default:
		return nil, ports.ErrHashBusy
	}
	leave := func() { <-h.admitted }
	// A context that has ended loses even if a slot is free: select alone would pick either.
	if err := ctx.Err(); err != nil {
		leave()
		return nil, fmt.Errorf("passwords: wait for a hashing slot: %w", err)
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, fmt.Errorf("passwords: wait for a hashing slot: %w", ctx.Err())
	}
}
