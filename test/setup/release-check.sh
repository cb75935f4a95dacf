#!/bin/sh
# Row F14: builds the release twice, from two clean copies of the commit in two folders of different depth, each with a build cache and a
# module cache of its own, and compares. Modules come from the download cache of this machine, as far as they are there, and are held to go.sum.
set -eu
root=$(pwd)
revision=$(git rev-parse HEAD)
proxy="file://$(go env GOMODCACHE)/cache/download,$(go env GOPROXY)"
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
for copy in one two/of/them; do
	mkdir -p "$work/$copy"
	git -C "$root" archive "$revision" | tar -x -C "$work/$copy"
	(
		cd "$work/$copy"
		GOFLAGS= GOCACHE="$work/cache-$(basename "$copy")" GOMODCACHE="$work/modules-$(basename "$copy")" GOPROXY=$proxy \
			"${MAKE:-make}" --no-print-directory release VERSION=check SBOM=no
	)
done
one=$(cat "$work/one/dist/SHA256SUMS")
two=$(cat "$work/two/of/them/dist/SHA256SUMS")
echo "$one"
if [ "$one" != "$two" ]; then
	echo "release-check: two builds of $revision differ:"
	echo "$two"
	exit 1
fi
echo "release-check: two builds of $revision are the same, byte for byte"
# A record for the sheet, where one is made.
if [ -n "${1:-}" ]; then
	mkdir -p "$1"
	printf '{"id":"F14","test":"make release-check","count":2,"figure":"builds from clean folders and caches: same hash","goal":"same hash","pass":true}\n' >"$1/F14-release-check.json"
fi
