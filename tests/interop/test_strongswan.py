# SPDX-License-Identifier: Apache-2.0
"""Cygnet and Debian's strongSwan 5.9.8, in both roles.

`kinds` says who initiates: carol is always the initiator, moon the responder. strongSwan does ESP
in user space here (kernel-libipsec), which is ESP in UDP only and fakes a NAT to get it.
"""
import re

import pytest
from lib import conf, lossy, netns, pki
from lib.host import Cygnet, StrongSwan
from lib.traffic import ping, transfer
from lib.wait import wait_until

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan]

ROLES = {"initiator": (Cygnet, StrongSwan), "responder": (StrongSwan, Cygnet)}


@pytest.fixture(name="kinds", params=ROLES)
def role(request):
    """The daemons of carol and moon; the parameter is our role."""
    return ROLES[request.param]


def both(**over):
    """The same laid over both sides' connections."""
    return {"carol": over, "moon": over}


def child(esp):
    """The same ESP proposal for net on both sides."""
    return both(children={"net": {"esp_proposals": esp}})


def test_psk(lab, kinds):
    """Pre-shared keys, a virtual IP, pings and TCP."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    lab.prove(carol, moon, nbytes=1 << 20)
    assert ping(lab.top.carol, lab.top.lan_host)
    assert carol.sa().local_vips == moon.sa().remote_vips == ["10.3.0.1"]


@pytest.mark.parametrize("kind", ["rsa2048", "rsa3072", "ecdsa256", "ecdsa384", "ecdsa521",
                                  "ed25519", "ed448"])
def test_certificates(lab, kinds, kind):
    """Signatures of every kind, each way."""
    carol, moon = lab.seed(family=pki.family(kind), kinds=kinds)
    carol.initiate("net")
    lab.prove(carol, moon)


def test_rsa_pss(lab, kinds):
    """RSASSA-PSS from both."""
    carol, moon = lab.seed(family=pki.family("rsa3072"), kinds=kinds,
                           settings={"charon": {"rsa_pss": True}})
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "RSA_EMSA_PSS_SHA2_" in carol.log()


@pytest.mark.parametrize("kind", ["rsa2048", "ecdsa256"])
def test_older_signature_methods(lab, kinds, kind):
    """Without RFC 7427: methods 1 and 9."""
    carol, moon = lab.seed(family=pki.family(kind), kinds=kinds,
                           settings={"charon": {"signature_authentication": False}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("esp, shown", [
    ("aes128-sha1", "AES_CBC-128/HMAC_SHA1_96"),
    ("aes256-sha256", "AES_CBC-256/HMAC_SHA2_256_128"),
    ("aes256-sha384", "AES_CBC-256/HMAC_SHA2_384_192"),
    ("aes256-sha512", "AES_CBC-256/HMAC_SHA2_512_256"),
    ("aes256ctr-sha256", "AES_CTR-256/HMAC_SHA2_256_128"),
    ("aes128-aesxcbc", "AES_CBC-128/AES_XCBC_96"),
    ("aes128-aescmac", "AES_CBC-128/AES_CMAC_96"),
    ("aes128gcm16", "AES_GCM_16-128"), ("aes256gcm16", "AES_GCM_16-256"),
    ("aes256gcm12", "AES_GCM_12-256"), ("aes256gcm8", "AES_GCM_8-256"),
    ("aes256ccm16", "AES_CCM_16-256"), ("chacha20poly1305", "CHACHA20_POLY1305")])
def test_esp(lab, kinds, esp, shown):
    """ESP ciphers: what one seals the other opens, with TCP in both directions."""
    carol, moon = lab.psk(kinds=kinds, **child(esp))
    carol.initiate("net")
    one, two = lab.prove(carol, moon)
    assert one.proposal == two.proposal == shown


@pytest.mark.parametrize("ike", [
    "aes128-sha1-modp2048", "aes256-sha512-ecp521", "aes256-sha384-ecp384bp",
    "aes256gcm16-prfsha384-x448", "aes128gcm8-prfsha256-x25519", "aes256ctr-sha256-modp3072",
    "aes256ccm16-prfsha256-ecp256", "chacha20poly1305-prfsha256-x25519",
    "aes128-aesxcbc-modp2048s256", "aes128-aescmac-ecp224"])
def test_ike(lab, kinds, ike):
    """IKE suites: cipher, integrity, PRF and key exchange of every family."""
    carol, moon = lab.psk(kinds=kinds, **both(proposals=ike))
    carol.initiate("net")
    assert carol.sa().proposal == moon.sa().proposal
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("size", [1280, 600])
def test_fragmentation(lab, kinds, size):
    """An RSA-4096 chain with an intermediate CA in fragments, each way."""
    carol, moon = lab.seed(family=pki.family("rsa4096", intermediate=True), kinds=kinds,
                           settings={"charon": {"fragment_size": size}})
    carol.initiate("net")
    for host in (carol, moon):
        assert re.search(r"splitting IKE message .* into \d fragments", host.log())
        assert "reassembled fragmented IKE message" in host.log()
    lab.prove(carol, moon)


PATIENT = {"charon": {"fragment_size": 400, "retransmit_tries": 8, "retransmit_timeout": 0.5,
                      "retransmit_base": 1.2}}


def test_fragments_lost_and_out_of_order(lab, kinds):
    """A tenth of all packets is lost each way, more are late: certificates in many fragments."""
    top = lab.lay(lossy.pair)
    with lossy.LossyWire(top.router, 1, loss=0.1, late=0.3) as wire:
        carol, moon = lab.seed(family=pki.family("rsa2048", intermediate=True), kinds=kinds,
                               settings=PATIENT)
        carol.initiate("net", timeout=60)
        wire.calm()
        lab.prove(carol, moon, tcp=False)
    # Some forty packets: now and then all of a kind pass.
    assert wire.counts["lost"] + wire.counts["late"] > 2, wire.counts
    for host in (carol, moon):
        assert "reassembled fragmented IKE message" in host.log()


def test_fragmentation_over_ipv6(lab, kinds):
    """The same over IPv6."""
    lab.lay(netns.pair6)
    carol, moon = lab.seed(
        family=pki.family("rsa4096"), kinds=kinds,
        carol={"vips": None, "children": {"net": {"remote_ts": "2001:db8:1::/64"}}},
        moon={"pools": None, "children": {"net": {"local_ts": "2001:db8:1::/64"}}})
    carol.initiate("net")
    lab.prove(carol, moon)


def test_nat(lab, kinds):
    """A masquerading router between the two."""
    lab.lay(netns.natted)
    carol, moon = lab.seed(kinds=kinds)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert moon.sa().remote_addr == "192.168.0.1"


def test_virtual_ips_and_dns(lab, kinds):
    """Both families from two pools, and a DNS server."""
    lab.lay(netns.dual)
    carol, moon = lab.psk(
        kinds=kinds, start=False,
        carol={"vips": "0.0.0.0, ::",
               "children": {"net": {"remote_ts": "10.1.0.0/24, 2001:db8:1::/64"}}},
        moon={"pools": "rw_pool, rw_pool6",
              "children": {"net": {"local_ts": "10.1.0.0/24, 2001:db8:1::/64"}}})
    moon.config["pools"]["rw_pool"]["dns"] = "10.1.0.10"
    moon.config["pools"]["rw_pool6"] = {"addrs": "2001:db8:3::/120"}
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    assert carol.sa().local_vips == ["10.3.0.1", "2001:db8:3::1"]
    assert "nameserver 10.1.0.10" in (carol.root / "etc/resolv.conf").read_text()
    lab.prove(carol, moon)
    lab.prove(carol, moon, target="2001:db8:1::2")
    carol.terminate(ike="home")
    moon.wait_gone()
    assert "10.3.0.1" not in lab.top.carol.addresses()


def test_second_child(lab, kinds):
    """CREATE_CHILD_SA with a key exchange of its own."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    carol.initiate("host")
    assert carol.sa().child("host").proposal.endswith("/MODP_3072")
    lab.prove(carol, moon)
    lab.prove(carol, moon, child="host", target="192.168.0.2")


