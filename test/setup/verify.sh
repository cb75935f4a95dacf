#!/bin/sh
# Fails if anything generated, formatted or declared is out of date: runs the
# generators and compares the working tree before and after, so that it also
# works, and says the truth, with uncommitted changes in the tree.
set -eu
make=${MAKE:-make}
cache=.cache/verify
mkdir -p "$cache"

# Every file git would commit, with its hash. A file that is tracked but deleted
# has no hash and so shows up as a difference only if a generator deletes it.
snapshot() {
	git ls-files -z --cached --others --exclude-standard | sort -zu |
		xargs -0 sh -c 'for f; do if [ -f "$f" ]; then sha256sum "$f"; fi; done' sh >"$1"
}

bad=0
snapshot "$cache/before"
$make --no-print-directory generate
snapshot "$cache/after"
if ! diff "$cache/before" "$cache/after" >"$cache/diff"; then
	echo "verify: generated files are out of date (run 'make generate' and commit the result):"
	sed -n 's/^[<>] [0-9a-f]*  /  /p' "$cache/diff" | sort -u
	bad=1
fi

unformatted=$(git ls-files -z --cached --others --exclude-standard -- '*.go' |
	xargs -0 sh -c 'for f; do if [ -f "$f" ]; then printf "%s\0" "$f"; fi; done' sh | xargs -0 -r gofmt -l)
if [ -n "$unformatted" ]; then
	echo "verify: not formatted (run 'gofmt -w'):"
	echo "$unformatted" | sed 's/^/  /'
	bad=1
fi

if ! go mod tidy -diff; then
	echo "verify: go.mod or go.sum is not tidy (run 'go mod tidy')"
	bad=1
fi
if ! go mod verify; then
	echo "verify: a downloaded module does not match go.sum"
	bad=1
fi
exit $bad
