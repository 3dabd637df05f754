"""moto's server with a pool and keys of known names, which AWS itself would make up."""

import json
import signal
import sys

from moto.backends import get_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple

ACCOUNT, REGION = "123456789012", "eu-central-1"
POOL = REGION + "_standinqa"


def add_key(identity, key_id, secret, actions):
    """An access key that may do this."""
    identity.create_user(REGION, key_id)
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    identity.put_user_policy(key_id, "rights", json.dumps(policy))
    key = identity.create_access_key(key_id)
    del identity.access_keys[key.access_key_id]
    key.access_key_id, key.secret_access_key = key_id, secret
    identity.access_keys[key_id] = key


def add_pool(cognito):
    """The pool of the tests."""
    pool = cognito.create_user_pool("qa", {})
    del cognito.user_pools[pool.id]
    pool.id = POOL
    pool.arn = pool.arn.rsplit("/", 1)[0] + "/" + POOL
    cognito.user_pools[POOL] = pool
    return pool


def main(port, secret):
    identity = get_backend("iam")[ACCOUNT]["aws"]
    add_key(identity, "AKIASTANDINADMIN0000", secret, ["cognito-idp:*"])
    add_key(identity, "AKIASTANDINREADER000", secret, ["cognito-idp:AdminGetUser", "cognito-idp:ListUsers"])
    cognito = get_backend("cognito-idp")[ACCOUNT][REGION]
    pool = add_pool(cognito)
    moto = DomainDispatcherApplication(create_backend_app)

    def serve(environ, start_response):
        path = environ["PATH_INFO"]
        if not path.startswith("/names"):
            return moto(environ, start_response)
        name = path.removeprefix("/names").strip("/")
        if name and name not in pool.users:
            cognito.admin_create_user(POOL, name, "SUPPRESS", "", [])
        body = json.dumps([user.username for user in pool.users.values()]).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
        return [body]

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    run_simple("127.0.0.1", int(port), serve, threaded=True)


main(*sys.argv[1:])
