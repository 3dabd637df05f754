"""Measuring a command from outside: wall time, CPU time, memory, connections, and by strace what goes over them."""

import collections
import json
import pathlib
import re
import resource
import shutil
import subprocess
import time

from .machine import environment, fail

# Wall and CPU time in seconds, the peak of memory in kB, and how many connections were opened.
Cost = collections.namedtuple("Cost", "wall cpu memory connections")
# How many bytes a command sent and received over all its connections.
Wire = collections.namedtuple("Wire", "sent received")

MOVES = "sendto,recvfrom,sendmsg,recvmsg,sendmmsg,read,write,readv,writev"


def children():
    """The CPU seconds of every child that has ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def opened():
    """How many connections this machine has opened so far. A tracer would slow a command down, which then needs more."""
    lines = pathlib.Path("/proc/net/snmp").read_text().splitlines()
    names, numbers = (line.split() for line in lines if line.startswith("Tcp:"))
    return int(numbers[names.index("ActiveOpens")])


def timed(folder, before, command):
    connections, cpu, wall = opened(), children(), time.perf_counter()
    done = subprocess.run(
        [*before, *command],
        check=False,
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        # A plan of 100,000 accounts is long, and whoever reads it takes time too.
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    wall, cpu = time.perf_counter() - wall, children() - cpu
    if done.returncode != 0:
        fail(f"`{' '.join(map(str, command[:3]))} ...` ended with {done.returncode}: {done.stderr[-500:]}", "run it by hand")
    return wall, cpu, opened() - connections


def once(folder, *command):
    """What one run costs.

    GNU time starts the command: a child of Python's own would begin with the memory of Python in its peak.
    """
    usage = folder / "usage"
    wall, cpu, connections = timed(folder, [shutil.which("time"), "--quiet", "-f", "%M", "-o", usage], command)
    return Cost(wall, cpu, int(usage.read_text().split()[-1]), connections)


def in_turn(folder, commands, runs, tidy):
    """What commands cost that run one after the other, `runs` times: all added up, but of memory that of the largest.

    On two cores a command that was started by another one, as by GNU time, was at times put beside its service on one of
    them for as long as it ran, and took a fifth longer. Therefore its memory is measured in a run of its own.
    """
    memory = max(once(folder, *command).memory for command in commands)
    tidy()
    costs = []
    for _ in range(runs):
        wall, cpu, connections = map(sum, zip(*(timed(folder, [], command) for command in commands), strict=True))
        costs.append(Cost(wall, cpu, memory, connections))
        tidy()
    return costs


def hyperfine(folder, runs, *command):
    """The wall times of many runs, in seconds."""
    result = folder / "hyperfine.json"
    words = " ".join(str(word) for word in command)
    subprocess.run(
        ["hyperfine", "-N", "--warmup", "20", "--runs", str(runs), "--style", "none", "--export-json", result, words],
        check=True,
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return json.loads(result.read_text())["results"][0]["times"]


def traced(folder, options, command):
    done = subprocess.run(
        ["strace", *options, *command],
        check=False,
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        fail(f"`{command[0]}` under strace ended with {done.returncode}: {done.stderr[-500:]}", "run it by hand")


def wire(folder, commands):
    """What commands send and receive. The tracer slows them down, so nothing is timed here."""
    sent = received = 0
    for command in commands:
        traces = folder / "traces"
        traces.mkdir()
        # A file for each thread, or calls of several would stand in each other's lines.
        traced(folder, ["-ff", "--seccomp-bpf", "-yy", "-s", "0", "-e", f"trace={MOVES}", "-o", traces / "t"], command)
        for trace in traces.iterdir():
            for line in trace.read_text(errors="replace").splitlines():
                call = re.match(r"(\w+)\(\d+<TCP(?:v6)?:.*\) += (-?\d+)", line)
                if call is None:
                    continue
                name, came_to = call[1], int(call[2])
                if came_to > 0 and name.startswith(("send", "write")):
                    sent += came_to
                elif came_to > 0:
                    received += came_to
        shutil.rmtree(traces)
    return Wire(sent, received)


def calls(folder, commands):
    """How many system calls commands make."""
    report = folder / "calls"
    count = 0
    for command in commands:
        traced(folder, ["-f", "-c", "-U", "name,calls", "-o", report], command)
        for words in map(str.split, report.read_text().splitlines()):
            if len(words) == 2 and words[1].isdigit() and words[0] != "total":
                count += int(words[1])
    return count
