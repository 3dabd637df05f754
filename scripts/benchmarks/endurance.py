#!/usr/bin/env python3
"""Life cycles without an end: does anything grow with the number of requests?

    endurance.py BINARY REQUESTS

One process tree: this script, a sandbox without delay, and the processes of Standin, at full speed.

- So many life cycles of 1,000 accounts, one after the other, that REQUESTS are sent.
- `status --watch`, one process that asks for the same 20,000 accounts again and again.
- `setup` and `cleanup` of 50,000 accounts, one process each. These remember an id for each account, so that their memory
  follows the accounts; it is shown, and their files and connections are judged.

Memory, open files and connections are read from /proc, from outside. What is measured later may not be more than in the
first tenth by more than the first tenth's own noise, or 3 %, whichever is larger. Exits with 1 where it is.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from benchmarks.machine import environment
from benchmarks.service import Sandbox
from benchmarks.work import NAMES, fleet, phases

CYCLE, WATCHED, MANY = 1000, 20_000, 50_000
LOOKS = 7
TOLERANCE = 0.03
KINDS = ("memory", "files", "connections")


class Sample(tuple):
    """The memory in kB, the open files and the open connections of a process at one moment."""

    @classmethod
    def of(cls, pid, memory="VmRSS"):
        try:
            lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
            kilobytes = next(int(line.split()[1]) for line in lines if line.startswith(memory))
            files = connections = 0
            for name in os.listdir(f"/proc/{pid}/fd"):
                files += 1
                try:
                    connections += os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:")
                except FileNotFoundError:
                    pass
        # It has ended in between.
        except (OSError, StopIteration):
            return None
        return cls((kilobytes, files, connections))


def watch(command, folder, every, enough=None):
    """Runs a command and samples it to its end, or until `enough` says so of the seconds that went by."""
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    samples, begun = [], time.monotonic()
    while process.poll() is None:
        sample = Sample.of(process.pid)
        if sample:
            samples.append(sample)
        if enough and enough(time.monotonic() - begun):
            process.send_signal(signal.SIGTERM)
            process.wait()
            return samples
        time.sleep(every)
    if process.returncode != 0:
        sys.exit(f"`{command[1]}` ended with {process.returncode}: {(folder / 'log').read_text(errors='replace')[-500:]}")
    return samples


def text(kind, value):
    return f"{value / 1024:.1f} MB" if kind == "memory" else str(value)


def judge(what, samples, kinds=KINDS):
    """Compares what came after the first tenth with the first tenth, and prints both. Says whether nothing has grown."""
    tenth = max(len(samples) // 10, 1)
    good = True
    for place, kind in enumerate(KINDS):
        early = [sample[place] for sample in samples[:tenth]]
        late = [sample[place] for sample in samples[tenth:]] or early
        noise = max(max(early) - min(early), TOLERANCE * max(early))
        grown = max(late) > max(early) + noise
        verdict = ("GROWN" if grown else "no growth") if kind in kinds else "follows the accounts"
        good = good and not (grown and kind in kinds)
        shown = [text(kind, value) for value in (min(early), max(early), min(late), max(late))]
        print(
            f"requests: {what}: {kind} {shown[0]} to {shown[1]} in the first tenth, {shown[2]} to {shown[3]} after it: {verdict}"
        )
    return good


def peaks(samples):
    return Sample(max(column) for column in zip(*samples))


def files_below(folder):
    return sum(len(names) for _, _, names in os.walk(folder))


def cycles(binary, folder, sandbox, count):
    """Life cycles, one after the other: the peak of each, and what is left of each on the disk."""
    config = fleet(folder, sandbox, CYCLE)
    ours, services, files = [], [], []
    for _ in range(count):
        seen = [sample for command in phases(binary, folder, config) for sample in watch(command, folder, 0.01)]
        ours.append(peaks(seen))
        # The sandbox hears a little later that the connections are closed.
        time.sleep(0.02)
        services.append(Sample.of(sandbox.process.pid))
        files.append(files_below(folder / "journals"))
    good = judge(f"{count} life cycles of {CYCLE:,} accounts, peaks of each", ours)
    good = judge("the sandbox beside them", services, ("files", "connections")) and good
    # A settled journal is kept for a day (docs/journal.md), so that its files are there, and as many for each.
    left = sorted({later - earlier for earlier, later in zip([0, *files], files)})
    print(f"requests: files of the settled journal of each: {' or '.join(map(str, left))}")
    return good and len(left) == 1


def watched(binary, folder, sandbox):
    """One process over many looks at the same accounts."""
    # The journals of before are settled; here only the looks count.
    shutil.rmtree(folder / "journals")
    setup, cleanup = phases(binary, folder, fleet(folder, sandbox, WATCHED))
    watch(setup, folder, 0.2)
    before = sum(sandbox.requests().values())
    journal = ["--journal", folder / "journals"]
    # It looks every 30 s, and a look is a matter of seconds.
    samples = watch([binary, "status", "--watch", *journal], folder, 0.2, lambda passed: passed > 30 * (LOOKS - 1) + 15)
    looked = sum(sandbox.requests().values()) - before
    watch(cleanup, folder, 0.2)
    # From the second look on: only then all that it keeps from one look to the next is there.
    steady = samples[2 * len(samples) // LOOKS :]
    return judge(f"`status --watch`, {looked:,} requests of one process", steady)


def large(binary, folder, sandbox):
    good = True
    for command in phases(binary, folder, fleet(folder, sandbox, MANY)):
        samples = watch(command, folder, 0.1)
        # Before the first request it plans and opens its connections.
        busy = [sample for sample in samples if sample[2] > 0]
        good = judge(f"`{command[1]}` of {MANY:,} accounts", busy[5:] or samples, ("files", "connections")) and good
    return good


def main():
    sys.stdout.reconfigure(line_buffering=True)
    binary, requests = sys.argv[1], int(sys.argv[2])
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="standin-soak-") as place:
        folder = pathlib.Path(place)
        with Sandbox(binary, folder, NAMES, 0) as sandbox:
            good = cycles(binary, folder, sandbox, max(requests // (3 * CYCLE), 10))
            if requests >= 100_000:
                good = watched(binary, folder, sandbox) and good
                good = large(binary, folder, sandbox) and good
            sent = sum(sandbox.requests().values())
    print(f"requests: {sent:,} requests in {time.monotonic() - begun:.0f} s")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
