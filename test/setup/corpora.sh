#!/bin/sh
# Runs the corpora of all fuzz targets as unit tests and records row F4 of the security sheet: corpora.sh FOLDER
set -u
records=$1
mkdir -p "$records"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
packages=$(grep -rl '^func Fuzz' --include='*_test.go' adapters application domain | xargs -n 1 dirname | sort -u | sed 's|^|./|')
# shellcheck disable=SC2086
go test -vet=off -count=1 -run '^Fuzz' -v $packages >"$log" 2>&1
status=$?
entries=$(grep -c '^    --- PASS: Fuzz' "$log")
broken=$(grep -c '^    --- FAIL: Fuzz' "$log")
targets=$(grep -c '^--- PASS: Fuzz' "$log")
pass=true
[ "$status" -eq 0 ] && [ "$broken" -eq 0 ] && [ "$entries" -gt 0 ] || { pass=false; grep -A 20 -e '--- FAIL' "$log"; }
echo "corpora: $entries entries of $targets targets, $broken broken"
[ "$entries" -gt 0 ] || exit 1
printf '{"id":"F4","test":"make sheet","count":%d,"figure":"entries of %d targets passed, %d broken","goal":"all pass","pass":%s}\n' \
	"$entries" "$targets" "$broken" "$pass" >"$records/F4-corpora.json"
$pass
