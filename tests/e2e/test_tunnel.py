# SPDX-License-Identifier: Apache-2.0
"""Tunnels between two cygnetd: how they authenticate, which way the packets go, who gets what."""
import re

import pytest
from lib import conf, netns, pki
from lib.traffic import Capture, ping, transfer
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")


def test_seed(lab):
    """The seed's picture: children net and host by certificates, traffic in both, clean end."""
    carol, moon = lab.seed()
    done = carol.initiate("net")
    assert done.stdout.rstrip().endswith("initiate completed successfully")
    lab.prove(carol, moon)
    assert ping(lab.top.carol, lab.top.lan_host), "a machine behind moon does not answer"
    carol.initiate("host")
    lab.prove(carol, moon, child="host", target="192.168.0.2")

    one, two = carol.sa(), moon.sa()
    assert (one.name, one.role, one.local_id, one.remote_id) == \
        ("home", "initiator", conf.CAROL, conf.MOON)
    assert (two.name, two.role, two.local_id, two.remote_id) == \
        ("rw", "responder", conf.MOON, conf.CAROL)
    assert one.local_vips == two.remote_vips == ["10.3.0.1"]
    assert one.spi_i == two.spi_i and one.spi_r == two.spi_r
    assert one.proposal == "AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519"
    assert [c.name for c in one.children] == ["net", "host"]
    assert one.child("net").local == ["10.3.0.1/32"]
    assert one.child("net").remote == ["10.1.0.0/24"]
    assert one.child("net").proposal == "AES_CBC-256/HMAC_SHA2_256_128"
    assert one.child("host").remote == ["192.168.0.2/32"]
    assert one.child("host").proposal == "AES_CBC-256/HMAC_SHA2_256_128/MODP_3072"

    carol.terminate(ike="home")
    carol.wait_gone()
    moon.wait_gone()
    assert "10.3.0.1" not in lab.top.carol.addresses()


def test_nothing_travels_in_the_clear(lab):
    """With the tunnel up the wire carries UDP 4500 only, and nothing of what is inside."""
    carol, moon = lab.seed()
    carol.initiate("net")
    with Capture(lab.top.moon, "eth0", lab.path("wire.pcap"),
                 "udp or tcp or icmp or esp") as capture:
        lab.prove(carol, moon)
        wait_until(lambda: "4500" in capture.text(), "captured packets")
    for line in capture.text().splitlines():
        assert ".4500" in line, line
    assert b"10.1.0.2" not in lab.path("wire.pcap").read_bytes()


def test_psk(lab):
    """Pre-shared keys on both sides."""
    carol, moon = lab.psk()
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "with pre-shared key successful" in carol.log()


@pytest.mark.parametrize("secret", ["0x" + "6b" * 24, "0s" + "a2tr" * 8], ids=["hex", "base64"])
def test_psk_spellings(lab, secret):
    """A secret written as hexadecimal or base64 equals its bytes written as text."""
    carol, moon = lab.psk(start=False)
    carol.config["secrets"]["ike-moon"]["secret"] = secret
    moon.config["secrets"]["ike-carol"]["secret"] = "k" * 24
    for host in (carol, moon):
        host.write_files()
    lab.start(carol, moon)
    carol.initiate("net")


@pytest.mark.parametrize("kind", pki.KINDS)
def test_certificates(lab, kind):
    """Every kind of key authenticates both sides by RFC 7427 signatures."""
    carol, moon = lab.seed(family=pki.family(kind))
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    method = {"rsa": "RSA_EMSA_PKCS1_SHA2_", "ecd": "ECDSA_WITH_SHA", "ed2": "ED25519",
              "ed4": "ED448"}[kind[:3]]
    for host, peer in ((carol, conf.MOON), (moon, conf.CAROL)):
        assert re.search(rf"authentication of '{peer}' with {method}\S* successful", host.log())


