#!/usr/bin/env bash
# A real Redmine for the tests: on a copy of the package's SQLite file, on loopback, in the foreground.
#
#     PORT=18300 DATA=/tmp/x TOKEN=KEY tests/servers/redmine.sh              installs it if needed, then becomes the server
#     tests/servers/redmine.sh install                                       installs it only
#
# It answers at http://127.0.0.1:$PORT to `X-Redmine-API-Key: $TOKEN`, and is ready when /users/current.json says 200 to it.
# All that it writes is in DATA.
set -euo pipefail
# Ruby of Debian's security archive brings a newer Bundler, which does not find Debian's own gems; the package's own does.
export BUNDLER_VERSION=2.3.15
"$(dirname "$0")/debian.sh" redmine redmine-sqlite puma

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "redmine.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${TOKEN:?the API key of its administrator}"

mkdir -p "$DATA/tmp/pids" "$DATA/log" "$DATA/files"
cp /var/lib/dbconfig-common/sqlite3/redmine/instances/default/redmine_default "$DATA/redmine.db"
python3 - "$DATA/redmine.db" "$TOKEN" <<'PY'
import sqlite3
import sys

with sqlite3.connect(sys.argv[1]) as data:
    data.execute("delete from settings where name = 'rest_api_enabled'")
    data.execute("insert into settings (name, value, updated_on) values ('rest_api_enabled', '1', datetime('now'))")
    data.execute("update users set must_change_passwd = 0 where login = 'admin'")
    data.execute("delete from tokens where action = 'api'")
    data.execute(
        "insert into tokens (user_id, action, value, created_on, updated_on) "
        "select id, 'api', ?, datetime('now'), datetime('now') from users where login = 'admin'",
        (sys.argv[2],),
    )
PY

cd /usr/share/redmine
export RAILS_ENV=production RAILS_TMP=$DATA/tmp RAILS_LOG=$DATA/log RAILS_VAR=$DATA X_DEBIAN_SITEID=default
export DATABASE_URL="sqlite3:$DATA/redmine.db" RAILS_LOG_TO_STDOUT=1
# One thread: who waits for SQLite's lock in Ruby holds the interpreter's own lock, which the writer needs in order to end.
export PUMA_MIN_THREADS=1 PUMA_MAX_THREADS=1
# Puma is not in Redmine's Gemfile, so Bundler hides it.
RUBYLIB=
for folder in /usr/lib/*-linux-gnu/rubygems-integration/*/{gems/{puma,nio4r}-*/lib,extensions/*/*/{puma,nio4r}-*}; do
    [ ! -d "$folder" ] || RUBYLIB=$RUBYLIB${RUBYLIB:+:}$folder
done
export RUBYLIB
exec ruby bin/rails server -u puma -b 127.0.0.1 -p "$PORT" -P "$DATA/tmp/pids/server.pid" -e production
