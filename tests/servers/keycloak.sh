#!/usr/bin/env bash
# A real Keycloak for the tests: on a file database, on loopback, in the foreground.
#
#     PORT=18180 DATA=/tmp/x SECRET=secret tests/servers/keycloak.sh         installs it if needed, then becomes the server
#     tests/servers/keycloak.sh install                                      installs it only
#
# It has the realm `qa` at http://127.0.0.1:$PORT, and is ready when /realms/qa says 200. Clients of that realm, all with SECRET:
# `administrator` may do everything, `standin` what its accounts need; `manager` may manage users and was not told that it may see
# them, `viewer` may see them and not manage, `asker` may ask for them and not see them. All that it writes is in DATA.
#
# Maven brings it. Where a machine has no Maven, or no way to its central repository, `install` says so in one line and exits with 69.
set -euo pipefail
cd "$(dirname "$0")/../.."

readonly version=26.7.3
readonly folder=$PWD/target/tools/keycloak-$version

untried() {
    echo "not tried here: Keycloak, $1"
    exit 69
}

# Becomes the server; more arguments are passed on. `kc.sh` would keep a shell between, and there would be a second compiler and a
# check of every class, for which no test waits gladly. What it writes goes below `kc.home.dir`. The file database writes half a
# second late by itself: killed, it would forget what was answered.
serve() {
    local data=$1 port=$2
    shift 2
    mkdir -p "$data/data" "$data/providers" "$data/themes"
    ln -sfn "$folder/lib" "$data/lib"
    ln -sfn "$folder/conf" "$data/conf"
    exec java -Xms64m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+UnlockDiagnosticVMOptions -XX:-BytecodeVerificationRemote \
        -Dfile.encoding=UTF-8 -Dkc.home.dir="$data" -Djava.util.logging.manager=org.jboss.logmanager.LogManager \
        -Djava.util.concurrent.ForkJoinPool.common.threadFactory=io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory \
        --add-opens=java.base/java.{lang,util,util.concurrent,security}=ALL-UNNAMED \
        -cp "$folder/lib/quarkus-run.jar" io.quarkus.bootstrap.runner.QuarkusEntryPoint start --optimized --cache=local \
        --db-username=standin --db-password=standin --db-url-properties=";WRITE_DELAY=0" \
        --http-enabled=true --hostname-strict=false --http-host=127.0.0.1 --http-port="$port" "$@"
}

client() {
    printf '{ "clientId": "%s", "secret": "unset", "serviceAccountsEnabled": true, "standardFlowEnabled": false }' "$1"
}

# What a client may do: roles of `realm-management`.
may() {
    printf '{ "username": "service-account-%s", "enabled": true, "serviceAccountClientId": "%s", "clientRoles": { "realm-management": [%s] } }' "$1" "$1" "$2"
}

# By itself Keycloak takes its time over every password. `log-in` is for people.
realm() {
    cat <<REALM
{
  "realm": "qa",
  "enabled": true,
  "sslRequired": "none",
  "passwordPolicy": "hashAlgorithm(pbkdf2-sha256) and hashIterations(1)",
  "clients": [
    $(client administrator),
    $(client standin),
    $(client manager),
    $(client viewer),
    $(client asker),
    { "clientId": "log-in", "publicClient": true, "directAccessGrantsEnabled": true, "standardFlowEnabled": false }
  ],
  "users": [
    $(may administrator '"realm-admin"'),
    $(may standin '"manage-users", "view-users", "query-users"'),
    $(may manager '"manage-users"'),
    $(may viewer '"view-users", "query-users"'),
    $(may asker '"query-users"')
  ]
}
REALM
}

fetch() {
    local maven=(mvn --quiet --batch-mode --strict-checksums "-Dmaven.repo.local=$folder/maven")
    local plugin=org.apache.maven.plugins:maven-dependency-plugin:3.8.1 zip=org.keycloak:keycloak-quarkus-dist:$version:zip
    # Its own dependencies are in the archive: without this half of Quarkus would come twice.
    "${maven[@]}" "$plugin:get" -Dartifact="$zip" -Dtransitive=false
    "${maven[@]}" --offline "$plugin:copy" -Dartifact="$zip" -DoutputDirectory="$folder"
}

# What would take half a minute at each start: Quarkus' own build, and a first database, with the realm.
prepare() {
    local archive=$folder/keycloak-quarkus-dist-$version.zip first=$folder/first port=28181 server
    python3 -m zipfile -e "$archive" "$folder"
    mv "$folder/keycloak-$version"/* "$folder"
    rm -r "$archive" "$folder/maven" "$folder/keycloak-$version"
    bash "$folder/bin/kc.sh" build --db=dev-file --health-enabled=false --metrics-enabled=false
    mkdir -p "$first/data/import"
    realm >"$first/data/import/qa.json"
    (serve "$first" "$port" --import-realm) &
    server=$!
    until (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do
        kill -0 "$server"
        sleep 0.2
    done
    kill "$server"
    wait "$server" || true
    mv "$first/data/h2" "$folder/database"
    rm -r "$first"
}

install() {
    [ ! -e "$folder/installed" ] || return 0
    command -v mvn >/dev/null || untried "there is no Maven"
    rm -rf "$folder"
    mkdir -p "$folder"
    fetch >"$folder/log" 2>&1 || untried "Maven can't get it: $folder/log says why"
    prepare >>"$folder/log" 2>&1 || {
        cat "$folder/log" >&2
        exit 1
    }
    touch "$folder/installed"
}

mkdir -p target/tools
(
    flock 9
    install
) 9>target/tools/keycloak.lock

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "keycloak.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${SECRET:?the secret of its clients}"

mkdir -p "$DATA/data"
cp -r "$folder/database" "$DATA/data/h2"
java -XX:TieredStopAtLevel=1 -cp "$folder/lib/lib/main/*" org.h2.tools.Shell -url "jdbc:h2:file:$DATA/data/h2/keycloakdb" -user standin -password standin \
    -sql "update client set secret = '${SECRET//\'/\'\'}' where secret = 'unset'"
serve "$DATA" "$PORT"
