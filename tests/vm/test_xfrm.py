# SPDX-License-Identifier: Apache-2.0
"""ESP in the kernel: what only this datapath has, and what it leaves in the system."""
import re
import signal
import subprocess

import pytest
from lib import conf, netns
from lib.host import DATAPATH, Cygnet, StrongSwan
from lib.traffic import Capture, ping
from lib.wait import wait_until

pytestmark = [pytest.mark.usefixtures("built"),
              pytest.mark.skipif(DATAPATH != "xfrm", reason="run it by tests/vm/run")]

OURS = (Cygnet, Cygnet)
KINDS = {"ourselves": OURS, "initiator": (Cygnet, StrongSwan), "responder": (StrongSwan, Cygnet)}


@pytest.fixture(name="kinds", params=KINDS)
def role(request):
    """The daemons of carol and moon; ours both, or strongSwan with ours in this role."""
    return KINDS[request.param]


def states(ns):
    """ip xfrm state, one line each."""
    return ns.ip("-o", "xfrm", "state").splitlines()


def policies(ns):
    """ip xfrm policy without those of sockets, one line each."""
    return [line for line in ns.ip("-o", "xfrm", "policy").splitlines() if "socket" not in line]


def traces(ns):
    """All that a datapath may leave behind."""
    rules = ns.ip("rule").splitlines() + ns.ip("-6", "rule").splitlines()
    return (states(ns), policies(ns), ns.routes(), ns.addresses(),
            [rule for rule in rules if "220" in rule])


def test_native_esp(lab, kinds):
    """Without NAT the wire carries ESP, not UDP; TCP and pings pass, counters and logs agree."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    with Capture(lab.top.moon, "eth0", lab.path("wire.pcap"), "ip") as capture:
        lab.prove(carol, moon)
        wait_until(lambda: "ESP(" in capture.text(), "captured packets")
    # A tap sees what has come in a second time, decrypted, from the peer's inner address.
    clear = [line for line in capture.text().splitlines()
             if "ESP(" not in line and ".4500" not in line and " 10.3.0.1" not in line]
    assert not clear, clear
    assert carol.sa().child("net").mode == "TUNNEL"
    for host in (carol, moon):
        if isinstance(host, Cygnet):
            assert "using the kernel's datapath (xfrm)" in host.log()
    carol.terminate(ike="home")
    carol.wait_gone()
    moon.wait_gone()
    for host in (carol, moon):
        assert not states(host.ns) and not policies(host.ns)


def test_nothing_is_left(lab):
    """The end of a daemon leaves the system as it was, and so does the next start after a crash."""
    carol, moon = lab.psk(start=False)
    before = traces(carol.ns), traces(moon.ns)
    lab.start(carol, moon)
    idle = traces(carol.ns), traces(moon.ns)
    carol.initiate("net")
    assert len(states(carol.ns)) == 2 and len(policies(carol.ns)) == 3
    carol.kill()
    moon.kill()
    assert len(states(carol.ns)) == 2 and "10.3.0.1" in carol.ns.addresses()
    # A foreign state and a foreign policy stay.
    carol.ns.ip("xfrm", "state", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "proto", "esp",
                "spi", "0x1234", "mode", "tunnel", "enc", "ecb(cipher_null)", "")
    carol.ns.ip("xfrm", "policy", "add", "src", "192.0.2.1", "dst", "192.0.2.2", "dir", "out")
    lab.start(carol, moon)
    assert "SAs and policies that an earlier run left" in carol.log()
    foreign = traces(carol.ns)
    assert len(foreign[0]) == len(foreign[1]) == 1
    assert (foreign[2:], traces(moon.ns)) == (idle[0][2:], idle[1])
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    carol.ns.ip("xfrm", "state", "flush", "proto", "esp")
    carol.stop()
    moon.stop()
    carol.ns.ip("xfrm", "policy", "flush")
    assert (traces(carol.ns), traces(moon.ns)) == before


def test_source_and_routes(lab):
    """A virtual IP on the loopback device, and routes with it as their source in table 220."""
    carol, moon = lab.psk()
    carol.initiate("net")
    assert re.search(r"^10\.1\.0\.0/24 .*dev eth0 .*src 10\.3\.0\.1",
                     carol.ns.ip("route", "show", "table", "220"), re.MULTILINE)
    assert "10.3.0.1/32" in carol.ns.ip("addr", "show", "dev", "lo")
    assert "src 10.1.0.2" in moon.ns.ip("route", "show", "table", "220")
    carol.terminate(ike="home")
    carol.wait_gone()
    assert not carol.ns.ip("route", "show", "table", "220")


@pytest.mark.parametrize("esp, name", [
    ("aes128-sha1", "cbc(aes)"), ("aes256-sha384", "hmac(sha384)"),
    ("aes256-sha512", "hmac(sha512)"), ("aes256ctr-sha256", "rfc3686(ctr(aes))"),
    ("aes128-aesxcbc", "xcbc(aes)"), ("aes128-aescmac", "cmac(aes)"),
    ("camellia256-sha256", "cbc(camellia)"), ("3des-sha1", "cbc(des3_ede)"),
    ("null-sha256", "ecb(cipher_null)"), ("aes256gcm16", "rfc4106(gcm(aes))"),
    ("aes128gcm8", "rfc4106(gcm(aes))"), ("aes256ccm16", "rfc4309(ccm(aes))"),
    ("chacha20poly1305", "rfc7539esp(chacha20,poly1305)"),
    ("aes256gcm16-esn", "rfc4106(gcm(aes))")])
def test_algorithms(lab, esp, name):
    """Every algorithm that Linux has, against strongSwan: what one seals the other opens."""
    over = {"children": {"net": {"esp_proposals": esp}}}
    carol, moon = lab.psk(kinds=(Cygnet, StrongSwan), carol=over, moon=over)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert any(name in state for state in states(carol.ns))


@pytest.mark.parametrize("window, shown", [(0, "replay-window 0"), (32, "replay-window 32"),
                                           (1024, "replay_window 1024")])
def test_replay_window(lab, window, shown):
    """replay_window arrives in the kernel, also where it takes more than 32 packets."""
    carol, moon = lab.psk(carol={"children": {"net": {"replay_window": window}}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    inbound = [state for state in states(carol.ns) if state.startswith("src 192.168.0.2 ")]
    assert len(inbound) == 1 and shown in inbound[0], inbound


def test_unknown_to_linux(lab):
    """CAMELLIA_CTR is ours, but not Linux': the log says so and what to do."""
    over = {"children": {"net": {"esp_proposals": "camellia256ctr-sha256"}}}
    carol, _ = lab.psk(carol=over, moon=over)
    assert carol.initiate("net", check=False).returncode != 0
    both = carol.log() + lab.hosts[1].log()
    assert "Linux has no CAMELLIA_CTR for ESP" in both


