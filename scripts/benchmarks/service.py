"""The services that are asked: the sandbox, and nginx, which is nobody's of ours."""

import re
import signal
import socket
import subprocess
import time

from .machine import environment, fail, program

USER, PASSWORD = "qa", "sandbox-pw"
AUTHORIZATION = "Basic cWE6c2FuZGJveC1wdw=="

NGINX = {"nginx": "nginx-light", "/usr/lib/nginx/modules/ngx_http_echo_module.so": "libnginx-mod-http-echo"}


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Server:
    """A process that listens on loopback for as long as the `with` lasts."""

    def __init__(self, folder, names, port, command):
        self.port = port
        self.names = names
        self.log = folder / f"service-{port}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                env=environment(folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._await()

    def _await(self):
        for _ in range(500):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.01)
        fail("the service does not serve", f"read {self.log}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def url(self, name):
        return f"http://127.0.0.1:{self.port}/{name}"


class Sandbox(Server):
    """The sandbox, in a process of its own, and the log of what it was asked."""

    title = "sandbox"

    def __init__(self, binary, folder, names, delay_ms, *options):
        port = free_port()
        words = [binary, "sandbox", "--port", port, "--services", ",".join(names), "--delay", f"{delay_ms}ms", *options]
        super().__init__(folder, names, port, words)

    def requests(self):
        """How many requests it has answered, by method."""
        counts = {}
        with self.log.open(errors="replace") as log:
            for line in log:
                match = re.match(r"\S+ (GET|POST|DELETE) ", line)
                if match:
                    counts[match[1]] = counts.get(match[1], 0) + 1
        return counts


class Nginx(Server):
    """An independent service with a true delay. It keeps no books: an account's id is its user name, so that it can answer
    a read truly without having heard of the account."""

    title = "nginx"

    def __init__(self, folder, names, delay_ms):
        port = free_port()
        settings = folder / "nginx.conf"
        settings.write_text(self.settings(folder, port, delay_ms / 1000))
        super().__init__(folder, names, port, [program("nginx"), "-e", "stderr", "-p", folder, "-c", settings])

    @staticmethod
    def settings(folder, port, delay):
        places = "".join(
            f"{kind}_temp_path {folder}/nginx-{kind};\n    " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        return f"""
daemon off;
worker_processes 1;
user root;
pid {folder}/nginx.pid;
error_log stderr;
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
events {{ worker_connections 4096; }}
http {{
    {places}access_log off;
    keepalive_requests 1000000000;
    default_type application/json;
    map $request_body $made {{ '~"username": *"(?<name>[^"]+)"' $name; }}
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        location ~ ^/[^/]+/accounts$ {{
            echo_read_request_body;
            echo_sleep {delay};
            echo_status 201;
            echo -n '{{"id":"$made","username":"$made"}}';
        }}
        location ~ ^/[^/]+/accounts/(?<id>[^/]+)$ {{
            if ($request_method = DELETE) {{
                echo_sleep {delay};
                echo_status 204;
                break;
            }}
            echo_sleep {delay};
            echo -n '{{"id":"$id","username":"$id"}}';
        }}
    }}
}}
"""

    @staticmethod
    def version():
        done = subprocess.run([program("nginx"), "-v"], check=False, capture_output=True, text=True)
        return done.stderr.strip().replace("nginx version: ", "")
