"""Tests that would log in: here they only look at what they would log in with."""

import pytest


@pytest.mark.parametrize("basket", range(6))
def test_a_buyer_has_a_basket(account, basket, record_property):
    record_property("username", account["username"])
    assert account["id"] and len(account["password"]) == 24