SIX = {"carol": {"vips": None, "children": {"net": {"remote_ts": "2001:db8:1::/64"}}},
       "moon": {"pools": None, "children": {"net": {"local_ts": "2001:db8:1::/64"}}}}


@pytest.mark.parametrize("encap", [False, True], ids=["native", "udp"])
def test_ipv6(lab, kinds, encap):
    """IPv6 outside and inside, native and in UDP."""
    lab.lay(netns.pair6)
    carol, moon = lab.psk(kinds=kinds, carol={**SIX["carol"], "encap": encap}, moon=SIX["moon"])
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert carol.sa().child("net").mode == ("TUNNEL-in-UDP" if encap else "TUNNEL")


def test_nat(lab, kinds):
    """Behind NAT: ESP in UDP on port 4500."""
    lab.lay(netns.natted)
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert moon.sa().remote_addr == "192.168.0.1"
    assert carol.sa().child("net").mode == "TUNNEL-in-UDP"


def test_new_mapping(lab):
    """The NAT forgets carol's port and takes another: moon follows by the kernel's word."""
    top = lab.lay(netns.natted)
    carol, moon = lab.psk()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    top.router.run("nft", "-f", "-", input="""
        flush ruleset
        table ip nat {
            chain postrouting {
                type nat hook postrouting priority 100;
                oifname "outside" udp sport 4500 masquerade to :20000-20010
                oifname "outside" masquerade
            }
        }""")
    top.router.run("sh", "-c", "ip link set outside down; ip link set outside up")
    wait_until(lambda: ping(top.carol, "10.1.0.2", wait=1), "an answer by the new mapping", 20)
    moon.wait_log("NAT mappings of CHILD_SA .* changed from")
    lab.prove(carol, moon, tcp=False)


def _spis(host, what):
    """SPIs of what is established now: the inbound ones of children, the initiators' of IKE_SAs."""
    there = [sa for sa in host.sas() if sa.state == "ESTABLISHED"]
    if what == "ike":
        return {sa.spi_i for sa in there}
    return {child.spi_in for sa in there for child in sa.children if child.state == "INSTALLED"}