def test_rsa_pss(lab):
    """charon.rsa_pss signs with RSASSA-PSS."""
    carol, moon = lab.seed(family=pki.family("rsa3072"), settings={"charon": {"rsa_pss": True}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert re.search(rf"authentication of '{conf.MOON}' with RSA_EMSA_PSS_SHA2_\d+_SALT_\d+ "
                     "successful", carol.log())


@pytest.mark.parametrize("kind, name", [
    ("rsa2048", "RSA signature"), ("ecdsa256", "ECDSA-256 signature"),
    ("ecdsa384", "ECDSA-384 signature"), ("ecdsa521", "ECDSA-521 signature")])
def test_older_signature_methods(lab, kind, name):
    """Without charon.signature_authentication the methods 1, 9, 10 and 11 are used."""
    carol, moon = lab.seed(family=pki.family(kind),
                           settings={"charon": {"signature_authentication": False}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert f"authentication of '{conf.MOON}' with {name} successful" in carol.log()
    assert "N(HASH_ALG)" not in carol.log()


def test_mixed_authentication(lab):
    """moon proves itself by certificate, carol by pre-shared key."""
    carol, moon = lab.seed(carol={"local": {"auth": "psk", "certs": None}},
                           moon={"remote": {"auth": "psk", "cacerts": None}}, start=False)
    for host in (carol, moon):
        host.config["secrets"] = {"ike": {"secret": conf.PSK}}
        host.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    assert "with pre-shared key successful" in moon.log()
    assert f"authentication of '{conf.MOON}' with ECDSA" in carol.log()


@pytest.mark.parametrize("kind, form, password", [
    ("rsa2048", "pkcs8-pem", None), ("rsa2048", "pkcs8-der", None), ("rsa2048", "pkcs1-pem", None),
    ("rsa2048", "pkcs1-der", None), ("ecdsa256", "sec1-pem", None), ("ecdsa256", "sec1-der", None),
    ("ecdsa256", "pkcs8-pem", "open sesame"), ("rsa2048", "pkcs8-der", "open sesame"),
    ("ed25519", "pkcs8-der", None)])
def test_key_files(lab, kind, form, password):
    """carol's key in every file format; encrypted ones are opened by secrets { pkcs8 { } }."""
    family = pki.family(kind)
    carol, _ = lab.seed(family=family, start=False)
    for old in carol.root.glob("etc/swanctl/*/carolKey.*"):
        old.unlink()
    carol.install(family.carol, form=form, password=password)
    if password:
        name = f"carolKey.{form.split('-')[1]}"
        carol.config["secrets"] = {"pkcs8-carol": {"file": name, "secret": password}}
        carol.write_files()
    lab.start(*lab.hosts)
    carol.initiate("net")


def test_pkcs12(lab):
    """Key, certificate and CA from one PKCS#12 file with its password in secrets."""
    family = pki.family("ecdsa256")
    carol, _ = lab.seed(family=family, start=False)
    for old in ("x509/carolCert.pem", "pkcs8/carolKey.pem", "x509ca/caCert.pem"):
        (carol.root / "etc/swanctl" / old).unlink()
    carol.write("pkcs12/carol.p12", family.carol.pkcs12_bytes("open sesame", family.ca))
    del carol.config["connections"]["home"]["local"]["certs"]
    carol.config["secrets"] = {"pkcs12-carol": {"file": "carol.p12", "secret": "open sesame"}}
    carol.write_files()
    lab.start(*lab.hosts)
    carol.initiate("net")


def test_der_certificate(lab):
    """A certificate file in DER."""
    family = pki.family()
    carol, _ = lab.seed(family=family, start=False)
    (carol.root / "etc/swanctl/x509/carolCert.pem").unlink()
    carol.write("x509/carolCert.der", family.carol.cert_bytes("der"))
    carol.config["connections"]["home"]["local"]["certs"] = "carolCert.der"
    carol.write_files()
    lab.start(*lab.hosts)
    carol.initiate("net")


def test_intermediate_ca(lab):
    """The sender brings the intermediate CA along: the receiver knows only the root."""
    family = pki.family(intermediate=True)
    carol, moon = lab.seed(family=family, start=False)
    for path in moon.root.glob("etc/swanctl/x509ca/intermediate*.pem"):
        path.unlink()
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert re.search(r'received issuer cert "C=CH, O=Cyber, CN=Cyber Research CA"', moon.log())


def test_ca_id(lab):
    """remote.ca_id demands that the peer's path goes through this CA."""
    family = pki.family(intermediate=True)
    carol, moon = lab.seed(family=family, moon={
        "remote": {"cacerts": None, "ca_id": pki.dn("Cyber Research CA")}})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_subject_as_identity(lab):
    """Without local.id the subject is the identity; remote.id may hold wildcards."""
    carol, moon = lab.seed(carol={"local": {"id": None}},
                           moon={"remote": {"id": "C=CH, O=Cyber, CN=*"}})
    carol.initiate("net")
    assert moon.sa().remote_id == pki.dn("carol@strongswan.org")


def test_address_as_identity(lab):
    """An IP address from the certificate's subjectAltName."""
    ca = pki.Authority()
    carol, moon = lab.seed(pki.Family(
        ca, ca.issue(conf.CAROL, sans=[conf.CAROL, "192.168.0.3"]), ca.issue(conf.MOON)),
        carol={"local": {"id": "192.168.0.3"}}, moon={"remote": {"id": "192.168.0.3"}})
    carol.initiate("net")
    assert moon.sa().remote_id == "192.168.0.3"


def test_connection_selected_by_identity(lab):
    """Of two connections for the same addresses the peer's identity chooses."""
    carol, moon = lab.psk(start=False)
    other = conf.merge(moon.config["connections"]["rw"],
                       {"remote": {"id": "dave@strongswan.org"}})
    moon.config["connections"] = {"dave": other, **moon.config["connections"]}
    moon.config["connections"]["rw"]["remote"]["id"] = conf.CAROL
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    assert moon.sa().name == "rw"


# --- addresses and ways ------------------------------------------------------------------------

SIX = {"carol": {"vips": None, "children": {"net": {"remote_ts": "2001:db8:1::/64"}}},
       "moon": {"pools": None, "children": {"net": {"local_ts": "2001:db8:1::/64"}}}}


def test_ipv6_outside_and_inside(lab):
    """IPv6 on the wire, IPv6 in the tunnel."""
    lab.lay(netns.pair6)
    carol, moon = lab.seed(**SIX)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert ping(lab.top.carol, lab.top.lan_host)
    assert carol.sa().local_addr == "2001:db8::3"


def test_ipv6_inside_ipv4(lab):
    """An IPv6 network through a tunnel over IPv4."""
    lab.lay(netns.dual)
    carol, moon = lab.seed(carol={"vips": "::", "children": SIX["carol"]["children"]},
                           moon={"children": SIX["moon"]["children"]}, start=False)
    moon.config["pools"]["rw_pool"]["addrs"] = "2001:db8:3::/120"
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, target="2001:db8:1::2")
    assert carol.sa().local_vips == ["2001:db8:3::1"]


def test_ipv4_inside_ipv6(lab):
    """The seed's intranet through a tunnel over IPv6."""
    top = lab.lay(netns.dual)
    top.moon_addr = "2001:db8::2"
    carol, moon = lab.seed()
    carol.initiate("net")
    lab.prove(carol, moon)


def test_virtual_ips_of_both_families_and_dns(lab):
    """vips = 0.0.0.0, :: with two pools and a DNS server: installed, used, removed."""
    lab.lay(netns.dual)
    carol, moon = lab.seed(
        carol={"vips": "0.0.0.0, ::",
               "children": {"net": {"remote_ts": "10.1.0.0/24, 2001:db8:1::/64"}}},
        moon={"pools": "rw_pool, rw_pool6",
              "children": {"net": {"local_ts": "10.1.0.0/24, 2001:db8:1::/64"}}}, start=False)
    moon.config["pools"]["rw_pool"]["dns"] = "10.1.0.10"
    moon.config["pools"]["rw_pool6"] = {"addrs": "2001:db8:3::/120", "dns": "2001:db8:1::10"}
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    assert carol.sa().local_vips == ["10.3.0.1", "2001:db8:3::1"]
    assert {"10.3.0.1", "2001:db8:3::1"} <= set(lab.top.carol.addresses())
    resolv = carol.root / "etc/resolv.conf"
    for server in ("10.1.0.10", "2001:db8:1::10"):
        assert re.search(rf"^nameserver {server}\b", resolv.read_text(), re.MULTILINE)
    lab.prove(carol, moon)
    lab.prove(carol, moon, target="2001:db8:1::2")
    carol.terminate(ike="home")
    carol.wait_gone()
    assert not {"10.3.0.1", "2001:db8:3::1"} & set(lab.top.carol.addresses())
    assert "nameserver" not in resolv.read_text()


def test_requested_virtual_ip(lab):
    """A particular address is asked for and given."""
    carol, moon = lab.psk(carol={"vips": "10.3.0.77"})
    carol.initiate("net")
    assert carol.sa().local_vips == ["10.3.0.77"]
    lab.prove(carol, moon, tcp=False)


def test_nat(lab):
    """A masquerading router between the hosts: port 4500, ESP in UDP, the router's address."""
    lab.lay(netns.natted)
    carol, moon = lab.seed()
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "local host is behind NAT, sending keep alives" in carol.log()
    assert "remote host is behind NAT" in moon.log()
    assert moon.sa().remote_addr == "192.168.0.1"
    assert carol.sa().child("net").mode == "TUNNEL-in-UDP"


def test_keepalive(lab):
    """Behind NAT a keepalive of one 0xff byte goes out every charon.keep_alive seconds."""
    top = lab.lay(netns.natted)
    carol, _ = lab.psk(settings={"charon": {"keep_alive": "1s"}})
    carol.initiate("net")
    # length 1 of UDP data: bytes 4 and 5 of the UDP header say 9
    with Capture(top.router, "inside", lab.path("alive.pcap"),
                 "udp dst port 4500 and udp[4:2] = 9 and udp[8] = 0xff") as capture:
        wait_until(lambda: len(capture.text().splitlines()) >= 2, "two keepalives", 8)


def test_forced_encapsulation(lab):
    """encap = yes: ESP in UDP on port 4500 although there is no NAT."""
    carol, moon = lab.psk(carol={"encap": True})
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "remote host is behind NAT" in moon.log()
    for host in (carol, moon):
        assert host.sa().child("net").mode == "TUNNEL-in-UDP"
        assert host.sa().local_port == host.sa().remote_port == 4500


def test_other_ports(lab):
    """charon.port and port_nat_t move both sockets; remote_port follows."""
    ports = {"charon": {"port": 1500, "port_nat_t": 5500}}
    carol, moon = lab.psk(carol={"remote_port": 5500, "local_port": 4500}, start=False)
    moon.settings = conf.merge(moon.settings, ports)
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    assert carol.sa().remote_port == 5500


def test_three_hosts(lab):
    """Two road warriors at one gateway: two leases, two tunnels, no mixing."""
    net = lab.net
    moon_ns, switch = net.host("moon"), net.host("switch")
    warriors = [net.host("carol"), net.host("dave")]
    net.link(switch, moon_ns, [], ["192.168.0.2/24"], dev_a="p0")
    for number, ns in enumerate(warriors, 1):
        net.link(switch, ns, [], [f"192.168.0.{2 + number}/24"], dev_a=f"p{number}")
    net.bridge(switch, "br0", ["p0", "p1", "p2"])
    netns.add_address(moon_ns, "lo", "10.1.0.2/32")
    ca = pki.Authority()
    moon = lab.cygnet(moon_ns, conf.rw()).install(ca.issue(conf.MOON), ca)
    hosts = []
    for ns in warriors:
        identity = f"{ns.short}@strongswan.org"
        tree = conf.home(local={"id": identity, "certs": f"{ns.short}Cert.pem"})
        hosts.append(lab.cygnet(ns, tree).install(ca.issue(identity), ca))
    lab.start(moon, *hosts)
    for host in hosts:
        host.initiate("net")
    assert [host.sa().local_vips[0] for host in hosts] == ["10.3.0.1", "10.3.0.2"]
    for ns in warriors:
        assert ping(ns, "10.1.0.2")
        transfer(ns, moon_ns, "10.1.0.2", 1 << 16)
    assert {sa.remote_id: sa.remote_vips for sa in moon.sas()} == {
        "carol@strongswan.org": ["10.3.0.1"], "dave@strongswan.org": ["10.3.0.2"]}
    assert ping(moon_ns, "10.3.0.2", src="10.1.0.2")


def test_site_to_site_started_by_itself(lab):
    """start_action = start: the tunnel comes up without anyone asking."""
    sites = {"vips": None, "children": {"net": {"start_action": "start"}}}
    carol, moon = lab.psk(carol=sites, moon={"pools": None}, start=False)
    lab.start(moon)
    lab.start(carol)
    carol.wait_children(["net"])
    lab.prove(carol, moon, tcp=False)


# --- more children, and their end ---------------------------------------------------------------

def test_second_child_uses_the_same_sa(lab):
    """--initiate of the second child makes a CREATE_CHILD_SA exchange, not another IKE_SA."""
    carol, moon = lab.psk()
    carol.initiate("host")
    carol.initiate("net")
    assert sorted(c.name for c in carol.sa().children) == ["host", "net"]
    assert "generating CREATE_CHILD_SA request 2 [ SA No TSi TSr ]" in carol.log()
    lab.prove(carol, moon)


def test_second_child_with_key_exchange(lab):
    """A key exchange in the ESP proposal appears as KE payload in CREATE_CHILD_SA."""
    carol, _ = lab.psk()
    carol.initiate("net")
    carol.initiate("host")
    assert "generating CREATE_CHILD_SA request 2 [ SA No KE TSi TSr ]" in carol.log()
    assert carol.sa().child("host").proposal.endswith("/MODP_3072")


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_delete_child(lab, by):
    """Either side deletes one child; the other child and the IKE_SA stay."""
    carol, moon = lab.psk()
    carol.initiate("net")
    carol.initiate("host")
    actor = carol if by == "initiator" else moon
    done = actor.terminate(child="host")
    assert "terminate completed successfully" in done.stdout
    for host in (carol, moon):
        host.wait_children(["net"])
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("by", ["initiator", "responder"])
def test_delete_ike(lab, by):
    """Either side deletes the IKE_SA: all is gone on both, and a new one can be made."""
    carol, moon = lab.psk()
    carol.initiate("net")
    actor, name = (carol, "home") if by == "initiator" else (moon, "rw")
    actor.terminate(ike=name)
    carol.wait_gone()
    moon.wait_gone()
    assert "10.3.0.1" not in lab.top.carol.addresses()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_terminate_by_id(lab):
    """--ike-id and --child-id name one SA by its number."""
    carol, moon = lab.psk()
    carol.initiate("net")
    carol.initiate("host")
    carol.terminate(child_id=carol.sa().child("net").uid)
    carol.wait_children(["host"])
    carol.terminate(ike_id=carol.sa().uid)
    moon.wait_gone()


def test_both_initiate(lab):
    """Two IKE_SAs between the same hosts, one from each side, live side by side."""
    sites = {"vips": None, "children": {"net": {"local_ts": "192.168.0.3/32"}}}
    carol, moon = lab.psk(carol=sites, moon={"pools": None, "remote_addrs": "192.168.0.3"},
                          start=False)
    moon.config["connections"]["rw"]["remote"]["id"] = conf.CAROL
    carol.config["secrets"]["ike-moon"]["id"] = conf.MOON
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    moon.initiate("host")
    wait_until(lambda: any(c.name == "host" for sa in carol.sas() for c in sa.children), "host")
