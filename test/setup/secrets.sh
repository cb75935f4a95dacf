#!/bin/sh
# Looks for secrets in the tree and in the texts of a binary, after it has shown that one would be found; records row F11: secrets.sh BINARY FOLDER COMMAND…
set -u
binary=$1
records=$2
shift 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$records" "$work/tree" "$work/seeded"
git ls-files -z | xargs -0 tar -c 2>/dev/null | tar -x -C "$work/tree"
files=$(find "$work/tree" -type f | wc -l)
# Written in two halves, so that the scanner does not find this file.
printf 'aws_key = "AKIA%s"\n' "Z7QKX2JH4WNV5LPT" >"$work/seeded/config.txt"
printf -- '-----BEGIN %s KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ%s\nbW9yZSB0ZXh0IG1vcmUgdGV4dCBtb3JlIHRleHQgbW9yZSB0ZXh0\n-----END %s KEY-----\n' PRIVATE "q0n5Vh3yZr8sT1uWx2YzAbCdEfGhIjKlMnOpQ" PRIVATE >"$work/seeded/key.pem"
scan() { "$@" --config .tools/gitleaks/gitleaks.toml --no-banner --no-color --redact --exit-code 3; }
for seed in "$work"/seeded/*; do
	scan "$@" stdin <"$seed" >"$work/log" 2>&1
	[ $? -eq 3 ] || {
		echo "secrets: a seeded one in $(basename "$seed") is not found"
		cat "$work/log"
		exit 1
	}
done
pass=true
(root=$(pwd) && cd "$work/tree" && "$@" dir . --config "$root/.tools/gitleaks/gitleaks.toml" --no-banner --no-color --redact --verbose --exit-code 3) >"$work/log" 2>&1 || {
	pass=false
	cat "$work/log"
}
LC_ALL=C grep -a -o '[[:print:]]\{8,\}' "$binary" >"$work/texts"
texts=$(wc -l <"$work/texts")
scan "$@" stdin <"$work/texts" >"$work/log" 2>&1 || {
	pass=false
	cat "$work/log"
}
echo "secrets: $files files and $texts texts of the binary: clean $pass"
printf '{"id":"F11","test":"make secrets","count":%d,"figure":"files %d and texts of the binary %d: secrets 0; seeded 2 of 2 found","goal":"0","pass":%s}\n' \
	"$((files + texts))" "$files" "$texts" "$pass" >"$records/F11-secrets.json"
$pass
