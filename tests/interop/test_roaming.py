# SPDX-License-Identifier: Apache-2.0
"""MOBIKE and redirection with strongSwan 5.9.8 and 6.1, in both roles."""
import time

import pytest
from lib.steady import Steady
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")


def readdress(ns, addr, gateway):
    """Take carol's address away and give her another one, and a default route."""
    ns.run("sh", "-c", f"ip addr flush dev eth0; ip addr add {addr} dev eth0; "
           f"ip route replace default via {gateway}")


def test_client_moves(lab, any_kinds):
    """Another address for the client, twice, under traffic: the same IKE_SA goes on.

    strongSwan's ESP in user space cannot move: it rekeys the child after each change.
    """
    carol, moon = lab.psk(kinds=any_kinds)
    carol.initiate("net")
    before = carol.sa()
    with Steady(lab.top.carol, lab.top.lan_gateway) as pings:
        for addr in ("192.168.0.9", "192.168.0.10"):
            time.sleep(1)
            readdress(lab.top.carol, f"{addr}/24", "192.168.0.2")
            wait_until(lambda a=addr: carol.sa().local_addr == a, f"carol at {addr}", 20)
            wait_until(lambda a=addr: moon.sa().remote_addr == a, f"moon to know {addr}", 20)
        time.sleep(2)
    print(pings)
    assert pings.gap <= 1.0, pings
    assert carol.sa().spi_i == before.spi_i and carol.sa().local_vips == before.local_vips
    lab.prove(carol, moon)


def test_redirect(lab, any_kinds):
    """swanctl --redirect sends the client to the gateway's other address."""
    top = lab.pair()
    top.moon.ip("addr", "add", "192.168.0.20/24", "dev", "eth0")
    carol, moon = lab.psk(kinds=any_kinds)
    carol.initiate("net")
    done = moon.swanctl("--redirect", "--ike", "rw", "--gateway", "192.168.0.20")
    assert done.returncode == 0, done.stdout + done.stderr
    wait_until(lambda: [sa.remote_addr for sa in carol.sas() if sa.state == "ESTABLISHED"]
               == ["192.168.0.20"], "carol at the other address", 20)
    wait_until(lambda: len(moon.sas()) == 1, "moon to forget the former SA", 20)
    lab.prove(carol, moon)
