# SPDX-License-Identifier: Apache-2.0
"""The datapath: ciphers, sizes, selectors, counters."""
import re

import pytest
from lib import esp, netns
from lib.traffic import Capture, ping, transfer
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

CIPHERS = {
    "aes128gcm16": "AES_GCM_16-128",
    "aes192gcm16": "AES_GCM_16-192",
    "aes256gcm16": "AES_GCM_16-256",
    "aes256gcm12": "AES_GCM_12-256",
    "aes256gcm8": "AES_GCM_8-256",
    "aes256ccm16": "AES_CCM_16-256",
    "chacha20poly1305": "CHACHA20_POLY1305",
    "aes256ctr-sha256": "AES_CTR-256/HMAC_SHA2_256_128",
    "aes128-sha1": "AES_CBC-128/HMAC_SHA1_96",
    "aes192-sha256": "AES_CBC-192/HMAC_SHA2_256_128",
    "aes256-sha256": "AES_CBC-256/HMAC_SHA2_256_128",
    "aes256-sha384": "AES_CBC-256/HMAC_SHA2_384_192",
    "aes256-sha512": "AES_CBC-256/HMAC_SHA2_512_256",
    "aes128-aesxcbc": "AES_CBC-128/AES_XCBC_96",
    "aes128-aescmac": "AES_CBC-128/AES_CMAC_96",
}


def both(child, **more):
    """The same ESP proposal for child net on both sides."""
    over = {"children": {"net": {"esp_proposals": child, **more}}}
    return {"carol": over, "moon": over}


@pytest.mark.parametrize("proposal", CIPHERS)
def test_cipher(lab, proposal):
    """Every cipher carries pings and TCP, and --list-sas names it."""
    carol, moon = lab.psk(**both(proposal))
    carol.initiate("net")
    one, two = lab.prove(carol, moon)
    assert one.proposal == two.proposal == CIPHERS[proposal]


@pytest.mark.parametrize("proposal", ["aes256-sha256", "aes256gcm16", "chacha20poly1305"])
def test_extended_sequence_numbers(lab, proposal):
    """-esn is negotiated, shown, and works; without the keyword it is not used."""
    carol, moon = lab.psk(**both(proposal + "-esn"))
    carol.initiate("net")
    one, _ = lab.prove(carol, moon)
    assert one.proposal == CIPHERS[proposal] + "/ESN"


def test_esn_or_not(lab):
    """-esn-noesn offers both; the side that wants none gets none."""
    carol, moon = lab.psk(carol=both("aes256-sha256-esn-noesn")["carol"],
                          moon=both("aes256-sha256-noesn")["moon"])
    carol.initiate("net")
    one, _ = lab.prove(carol, moon, tcp=False)
    assert one.proposal == CIPHERS["aes256-sha256"]


@pytest.mark.parametrize("proposal", ["aes256-sha256", "aes256gcm16"])
def test_megabyte(lab, proposal):
    """1 MB each way over TCP to a machine behind moon: digests match, counters hold it."""
    carol, _ = lab.psk(**both(proposal))
    carol.initiate("net")
    transfer(lab.top.carol, lab.top.lan, lab.top.lan_host, 1 << 20)
    child = carol.sa().child("net")
    assert child.bytes_out > 1 << 20 and child.bytes_in > 1 << 20


def test_counters(lab):
    """Bytes and packets are counted as strongSwan counts them: the inner packets."""
    carol, moon = lab.psk()
    carol.initiate("net")
    assert "0 bytes,     0 packets\n" in carol.swanctl("--list-sas", check=True).stdout
    assert ping(lab.top.carol, "10.1.0.2", count=3)
    for host in (carol, moon):
        child = host.sa().child("net")
        assert (child.packets_in, child.bytes_in) == (3, 252)
        assert (child.packets_out, child.bytes_out) == (3, 252)
        assert re.search(r"in  [0-9a-f]{8},    252 bytes,     3 packets, +\d+s ago",
                         host.swanctl("--list-sas", check=True).stdout)


# --- sizes ----------------------------------------------------------------------------------------

def _refused_mtu(answer):
    """The MTU that the refusal of a too large packet names."""
    found = re.search(r"mtu ?= ?(\d+)", answer.text)
    assert found and answer.received == 0, answer
    return int(found[1])


def test_too_big_is_answered(lab):
    """A packet with DF that does not fit is refused with the size that does; that size passes."""
    carol, moon = lab.psk()
    carol.initiate("net")
    mtu = _refused_mtu(ping(lab.top.carol, "10.1.0.2", count=1, size=1400, df=True))
    assert 1280 <= mtu < 1428
    assert ping(lab.top.carol, "10.1.0.2", count=1, size=mtu - 28, df=True)
    # and from behind the gateway, where ICMP must travel to the sender
    mtu = _refused_mtu(ping(lab.top.lan, "10.3.0.1", count=2, size=1400, df=True))
    assert ping(lab.top.lan, "10.3.0.1", count=1, size=mtu - 28, df=True)
    assert moon.sa().child("net").packets_in > 0


