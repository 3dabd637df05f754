#!/usr/bin/env bash
# A real JupyterHub for the tests: the hub's API without a proxy, on SQLite, on loopback, in the foreground.
#
#     PORT=18081 DATA=/tmp/x TOKEN=secret tests/servers/jupyterhub.sh        installs it if needed, then becomes the server
#     tests/servers/jupyterhub.sh install                                    installs it only
#
# It answers below http://127.0.0.1:$PORT/hub/api to `Authorization: token $TOKEN`, and is ready when /hub/api/info says 200 to
# it. All that it writes is in DATA.
set -euo pipefail
venv=$("$(dirname "$0")/wheel.sh" jupyterhub jupyterhub 6.1.1)

case ${1-start} in
    install) exit ;;
    start) ;;
    *)
        echo "jupyterhub.sh: \`$1\` is neither \`install\` nor \`start\`" >&2
        exit 2
        ;;
esac
: "${PORT:?which port of 127.0.0.1 to listen on}"
: "${DATA:?an empty folder for its data}"
: "${TOKEN:?the token of its administrator}"

cd "$DATA"
cat >jupyterhub_config.py <<CONF
from jupyterhub.proxy import Proxy


class NoProxy(Proxy):
    """The usual one is a program of Node's, which no account needs."""

    should_start = False

    async def add_route(self, routespec, target, data): pass
    async def delete_route(self, routespec): pass
    async def get_all_routes(self): return {}
    async def check_routes(self, *args, **kwargs): pass
    async def add_all_users(self, *args, **kwargs): pass
    async def add_hub_route(self, *args, **kwargs): pass


c.JupyterHub.proxy_class = NoProxy
# Nothing listens there: it would be the proxy's.
c.JupyterHub.bind_url = "http://127.0.0.1:$((PORT + 1))/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:$PORT/hub/"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.allow_all = True
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.db_url = "sqlite:///$DATA/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = "$DATA/cookie_secret"
# The tests read all users at once; whoever asks for fewer gets pages.
c.JupyterHub.api_page_max_limit = 1000
c.JupyterHub.log_level = "WARN"
c.JupyterHub.services = [{"name": "ci", "api_token": "$TOKEN"}]
c.JupyterHub.load_roles = [{"name": "accounts", "services": ["ci"], "scopes": ["admin:users", "list:users", "read:hub"]}]
CONF
exec "$venv/bin/jupyterhub" -f jupyterhub_config.py
