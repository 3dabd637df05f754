"""Gives each worker of pytest-xdist an account of its own.

    WORKERS=3 STANDIN_CREDENTIALS_FILE="$PWD/credentials.json" standin run --config standin.yml -- pytest -n 3
"""

import json
import os

import pytest


@pytest.fixture(scope="session")
def account(worker_id):
    """User name, password and id of this worker's buyer. Without xdist the one worker is the first."""
    number = 1 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    with open(os.environ["STANDIN_CREDENTIALS_FILE"], encoding="utf-8") as file:
        return json.load(file)["accounts"][f"shop/buyer-{number}"]
