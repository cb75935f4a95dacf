package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// binaries are the two programs of one PostgreSQL installation that are needed;
// pg_ctl finds its own postgres beside itself.
type binaries struct{ initdb, pgCtl string }

// Check reports whether a private server could be started here; the error says
// what to install.
func Check() error {
	_, err := findBinaries()
	return err
}

// findBinaries looks where Debian keeps the servers, which is not in PATH, and
// takes the newest version; then in PATH.
func findBinaries() (binaries, error) {
	return findBinariesIn("/usr/lib/postgresql", exec.LookPath)
}

func findBinariesIn(root string, lookPath func(string) (string, error)) (binaries, error) {
	best, newest := binaries{}, -1
	folders, err := filepath.Glob(filepath.Join(root, "*", "bin"))
	if err != nil {
		return best, fmt.Errorf("look for PostgreSQL: %w", err)
	}
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		found := binaries{initdb: filepath.Join(folder, "initdb"), pgCtl: filepath.Join(folder, "pg_ctl")}
		if err != nil || version <= newest || !executable(found.initdb) || !executable(found.pgCtl) ||
			!executable(filepath.Join(folder, "postgres")) {
			continue
		}
		best, newest = found, version
	}
	if newest >= 0 {
		return best, nil
	}
	initdb, errInit := lookPath("initdb")
	pgCtl, errCtl := lookPath("pg_ctl")
	if errors.Join(errInit, errCtl) != nil {
		return best, errors.New("the PostgreSQL server is not installed (initdb and pg_ctl are neither in " +
			"/usr/lib/postgresql/*/bin nor in PATH): run `make test`, which installs it, or " +
			"`apt-get install postgresql`, or set " + EnvDSN)
	}
	return binaries{initdb: initdb, pgCtl: pgCtl}, nil
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}

// unprivileged is the identity the server runs with: nil (the caller's own)
// unless the caller is root.
func unprivileged() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // nil is os/exec's own word for "as the caller"
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		account, err = user.Lookup("nobody")
	}
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses root and there is neither a user postgres nor nobody: %w", err)
	}
	uid, errUID := strconv.ParseUint(account.Uid, 10, 32)
	gid, errGID := strconv.ParseUint(account.Gid, 10, 32)
	if err := errors.Join(errUID, errGID); err != nil {
		return nil, fmt.Errorf("read the ids of %s: %w", account.Username, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// makeFolder makes the server's folder for its owner alone. Root does not use
// TMPDIR, which may lie where the server's user cannot go.
func makeFolder(who *syscall.Credential) (string, error) {
	parent := os.TempDir()
	if who != nil {
		parent = "/tmp"
	}
	folder, err := os.MkdirTemp(parent, "symphainy-pg-")
	if err != nil {
		return "", fmt.Errorf("make the server's folder: %w", err)
	}
	if who != nil {
		if err := os.Chown(folder, int(who.Uid), int(who.Gid)); err != nil {
			return "", errors.Join(fmt.Errorf("hand over the server's folder: %w", err), os.Remove(folder))
		}
	}
	return folder, nil
}
