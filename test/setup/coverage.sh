#!/bin/sh
# Row F12: the lines of the packages that decide who may what (authn, authz, policy) and who owns what (lease), and how many of them their own tests
# run: coverage.sh FOLDER
set -u
records=$1
mkdir -p "$records"
profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
packages="adapters/jwtauth adapters/passwords application/accounts application/securityguard application/sessionupgrade application/trafficcop domain/session domain/identity domain/execution domain/agent application/agents application/runtime"
pass=true
least=100
worst=""
count=0
for package in $packages; do
	go test -vet=off -count=1 -timeout 20m -coverprofile "$profile" "./$package" >/dev/null 2>&1 || {
		echo "coverage: the tests of $package fail"
		pass=false
	}
	percent=$(go tool cover -func "$profile" | awk '/^total:/ {sub("%", "", $3); print $3}')
	echo "coverage: $package ${percent:-0} %"
	count=$((count + 1))
	if awk -v p="${percent:-0}" -v l="$least" 'BEGIN {exit !(p < l)}'; then least=${percent:-0} worst=$package; fi
done
awk -v l="$least" 'BEGIN {exit !(l >= 90)}' || pass=false
printf '{"id":"F12","test":"make coverage","count":%d,"figure":"packages; lines run at least %s %% (%s); no mutation score","goal":"lines ≥90 %%","pass":%s}\n' \
	"$count" "$least" "$worst" "$pass" >"$records/F12-coverage.json"
$pass
