"""This machine: what it is, what has to be installed on it, and what a measured process may see of it."""

import datetime
import os
import pathlib
import platform
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / "target" / "tools"

# A program that a part needs, and the package of Debian that brings it.
NEEDS = {"hyperfine": "hyperfine", "time": "time", "wrk": "wrk", "strace": "strace"}


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def fail(text, hint):
    say(f"error: {text}")
    say(f"hint: {hint}")
    sys.exit(1)


def output(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more).stdout.strip()


def program(name):
    """Where a program is. Those of Debian that serve are in a folder that not every PATH has."""
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")


def install(packages):
    """Installs Debian's packages for the programs that are missing: a map from program or file to package."""
    missing = [package for what, package in packages.items() if not (program(what) or os.path.exists(what))]
    if not missing:
        return
    say(f"installing {' '.join(missing)}")
    root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    for command in (["apt-get", "update"], ["apt-get", "install", "-y", "--no-install-recommends", *missing]):
        done = subprocess.run([*root, "env", "DEBIAN_FRONTEND=noninteractive", *command], check=False, **quiet)
        if done.returncode != 0:
            fail(f"`{' '.join(command)}` failed: {done.stderr.strip()[-300:]}", "install the packages by hand")


def environment(folder):
    """What every measured process sees: nothing of a CI host, and no certificates or backtraces of a developer's machine."""
    return {"PATH": os.defpath, "HOME": str(folder), "TMPDIR": str(folder)}


def about(binary, *others):
    """Where and with what was measured; `others` are versions of tools beside those that every part uses."""
    processor = pathlib.Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in processor.splitlines() if line.startswith("model name")), "")
    commit = output("git", "-C", str(ROOT), "rev-parse", "--short", "HEAD")
    changed = output("git", "-C", str(ROOT), "status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock")
    versions = [
        output(binary, "--version"),
        output("hyperfine", "--version"),
        output("strace", "--version").splitlines()[0].replace(" -- version", ""),
        f"Python {platform.python_version()}",
        *others,
    ]
    load = os.getloadavg()[0]
    # On a machine that is shared, `chrt -r 1 scripts/bench` keeps the others' work out of the wall times.
    first = "" if os.sched_getscheduler(0) == os.SCHED_OTHER else ", at real-time priority"
    return [
        f"{datetime.date.today()}, commit {commit}{' with changes' if changed else ''}",
        f"Linux {platform.release()}, {os.cpu_count()} cores ({model}), load before the start {load:.1f}{first}",
        ", ".join(versions),
    ]
