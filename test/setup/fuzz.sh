#!/bin/sh
# Runs every fuzz target for a while, one after the other, and records row F3 of the security sheet: fuzz.sh TIME FOLDER
# The seventeen of fuzz-targets.txt have to be there; others are run as well. What an input has broken stays in the package's
# testdata/fuzz and runs with every `go test` from then on; what was found on the way stays in Go's cache and is where the next run begins.
set -u
time=$1
records=$2
list=test/setup/fuzz-targets.txt
mkdir -p "$records"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
targets=0 others=0 failed=0 execs=0 names=""

# target PACKAGE NAME
target() {
	echo "fuzz $1 $2 ($time)"
	if ! go test -vet=off -run '^$' -fuzz "^$2\$" -fuzztime "$time" "./$1" >"$log" 2>&1; then
		failed=$((failed + 1))
		names="$names $2"
		cat "$log"
	fi
	n=$(sed -n 's/.*execs: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
	execs=$((execs + ${n:-0}))
	tail -n 3 "$log" | grep -v '^PASS' | head -n 1
}

while IFS='|' read -r what package name; do
	case $what in '#'*) continue ;; esac
	if ! grep -q "^func $name(" "$package"/*_test.go; then
		echo "fuzz: $what has no target $name in $package"
		failed=$((failed + 1))
		names="$names $name"
		continue
	fi
	targets=$((targets + 1))
	target "$package" "$name"
done <"$list"
for file in $(grep -rl '^func Fuzz' --include='*_test.go' adapters application domain); do
	for name in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		grep -q "|$(dirname "$file")|$name\$" "$list" && continue
		others=$((others + 1))
		target "$(dirname "$file")" "$name"
	done
done
pass=true
[ "$failed" -eq 0 ] && [ "$targets" -eq 17 ] || pass=false
printf '{"id":"F3","test":"make sheet-nightly","count":%d,"figure":"%d of 17 targets and %d others, %s each, inputs %d, crashers %d%s","goal":"17 targets, crashers 0","pass":%s}\n' \
	"$((targets + others))" "$targets" "$others" "$time" "$execs" "$failed" "$names" "$pass" >"$records/F3-fuzz.json"
$pass
