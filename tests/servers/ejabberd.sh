#!/usr/bin/env bash
# A real ejabberd for the tests: its HTTP API alone, on loopback, in the foreground.
#
#     PORT=15280 DATA=/tmp/x PASSWORD=secret tests/servers/ejabberd.sh       installs it if needed, then becomes the server
#     tests/servers/ejabberd.sh install                                      installs it only
#
# It answers below http://127.0.0.1:$PORT/api to `admin@localhost` with that password, and is ready when /api/registered_vhosts
# says 200 to it. All that it writes is in DATA. Erlang is started without distribution, and so without its port mapper.
set -euo pipefail
"$(dirname "$0")/debian.sh" ejabberd

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "ejabberd.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${PASSWORD:?the password of its administrator}"
export PASSWORD

mkdir -p "$DATA/db" "$DATA/log"
cat >"$DATA/ejabberd.yml" <<CONF
hosts: [localhost]
loglevel: warning
listen:
  - { port: $PORT, ip: 127.0.0.1, module: ejabberd_http, request_handlers: { /api: mod_http_api } }
auth_method: internal
auth_password_format: scram
acl: { admin: { user: admin@localhost } }
api_permissions:
  administrator: { who: { access: { allow: { acl: admin } } }, what: ["*", "!stop", "!start"] }
modules: { mod_http_api: {}, mod_admin_extra: {} }
CONF
export HOME=$DATA EJABBERD_CONFIG_PATH=$DATA/ejabberd.yml EJABBERD_LOG_PATH=$DATA/log/ejabberd.log

paths=()
for folder in /usr/lib/*-linux-gnu/*/ebin; do paths+=(-pa "$folder"); done
administrator='ejabberd_auth:try_register(<<"admin">>, <<"localhost">>, list_to_binary(os:getenv("PASSWORD"))).'
exec erl -noinput "${paths[@]}" -mnesia dir "\"$DATA/db\"" -s ejabberd -eval "$administrator"
