# SPDX-License-Identifier: Apache-2.0
"""Policies: traps that wait for a packet, and what passes or is dropped."""
import pytest
from lib import conf
from lib.traffic import ping
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")


def trapping(**child):
    """carol without a virtual address; her child waits for a packet."""
    return {"vips": None, "children": {"net": {"start_action": "trap", **child}}}


def routes(lab):
    """Of carol's tunnels."""
    return lab.top.carol.run("ip", "route", "show", "table", "220", check=False).stdout


def test_first_packet_brings_the_tunnel_up(lab):
    """No SA until carol sends something; of her pings only those lose that came in between."""
    carol, moon = lab.psk(carol=trapping(), moon={"pools": None})
    assert not carol.sas() and "10.1.0.0/16" in routes(lab)
    answer = ping(lab.top.carol, lab.top.lan_gateway, count=20)
    print(f"{answer.sent - answer.received} of {answer.sent} pings lost")
    # The last packet that met the trap waits for the SA: it is an answer, too.
    assert answer.received >= 10, answer
    carol.wait_log(r"creating acquire job for policy 192.168.0.3/32\[icmp/8\] === "
                   r"10.1.0.2/32\[icmp/8\] with reqid \{1\}")
    assert len(carol.sas()) == len(moon.sas()) == 1
    lab.prove(carol, moon)


def test_one_ping_is_not_lost(lab):
    """A single packet is held back until its SA is there."""
    carol, _ = lab.psk(carol=trapping(), moon={"pools": None})
    assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
    assert carol.sa().child("net").packets_out == 1


def test_trap_stays_when_the_child_goes(lab):
    """Closed by either side, the next packet brings it back; unloaded, nothing does."""
    carol, moon = lab.psk(carol=trapping(), moon={"pools": None})
    for closer in (carol, moon):
        assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
        closer.terminate(child="net")
        wait_until(lambda: not any(sa.children for sa in carol.sas()), "the end of the child")
        assert "10.1.0.0/16" in routes(lab)
    carol.reconfigure(conf.psk_home(lab.top.moon_addr, vips=None))
    carol.load()
    assert "10.1.0.0/16" not in routes(lab)
    mark = carol.mark()
    ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=1)
    assert not carol.sa().children and "acquire" not in carol.log_since(mark)


def test_trap_after_a_restart(lab):
    """carol's machine dies and comes back: her next packet goes through a new tunnel."""
    carol, moon = lab.psk(carol=trapping(), moon={"pools": None})
    assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
    carol.kill()
    carol.start()
    assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
    lab.prove(carol, moon)