def test_second_child_from_the_responder(lab, kinds):
    """The responder of the IKE_SA initiates the second child."""
    carol, moon = lab.psk(kinds=kinds, carol={"vips": None}, moon={
        "pools": None, "remote_addrs": "192.168.0.3", "remote": {"id": conf.CAROL}})
    carol.initiate("net")
    moon.initiate("host")
    carol.wait_children(["host", "net"])
    lab.prove(carol, moon)


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_delete_child(lab, kinds, by):
    """Either deletes one child; the other stays."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    carol.initiate("host")
    (carol if by == "initiator" else moon).terminate(child="host")
    for host in (carol, moon):
        host.wait_children(["net"])
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_delete_ike(lab, kinds, by):
    """Either deletes the IKE_SA, and a new one can be made."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    actor, name = (carol, "home") if by == "initiator" else (moon, "rw")
    actor.terminate(ike=name)
    carol.wait_gone()
    moon.wait_gone()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


IMPATIENT = {"charon": {"retransmit_tries": 2, "retransmit_timeout": 0.4, "retransmit_base": 1.0}}


@pytest.mark.parametrize("asker", ["carol", "moon"])
def test_dpd(lab, kinds, asker):
    """One asks and gets an answer each time; when the other dies, the asker gives it up."""
    carol, moon = lab.psk(kinds=kinds, settings=IMPATIENT, carol={"mobike": False}, moon={
        "mobike": False}, start=False)
    one, other = (carol, moon) if asker == "carol" else (moon, carol)
    next(iter(one.config["connections"].values()))["dpd_delay"] = "1s"
    one.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    one.wait_log(r"sending DPD request")
    one.wait_log(r"parsed INFORMATIONAL response \d+ \[ \]")
    assert one.sa() and other.sa()
    other.kill()
    one.wait_log("giving up after 2 retransmits")
    one.wait_gone()


