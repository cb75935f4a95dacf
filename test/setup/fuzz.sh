#!/bin/sh
# Runs every fuzz target for a while, one after the other, and records row F3 of the security sheet: fuzz.sh TIME FOLDER
set -u
time=$1
records=$2
mkdir -p "$records"
targets=0
failed=0
names=""
for file in $(grep -rl '^func Fuzz' --include='*_test.go' adapters application domain); do
	for name in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$file"); do
		targets=$((targets + 1))
		echo "fuzz $(dirname "$file") $name ($time)"
		if ! go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" "./$(dirname "$file")"; then
			failed=$((failed + 1))
			names="$names $name"
		fi
	done
done
pass=true
[ "$failed" -eq 0 ] || pass=false
printf '{"id":"F3","test":"make sheet-nightly","count":%d,"figure":"targets of 17, %s each; crashers %d%s","goal":"crashers 0","pass":%s}\n' \
	"$targets" "$time" "$failed" "$names" "$pass" >"$records/F3-fuzz.json"
$pass
