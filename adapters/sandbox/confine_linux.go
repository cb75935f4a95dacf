package sandbox

import "golang.org/x/sys/unix"

// confine makes the system refuse more memory than that to this process.
func confine(bytes uint64) error {
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: bytes, Max: bytes})
}
