"""The same work by Standin, by Hurl and by the article's script, on the same servers in one run.

The work is 1,000 accounts in 10 services behind 20 ms, each created, verified and deleted, 16 at once in each service.

Hurl's fastest and least wasteful form is a file for each of the 160 that are at once: a file has one connection, and its
accounts follow each other in it. It is also measured as people write it, a file for each account, which opens a
connection for each. In both an account is deleted as soon as it was verified, which spares Hurl the memory of its ids.
The article's script has a thread for each of the 160, with a session of its own, so that connections are kept.
"""

import json
import pathlib
import shutil
import statistics
import subprocess

from . import picture
from .machine import NEEDS, TOOLS, about, install, output, say
from .meter import in_turn, wire
from .service import AUTHORIZATION, NGINX, PASSWORD, USER, Nginx, Sandbox
from .table import mb, ms, section, spread, table
from .work import AT_ONCE, NAMES, fleet, limit, phases

HURL = "8.0.1"
REQUESTS = "2.32.5"
ACCOUNTS, DELAY_MS = 1000, 20
# What Hurl is built with.
BUILD = {
    "clang": "clang",
    "/usr/include/libxml2": "libxml2-dev",
    "/usr/include/openssl/ssl.h": "libssl-dev",
    "/usr/include/x86_64-linux-gnu/curl/curl.h": "libcurl4-openssl-dev",
    "pkg-config": "pkg-config",
}


def install_hurl():
    """From source, as there is no binary in a registry; it takes some minutes once."""
    folder = TOOLS / f"hurl-{HURL}"
    program = folder / "bin" / "hurl"
    if not program.exists():
        install(BUILD)
        say(f"building Hurl {HURL}")
        build = TOOLS / "hurl-build"
        command = ["cargo", "install", "--quiet", "--locked", "--no-track", "--version", HURL, "--root", folder]
        subprocess.run([*command, "--target-dir", build, "hurl"], check=True)
        shutil.rmtree(build)
    return program


def install_python():
    folder = TOOLS / f"requests-{REQUESTS}"
    program = folder / "bin" / "python"
    if not (folder / "installed").exists():
        subprocess.run(["python3", "-m", "venv", "--clear", folder], check=True)
        pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
        subprocess.run([*pip, f"requests=={REQUESTS}"], check=True)
        (folder / "installed").touch()
    return program


def hurl_account(url, name):
    return f"""POST {url}/accounts
Authorization: {AUTHORIZATION}
{{"username": "{name}", "email": "{name}@example.com", "role": "tester"}}
HTTP 201
[Captures]
id: jsonpath "$.id"

GET {url}/accounts/{{{{id}}}}
Authorization: {AUTHORIZATION}
HTTP 200
[Asserts]
jsonpath "$.username" == "{name}"

DELETE {url}/accounts/{{{{id}}}}
Authorization: {AUTHORIZATION}
HTTP 204
"""


def hurl_command(program, folder, server, files_a_service):
    """Hurl, and its files: the accounts of a service are dealt out evenly over its files."""
    place = folder / f"hurl-{server.port}-{files_a_service}"
    place.mkdir()
    files = []
    for service in server.names:
        for first in range(files_a_service):
            numbers = range(first, ACCOUNTS // len(server.names), files_a_service)
            path = place / f"{service}-{first}.hurl"
            path.write_text("\n".join(hurl_account(server.url(service), f"test-user-{number}") for number in numbers))
            files.append(path)
    at_once = AT_ONCE * len(server.names)
    # From the services in turn, so that all of them are asked from the start.
    files.sort(key=lambda path: int(path.stem.rsplit("-", 1)[1]))
    return [program, "--no-output", "--parallel", "--jobs", str(at_once), *files]


def article_command(python, folder, server):
    services = [{"name": name, "endpoint": server.url(name), "username": USER, "password": PASSWORD} for name in server.names]
    path = folder / f"article-{server.port}.json"
    path.write_text(json.dumps({"services": services}))
    script = pathlib.Path(__file__).with_name("article.py")
    return [python, script, path, str(ACCOUNTS // len(server.names)), str(AT_ONCE)]


def of(part, whole):
    return f"{part / whole:.2f}" if part != whole else "1"


def measure_one(folder, name, server, commands, runs):
    say(f"{name} on {server.title}, {runs} times")
    tidy = lambda: shutil.rmtree(folder / "journals", ignore_errors=True)
    costs = in_turn(folder, commands, runs, tidy)
    moved = wire(folder, commands)
    tidy()
    return costs, moved


def measure(binary, folder, runs):
    """The table of the peers, and their picture beside it."""
    install({**NEEDS, **NGINX})
    hurl, python = install_hurl(), install_python()
    versions = [output(hurl, "--version").splitlines()[0].split(" (")[0], f"requests {REQUESTS}", Nginx.version()]
    where = about(binary, *versions)
    tables, bars = [], {}
    least = limit(ACCOUNTS, DELAY_MS)
    factor = lambda wall: f"{wall / least:.2f}"
    for serve in [lambda: Sandbox(binary, folder, NAMES, DELAY_MS), lambda: Nginx(folder, NAMES, DELAY_MS)]:
        with serve() as server:
            peers = {
                "Standin": list(phases(binary, folder, fleet(folder, server, ACCOUNTS))),
                "Hurl": [hurl_command(hurl, folder, server, AT_ONCE)],
                "Hurl, a file for each account": [hurl_command(hurl, folder, server, ACCOUNTS // len(server.names))],
                "the article's script": [article_command(python, folder, server)],
            }
            found = {name: measure_one(folder, name, server, commands, runs) for name, commands in peers.items()}
        ours = picture.Bar.of(found["Standin"][0])
        rows = []
        for name, (costs, moved) in found.items():
            bar = bars[server.title, name] = picture.Bar.of(costs)
            rows.append(
                (
                    name,
                    spread(cost.wall for cost in costs),
                    spread((cost.wall for cost in costs), factor),
                    spread(cost.cpu for cost in costs),
                    of(ours.cpu, bar.cpu),
                    mb(bar.memory),
                    of(ours.memory, bar.memory),
                    f"{statistics.median(cost.connections for cost in costs):,.0f}",
                    f"{moved.sent / 1000:,.0f} / {moved.received / 1000:,.0f} kB",
                )
            )
        head = (f"on {server.title}, {runs} runs", "wall time", f"times the limit of {ms(least)}", "CPU time", "Standin's part of it")
        head += ("peak memory", "Standin's part of it", "connections", "sent / received")
        tables.append(table(head, rows))
    title = f"{ACCOUNTS:,} accounts in {len(NAMES)} services behind {DELAY_MS} ms, {AT_ONCE} at once in each"
    (folder / "performance.svg").write_text(picture.draw(bars, title))
    return section(where, *tables)
