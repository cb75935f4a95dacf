#!/bin/sh
# Row F12: the packages that decide who may what (authn, authz, policy) and who owns what (lease), and how many of their statements their tests and those
# of each other run: coverage.sh FOLDER. Of application/agents the files count that decide: gate, rules, override, tools, budget.
set -u
records=$1
mkdir -p "$records"
profile=$(mktemp)
trap 'rm -f "$profile"' EXIT
packages="adapters/jwtauth adapters/passwords application/accounts application/securityguard application/sessionupgrade application/trafficcop domain/session domain/identity domain/execution domain/agent application/agents application/runtime"
module=$(go list -m)
# shellcheck disable=SC2086
listed=$(printf "$module/%s," $packages)
pass=true
# shellcheck disable=SC2086
go test -vet=off -count=1 -timeout 20m -coverpkg "${listed%,}" -coverprofile "$profile" $(printf './%s ' $packages) ./adapters/httpapi ./adapters/wsapi ./application/admin >/dev/null || {
	echo "coverage: tests fail"
	pass=false
}
# A block is listed once for every package whose tests could run it.
awk -v module="$module/" 'NR > 1 {n[$1] = $2; if ($3 > 0) hit[$1] = 1}
	END {for (b in n) if (b !~ "/application/agents/" || b ~ "/agents/(gate|rules|override|tools|budget).go:") {p = b; sub(module, "", p); sub("/[^/]*$", "", p); all[p] += n[b]; if (b in hit) ran[p] += n[b]}
	for (p in all) printf "%s %.1f\n", p, 100 * ran[p] / all[p]}' "$profile" | sort >"$profile.sums"
sed 's/^/coverage: /; s/$/ %/' "$profile.sums"
worst=$(sort -k 2 -n "$profile.sums" | head -n 1)
count=$(wc -l <"$profile.sums")
rm -f "$profile.sums"
awk -v l="${worst#* }" 'BEGIN {exit !(l >= 90)}' || pass=false
printf '{"id":"F12","test":"make coverage","count":%d,"figure":"packages; statements run at least %s %% (%s)","goal":"≥90 %%","pass":%s}\n' \
	"$count" "${worst#* }" "${worst% *}" "$pass" >"$records/F12-coverage.json"
$pass
