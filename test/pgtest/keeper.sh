# The keeper of one private PostgreSQL server. It owns the server and its folder
# and outlives the process that asked for it just long enough to remove both:
# standard input is a pipe whose other end closes when that process ends, even by
# kill -9, which no clean-up code of its own would survive.
#
# Usage: sh -c "$this" keeper PG_CTL FOLDER OPTIONS
# Answers one line on standard output: "ready", or "failed".
pg_ctl=$1 folder=$2 options=$3
if "$pg_ctl" start -s -w -t 60 -D "$folder/data" -l "$folder/log" -o "$options" </dev/null >/dev/null 2>&1; then
	echo ready
else
	echo failed
fi
exec >/dev/null
cat >/dev/null
"$pg_ctl" stop -s -w -t 60 -m immediate -D "$folder/data" </dev/null >/dev/null 2>&1
rm -rf "$folder"
