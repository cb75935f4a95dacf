#!/bin/sh
# Makes sure that what the tests need beyond Go is there: a C compiler, for the
# race detector, the PostgreSQL server programs, and Chromium for the tests in a
# browser. Installs what is missing with apt-get, through sudo if need be; does
# nothing where nothing is missing.
#
# Usage: ensure.sh PGRUN   (PGRUN -check says whether a server can be started)
set -eu
pgrun=$1

compiler_works() {
	printf '#include <stdlib.h>\nint main(void) { return EXIT_SUCCESS; }\n' |
		${CC:-gcc} -x c -o /dev/null - 2>/dev/null
}

missing=
compiler_works || missing="gcc libc6-dev"
"$pgrun" -check 2>/dev/null || missing="${missing:+$missing }postgresql"
command -v chromium >/dev/null || missing="${missing:+$missing }chromium"
[ -n "$missing" ] || exit 0

fail() {
	echo "cannot run the tests: $1" >&2
	echo "They need a C compiler (for the race detector), the PostgreSQL server programs and Chromium;" >&2
	echo "missing here: $missing (Debian package names). Install them and run this again." >&2
	exit 1
}

command -v apt-get >/dev/null || fail "there is no apt-get on this system to install packages with"
as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || fail "packages have to be installed, but this is not root and there is no sudo"
	as_root=sudo
fi

echo "installing: $missing"
# The log is shown only when it matters; standard input stays with sudo's password.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >"$log" 2>&1 || { cat "$log" >&2; fail "apt-get $1 failed"; }; }
apt update
# shellcheck disable=SC2086 # a list of words
apt install -y --no-install-recommends $missing

compiler_works || fail "the C compiler still does not work"
"$pgrun" -check || fail "PostgreSQL is still missing"
command -v chromium >/dev/null || fail "Chromium is still missing"
