#!/usr/bin/env bash
# A real Synapse (Matrix) for the tests: on SQLite, on loopback, in the foreground.
#
#     PORT=18008 DATA=/tmp/x SECRET=secret tests/servers/synapse.sh          installs it if needed, then becomes the server
#     tests/servers/synapse.sh install                                       installs it only
#
# It is the server `test.local` at http://127.0.0.1:$PORT, and is ready when /_matrix/client/versions says 200. Its first
# administrator is registered at /_synapse/admin/v1/register with SECRET. All that it writes is in DATA.
set -euo pipefail
venv=$("$(dirname "$0")/wheel.sh" synapse matrix-synapse 1.163.2)

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "synapse.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${SECRET:?the secret by which accounts are registered}"

cd "$DATA"
"$venv/bin/python" -m synapse.app.homeserver --server-name test.local --config-path homeserver.yaml --generate-config \
    --report-stats=no --data-directory "$DATA" >&2
cat >tests.yaml <<CONF
listeners:
  - { port: $PORT, bind_addresses: [127.0.0.1], type: http, x_forwarded: false, resources: [{ names: [client], compress: false }] }
registration_shared_secret: "$SECRET"
enable_registration: false
trusted_key_servers: []
suppress_key_server_warning: true
bcrypt_rounds: 4
CONF
exec "$venv/bin/python" -m synapse.app.homeserver -c homeserver.yaml -c tests.yaml
