"""Start-up and life cycles: how long a job waits for its accounts, and what that costs."""

import os
import re
import selectors
import shutil
import signal
import socket
import statistics
import tempfile
import time
from pathlib import Path

from .machine import NEEDS, about, environment, install, output, say
from .meter import calls, hyperfine, wire
from .service import AUTHORIZATION, Sandbox
from .table import mb, ms, section, spread, table
from .work import NAMES, article, chain_limit, fleet, life_cycles, limit, phases

# Below this the service could be what is measured.
SERVICE_RATE = 20_000
# Accounts, the delay in ms, and by how much there are fewer runs, since one of them takes so long.
SIZES = [(1000, 0, 1), (1000, 20, 1), (1000, 200, 3), (10_000, 0, 3), (10_000, 20, 3), (10_000, 200, 5)]
DEEP = 5


def served_per_second(sandbox, folder):
    """What the service can do at most when it does not wait: accounts read by one busy client."""
    script = folder / "read.lua"
    script.write_text(f'wrk.headers["Authorization"] = "{AUTHORIZATION}"\n')
    answer = output("wrk", "-t1", "-c64", "-d2s", "-s", str(script), sandbox.url(sandbox.names[0]) + "/accounts/none")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", answer)[1])


class Ear:
    """A port that is heard at, and never answers."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.socket.getsockname()[1]
        self.names = ["users"]

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"

    def first_request(self, command, folder):
        """The seconds from the start of a command to the first byte that it sends."""
        words = [str(word) for word in command]
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
        # The plainest way to start a process: what comes before its first instruction is counted too.
        begun = time.perf_counter()
        process = os.posix_spawn(words[0], words, environment(folder), file_actions=nowhere)
        heard, connections = None, []
        with selectors.DefaultSelector() as selector:
            selector.register(self.socket, selectors.EVENT_READ)
            while heard is None:
                for key, _ in selector.select():
                    now = time.perf_counter()
                    if key.fileobj is self.socket:
                        connection, _ = self.socket.accept()
                        connections.append(connection)
                        selector.register(connection, selectors.EVENT_READ)
                    elif key.fileobj.recv(1):
                        heard = now - begun
                    else:
                        selector.unregister(key.fileobj)
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        for connection in connections:
            connection.close()
        return heard


def first_requests(binary, folder, runs, memory):
    """From the start of `setup` to its first request; with the journal on a disk, or in memory, where a sync costs nothing."""
    ear = Ear()
    config = article(folder, ear)
    found = []
    with tempfile.TemporaryDirectory(prefix="standin-bench-", dir="/dev/shm" if memory else folder) as journals:
        for number in range(runs + 5):
            command = phases(binary, folder, config)[0][:-1]
            found.append(ear.first_request([*command, Path(journals) / str(number)], folder))
    # The first few read the binary from the disk.
    return found[5:]


def sync_times(folder, runs):
    """How long this disk takes to sync a small file that is new."""
    found = []
    for number in range(runs):
        path = folder / f"sync-{number}"
        with path.open("wb") as file:
            file.write(b"x" * 1000)
            file.flush()
            begun = time.perf_counter()
            os.fdatasync(file.fileno())
            found.append(time.perf_counter() - begun)
        path.unlink()
    return found


def start_rows(binary, folder, runs):
    finely = lambda seconds: f"{seconds * 1000:.2f} ms"
    many = 1000 if runs >= 5 else 50
    rows = [("size of the binary", f"{os.path.getsize(binary) / 1e6:.2f} MB", "")]
    with Sandbox(binary, folder, ["users"], 0) as sandbox:
        say("what the service can serve")
        rate = served_per_second(sandbox, folder)
        if rate < SERVICE_RATE:
            say(f"warning: the service answers only {rate:.0f} requests a second, {SERVICE_RATE} are needed")
        rows.append(("the service alone, without delay", f"{rate:,.0f} requests/s", ""))
        config = article(folder, sandbox)
        journals = folder / "journals"
        say("start-up")
        run = [binary, "run", "--config-file", config, "--journal", journals, "--", "/bin/true"]
        for what, count, command in [
            ("a process that does nothing (`/bin/true`)", many, ["/bin/true"]),
            ("`standin --version`", many, [binary, "--version"]),
            ("`standin plan` of the article's file", many, [binary, "plan", "--config-file", config]),
            ("one account, created, verified and deleted, no delay", many // 5, run),
        ]:
            times = hyperfine(folder, count, *command)
            rows.append((what, finely(statistics.median(times)), finely(min(times))))
        shutil.rmtree(journals)
    say("the first request")
    for what, times in [
        ("a sync of 1 kB to this disk", sync_times(folder, many // 10)),
        ("start of `setup` to its first request", first_requests(binary, folder, many // 10, False)),
        ("the same, the journal in memory", first_requests(binary, folder, many // 10, True)),
    ]:
        rows.append((what, finely(statistics.median(times)), finely(min(times))))
    return rows


def job_row(binary, folder, name, server, config, least, runs):
    say(f"{name}, {runs} times")
    costs = life_cycles(binary, folder, config, runs)
    moved = wire(folder, phases(binary, folder, config))
    shutil.rmtree(folder / "journals")
    # The traced one and the one whose memory is measured are two more.
    asked = sum(server.requests().values()) / (runs + 2)
    factor = lambda wall: f"{wall / least:.2f}"
    return (
        name,
        runs,
        spread(cost.wall for cost in costs),
        f"{spread((cost.wall for cost in costs), factor)} of {ms(least)}" if least else "",
        spread(cost.cpu for cost in costs),
        mb(max(cost.memory for cost in costs)),
        f"{asked:,.0f}",
        f"{statistics.median(cost.connections for cost in costs):,.0f}",
        f"{moved.sent / 1000:,.0f} / {moved.received / 1000:,.0f} kB",
    )


def measure(binary, folder, runs):
    """The tables of jobs."""
    install(NEEDS)
    where = about(binary)
    start = start_rows(binary, folder, runs)
    rows = []
    for accounts, delay, fewer in SIZES:
        with Sandbox(binary, folder, NAMES, delay) as sandbox:
            config = fleet(folder, sandbox, accounts)
            name = f"{accounts:,} accounts, {delay} ms"
            times = max(runs // fewer, min(runs, 5))
            rows.append(job_row(binary, folder, name, sandbox, config, limit(accounts, delay), times))
    with Sandbox(binary, folder, NAMES[:DEEP], 20) as sandbox:
        config = fleet(folder, sandbox, 100 * DEEP, chained=True)
        name = f"a chain of {DEEP} services, 100 accounts each, 20 ms"
        rows.append(job_row(binary, folder, name, sandbox, config, chain_limit(100 * DEEP, 20, DEEP), runs))
    say("system calls")
    with Sandbox(binary, folder, NAMES, 20) as sandbox:
        counted = calls(folder, phases(binary, folder, fleet(folder, sandbox, 1000)))
        shutil.rmtree(folder / "journals")
    start.append(("1,000 accounts: system calls", f"{counted:,}", ""))
    head = ("life cycle", "runs", "wall time", "times the limit", "CPU time", "peak memory")
    head += ("requests", "connections", "sent / received")
    return section(where, table(("what", "median", "least"), start), table(head, rows))
