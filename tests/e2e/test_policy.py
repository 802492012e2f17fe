# SPDX-License-Identifier: Apache-2.0
"""Policies: traps that wait for a packet, and what passes or is dropped."""
import pytest
from lib import conf, netns
from lib.traffic import Capture, ping
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
    answer = ping(lab.top.carol, lab.top.lan_gateway, count=20, interval=0.05)
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


# --- shunts -----------------------------------------------------------------------------------

def shunting(lab, **children):
    """carol's configuration with these children, none of which has an SA, beside the tunnel."""
    tree = conf.psk_home(lab.top.moon_addr, vips=None)
    tree["connections"]["shunts"] = {"remote_addrs": "127.0.0.1", "children": children}
    return tree


def seen(lab, target):
    """Of two packets to target: how many carol puts on the wire as they are, and into a tunnel."""
    carol = lab.hosts[0]
    before = carol.sa().child("net").packets_out
    path = lab.path(f"wire{len(list(lab.directory.glob('wire*.pcap')))}.pcap")
    with Capture(lab.top.moon, "eth0", path, f"dst host {target}") as capture:
        ping(lab.top.carol, target, count=2, wait=1)
    clear = capture.text().count("echo request")
    return clear, carol.sa().child("net").packets_out - before


def reload(lab, tree):
    """Load another configuration into carol's daemon; the tunnel stays."""
    lab.hosts[0].reconfigure(tree)
    lab.hosts[0].load()


def tunnel(lab):
    """carol and moon with a tunnel to 10.1.0.0/16 that is up."""
    carol, moon = lab.psk(carol={"vips": None}, moon={"pools": None})
    carol.initiate("net")
    return carol, moon


@pytest.mark.parametrize("remote", ["10.1.0.10/32", "10.0.0.0/8"])
def test_pass(lab, remote):
    """What a pass names leaves in the clear, though the tunnel has it, and has it narrower."""
    carol, moon = tunnel(lab)
    before = routes(lab)
    assert seen(lab, lab.top.lan_host) == (0, 2)
    reload(lab, shunting(lab, lan={"mode": "pass", "remote_ts": remote}))
    assert f"throw {remote.removesuffix('/32')}" in routes(lab)
    assert seen(lab, lab.top.lan_host) == (2, 0)
    assert seen(lab, lab.top.lan_gateway) == ((0, 2) if "/32" in remote else (2, 0))
    reload(lab, conf.psk_home(lab.top.moon_addr, vips=None))
    assert routes(lab) == before
    lab.prove(carol, moon)


def test_pass_first(lab):
    """The tunnel that comes up after the pass, for the same destination, does not undo it."""
    carol, _ = lab.psk(carol={"vips": None}, moon={"pools": None})
    reload(lab, shunting(lab, lan={"mode": "pass", "remote_ts": "10.1.0.0/24"}))
    carol.initiate("net")
    assert seen(lab, lab.top.lan_gateway) == (2, 0)
    carol.stop()
    assert not routes(lab)


def test_pass_of_ipv6(lab):
    """The same with IPv6 addresses."""
    lab.lay(netns.pair6)
    carol, moon = lab.psk(carol={"vips": None, "children": {"net": {
        "remote_ts": "2001:db8:1::/64"}}}, moon={"pools": None, "children": {"net": {
            "local_ts": "2001:db8:1::/64"}}})
    carol.initiate("net")
    plain = carol.config
    tree = conf.merge(plain, {"connections": {"shunts": {
        "remote_addrs": "::1",
        "children": {"lan": {"mode": "pass", "remote_ts": "2001:db8:1::/64"}}}}})
    reload(lab, tree)
    assert seen(lab, lab.top.lan_host) == (2, 0)
    reload(lab, plain)
    assert seen(lab, lab.top.lan_host) == (0, 2)


def test_drop(lab):
    """What a drop names is not sent unless a tunnel has it; with a priority, not even then."""
    carol, moon = tunnel(lab)
    before = routes(lab)
    assert seen(lab, "10.2.0.1") == (2, 0)
    reload(lab, shunting(lab, all={"mode": "drop", "remote_ts": "10.0.0.0/8"}))
    assert seen(lab, "10.2.0.1") == (0, 0)
    lab.prove(carol, moon)
    reload(lab, shunting(lab, one={"mode": "drop", "remote_ts": lab.top.lan_host,
                                   "priority": 1}))
    assert seen(lab, lab.top.lan_host) == (0, 0)
    assert seen(lab, "10.2.0.1") == (2, 0)
    reload(lab, conf.psk_home(lab.top.moon_addr, vips=None))
    assert routes(lab) == before
    assert seen(lab, lab.top.lan_host) == (0, 2)


@pytest.mark.parametrize("option", [{"remote_ts": "10.1.0.0/16[tcp/22]"}, {"priority": 7},
                                    {"local_ts": "192.168.0.0/24"}], ids=" ".join)
