#!/usr/bin/env python3
"""The script that this project grew from, with its bugs mended, for a comparison: what one would write in Python by hand.

    article.py CONFIG COUNT THREADS

Its configuration is the article's: a list of services with `name`, `endpoint`, `username` and `password`. It creates and
verifies COUNT accounts in each, then deletes them, with so many threads a service, each with a session of its own that
keeps its connection. It needs `requests`.

What was mended: accounts are made at once and not one after the other; a connection is kept; an answer is checked and has a
time-out; what was created is deleted though something failed; names are unique; a password is in no log. It still has no
journal, looks nothing up, and forgets everything when it is killed.
"""

import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import requests

TIMEOUT = 10


class Service:
    def __init__(self, entry):
        self.accounts = entry["endpoint"].rstrip("/") + "/accounts"
        self.credentials = (entry["username"], entry["password"])
        self.sessions = threading.local()

    def session(self):
        if not hasattr(self.sessions, "mine"):
            self.sessions.mine = requests.Session()
            self.sessions.mine.auth = self.credentials
            # The machine's proxies and netrc are looked at for every request otherwise.
            self.sessions.mine.trust_env = False
        return self.sessions.mine

    def create(self, username):
        body = {"username": username, "email": f"{username}@example.com", "role": "tester"}
        answer = self.session().post(self.accounts, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()["id"]

    def verify(self, identity, username):
        answer = self.session().get(f"{self.accounts}/{identity}", timeout=TIMEOUT)
        answer.raise_for_status()
        if answer.json()["username"] != username:
            raise ValueError(f"{identity} is not {username}")

    def delete(self, identity):
        answer = self.session().delete(f"{self.accounts}/{identity}", timeout=TIMEOUT)
        if answer.status_code not in (404, 410):
            answer.raise_for_status()


def main():
    path, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with open(path) as file:
        services = [Service(entry) for entry in json.load(file)["services"]]
    made, failures = [], []

    def provision(service, username):
        try:
            identity = service.create(username)
            made.append((service, identity))
            service.verify(identity, username)
        except (requests.RequestException, ValueError, KeyError) as error:
            failures.append(error)

    def remove(service, identity):
        try:
            service.delete(identity)
        except requests.RequestException as error:
            failures.append(error)

    pools = {service: ThreadPoolExecutor(threads) for service in services}
    jobs = [pools[service].submit(provision, service, f"test-user-{number}") for number in range(count) for service in services]
    for job in jobs:
        job.result()
    for job in [pools[service].submit(remove, service, identity) for service, identity in made]:
        job.result()
    for failure in failures:
        print(failure, file=sys.stderr)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
