"""The sweep at size: what it costs to find the orphans among many accounts, page by page, and to delete them."""

import concurrent.futures
import http.client
import json
import math
import shutil

from .machine import NEEDS, about, fail, install, say
from .meter import once
from .service import AUTHORIZATION, PASSWORD, USER, Sandbox
from .table import mb, ms, section, spread, table
from .work import AT_ONCE

DELAY_MS = 20
# Of the accounts that are listed so many are ours, and a page has so many.
ORPHANS = 1000
A_PAGE = 100
# How many connections fill the service before that.
FILLERS = 100


def add_people(sandbox, count):
    """Creates accounts without a marker over many connections, since each answer comes late."""

    def add(numbers):
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
        headers = {"Authorization": AUTHORIZATION, "Content-Type": "application/json"}
        for number in numbers:
            body = json.dumps({"username": f"person-{number}"})
            connection.request("POST", f"/{sandbox.names[0]}/accounts", body, headers)
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                fail(f"the sandbox answered a create with {answer.status}", "free its port and start again")
        connection.close()

    with concurrent.futures.ThreadPoolExecutor(FILLERS) as pool:
        list(pool.map(add, [range(first, count, FILLERS) for first in range(FILLERS)]))


def configuration(folder, sandbox):
    service = {
        "name": "users",
        "url": sandbox.url("users"),
        "auth": {"basic": {"username": USER, "password": PASSWORD}},
        "limits": {"concurrency": AT_ONCE},
        "list": {
            "request": f"GET /accounts?limit={A_PAGE}",
            "items": "body.items",
            "id": "item.id",
            "name": "item.username",
            "next": "link",
        },
    }
    accounts = [{"name": "orphan", "count": ORPHANS}]
    path = folder / "sweep.yml"
    path.write_text(json.dumps({"ttl": "0s", "services": [service], "accounts": accounts}))
    return path


def sweep_row(binary, folder, listed, runs):
    with Sandbox(binary, folder, ["users"], DELAY_MS) as sandbox:
        say(f"the sweep of {listed} accounts, {runs} times")
        add_people(sandbox, listed - ORPHANS)
        config = configuration(folder, sandbox)
        costs, requests = [], 0
        for _ in range(runs):
            once(folder, binary, "setup", "--config-file", config, "--journal", folder / "journals")
            shutil.rmtree(folder / "journals")
            asked = sandbox.requests()
            costs.append(once(folder, binary, "sweep", "--config-file", config, "--older-than", "0s", "--max", str(ORPHANS)))
            now = sandbox.requests()
            deleted = now["DELETE"] - asked.get("DELETE", 0)
            if deleted != ORPHANS:
                fail(f"{deleted} of {ORPHANS} orphans were deleted", "run it by hand")
            requests = sum(now.values()) - sum(asked.values())
    # A list of several pages is read twice, since it may have moved.
    least = DELAY_MS / 1000 * (2 * math.ceil(listed / A_PAGE) + math.ceil(ORPHANS / AT_ONCE))
    return (
        f"{listed:,} listed, {ORPHANS:,} deleted",
        runs,
        spread(cost.wall for cost in costs),
        f"{spread((cost.wall for cost in costs), lambda wall: f'{wall / least:.2f}')} of {ms(least)}",
        spread(cost.cpu for cost in costs),
        mb(max(cost.memory for cost in costs)),
        f"{requests:,}",
    )


def measure(binary, folder, runs):
    """The table of sweeps. The smaller number of accounts shows what grows with it and what does not."""
    install(NEEDS)
    where = about(binary)
    rows = [sweep_row(binary, folder, listed, min(runs, 5)) for listed in (10_000, 100_000)]
    head = ("sweep", "runs", "wall time", "times the limit", "CPU time", "peak memory", "requests")
    return section(where, table(head, rows))
