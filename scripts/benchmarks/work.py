"""The work that is measured: configurations of Standin, and the commands of a life cycle."""

import json
import math
import shutil

from .meter import in_turn
from .service import PASSWORD, USER

SERVICES = 10
AT_ONCE = 16
NAMES = [f"s{number}" for number in range(SERVICES)]


def article(folder, server):
    """The smallest configuration: one account in one service."""
    service = {"name": "users", "endpoint": server.url("users"), "username": USER, "password": PASSWORD}
    path = folder / "article.json"
    path.write_text(json.dumps({"services": [service]}))
    return path


def fleet(folder, server, accounts, chained=False):
    """So many accounts, spread evenly over the services, which need each the one before it if they are chained."""
    services = [
        {
            "name": name,
            "url": server.url(name),
            "auth": {"basic": {"username": USER, "password": PASSWORD}},
            "limits": {"concurrency": AT_ONCE},
            **({"needs": [server.names[number - 1]]} if chained and number else {}),
        }
        for number, name in enumerate(server.names)
    ]
    personas = [{"name": "buyer", "role": "tester", "count": accounts // len(server.names)}]
    path = folder / f"fleet-{accounts}.yml"
    path.write_text(json.dumps({"services": services, "accounts": personas}))
    return path


def phases(binary, folder, config):
    """The two commands of a life cycle, as a job runs them: everything created and verified, everything deleted.

    `run` would be one command, but the system takes no environment as large as that of 10,000 accounts.
    """
    journal = ["--journal", folder / "journals"]
    return [binary, "setup", "--config-file", config, *journal], [binary, "cleanup", *journal]


def life_cycles(binary, folder, config, runs):
    """What whole life cycles cost."""
    return in_turn(folder, phases(binary, folder, config), runs, lambda: shutil.rmtree(folder / "journals"))


def limit(accounts, delay_ms, services=SERVICES):
    """The time that a life cycle takes if nothing but the services' delay takes time."""
    return 3 * delay_ms / 1000 * math.ceil(accounts / services / AT_ONCE)


def chain_limit(accounts, delay_ms, services):
    """The same where each service waits for the one before: its first round is done so many rounds later."""
    return 3 * delay_ms / 1000 * (math.ceil(accounts / services / AT_ONCE) + services - 1)
