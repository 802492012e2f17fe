# SPDX-License-Identifier: Apache-2.0
"""Rekeying under load, whoever the daemons are."""
import os
import re

from .load import Load
from .wait import wait_until

# How many in a row; more of them by the environment.
COUNT = int(os.environ.get("CYGNET_REKEYS", "20"))
# Old inbound SAs go soon, so that not many are there at once.
SETTINGS = {"charon": {"delete_rekeyed_delay": 1}}
NEVER = {"rekey_time": "0", "children": {"net": {"rekey_time": "0", "life_time": "0"}}}
OFTEN = {"rekey_time": "1s", "life_time": "60s", "rand_time": "0"}


def over(by, what):
    """The connections of both sides: `by` rekeys the child or the IKE_SA once a second."""
    often = {"child": {"rekey_time": "0", "children": {"net": OFTEN}},
             "ike": {"rekey_time": "1s", "over_time": "60s", "rand_time": "0",
                     "children": NEVER["children"]}}
    return {side: often[what] if side == by else NEVER for side in ("carol", "moon")}


def run(lab, carol, moon, what, by):
    """COUNT rekeyings of a kind under load: not one ping is lost, and one SA of each is left."""
    line = {"child": r"CHILD_SA net\{\d+\} established with SPIs",
            "ike": r"IKE_SA \S+ rekeyed between"}[what]
    carol.initiate("net")
    host = carol if by == "carol" else moon
    with Load(lab.top.carol, lab.top.moon, lab.top.lan_gateway, COUNT + 10) as load:
        wait_until(lambda: count(host, line) >= COUNT, f"{COUNT} rekeyings", COUNT * 3 + 30, 0.5)
    print(f"{what} by {by}: {count(host, line)} rekeyed, {len(load.lost)} of {load.sent} pings "
          f"lost, {load.bytes >> 20} MiB")
    assert load.sent > 10 * COUNT and not load.lost, (load.lost, load.report[-500:])
    assert load.bytes > 0
    for one in (carol, moon):
        assert [sa.state for sa in one.sas()].count("ESTABLISHED") == 1, one.sas()
        assert "giving up" not in one.log()


def count(host, pattern):
    """How often a line is in a host's log."""
    return len(re.findall(pattern, host.log()))