def test_too_big_is_answered_ipv6(lab):
    """The same with ICMPv6 Packet Too Big."""
    lab.lay(netns.pair6)
    carol, _ = lab.psk(
        carol={"vips": None, "children": {"net": {"remote_ts": "2001:db8:1::/64"}}},
        moon={"pools": None, "children": {"net": {"local_ts": "2001:db8:1::/64"}}})
    carol.initiate("net")
    mtu = _refused_mtu(ping(lab.top.lan, "2001:db8::3", count=2, size=1430, df=True))
    assert 1280 <= mtu < 1478
    assert ping(lab.top.lan, "2001:db8::3", count=1, size=mtu - 48, df=True)


def test_fragments_pass(lab):
    """A large packet without DF passes in fragments."""
    carol, moon = lab.psk()
    carol.initiate("net")
    assert ping(lab.top.carol, "10.1.0.2", count=2, size=4000)
    lab.prove(carol, moon, nbytes=1 << 20)


def test_small_outer_mtu(lab):
    """A wire of 1300 bytes: TCP finds its way."""
    lab.pair(mtu=1300)
    carol, moon = lab.psk()
    carol.initiate("net")
    lab.prove(carol, moon, nbytes=1 << 19)


# --- selectors ------------------------------------------------------------------------------------

def _tun(ns):
    """The name of the TUN device of a machine."""
    lines = [line for line in ns.ip("tuntap", "list").splitlines() if line]
    assert lines, "there is no TUN device"
    return lines[0].split(":")[0]


def _drops(host):
    """All counters of dropped packets the daemon tells of, summed."""
    def walk(value):
        if isinstance(value, dict):
            return sum(int(v) if "drop" in k and not isinstance(v, (dict, list)) else walk(v)
                       for k, v in value.items())
        return sum(map(walk, value)) if isinstance(value, list) else 0
    return walk(host.json("status")) + walk(host.json("stats"))


def test_outbound_outside_selectors(lab):
    """A packet the route sends into the tunnel but no selector covers is dropped and counted."""
    carol, moon = lab.psk()
    carol.initiate("net")
    netns.add_address(lab.top.lan, "eth0", "10.1.5.5/32")
    lab.top.carol.ip("route", "add", "10.1.5.0/24", "dev", _tun(lab.top.carol), "src", "10.3.0.1")
    dropped = _drops(carol)
    with Capture(lab.top.lan, "eth0", lab.path("lan.pcap"), "icmp") as capture:
        assert ping(lab.top.carol, "10.1.5.5", count=2, wait=1).received == 0
        assert ping(lab.top.carol, "10.1.0.10", count=1)
        wait_until(lambda: "10.1.0.10" in capture.text(), "the packet that may pass")
    assert "10.1.5.5" not in capture.text()
    assert _drops(carol) >= dropped + 2
    assert carol.sa().child("net").packets_out == 1


def test_inbound_outside_selectors(lab):
    """An authentic ESP packet whose inside no selector covers is dropped and counted.

    The test knows the keys from the key log and writes the packets itself; the one with
    addresses inside the selectors arrives, so it is the selectors that stop the others.
    """
    keys = lab.path("keys")
    keys.mkdir()
    save = {"charon": {"plugins": {"save-keys": {"load": True, "esp": True,
                                                 "wireshark_keys": str(keys)}}}}
    carol, moon = lab.psk(settings=save, **both("aes256gcm16"))
    carol.initiate("net")
    child = carol.sa().child("net")
    sender = esp.Sender(lab.top.carol, "192.168.0.3", "192.168.0.2",
                        *esp.find_key(keys / "esp_sa", child.spi_out))
    dropped = _drops(moon)
    with Capture(lab.top.lan, "eth0", lab.path("lan.pcap"), "icmp") as capture:
        sender.send(1000, esp.echo_request("10.9.9.9", "10.1.0.10"))
        sender.send(1001, esp.echo_request("10.3.0.1", "10.1.0.10"))
        sender.send(1001, esp.echo_request("10.3.0.1", "10.1.0.10"))
        sender.send(1002, esp.echo_request("10.3.0.2", "10.1.0.10"))
        sender.send(1003, esp.echo_request("10.3.0.1", "10.1.5.5"))
        sender.send(1004, esp.echo_request("10.3.0.1", "10.1.0.10"), forge=True)
        sender.send(1005, esp.echo_request("10.3.0.1", "10.1.0.10"))
        wait_until(lambda: capture.text().count("10.3.0.1 > 10.1.0.10: ICMP echo request") >= 2,
                   "the packets that may pass")
    requests = [line for line in capture.text().splitlines() if "echo request" in line]
    assert len(requests) == 2, f"outside, replayed or forged ones came through: {requests}"
    assert _drops(moon) >= dropped + 5


def test_selector_by_protocol_and_port(lab):
    """A child for TCP port 7777 only carries nothing else."""
    narrow = {"children": {"net": {"local_ts": "10.1.0.0/24[tcp/7777]"}}}
    carol, moon = lab.psk(carol={"children": {"net": {"remote_ts": "10.1.0.0/16[tcp/7777]"}}},
                          moon=narrow)
    carol.initiate("net")
    assert carol.sa().child("net").remote == ["10.1.0.0/24[tcp/7777]"]
    transfer(lab.top.carol, lab.top.moon, "10.1.0.2", 1 << 16)
    used = moon.sa().child("net").packets_in
    assert ping(lab.top.carol, "10.1.0.2", count=1, src="10.3.0.1", wait=1).received == 0
    assert moon.sa().child("net").packets_in == used
