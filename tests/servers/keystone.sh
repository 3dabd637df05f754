#!/usr/bin/env bash
# A real Keystone (OpenStack's identity) for the tests: on SQLite, on loopback, in the foreground.
#
#     PORT=18500 DATA=/tmp/x PASSWORD=secret tests/servers/keystone.sh       installs it if needed, then becomes the server
#     tests/servers/keystone.sh install                                      installs it only
#
# It answers below http://127.0.0.1:$PORT/v3, and is ready when that says 200. Two accounts of the domain `default` have that
# password: `admin`, an administrator of the whole system, and `reader`, who may see everything in it and change nothing.
# All that it writes is in DATA.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=$(tests/servers/wheel.sh keystone keystone 30.0.0 gunicorn==23.0.0)

# Passwords are hashed as fast as can be, and what one process may keep in memory is: else a request asks the database a hundred times.
# Without a folder of their own the keys of receipts go to /etc.
settings() {
    cat <<CONF
[DEFAULT]
use_stderr = true
[database]
connection = sqlite:///$1/keystone.db
sqlite_synchronous = false
[fernet_tokens]
key_repository = $1/tokens
[fernet_receipts]
key_repository = $1/receipts
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
CONF
}

# What Keystone's own tool takes its time for: the tables, the keys, and the administrator, of whom `reader` is a copy with that
# role in place of its own.
prepare() {
    local data=$1
    rm -rf "$data"
    mkdir "$data"
    mkdir -m 700 "$data/tokens" "$data/receipts"
    settings "$data" >"$data/keystone.conf"
    local manage=("$venv/bin/keystone-manage" --config-file "$data/keystone.conf")
    "${manage[@]}" db_sync
    "${manage[@]}" fernet_setup --keystone-user "$(id -un)" --keystone-group "$(id -gn)"
    "${manage[@]}" bootstrap --bootstrap-password unset
    "$venv/bin/python" - "$data/keystone.db" <<'PY'
import sqlite3
import sys


def copy(table, where, **changes):
    """Copies rows, with other values in some columns."""
    for row in data.execute(f"select * from {table} where {where}").fetchall():
        values = {**row, **changes}
        marks = ", ".join("?" for _ in values)
        data.execute(f"insert into {table} ({', '.join(values)}) values ({marks})", list(values.values()))


def one(query):
    return next(iter(data.execute(query).fetchone().values()))


with sqlite3.connect(sys.argv[1]) as data:
    data.row_factory = lambda cursor, row: {column[0]: value for column, value in zip(cursor.description, row)}
    admin = one("select user_id from local_user where name = 'admin'")
    local = one("select id from local_user where name = 'admin'")
    roles = {name: one(f"select id from role where name = '{name}'") for name in ("admin", "reader")}
    copy("user", f"id = '{admin}'", id="reader")
    copy("local_user", f"id = {local}", id=local + 1, user_id="reader", name="reader")
    copy("password", f"local_user_id = {local}", id=one("select max(id) + 1 from password"), local_user_id=local + 1)
    given = f"actor_id = '{admin}' and role_id = '{roles['admin']}'"
    copy("system_assignment", given, actor_id="reader", role_id=roles["reader"])
PY
}

(
    flock 9
    [ ! -e "$venv/prepared" ] || exit 0
    prepare "$venv/new"
    mv "$venv/new" "$venv/prepared"
) 9>target/tools/keystone.lock >&2

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "keystone.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${PASSWORD:?the password of its accounts}"

cd "$DATA"
cp -r "$venv/prepared"/{keystone.db,tokens,receipts} .
settings "$DATA" >keystone.conf
"$venv/bin/python" - keystone.db "$PASSWORD" <<'PY'
import sqlite3
import sys

import bcrypt

with sqlite3.connect(sys.argv[1]) as data:
    hashed = bcrypt.hashpw(sys.argv[2].encode(), bcrypt.gensalt(4)).decode()
    data.execute("update password set password_hash = ?", (hashed,))
PY
# Keystone reads its own arguments, so that gunicorn may have none. On SQLite a second thread meets "database is locked".
cat >gunicorn.conf.py <<CONF
bind = "127.0.0.1:$PORT"
wsgi_app = "keystone.wsgi.api:application"
worker_class = "gthread"
threads = 1
CONF
export OS_KEYSTONE_CONFIG_DIR=$DATA OS_KEYSTONE_CONFIG_FILES=keystone.conf
exec "$venv/bin/gunicorn"
