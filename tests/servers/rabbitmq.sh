#!/usr/bin/env bash
# A real RabbitMQ with its management plugin for the tests: on loopback, in the foreground.
#
#     PORT=15672 DATA=/tmp/x tests/servers/rabbitmq.sh        installs it if needed, then runs it
#     tests/servers/rabbitmq.sh install                       installs it only
#
# It answers below http://127.0.0.1:$PORT/api to the user `guest` with the password `guest`, and is ready when /api/whoami says
# 200. PORT + 1 to PORT + 3 are taken too: AMQP, Erlang's distribution, and its port mapper. All that it writes is in DATA.
set -euo pipefail
"$(dirname "$0")/debian.sh" rabbitmq-server

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "rabbitmq.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"

mkdir -p "$DATA/home"
cat >"$DATA/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$((PORT + 1))
management.tcp.ip = 127.0.0.1
management.tcp.port = $PORT
log.console = true
log.console.level = warning
CONF
echo '[rabbitmq_management].' >"$DATA/enabled_plugins"

export HOME=$DATA/home RABBITMQ_HOME=$DATA/home
export RABBITMQ_NODENAME=t$PORT@localhost
export RABBITMQ_CONFIG_FILE=$DATA/rabbitmq.conf RABBITMQ_ENABLED_PLUGINS_FILE=$DATA/enabled_plugins
export RABBITMQ_MNESIA_BASE=$DATA/mnesia RABBITMQ_LOG_BASE=$DATA/log RABBITMQ_LOGS=- RABBITMQ_PID_FILE=$DATA/pid
export RABBITMQ_DIST_PORT=$((PORT + 2)) ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT=$((PORT + 3))
export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'

# Erlang starts its port mapper by itself where there is none, as a daemon that outlives it. This one ends with us.
epmd -address 127.0.0.1 -port "$ERL_EPMD_PORT" &
mapper=$!
# Debian's wrapper in /usr/sbin would become the user `rabbitmq`.
/usr/lib/rabbitmq/bin/rabbitmq-server &
broker=$!
trap 'kill -TERM "$broker" 2>/dev/null || true' TERM INT
code=0
# A signal ends the first wait, not the broker.
wait "$broker" || code=$?
wait "$broker" 2>/dev/null || true
kill "$mapper" 2>/dev/null || true
exit "$code"