def test_shunt_that_is_no_route(lab, option):
    """Routes cannot tell such packets from others: nothing unnamed leaves in the clear."""
    carol, _ = tunnel(lab)
    reload(lab, shunting(lab, lan={"mode": "pass", "remote_ts": "10.1.0.0/16", **option}))
    carol.wait_log("lan: in user space mode = pass and drop go by the addresses of remote_ts alone")
    carol.wait_log("installing pass policy 'lan' failed")
    assert seen(lab, lab.top.lan_gateway) == (0, 2)


# --- updown -----------------------------------------------------------------------------------

def updown(lab, name):
    """A script that writes its variables, and the function that reads them: a dictionary a run."""
    out, script = lab.path(name), lab.path(name + ".sh")
    script.write_text(f"#!/bin/sh\n{{ env | grep ^PLUTO_; echo; }} >> {out}\n")
    script.chmod(0o755)

    def runs(count):
        def read():
            blocks = out.read_text().split("\n\n")[:-1] if out.exists() else []
            return blocks if len(blocks) >= count else None
        wait_until(read, f"{count} runs of {name}")
        return [dict(line.split("=", 1) for line in block.splitlines()) for block in read()]
    return str(script), runs


def test_updown_of_a_client_and_its_gateway(lab):
    """Every variable of the interface, on both sides, when it comes up and when it goes."""
    one, carols = updown(lab, "carol")
    two, moons = updown(lab, "moon")
    carol, moon = lab.psk(
        carol={"children": {"net": {"updown": one, "remote_ts": "10.1.0.0/16[tcp/80]"}}},
        moon={"children": {"net": {"updown": two, "hostaccess": True, "reqid": 77}}})
    carol.initiate("net")
    client = {
        "PLUTO_VERSION": "1.1", "PLUTO_VERB": "up-client", "PLUTO_CONNECTION": "net",
        "PLUTO_INTERFACE": "eth0", "PLUTO_REQID": "1", "PLUTO_PROTO": "esp",
        "PLUTO_UNIQUEID": "1", "PLUTO_ME": "192.168.0.3", "PLUTO_MY_ID": conf.CAROL,
        "PLUTO_MY_CLIENT": "10.3.0.1/32", "PLUTO_MY_PORT": "0", "PLUTO_MY_PROTOCOL": "0",
        "PLUTO_PEER": "192.168.0.2", "PLUTO_PEER_ID": conf.MOON,
        "PLUTO_PEER_CLIENT": "10.1.0.0/24", "PLUTO_PEER_PORT": "80",
        "PLUTO_PEER_PROTOCOL": "6", "PLUTO_MY_SOURCEIP": "10.3.0.1",
        "PLUTO_MY_SOURCEIP4_1": "10.3.0.1", "PLUTO_UDP_ENC": "4500",
    }
    gateway = {
        "PLUTO_VERSION": "1.1", "PLUTO_VERB": "up-client", "PLUTO_CONNECTION": "net",
        "PLUTO_INTERFACE": "eth0", "PLUTO_REQID": "77", "PLUTO_PROTO": "esp",
        "PLUTO_UNIQUEID": "1", "PLUTO_ME": "192.168.0.2", "PLUTO_MY_ID": conf.MOON,
        "PLUTO_MY_CLIENT": "10.1.0.0/24", "PLUTO_MY_PORT": "80", "PLUTO_MY_PROTOCOL": "6",
        "PLUTO_PEER": "192.168.0.3", "PLUTO_PEER_ID": conf.CAROL,
        "PLUTO_PEER_CLIENT": "10.3.0.1/32", "PLUTO_PEER_PORT": "0",
        "PLUTO_PEER_PROTOCOL": "0", "PLUTO_PEER_SOURCEIP": "10.3.0.1",
        "PLUTO_PEER_SOURCEIP4_1": "10.3.0.1", "PLUTO_UDP_ENC": "4500",
        "PLUTO_HOST_ACCESS": "1",
    }
    assert carols(1) == [client]
    assert moons(1) == [gateway]
    carol.terminate(child="net")
    assert carols(2)[1] == {**client, "PLUTO_VERB": "down-client"}
    assert moons(2)[1] == {**gateway, "PLUTO_VERB": "down-client"}


def test_updown_at_the_end_of_the_daemon(lab):
    """What comes down because the daemon ends has its script run, too."""
    one, carols = updown(lab, "carol")
    carol, _ = lab.psk(carol={"vips": None, "children": {"host": {"updown": one}}},
                       moon={"pools": None})
    carol.initiate("host")
    assert carols(1)[0]["PLUTO_VERB"] == "up-host"
    assert carols(1)[0]["PLUTO_PEER_CLIENT"] == "192.168.0.2/32"
    carol.stop()
    assert carols(2)[1]["PLUTO_VERB"] == "down-host"


def test_updown_that_fails(lab):
    """It does not disturb the tunnel; the log has what it says."""
    fails = {"children": {"net": {"updown": "echo \"hello $PLUTO_VERB\"; exit 3"}}}
    carol, moon = lab.psk(carol=fails)
    carol.initiate("net")
    carol.wait_log("net: hello up-client")
    carol.wait_log("updown script 'net' failed with exit status 3")
    lab.prove(carol, moon, tcp=False)
