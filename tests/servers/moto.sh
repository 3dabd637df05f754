#!/usr/bin/env bash
# moto, which stands for AWS, for the tests: the user pools of Cognito, in memory, on loopback, in the foreground.
#
#     PORT=18600 DATA=/tmp/x SECRET=secret tests/servers/moto.sh       installs it if needed, then becomes the server
#     tests/servers/moto.sh install                                    installs it only
#
# It checks signatures and rights. SECRET is the key of AKIASTANDINADMIN0000, which may do anything in Cognito, and of
# AKIASTANDINREADER000, which may only look. The pool is eu-central-1_standinqa. `GET /names` gives the names in it without a
# signature, and `PUT /names/NAME` adds one: those are the tests' own. It keeps nothing, so that DATA is not used.
set -euo pipefail
cd "$(dirname "$0")/../.."
venv=$(tests/servers/wheel.sh moto moto 5.2.5 'moto[cognitoidp]==5.2.5' flask flask-cors)

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "moto.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${SECRET:?the secret of its access keys}"

# Without it no signature is checked.
export INITIAL_NO_AUTH_ACTION_COUNT=0
exec "$venv/bin/python" tests/servers/user_pools.py "$PORT" "$SECRET"
