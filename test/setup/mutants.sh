#!/bin/sh
# The other half of row F12: how many small changes of the code that decides its tests notice: mutants.sh FOLDER COMMAND…
set -u
records=$1
shift
mkdir -p "$records"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
packages="domain/identity domain/session domain/execution domain/agent adapters/jwtauth application/securityguard application/sessionupgrade"
killed=0
lived=0
for package in $packages; do
	"$@" unleash --timeout-coefficient 20 "./$package" >"$log" 2>&1
	k=$(sed -n 's/^Killed: \([0-9]*\), .*/\1/p' "$log")
	l=$(sed -n 's/^Killed: [0-9]*, Lived: \([0-9]*\), .*/\1/p' "$log")
	echo "mutants: $package: killed ${k:-0}, lived ${l:-0}"
	grep LIVED "$log"
	killed=$((killed + ${k:-0}))
	lived=$((lived + ${l:-0}))
done
all=$((killed + lived))
[ "$all" -gt 0 ] || exit 1
score=$((100 * killed / all))
pass=true
[ "$score" -ge 80 ] || pass=false
echo "mutants: $score % of $all are noticed"
printf '{"id":"F12","test":"make mutants","count":%d,"figure":"mutants, %d %% noticed","goal":"≥80 %%","pass":%s}\n' "$all" "$score" "$pass" >"$records/F12-mutants.json"
$pass
