package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// resident gives the bytes of memory that a process holds, from Linux's own account; 0 elsewhere.
func resident(pid int) int64 { return statusOf(pid, "VmRSS:") }

// peak gives the most memory that a process ever held.
func peak(pid int) int64 { return statusOf(pid, "VmHWM:") }

func statusOf(pid int, field string) int64 {
	f, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	defer func() { _ = f.Close() }() // only read
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if value, found := strings.CutPrefix(lines.Text(), field); found {
			if kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	return 0
}

// openFiles counts the descriptors of a process; 0 where there is no /proc.
func openFiles(pid int) int {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return 0
	}
	return len(entries)
}

func mib(bytes int64) string { return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20)) }
