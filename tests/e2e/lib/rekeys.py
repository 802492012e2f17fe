# SPDX-License-Identifier: Apache-2.0
"""Rekeying under load, whoever the daemons are."""
import json
import os
import re
from collections import Counter

from .host import Cygnet, StrongSwan
from .load import Load
from .wait import wait_until

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


def run(lab, carol, moon, what, by, times=20):
    """Rekeyings of a kind under load: not one ping is lost, and one SA of each is left.

    CYGNET_REKEYS in the environment says how many, else `times`.
    """
    times = int(os.environ.get("CYGNET_REKEYS", times))
    # Both halves of a child have a line, in our log; the first one is no rekeying.
    line = {"child": r"CHILD_SA net\{(?!1\})(\d+)\} established with SPIs",
            "ike": r"IKE_SA (\S+) rekeyed between"}[what]
    carol.initiate("net")
    host = carol if by == "carol" else moon
    before = [drops(one) for one in (carol, moon)]
    # A burst of TCP must not fill strongSwan's socket: it has the kernel's default size.
    window = "32K" if any(isinstance(one, StrongSwan) for one in (carol, moon)) else None
    with Load(lab.top.carol, lab.top.moon, lab.top.lan_gateway, times * 5 // 4 + 10,
              window) as load:
        wait_until(lambda: count(host, line) >= times or load.ended, "the rekeyings",
                   times * 3 + 30, 0.5)
        assert not load.ended, f"only {count(host, line)} of {times} rekeyings under load"
    where = {one.name: drops(one) - old for one, old in zip((carol, moon), before)}
    print(f"{what} by {by}: {count(host, line)} rekeyed, {len(load.lost)} of {load.sent} pings "
          f"lost, {load.bytes >> 20} MiB; dropped: {where}")
    assert load.sent > 10 * times and not load.lost, (load.lost, where, load.report[-500:])
    assert load.bytes > 0
    for one in (carol, moon):
        # The timers go on: in the midst of a rekeying none is.
        wait_until(lambda host=one: [sa.state for sa in host.sas()].count("ESTABLISHED") == 1,
                   f"{one.name}: one IKE_SA")
        assert "giving up" not in one.log()


def drops(host):
    """How many packets a host dropped, and where: in the daemon (what no SA counts), before its
    sockets, and before its TUN device."""
    found = Counter()
    if isinstance(host, Cygnet):
        found.update({k: int(v) for k, v in host.json("stats")["datapath"].items()})
    for family in ("udp", "udp6"):
        for line in host.ns.run("cat", f"/proc/net/{family}").stdout.splitlines()[1:]:
            found["socket-full"] += int(line.split()[-1])
    for line in host.ns.ip("tuntap", "list").splitlines():
        device = json.loads(host.ns.ip("-s", "-j", "link", "show", line.split(":")[0]))[0]
        found["tun-full"] += device["stats64"]["tx"]["dropped"]
    return found


def count(host, pattern):
    """Of how many SAs a line is in a host's log."""
    return len(set(re.findall(pattern, host.log())))


def child_by_request(by, carol, moon, name):
    """`by` rekeys a child with --rekey: both have only the new one."""
    old = by.sa().child(name).spi_in
    by.swanctl("--rekey", "--child", name, check=True)

    def done(host):
        mine = [child for child in host.sa().children if child.name == name]
        return len(mine) == 1 and mine[0].state == "INSTALLED" and old not in (
            mine[0].spi_in, mine[0].spi_out)
    for host in (carol, moon):
        wait_until(lambda host=host: done(host), f"{host.name}: the new child {name} alone")


def ike_by_request(by, carol, moon):
    """`by` rekeys the IKE_SA with --rekey: both have only the new one, with the children."""
    old = by.sa()
    by.swanctl("--rekey", "--ike", old.name, check=True)

    def done(host):
        sas = host.sas()
        return len(sas) == 1 and sas[0].state == "ESTABLISHED" and sas[0].spi_i != old.spi_i
    for host in (carol, moon):
        wait_until(lambda host=host: done(host), f"{host.name}: the new IKE_SA alone")
        assert len(host.sa().children) == len(old.children)
