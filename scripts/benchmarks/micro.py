"""What Standin computes: a plan of 100,000 accounts, the replay of a journal of 100,000 lines, and the parts of a request."""

import re
import shutil
import subprocess

from .machine import NEEDS, ROOT, about, install, say
from .meter import once
from .service import Sandbox
from .table import mb, section, spread, table
from .work import NAMES, fleet, phases

PLANNED, REPLAYED = 100_000, 20_000


def row(folder, name, command, runs):
    say(f"{name}, {runs} times")
    costs = [once(folder, *command) for _ in range(runs)]
    return (name, spread(cost.wall for cost in costs), spread(cost.cpu for cost in costs), mb(max(cost.memory for cost in costs)))


def command_rows(binary, folder, runs):
    rows = []
    with Sandbox(binary, folder, NAMES, 0) as sandbox:
        plan = [binary, "plan", "--format", "json", "--config-file", fleet(folder, sandbox, PLANNED)]
        rows.append(row(folder, f"`standin plan --format json` of {PLANNED:,} accounts", plan, runs))
        # Of each account five lines: create intended, created, verified, delete intended, deleted.
        commands = phases(binary, folder, fleet(folder, sandbox, REPLAYED))
        for command in commands:
            once(folder, *command)
        (journal,) = (folder / "journals").glob("*/journal.jsonl")
        lines = journal.read_text().count("\n")
        # Everything is settled already: it reads, and finds nothing to do.
        rows.append(row(folder, f"`standin cleanup` of a settled journal of {lines:,} lines", commands[1], runs))
        shutil.rmtree(folder / "journals")
    return rows


def bench_rows():
    """What divan has timed within the process."""
    say("cargo bench")
    # Compilers' warnings and such go where they are seen.
    done = subprocess.run(
        ["cargo", "bench", "--locked", "--quiet", "--bench", "core"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
    )
    rows, group = [], ""
    for line in done.stdout.splitlines():
        cells = [cell.strip() for cell in line.split("│")]
        timed = re.match(r"[│├╰─ ]*(\S.*?)  +([\d.]+ \S+)$", "│".join(cells[:-5])) if len(cells) > 5 else None
        named = re.match(r"[├╰]─ (\S+)", line)
        if named:
            group = named[1].replace("_000", ",000").replace("_", " ")
        if timed and len(cells) > 5:
            name = timed[1].strip("│├╰─ ")
            inner = not re.match(r"[├╰]─", line)
            rows.append((f"{group}: {name}" if inner else group, cells[-4], timed[2], cells[-5]))
    return rows


def measure(binary, folder, runs):
    """The tables of what is computed."""
    install(NEEDS)
    where = about(binary)
    commands = command_rows(binary, folder, max(min(runs, 10), 2))
    return section(
        where,
        table(("command", "wall time", "CPU time", "peak memory"), commands),
        table(("within the process (`cargo bench`)", "median", "least", "most"), bench_rows()),
    )
