#!/bin/sh
# A whole life of accounts inside of the image, run by scripts/container as a user that the image does not know.
# PORT is a port of 127.0.0.1 that is free.
set -eu
[ "$(id -u)" = 12345 ]
[ -z "${HOME-}" ]
sed "s/localhost:8081/127.0.0.1:$PORT/" /examples/article.json >/tmp/standin.json
standin sandbox --port "$PORT" 2>/tmp/sandbox.log &
sandbox=$!
trap 'kill $sandbox' EXIT
# Setup itself waits for the sandbox to listen.
# shellcheck disable=SC2016 # the variables are those of the inner shell
standin run --config /tmp/standin.json -- sh -c 'test "$STANDIN_USERS_TEST_USER_ID" && test "$STANDIN_BILLING_TEST_USER_PASSWORD"'
standin setup --config /tmp/standin.json >/tmp/accounts.json
[ "$(stat -c '%a %u' "/tmp/standin-12345")" = '700 12345' ]
standin credentials --format dotenv >/tmp/accounts.env
[ "$(grep -c '_PASSWORD=' /tmp/accounts.env)" = 3 ]
standin cleanup
# Nothing is left of two setups with three accounts each.
[ "$(grep -c 'POST /accounts 201' /tmp/sandbox.log)" = 6 ]
[ "$(grep -c 'DELETE /accounts/[^ ]* 204' /tmp/sandbox.log)" = 6 ]
