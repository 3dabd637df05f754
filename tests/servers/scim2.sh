#!/usr/bin/env bash
# A real SCIM 2.0 server for the tests: in memory, on loopback, in the foreground.
#
#     PORT=18080 TOKEN=secret tests/servers/scim2.sh          installs it if needed, then becomes the server
#     tests/servers/scim2.sh install                          installs it only
#
# It answers below http://127.0.0.1:$PORT/v2 to `Authorization: Bearer $TOKEN`, and is ready when that says 200 to
# /v2/ServiceProviderConfig. It keeps nothing: to stop it is to empty it.
set -euo pipefail
venv=$("$(dirname "$0")/wheel.sh" scim2-server scim2-server 0.8.3)

case ${1-start} in
    install) ;;
    start)
        : "${PORT:?which port of 127.0.0.1 to listen on}"
        : "${TOKEN:?which bearer token to accept}"
        exec "$venv/bin/scim2-server" --hostname 127.0.0.1 --port "$PORT" --bearer-token "$TOKEN"
        ;;
    *)
        echo "scim2.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
