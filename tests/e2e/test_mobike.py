# SPDX-License-Identifier: Apache-2.0
"""Roaming (RFC 4555): hosts whose addresses, paths and NATs change under traffic."""
import time

from lib import conf, netns
from lib.steady import Steady
from lib.wait import wait_until

# Without a path for a second at most a second's worth of pings is lost.
SECOND = 1.0


def readdress(ns, addr, dev="eth0", gateway=None):
    """Take all addresses of an interface away and give it another one, and a default route."""
    gateway = f"ip route replace default via {gateway}" if gateway else "true"
    ns.run("sh", "-c", f"ip addr flush dev {dev}; ip addr add {addr} dev {dev}; {gateway}")


def at(host, local, remote):
    """Whether the host's IKE_SA has these addresses."""
    sa = host.sa()
    return (sa.local_addr, sa.remote_addr) == (local, remote)


def wait_at(host, local, remote, timeout=10):
    """Wait until the host's IKE_SA has these addresses."""
    wait_until(lambda: at(host, local, remote), f"{host.name} at {local} - {remote}", timeout)


def drops(host):
    """ESP packets that the host's children dropped."""
    found = host.json("status")
    text = str(found)
    return [key for key in ("dropped-replay", "dropped-auth") if key in text]


def test_client_moves(lab):
    """The client gets another address: loss only while it has none, everything else stays."""
    carol, moon = lab.psk()
    carol.initiate("net")
    vips, child = carol.sa().local_vips, carol.sa().child("net")
    with Steady(lab.top.carol, lab.top.lan_gateway) as pings:
        for addr in ("192.168.0.9", "192.168.0.10", "192.168.0.3"):
            time.sleep(1)
            readdress(lab.top.carol, f"{addr}/24", gateway="192.168.0.2")
            wait_at(carol, addr, "192.168.0.2")
            wait_at(moon, "192.168.0.2", addr)
        time.sleep(1)
    print(pings)
    assert pings.gap <= SECOND, pings
    assert carol.sa().local_vips == vips
    assert carol.sa().child("net").spi_in == child.spi_in
    assert not drops(carol) and not drops(moon)
    lab.prove(carol, moon)


def test_gateway_moves(lab):
    """An address of the gateway goes; the client follows to the other one."""
    top = lab.pair()
    netns.add_address(top.moon, "eth0", "192.168.1.2/24")
    netns.add_address(top.carol, "eth0", "192.168.1.3/24")
    carol, moon = lab.psk()
    carol.initiate("net")
    with Steady(top.carol, top.lan_gateway) as pings:
        time.sleep(1)
        top.moon.ip("addr", "del", "192.168.0.2/24", "dev", "eth0")
        wait_until(lambda: carol.sa().remote_addr == "192.168.1.2", "carol to follow")
        wait_until(lambda: moon.sa().local_addr == "192.168.1.2", "moon to move")
        time.sleep(1)
    print(pings)
    assert pings.gap <= SECOND, pings
    lab.prove(carol, moon)


def test_dead_path(lab):
    """Nothing comes by the address in use, and nobody says so: liveness checks find out."""
    top = lab.pair()
    netns.add_address(top.moon, "eth0", "192.168.0.20/24")
    carol, moon = lab.psk(carol={"dpd_delay": "1s"})
    carol.initiate("net")
    top.moon.run("nft", "-f", "-", input="""
        table ip broken {
            chain in { type filter hook input priority 0; ip daddr 192.168.0.2 drop; }
            chain out { type filter hook output priority 0; ip saddr 192.168.0.2 drop; }
        }""")
    wait_at(carol, "192.168.0.3", "192.168.0.20", 15)
    wait_at(moon, "192.168.0.20", "192.168.0.3")
    lab.prove(carol, moon)
    assert "checking path 192.168.0.3[4500] - 192.168.0.20[4500]" in carol.log()


def test_nat_appears_and_goes(lab):
    """From a wire of its own the client goes behind a masquerading router, and back."""
    top = lab.lay(netns.natted)
    top.net.link(top.carol, top.moon, ["192.168.2.3/24"], ["192.168.2.2/24"], "eth1", "eth2")
    top.carol.ip("route", "replace", "192.168.0.2", "via", "192.168.2.2")
    carol, moon = lab.psk()
    carol.initiate("net")
    assert at(carol, "192.168.2.3", "192.168.0.2")
    with Steady(top.carol, top.lan_gateway) as pings:
        time.sleep(1)
        top.carol.ip("link", "set", "eth1", "down")
        wait_at(carol, "192.168.1.3", "192.168.0.2")
        wait_at(moon, "192.168.0.2", "192.168.0.1")
        time.sleep(1)
        carol.wait_log("local host is behind NAT, sending keep alives")
        mark = carol.mark()
        top.carol.run("sh", "-c", "ip link set eth1 up; ip link set eth0 down; "
                      "ip route replace 192.168.0.2 via 192.168.2.2")
        wait_at(carol, "192.168.2.3", "192.168.0.2")
        wait_at(moon, "192.168.0.2", "192.168.2.3")
        time.sleep(1)
    print(pings)
    assert pings.gap <= SECOND, pings
    assert "local host is behind NAT" not in carol.log_since(mark)
    lab.prove(carol, moon)


def test_no_network_for_a_while(lab):
    """Longer without any path than retransmissions would take: the SA waits for one."""
    carol, moon = lab.psk(carol={"dpd_delay": "1s"})
    carol.initiate("net")
    lab.top.carol.ip("link", "set", "eth0", "down")
    carol.wait_log("no route found to reach 192.168.0.2, MOBIKE update deferred")
    time.sleep(8)
    readdress(lab.top.carol, "192.168.0.9/24")
    lab.top.carol.ip("link", "set", "eth0", "up")
    wait_at(carol, "192.168.0.9", "192.168.0.2")
    wait_at(moon, "192.168.0.2", "192.168.0.9")
    lab.prove(carol, moon)
    assert len(carol.sas()) == 1 and "giving up" not in carol.log()


def test_interfaces_ignore(lab):
    """An interface that does not count is neither used nor told of."""
    top = lab.pair()
    top.net.link(top.carol, top.moon, ["192.168.2.3/24"], ["192.168.2.2/24"], "eth1", "eth2")
    ignore = conf.merge(conf.SETTINGS, {"charon": {"interfaces_ignore": "eth1, eth2"}})
    carol, moon = lab.psk(settings=ignore)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "NO_ADD_ADDR" in carol.log() and "NO_ADD_ADDR" in moon.log()
    assert "192.168.2." not in carol.log() + moon.log()


def test_several_remote_addresses(lab):
    """One that leads nowhere, a name, and one that answers."""
    top = lab.pair()
    carol, moon = lab.psk(carol={"remote_addrs": "192.168.0.77, 192.168.0.2", "keyingtries": 1})
    done = carol.initiate("net", timeout=30)
    assert "peer not responding, trying its next address" in done.stdout + carol.log()
    lab.prove(carol, moon)
    assert top.carol_addr == carol.sa().local_addr
