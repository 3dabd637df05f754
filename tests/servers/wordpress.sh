#!/usr/bin/env bash
# A real WordPress for the tests: on a MariaDB of its own, on loopback, in the foreground.
#
#     PORT=18400 DATA=/tmp/x TOKEN=secret tests/servers/wordpress.sh         installs it if needed, then runs it
#     tests/servers/wordpress.sh install                                     installs it only
#
# It answers below http://127.0.0.1:$PORT/wp-json/wp/v2, and is ready when /users says 200 there. TOKEN is the application password
# of `admin`, of `viewer`, who may list users and nothing else, of `manager`, who may create, edit and delete users and not list
# them, and of `editor`, who may do nothing with users. All that it writes is in DATA.
#
# Debian's package would bring Apache and want to be configured, so it is unpacked beside the system: its version is Debian's.
set -euo pipefail
cd "$(dirname "$0")/../.."
tests/servers/debian.sh php-cli php-mysql mariadb-server-core mariadb-client-core
readonly folder=$PWD/target/tools/wordpress

# MariaDB, for this WordPress alone: by its socket. Root can't be root there without saying so.
database() {
    exec mariadbd --no-defaults --user="$(id -un)" --datadir="$1/db" --socket="$1/socket" --pid-file="$1/pid" --skip-networking \
        --innodb-log-file-size=8M --innodb-buffer-pool-size=32M --performance-schema=OFF --key-buffer-size=1M
}

# Waits until MariaDB of that process listens below that folder.
until_up() {
    until [ -S "$2/socket" ]; do
        kill -0 "$1"
        sleep 0.1
    done
}

configuration() {
    cat <<'PHP'
<?php
define('DB_NAME', 'wordpress');
define('DB_USER', 'root');
define('DB_PASSWORD', '');
define('DB_HOST', 'localhost:' . getenv('DATA') . '/socket');
define('DB_CHARSET', 'utf8mb4');
define('DB_COLLATE', '');
$table_prefix = 'wp_';
define('WP_HOME', 'http://127.0.0.1:' . getenv('PORT'));
define('WP_SITEURL', WP_HOME);
// Elsewhere an application password is not taken over plain HTTP.
define('WP_ENVIRONMENT_TYPE', 'local');
define('DISABLE_WP_CRON', true);
define('WP_HTTP_BLOCK_EXTERNAL', true);
define('AUTOMATIC_UPDATER_DISABLED', true);
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as $name) {
    define($name . '_KEY', 'of-the-tests');
    define($name . '_SALT', 'of-the-tests');
}
defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
PHP
}

# The tables and the accounts, with TOKEN: on a new database the first time, then to change what they log in with.
accounts() {
    cat <<'PHP'
<?php
$_SERVER['HTTP_HOST'] = '127.0.0.1';
$new = new mysqli('localhost', 'root', '', '', 0, getenv('DATA') . '/socket');
$new->query('create database if not exists wordpress character set utf8mb4');
define('WP_INSTALLING', true);
require __DIR__ . '/site/wp-config.php';
require_once ABSPATH . 'wp-admin/includes/upgrade.php';
function wp_mail() { return true; }
$token = getenv('TOKEN');
$roles = ['viewer' => ['list_users'], 'manager' => ['create_users', 'edit_users', 'promote_users', 'delete_users'], 'editor' => null];
if (!is_blog_installed()) {
    wp_install('qa', 'admin', 'admin@example.com', false, '', $token);
    $wp_rewrite->set_permalink_structure('/%postname%/');
    $wp_rewrite->flush_rules(false);
    foreach ($roles as $name => $rights) {
        if ($rights) add_role($name, $name, array_fill_keys(['read', ...$rights], true));
        wp_insert_user(['user_login' => $name, 'user_pass' => $token, 'user_email' => "$name@example.com", 'role' => $name]);
    }
    update_network_option(get_main_network_id(), WP_Application_Passwords::OPTION_KEY_IN_USE, true);
}
// It drops what is neither letter nor digit from what a client sends.
$hash = wp_hash_password(preg_replace('/[^a-z\d]/i', '', $token));
foreach (['admin', ...array_keys($roles)] as $name) {
    $entry = ['uuid' => wp_generate_uuid4(), 'app_id' => '', 'name' => 'tests', 'password' => $hash, 'created' => time(), 'last_used' => null, 'last_ip' => null];
    update_user_meta(get_user_by('login', $name)->ID, WP_Application_Passwords::USERMETA_KEY_APPLICATION_PASSWORDS, [$entry]);
}
PHP
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Unpacks WordPress and makes a first database, which takes a while.
prepare() {
    local new=$folder.new server
    rm -rf "$new"
    mkdir -p "$new/first"
    (
        cd "$new"
        # As root, apt would fetch as a user who may not write here.
        fetch() { apt-get download -qq -o APT::Sandbox::User=root wordpress; }
        fetch || { as_root apt-get update -qq && fetch; }
        dpkg-deb -x wordpress_*.deb unpacked
        mv unpacked/usr/share/wordpress site
        rm -r unpacked wordpress_*.deb
    )
    configuration >"$new/site/wp-config.php"
    accounts >"$new/accounts.php"
    mariadb-install-db --no-defaults --user="$(id -un)" --datadir="$new/first/db" --skip-test-db --auth-root-authentication-method=socket
    (database "$new/first") &
    server=$!
    until_up "$server" "$new/first"
    DATA=$new/first PORT=80 TOKEN=unset php "$new/accounts.php"
    kill "$server"
    wait "$server" || true
    mv "$new/first/db" "$new/db"
    rm -r "$new/first"
    mv "$new" "$folder"
}

mkdir -p target/tools
(
    flock 9
    [ -e "$folder" ] || prepare
) 9>target/tools/wordpress.lock >&2

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "wordpress.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${TOKEN:?the application password of its accounts}"
export PORT DATA TOKEN

cp -r "$folder/db" "$DATA/db"
web=
(database "$DATA") &
server=$!
# PHP's workers don't end with the process that started them.
stop() {
    trap - EXIT
    if [ -n "$web" ]; then
        pkill -P "$web" || true
        kill "$web" 2>/dev/null || true
    fi
    kill "$server" 2>/dev/null || true
    wait
}
trap stop EXIT
trap exit TERM INT
until_up "$server" "$DATA"
php "$folder/accounts.php" >&2
PHP_CLI_SERVER_WORKERS=4 php -S "127.0.0.1:$PORT" -t "$folder/site" &
web=$!
wait "$web"
