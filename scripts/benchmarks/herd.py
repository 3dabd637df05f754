"""The herd: 200 jobs of 10 accounts start together, and meet a service that takes 50 requests a second from all of them.

Each job is a process of its own, which knows nothing of the others (`standin run -- /bin/true`): it creates, verifies and
deletes. The limiters are the sandbox, a bucket of 50 requests that fills with 50 a second, and haproxy in front of it: once
as a limiter that counts what it lets through, once as one that counts what it refuses too, so that whoever comes too
often is let in even less.
"""

import http.client
import json
import os
import shutil
import statistics
import subprocess
import time
from collections import Counter

from .machine import NEEDS, about, environment, install, output, program, say
from .service import AUTHORIZATION, PASSWORD, USER, Sandbox, Server, free_port
from .table import section, table

JOBS, ACCOUNTS, RATE = 200, 10, 50
LEAST_REQUESTS = JOBS * ACCOUNTS * 3
LEAST_SECONDS = LEAST_REQUESTS / RATE

LET_THROUGH = f"""
    http-request return status 429 if {{ sc0_gpc0_rate ge {RATE} }}
    http-request sc-inc-gpc0(0)
"""
ALL_THAT_COME = f"""
    http-request return status 429 hdr Retry-After 1 if {{ sc0_http_req_rate gt {RATE} }}
"""


class Haproxy(Server):
    """A limiter in front of another server, and its log."""

    def __init__(self, folder, behind, rule):
        port = free_port()
        settings = folder / f"haproxy-{port}.cfg"
        settings.write_text(
            f"""
global
    log stdout format raw local0
    maxconn 8000
defaults
    mode http
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend limiter
    bind 127.0.0.1:{port}
    log global
    log-format "users %HM %ST"
    stick-table type ip size 10 expire 10m store gpc0_rate(1s),http_req_rate(1s)
    http-request track-sc0 src
{rule}
    default_backend service
backend service
    server one 127.0.0.1:{behind.port}
"""
        )
        super().__init__(folder, behind.names, port, [program("haproxy"), "-f", settings])

    @staticmethod
    def version():
        return " ".join(output(program("haproxy"), "-v").split()[:3])


def statuses(log):
    """How often each method was answered with each status."""
    counts = Counter()
    for line in log.read_text(errors="replace").splitlines():
        words = line.split()
        if words[:1] == ["users"] and words[1:2] and words[1] in ("GET", "POST", "DELETE"):
            status = next((word for word in words[2:] if word.isdigit() and len(word) == 3), "")
            counts[words[1], status] += 1
    return counts


def left_over(server):
    """How many accounts the service still has, once the limit lets the question through."""
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/users/accounts?limit=1", headers={"Authorization": AUTHORIZATION})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status == 200:
            return json.loads(body)["total"]
        time.sleep(1)


def job(folder, server):
    service = {
        "name": "users",
        "url": server.url("users"),
        "auth": {"basic": {"username": USER, "password": PASSWORD}},
    }
    path = folder / f"herd-{server.port}.json"
    path.write_text(json.dumps({"services": [service], "accounts": [{"name": "buyer", "count": ACCOUNTS}]}))
    return path


def stampede(binary, folder, server):
    """Starts all jobs and waits for them; says which failed, and how long each took."""
    config = job(folder, server)
    begun, jobs, took, failed = time.monotonic(), {}, [], []
    for number in range(JOBS):
        home = folder / f"job-{number}"
        home.mkdir()
        with (home / "log").open("wb") as log:
            command = [binary, "run", "--config-file", config, "--journal", home / "journal", "--", "/bin/true"]
            seen = {**environment(home), "GITHUB_RUN_ID": ""}
            process = subprocess.Popen(command, env=seen, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        jobs[process.pid] = (process, time.monotonic(), home)
    while jobs:
        pid, status = os.waitpid(-1, 0)
        if pid in jobs:
            process, started, home = jobs.pop(pid)
            process.returncode = os.waitstatus_to_exitcode(status)
            took.append(time.monotonic() - started)
            if process.returncode != 0:
                failed.append((home / "log").read_text(errors="replace")[-400:])
    whole = time.monotonic() - begun
    for number in range(JOBS):
        shutil.rmtree(folder / f"job-{number}")
    if failed:
        say(f"{len(failed)} jobs failed; one of them: {failed[0]}")
    return whole, took, len(failed)


def herd_row(name, binary, folder, server, behind=None):
    say(f"the herd: {name}")
    whole, took, failed = stampede(binary, folder, server)
    asked = statuses(server.log)
    left = left_over(behind or server)
    requests = sum(asked.values())
    refused = sum(count for (_, status), count in asked.items() if status == "429")
    other = requests - refused - sum(asked[key] for key in (("POST", "201"), ("GET", "200"), ("DELETE", "204")))
    if other:
        say(f"warning: {other} answers were none of those that a limit leads to: {asked}")
    middle = statistics.median(took)
    return (
        name,
        f"{JOBS - failed} of {JOBS}",
        f"{requests:,}",
        f"{requests / LEAST_REQUESTS:.2f}",
        f"{refused:,}",
        f"{whole:.0f} s",
        f"{whole / LEAST_SECONDS:.2f}",
        f"{middle:.0f} s / {max(took):.0f} s",
        f"{max(took) / middle:.2f}",
        f"{left}",
    )


def measure(binary, folder, _runs):
    """The table of herds. Each takes as long as its limiter wants, at least two minutes."""
    install({**NEEDS, "haproxy": "haproxy"})
    where = about(binary, Haproxy.version())
    rows = []
    for tells, name in [
        ("none", "sandbox, which tells nothing"),
        ("retry-after", "sandbox with Retry-After"),
        ("remaining", "sandbox with remaining headers"),
        ("both", "sandbox with both"),
    ]:
        options = ["--limit", f"{RATE}/s", "--limit-headers", tells]
        with Sandbox(binary, folder, ["users"], 0, *options) as sandbox:
            rows.append(herd_row(name, binary, folder, sandbox))
    for rule, name in [
        (LET_THROUGH, "haproxy, which counts what it lets through"),
        (ALL_THAT_COME, "haproxy, which counts what it refuses too, with Retry-After"),
    ]:
        with Sandbox(binary, folder, ["users"], 0) as sandbox, Haproxy(folder, sandbox, rule) as haproxy:
            rows.append(herd_row(name, binary, folder, haproxy, sandbox))
    head = ("limiter", "jobs that ended well", "requests", "times the least", "of these refused", "time", "times the least")
    head += ("median / slowest job", "slowest / median", "left")
    return section(where, table(head, rows))
