#!/bin/sh
# What docs/operations.md tells an operator, from an empty folder on: a database with its two roles, migrations, three replicas with NATS and a metrics
# address each, load on all of them while one is killed, a backup, its restore into another database, a start from that, and the audit chains verified.
# drill.sh BINARY NATS-SERVER; runs under pgrun, which gives the server.
set -eu
PATH=$PATH:$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin | sort | tail -n 1)
binary=$(realpath "$1")
nats=$(realpath "$2")
roles=$(realpath docs/deploy/roles.sql)
server=${SYMPHAINY_TEST_DSN%/*}
address=${server#*@}
work=$(mktemp -d)
pids=""
finish() {
	for pid in $pids; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$work"
}
trap finish EXIT
cd "$work"
begin=$(date +%s)
say() { echo "drill: $*, after $(($(date +%s) - begin)) s"; }
symphainy() { "$binary" "$@"; }
until_ready() {
	curl -fsS --retry 90 --retry-delay 1 --retry-connrefused --retry-all-errors -o /dev/null "$1/health/ready" 2>curl.log || {
		tail -n 5 curl.log replica*.log
		return 1
	}
}

# The database and its roles (docs/operations.md, "Row-level security").
psql -q "$SYMPHAINY_TEST_DSN" -c "CREATE ROLE symphainy_owner LOGIN CREATEROLE PASSWORD 'owner'" -c 'CREATE DATABASE symphainy OWNER symphainy_owner'
owner="postgres://symphainy_owner:owner@$address/symphainy?sslmode=disable"
psql -q -v ON_ERROR_STOP=1 "$owner" -f "$roles" -c "ALTER ROLE symphainy PASSWORD 'app'"

# "Production", "Replicas"
openssl genpkey -algorithm ed25519 -out key.pem && chmod 600 key.pem
mkdir -m 0700 shared
export SYMPHAINY_ENV=production SYMPHAINY_BASE_URL=https://agents.example.org SYMPHAINY_AUTH_KEY_FILES="$work/key.pem"
export SYMPHAINY_DATABASE_URL="postgres://symphainy:app@$address/symphainy?sslmode=disable" SYMPHAINY_MIGRATE_DATABASE_URL="$owner"
export SYMPHAINY_LIMIT_REGISTER=20/5m # each tour registers somebody, and all of them come from here
export SYMPHAINY_NATS_URL=nats://127.0.0.1:14222 SYMPHAINY_DATA_DIR="$work/shared"
"$nats" -a 127.0.0.1 -p 14222 >nats.log 2>&1 &
pids="$pids $!"
symphainy migrate
symphainy config check
for n in 1 2 3; do
	SYMPHAINY_METRICS_ADDR=127.0.0.1:1909$n "$binary" serve --addr 127.0.0.1:1800$n >"replica$n.log" 2>&1 &
	eval "replica$n=$!"
	pids="$pids $!"
done
for n in 1 2 3; do until_ready "http://127.0.0.1:1800$n"; done
say "three replicas are ready"

# Load on all of them; the second dies in the middle.
for n in 1 2 3; do
	("$binary" tour --url "http://127.0.0.1:1800$n" >"tour$n.log" 2>&1 && echo 0 >"tour$n.rc" || echo 1 >"tour$n.rc") &
	eval "tour$n=$!"
done
sleep 2
kill -9 "$replica2"
wait "$tour1" "$tour2" "$tour3" || true
! curl -fsS -o /dev/null http://127.0.0.1:18002/health/live 2>/dev/null || {
	echo "drill: the second replica still answers"
	exit 1
}
for n in 1 3; do [ "$(cat "tour$n.rc")" = 0 ] || { cat "tour$n.log" "replica$n.log"; exit 1; }; done
for n in 1 3; do curl -fsS "http://127.0.0.1:1909$n/metrics" | grep -c "^symphainy_" >/dev/null || exit 1; done
say "two replicas have done their work, one was killed"

# "Backup and restore"
mkdir -m 0700 backup
B="$work/backup" D="$work/shared"
pg_dump --format=custom --file="$B/symphainy.dump" "$server/symphainy?sslmode=disable"
cp -R "$D/files" "$B/"
symphainy audit verify >before.txt
createdb --maintenance-db="$SYMPHAINY_TEST_DSN" symphainy_restored
pg_restore --exit-on-error --dbname="$server/symphainy_restored?sslmode=disable" "$B/symphainy.dump"
say "the backup is restored"
kill "$replica1" "$replica3"
wait "$replica1" "$replica3" || true
mkdir -m 0700 restored && cp -R "$B/files" restored/
export SYMPHAINY_DATABASE_URL="postgres://symphainy:app@$address/symphainy_restored?sslmode=disable" SYMPHAINY_DATA_DIR="$work/restored"
unset SYMPHAINY_MIGRATE_DATABASE_URL
symphainy config check
symphainy audit verify >after.txt
cat after.txt
grep -q intact after.txt
! grep -q broken after.txt
"$binary" serve --addr 127.0.0.1:18004 >replica4.log 2>&1 &
pids="$pids $!"
until_ready http://127.0.0.1:18004
symphainy tour --url http://127.0.0.1:18004 >tour4.log 2>&1 || { cat tour4.log replica4.log; exit 1; }
symphainy audit verify >/dev/null
say "the platform works on what was restored, its audit chains hold"