@pytest.mark.parametrize("what", ["child", "ike"])
def test_rekey_under_ping(lab, kinds, what):
    """A rekey of the child, or of the IKE_SA, by each side, while pings go: none is lost."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    pinging = carol.ns.popen("ping", "-n", "-i", "0.1", "-W", "10", "10.1.0.2",
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    for host, connection in ((moon, "rw"), (carol, "home")):
        old = _spis(carol, what)
        host.swanctl("--rekey", *(("--child", "net") if what == "child" else
                                  ("--ike", connection)), check=True)
        wait_until(lambda: _spis(carol, what) - old, "the new SA", 15)
    pinging.send_signal(signal.SIGINT)
    said = pinging.communicate(timeout=60)[0]
    found = re.search(r"(\d+) packets transmitted, (\d+) received", said)
    sent, received = map(int, found.groups())
    # The last may be under way.
    assert sent > 10 and received >= sent - 1, said
    lab.prove(carol, moon, tcp=False)


def test_volume_limits(lab):
    """life_packets: the kernel tells when the hard limit is reached, and the child ends."""
    carol, moon = lab.psk(carol={"children": {"net": {"life_packets": 20, "rekey_packets": 0}}})
    carol.initiate("net")
    ping(lab.top.carol, "10.1.0.2", count=30, wait=1)
    carol.wait_log("reached its volume limit")
    wait_until(lambda: not any(c.state == "INSTALLED" for sa in moon.sas() for c in sa.children),
               "the child to go")


@pytest.mark.parametrize("kinds", ["ourselves", "initiator"], indirect=True)
def test_trap(lab, kinds):
    """start_action = trap: the first packet brings the tunnel up, and again after its end."""
    carol, moon = lab.psk(kinds=kinds, carol={
        "vips": None, "children": {"net": {"start_action": "trap"}}}, moon={"pools": None})
    assert any("dir out" in policy for policy in policies(carol.ns))
    for _ in range(2):
        wait_until(lambda: ping(lab.top.carol, "10.1.0.2", count=1, wait=1), "an answer", 15)
        carol.wait_children(["net"])
        lab.prove(carol, moon, tcp=False)
        carol.terminate(ike="home")
        carol.wait_gone()
    assert any("dir out" in policy for policy in policies(carol.ns))


@pytest.mark.parametrize("encap", [False, True], ids=["native", "udp"])
def test_transport(lab, kinds, encap):
    """mode = transport, native and in UDP."""
    over = {"children": {"host": {"mode": "transport", "esp_proposals": conf.ESP}}}
    carol, moon = lab.psk(kinds=kinds, carol={**over, "vips": None, "encap": encap},
                          moon={**over, "pools": None})
    carol.initiate("host")
    lab.prove(carol, moon, child="host", target="192.168.0.2", tcp=False)
    assert carol.sa().child("host").mode == ("TRANSPORT-in-UDP" if encap else "TRANSPORT")
    assert all("mode transport" in state for state in states(carol.ns))


def test_pass_and_drop(lab):
    """mode = pass lets a host out of the tunnel, mode = drop keeps another from all."""
    shunts = {"pass": {"mode": "pass", "start_action": "trap", "remote_ts": "10.1.0.10/32"},
              "drop": {"mode": "drop", "start_action": "trap", "remote_ts": "10.9.0.0/16"}}
    # What carol lets out clear is for moon to let in: its tunnel covers the same host.
    clear = {"mode": "pass", "start_action": "trap", "local_ts": "10.1.0.10/32",
             "remote_ts": "0.0.0.0/0"}
    carol, moon = lab.psk(carol={"vips": None, "children": {
        **{name: {**child, "local_ts": "0.0.0.0/0"} for name, child in shunts.items()}}},
        moon={"pools": None, "children": {"pass": clear}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    before = carol.sa().child("net").packets_out
    assert ping(lab.top.carol, "10.1.0.10", count=3)
    assert carol.sa().child("net").packets_out == before
    done = carol.ns.run("ping", "-n", "-c", "1", "-W", "1", "10.9.0.1", check=False)
    assert "Operation not permitted" in done.stdout + done.stderr


def test_marks_and_interface_ids(lab):
    """mark_out, set_mark_in and if_id_* of the configuration are in states and policies."""
    carol, _ = lab.psk(carol={"children": {"net": {
        "mark_out": "42/0xff", "set_mark_in": "7", "if_id_in": 5, "if_id_out": 6}}})
    carol.initiate("net")
    text = "\n".join(states(carol.ns) + policies(carol.ns))
    for part in ("mark 0x2a/0xff", "if_id 0x5", "if_id 0x6", "output-mark 0x7"):
        assert part in text, (part, text)


def test_roaming(lab):
    """carol's address changes: the kernel's SAs follow with their counters, traffic goes on."""
    carol, moon = lab.psk()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    before = carol.sa().child("net")
    carol.ns.ip("addr", "add", "192.168.0.33/24", "dev", "eth0")
    carol.ns.ip("addr", "del", "192.168.0.3/24", "dev", "eth0")
    carol.ns.ip("addr", "replace", "192.168.0.33/24", "dev", "eth0")
    carol.ns.ip("route", "replace", "default", "via", "192.168.0.2")
    wait_until(lambda: moon.sa().remote_addr == "192.168.0.33", "moon to follow", 20)
    lab.prove(carol, moon, tcp=False)
    after = carol.sa().child("net")
    assert after.spi_in == before.spi_in and after.packets_out > before.packets_out


def test_forced_and_missing(lab):
    """charon.datapath = user still works on a kernel with ESP."""
    carol, moon = lab.psk(settings={"charon": {"datapath": "user"}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert not states(carol.ns)
    assert carol.sa().child("net").mode == "TUNNEL-in-UDP"
