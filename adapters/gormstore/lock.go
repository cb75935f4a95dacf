package gormstore

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// LockedError is a SQLite file that another process, or another Store, has open.
type LockedError struct {
	// Path is the database file.
	Path string
}

// Error names the file and what to do.
func (e *LockedError) Error() string {
	return fmt.Sprintf("the database %s is in use by another process (it holds %s.lock); stop that process first", e.Path, e.Path)
}

// fileLock is an exclusive lock of the operating system. It ends with the process, however that ends, so no stale lock can remain.
type fileLock struct{ file *os.File }

// lockFile takes the lock beside the database at once or fails with LockedError. os.OpenFile opens close-on-exec, so that a child
// process does not keep the lock.
func lockFile(database string) (*fileLock, error) {
	f, err := os.OpenFile(database+".lock", os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the path is the operator's setting
	if err != nil {
		return nil, fmt.Errorf("store: open the lock file: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case err == nil:
		return &fileLock{f}, nil
	case errors.Is(err, unix.EWOULDBLOCK):
		err = &LockedError{Path: database}
	default:
		err = fmt.Errorf("store: lock %s: %w", database, err)
	}
	return nil, errors.Join(err, f.Close())
}

func (l *fileLock) release() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("store: release the lock: %w", err)
	}
	return nil
}
