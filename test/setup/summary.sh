#!/bin/sh
# Reads the events of `go test -json` and ends with one line of totals. Names
# every skipped test, and fails if there is one and CI=true: a suite that skips
# is green without having looked. Also fails if no test ran at all.
#
# Usage: summary.sh EVENTS
set -eu
[ -s "$1" ] || { echo "TESTS: no test ran" >&2; exit 1; }
awk -v ci="${CI:-}" '
function field(name,   s) {
	s = $0
	if (!sub(".*\"" name "\":\"", "", s)) return ""
	sub("\".*", "", s)
	return s
}
/"Action":"(pass|fail|skip)"/ {
	test = field("Test"); package = field("Package"); action = field("Action")
	if (test == "") { if (action != "skip") packages++; if (action == "fail") broken++; next }
	count[action]++
	if (action == "skip") skipped[++skips] = package " " test
}
END {
	for (i = 1; i <= skips; i++) print "SKIPPED: " skipped[i]
	ran = count["pass"] + count["fail"]
	bad = count["fail"] > 0 || broken > 0 || ran == 0 || (ci == "true" && skips > 0)
	printf "TESTS: %d run, %d failed, %d skipped, in %d packages (%d of them failed): %s\n",
		ran, count["fail"], skips, packages, broken, bad ? "FAILED" : "ok"
	exit bad
}' "$1"