def test_invalid_ke_and_cookie_free_retry(lab, kinds):
    """The initiator guesses the wrong group and is told the right one."""
    carol, moon = lab.psk(kinds=kinds, carol={"proposals": "aes256-sha256-x25519-modp2048"},
                          moon={"proposals": "aes256-sha256-modp2048"})
    carol.initiate("net")
    assert "N(INVAL_KE)" in carol.log()
    lab.prove(carol, moon, tcp=False)


def test_mixed_authentication(lab, kinds):
    """moon by certificate, carol by secret."""
    carol, moon = lab.seed(kinds=kinds, start=False,
                           carol={"local": {"auth": "psk", "certs": None}},
                           moon={"remote": {"auth": "psk", "cacerts": None}})
    for host in (carol, moon):
        host.config["secrets"] = {"ike": {"secret": conf.PSK}}
        host.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_forced_encapsulation(lab, kinds):
    """encap = yes on our side, on top of theirs."""
    carol, moon = lab.psk(kinds=kinds, **both(encap=True))
    carol.initiate("net")
    lab.prove(carol, moon)


def test_sends_large_packets(lab, kinds):
    """Fragmented inner packets, and TCP of some size to a machine behind moon."""
    carol, _ = lab.psk(kinds=kinds)
    carol.initiate("net")
    assert ping(lab.top.carol, "10.1.0.2", size=4000)
    transfer(lab.top.carol, lab.top.lan, lab.top.lan_host, 1 << 20)


def test_clean_stop(lab, kinds):
    """Either daemon ends; the other one is told at once."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    carol.stop()
    moon.wait_gone(3)
    carol.start()
    carol.initiate("net")
    moon.stop()
    carol.wait_gone(3)


def test_restart_without_a_word(lab, kinds):
    """carol loses power and comes back: INITIAL_CONTACT clears what was."""
    carol, moon = lab.psk(kinds=kinds)
    carol.initiate("net")
    carol.kill()
    carol.start()
    carol.initiate("net")
    wait_until(lambda: len(moon.sas()) == 1, "the old IKE_SA to go")
    lab.prove(carol, moon, tcp=False)


def test_wrong_psk(lab, kinds):
    """A failed authentication ends cleanly on both sides."""
    carol, moon = lab.psk(kinds=kinds, start=False)
    moon.config["secrets"]["ike-carol"]["secret"] = "quite another secret"
    moon.write_files()
    lab.start(carol, moon)
    assert carol.initiate("net", check=False).returncode != 0
    assert "AUTHENTICATION_FAILED" in carol.log()
    carol.wait_gone()
    moon.wait_gone()
