#!/bin/sh
# Runs the tests of test/arch/times.txt and records row F6 of the security sheet, with the real time that they take: times.sh FOLDER
set -u
records=$1
mkdir -p "$records"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
list=$(grep -v '^#' test/arch/times.txt)
times=$(echo "$list" | wc -l)
reasons=$(echo "$list" | grep -c '|-|')
status=0
for package in $(echo "$list" | grep -v '|-|' | cut -d '|' -f 2 | sort -u); do
	tests=$(echo "$list" | grep "|$package|" | grep -v '|-|' | cut -d '|' -f 3 | sort -u | paste -s -d '|')
	go test -vet=off -count=1 -run "^($tests)\$" -v "./$package" >>"$log" 2>&1 || status=1
done
ran=$(grep -c '^--- PASS' "$log")
failed=$(grep -c '^--- FAIL' "$log")
seconds=$(sed -n 's/^--- PASS: .* (\([0-9.]*\)s)$/\1/p' "$log" | awk '{s += $1} END {printf "%.2f", s}')
pass=$(awk -v s="$seconds" -v status="$status" -v n="$ran" 'BEGIN {print (s < 5 && status == 0 && n > 0) ? "true" : "false"}')
$pass || grep -e '^--- FAIL' -e '^FAIL' -e '(.*s)$' "$log"
echo "times: $times times, $reasons with a reason instead of a test; $ran tests passed, $failed failed, in $seconds s"
printf '{"id":"F6","test":"make sheet","count":%d,"figure":"%d times, %d of them with a reason instead of a test; %d tests, real time %s s, failed %d","goal":"all, real time <5 s","pass":%s}\n' \
	"$times" "$times" "$reasons" "$ran" "$seconds" "$failed" "$pass" >"$records/F6-times.json"
$pass
