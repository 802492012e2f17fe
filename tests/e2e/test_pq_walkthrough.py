# SPDX-License-Identifier: Apache-2.0
"""The post-quantum walkthrough of the seed: carol and moon, from start-up to the rekeyed IKE_SA.

What carol's log and commands show is compared with what the document shows, message by message.
What differs from it, and has to, is in lib/sidebyside.py, each with its reason; of the walkthrough
with certificates of our own also the sizes of IKE_AUTH, for signatures by Falcon vary in length.

CYGNET_SEED_PAGE=1 writes docs/seed-walkthrough.md.
"""
import os
import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from lib import sidebyside
from lib.document import CAROL_CONNS, CONNECT, HOST, MOON_CONNS, REKEY_HOST, REKEY_IKE, REKEY_NET
from lib.lab import Lab
from lib.transcript import messages
from lib.walk import EXAMPLE, OLD, SEED, Step, Walk, make_certificates, shorten, start

pytestmark = pytest.mark.usefixtures("built")

FALCON_SPREAD = 64  # bytes: Falcon-1024 signatures are 1271 bytes, give or take a few
KE_IKE = "CURVE_25519/KE1_KYBER_L3/KE2_BIKE_L3/KE3_HQC_L3"
KE_HOST = "MODP_3072/KE1_FRODO_AES_L3/KE2_BIKE_L3"
SUITE = "AES_CBC_256/HMAC_SHA2_256_128"
LIST_SUITE = SUITE.replace("CBC_", "CBC-")  # as --list-sas writes it


@pytest.fixture(scope="module", name="walk")
def _walk():
    """The walkthrough with the seed's own files and certificates."""
    if not SEED.exists():
        pytest.skip("the files of the seed are not at hand")
    lab = Lab()
    try:
        yield Walk(lab, *start(lab, SEED, SEED)).all()
    finally:
        lab.close()


@pytest.fixture(scope="module", name="made")
def _made():
    """The same with our files, certificates by our pki, and short timers that rekey."""
    lab = Lab()
    try:
        yield Walk(lab, *start(lab, EXAMPLE, make_certificates(lab.path("ca")),
                               shorten)).by_timers()
    finally:
        lab.close()


def told(step):
    """The messages that carol's log tells of."""
    return messages(step.log)


@pytest.mark.parametrize("name, expected", [
    ("net", CONNECT), ("host", HOST), ("rekey net", REKEY_NET), ("rekey host", REKEY_HOST),
    ("rekey ike", REKEY_IKE)])
def test_messages(walk, name, expected):
    """Payloads and notifies in their order, sizes of messages, numbers and sizes of fragments."""
    assert list(map(str, told(walk.steps[name]))) == list(map(str, expected))


# ---- certificates of our own, and timers ----

def test_made_connect(made):
    """The document's messages again; the Falcon signature in a certificate is not of one length,
    so that IKE_AUTH and the last of its fragments differ, each in whole cipher blocks."""
    found = told(made.steps["net"]) + told(made.steps["host"])
    for at, (ours, theirs) in enumerate(zip(found, CONNECT + HOST)):
        more = (ours.size - theirs.size, ours.last - theirs.last)
        if (ours.exchange == "IKE_AUTH" and abs(more[0] - more[1]) <= 16
                and all(m % 16 == 0 and abs(m) <= FALCON_SPREAD for m in more)):
            found[at] = replace(ours, size=theirs.size, last=theirs.last)
    assert list(map(str, found)) == list(map(str, CONNECT + HOST))


def unnumbered(found):
    """Messages as text, without their message IDs: timers that come again shift these."""
    return [str(replace(m, number=0)) for m in found]


@pytest.mark.parametrize("expected", [REKEY_NET, REKEY_HOST, REKEY_IKE],
                         ids=["net", "host", "ike"])
def test_timer_messages(made, expected):
    """What the document shows for a rekeying, and the deletion of the old SA, before which the
    next timer may have its turn."""
    found, rekey = unnumbered(told(made.steps["rekey"])), unnumbered(expected)
    exchanges, deletion = rekey[:-2], rekey[-2:]
    deletions = [line for line in found if "INFORMATIONAL" in line]
    found = [line for line in found if "INFORMATIONAL" not in line]
    at = found.index(exchanges[0])
    assert found[at:at + len(exchanges)] == exchanges
    assert set(deletion) <= set(deletions)


def test_timer_lines(made):
    """The timers' own lines."""
    log = made.steps["rekey"]
    for child, old in OLD.items():
        out = re.search(rf"CHILD_SA {child}\{{{old}\}} established with SPIs [0-9a-f]{{8}}_i "
                        r"([0-9a-f]{8})_o", made.carol.log())[1]
        log.expect(
            rf"\[KNL\] creating rekey job for CHILD_SA ESP/0x{out}/192\.168\.0\.2",
            rf"\[IKE\] establishing CHILD_SA {child}\{{\d+\}} reqid {old}",
            rf"\[IKE\] rekeyed CHILD_SA {child}\{{{old}\}} {CHILD} with {child}\{{\d+\}} {CHILD}",
            rf"\[IKE\] delay closing of inbound CHILD_SA {child}\{{{old}\}} for 1s",
            rf"\[IKE\] CHILD_SA {child}\{{{old}\}} closed")
    log.expect(
        r"\[IKE\] initiating IKE_SA home\[2\] to 192\.168\.0\.2",
        r"\[IKE\] scheduling rekeying in 6s",
        r"\[IKE\] maximum IKE_SA lifetime 66s",
        rf"\[IKE\] IKE_SA home\[2\] rekeyed between {ENDS}",
        rf"\[IKE\] deleting IKE_SA home\[1\] between {ENDS}",
        r"\[IKE\] IKE_SA deleted")


@pytest.mark.parametrize("host, name", [("moon", "moon.strongswan.org"),
                                        ("carol", "carol@strongswan.org")])
def test_made_certs(made, host, name):
    """--list-certs as in the document, but for the numbers that are these certificates'."""
    def kinds(text):
        text = re.sub(r"[0-9a-f]{2}(:[0-9a-f]{2}){7,}", "HEX", without_days(text))
        return re.sub(r"\w{3} \d\d [\d:]{8} \d{4}", "DATE", text)

    expected = certs_of_the_document(name=name, serial="HEX", subjkey="HEX", keyid="HEX")
    assert kinds(made.steps[f"{host} list-certs"].printed) == kinds(expected)


# ---- the seed's ----


def exchanges(section):
    """(exchange, message id, sizes and packets of request and response) of each, in order."""
    return [(e["exchange"], e["message-id"], e["request-bytes"], e["request-packets"],
             e["response-bytes"], e["response-packets"]) for e in section.values()]


def wanted(expected):
    """The same of the document's messages, but for the delete at the end of a rekeying."""
    pairs = zip(expected[::2], expected[1::2])
    return [(ask.exchange, ask.number, ask.size, ask.fragments, answer.size, answer.fragments)
            for ask, answer in pairs if ask.exchange != "INFORMATIONAL"]


@pytest.mark.parametrize("host, asker", [("carol", "local"), ("moon", "remote")])
def test_trace(walk, host, asker):
    """What the daemons keep of the exchanges are the document's sizes, on either side."""
    before, after = walk.traces["before", host], walk.traces["after", host]
    assert exchanges(before["exchanges"]) == wanted(CONNECT)
    assert [e.get("ke") for e in before["exchanges"].values()] == [
        "CURVE_25519", "KYBER_L3", "BIKE_L3", "HQC_L3", None]
    auth = before["exchanges"]["5"]
    assert auth["request-auth"] == auth["response-auth"] == "DILITHIUM_5"
    assert {e["asked-by"] for e in before["exchanges"].values()} == {asker}
    assert all(e["took-us"] > 0 for e in before["exchanges"].values())
    net, other = before["child-sas"].values()
    assert "exchanges" not in net and exchanges(other["exchanges"]) == wanted(HOST)
    assert exchanges(after["exchanges"]) == wanted(CONNECT)
    assert exchanges(after["rekey-exchanges"]) == wanted(REKEY_IKE)
    children = {child["name"]: child for child in after["child-sas"].values()
                if child["state"] == "INSTALLED"}
    assert exchanges(children["net"]["exchanges"]) == wanted(REKEY_NET)
    assert exchanges(children["host"]["exchanges"]) == wanted(REKEY_HOST)


def test_pictures(walk):
    """The terminal's picture without a terminal, and the SVG."""
    printed = walk.status
    assert printed.isascii() and "\033" not in printed
    for line in (r"\| 192\.168\.0\.3\[4500\]    \|=+\| 192\.168\.0\.2\[4500\]   \|",
                 r"10\.3\.0\.1/32 =+ net\{1\} =+ 10\.1\.0\.0/24",
                 r"3  IKE_INTERMEDIATE +4608 -> +9104 bytes +\d+\.\d ms  HQC_L3\n",
                 r"4  IKE_AUTH +9088 -> +9008 bytes .* DILITHIUM_5 / DILITHIUM_5\n"):
        assert re.search(line, printed), printed
    drawn = ElementTree.parse(walk.lab.path("net.svg")).getroot()
    texts = [text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")]
    for text in ("carol@strongswan.org", "KYBER_L3", "9104 bytes, 7 packets"):
        assert text in texts


def test_start(walk):
    """Start scripts, what they load, in the document's words."""
    for host, cn, conn in ((walk.moon, "moon.strongswan.org", "rw"),
                           (walk.carol, "carol@strongswan.org", "home")):
        told = Step(host.log())
        told.expect(
            r"\[DMN\] Starting IKE charon daemon \(.*\)",
            r"\[DMN\] executing start script 'creds' \(swanctl --load-creds\)",
            rf"\[DMN\] creds: loaded certificate from '/etc/swanctl/x509/{host.name}Cert.pem'",
            r"\[DMN\] creds: loaded certificate from '/etc/swanctl/x509ca/caCert.pem'",
            rf"\[DMN\] creds: loaded Dilithium5 key from '/etc/swanctl/pkcs8/{host.name}Key.pem'",
            r"\[DMN\] executing start script 'conns' \(swanctl --load-conns\)",
            rf"\[DMN\] conns: loaded connection '{conn}'",
            r"\[DMN\] conns: successfully loaded 1 connections, 0 unloaded",
            r"\[DMN\] executing start script 'pools' \(swanctl --load-pools\)")
        told.expect(
            rf"\[CFG\] loaded certificate 'C=CH, O=Cyber, CN={cn}'",
            r"\[CFG\] loaded certificate 'C=CH, O=Cyber, CN=Cyber Root CA'",
            r"\[CFG\] loaded Dilithium5 private key",
            rf"\[CFG\] added vici connection: {conn}")
    Step(walk.moon.log()).expect(
        r"\[CFG\] added vici pool rw_pool: 10\.3\.0\.0, 254 entries",
        r"\[DMN\] pools: loaded pool 'rw_pool'",
        r"\[DMN\] pools: successfully loaded 1 pools, 0 unloaded")
    Step(walk.carol.log()).expect(r"\[DMN\] pools: no pools found, 0 unloaded")


def test_list_conns(walk):
    """--list-conns, letter by letter."""
    assert walk.steps["moon list-conns"].printed == MOON_CONNS
    assert walk.steps["carol list-conns"].printed == CAROL_CONNS


HEAD_END = "\nList of X.509 End Entity Certificates\n\n"
HEAD_CA = "\nList of X.509 CA Certificates\n\n"
CA = """\
  subject:  "C=CH, O=Cyber, CN=Cyber Root CA"
  issuer:   "C=CH, O=Cyber, CN=Cyber Root CA"
  validity:  not before Aug 29 10:33:30 2023, ok
             not after  Aug 28 10:33:30 2033, ok (expires in N days)
  serial:    4d:1c:d2:20:0f:52:67:73
  flags:     CA CRLSign self-signed{gap}
  subjkeyId: a7:9c:ed:6f:79:27:b0:85:1f:e3:e3:a3:ea:41:e7:15:24:45:80:ea
  pubkey:    Falcon1024 14344 bits
  keyid:     bb:2a:5f:ed:88:f8:16:c2:5f:59:c0:f1:0d:1f:24:97:23:7a:3a:9d
  subjkey:   a7:9c:ed:6f:79:27:b0:85:1f:e3:e3:a3:ea:41:e7:15:24:45:80:ea
"""
END = """\
  subject:  "C=CH, O=Cyber, CN={name}"
  issuer:   "C=CH, O=Cyber, CN=Cyber Root CA"
  validity:  not before Aug 29 10:33:30 2023, ok
             not after  Aug 29 10:33:30 2027, ok (expires in N days)
  serial:    {serial}
  altNames:  {name}
  flags:    {gap}
  authkeyId: a7:9c:ed:6f:79:27:b0:85:1f:e3:e3:a3:ea:41:e7:15:24:45:80:ea
  subjkeyId: {subjkey}
  pubkey:    Dilithium5 20736 bits, has private key
  keyid:     {keyid}
  subjkey:   {subjkey}
"""


def certs_of_the_document(**of_the_end):
    """--list-certs of the document, where lines end with a space."""
    return (HEAD_END + END + HEAD_CA + CA).format(gap=" ", **of_the_end)


def without_days(printed):
    """--list-certs without the days that are left."""
    return re.sub(r"expires in \d+ days", "expires in N days", printed)


@pytest.mark.parametrize("host, name, serial, subjkey, keyid", [
    ("moon", "moon.strongswan.org", "62:cf:a6:81:ef:f1:97:08",
     "0f:87:d3:ba:b7:e4:36:38:61:e1:c0:9f:8e:5e:e2:db:8d:24:da:70",
     "0a:3d:09:23:52:53:14:c5:da:3a:5a:a0:2f:29:76:68:c8:cf:75:d1"),
    ("carol", "carol@strongswan.org", "64:a9:3e:7b:1f:0d:9c:ec",
     "0a:ca:7a:bf:74:9b:ed:2c:ee:82:90:78:93:16:db:e5:e6:13:48:5c",
     "88:4d:87:3d:30:af:5b:bb:7c:50:21:8a:fd:04:fd:7b:e8:05:14:ec")])
def test_list_certs(walk, host, name, serial, subjkey, keyid):
    """--list-certs, letter by letter but for the days that are left."""
    assert without_days(walk.steps[f"{host} list-certs"].printed) == certs_of_the_document(
        name=name, serial=serial, subjkey=subjkey, keyid=keyid)


def test_list_algs(walk):
    """--list-algs has every key exchange method of the document's tables."""
    listed = re.search(r"^ke:\n((?:  .*\n)+)", walk.steps["carol list-algs"].printed, re.M)[1]
    found = set(re.findall(r"^  (\w+)\[", listed, re.M))
    assert found >= {f"{kem}_L{level}" for level in (1, 3, 5)
                     for kem in ("KYBER", "FRODO_AES", "FRODO_SHAKE", "BIKE", "HQC")}
    assert found >= {"MODP_3072", "MODP_4096", "MODP_6144", "MODP_8192", "MODP_2048", "ECP_256",
                     "ECP_384", "ECP_521", "CURVE_25519", "CURVE_448"}


def normal(text):
    """--list-sas with what is random or depends on the moment replaced by its kind."""
    text = re.sub(r"\b[0-9a-f]{16}(_[ir])", r"SPI\1", text)
    text = re.sub(r"^(    (?:in |out)) [0-9a-f]{8},", r"\1 SPI,", text, flags=re.M)
    text = re.sub(r" *\b\d+s\b", " Ns", text)
    return text.replace("TUNNEL-in-UDP", "TUNNEL")


SAS = f"""\
home: #1, ESTABLISHED, IKEv2, SPI_i* SPI_r
  local  'carol@strongswan.org' @ 192.168.0.3[4500] [10.3.0.1]
  remote 'moon.strongswan.org' @ 192.168.0.2[4500]
  {LIST_SUITE}/PRF_HMAC_SHA2_256/{KE_IKE}
  established Ns ago, rekeying in Ns
  net: #1, reqid 1, INSTALLED, TUNNEL, ESP:AES_CBC-256/HMAC_SHA2_256_128
    installed Ns ago, rekeying in Ns, expires in Ns
    in  SPI,    168 bytes,     2 packets, Ns ago
    out SPI,    168 bytes,     2 packets, Ns ago
    local  10.3.0.1/32
    remote 10.1.0.0/24
  host: #2, reqid 2, INSTALLED, TUNNEL, ESP:{LIST_SUITE}/{KE_HOST}
    installed Ns ago, rekeying in Ns, expires in Ns
    in  SPI,     84 bytes,     1 packets, Ns ago
    out SPI,     84 bytes,     1 packets, Ns ago
    local  10.3.0.1/32
    remote 192.168.0.2/32
"""
SAS_AFTER = f"""\
home: #2, ESTABLISHED, IKEv2, SPI_i* SPI_r
  local  'carol@strongswan.org' @ 192.168.0.3[4500] [10.3.0.1]
  remote 'moon.strongswan.org' @ 192.168.0.2[4500]
  {LIST_SUITE}/PRF_HMAC_SHA2_256/{KE_IKE}
  established Ns ago, rekeying in Ns
  net: #3, reqid 1, INSTALLED, TUNNEL, ESP:{LIST_SUITE}/{KE_IKE}
    installed Ns ago, rekeying in Ns, expires in Ns
    in  SPI,      0 bytes,     0 packets
    out SPI,      0 bytes,     0 packets
    local  10.3.0.1/32
    remote 10.1.0.0/24
  host: #4, reqid 2, INSTALLED, TUNNEL, ESP:{LIST_SUITE}/{KE_HOST}
    installed Ns ago, rekeying in Ns, expires in Ns
    in  SPI,      0 bytes,     0 packets
    out SPI,      0 bytes,     0 packets
    local  10.3.0.1/32
    remote 192.168.0.2/32
"""


def test_list_sas(walk):
    """--list-sas before and after the rekeying."""
    assert normal(walk.steps["list-sas"].printed) == SAS
    assert normal(walk.steps["list-sas after"].printed) == SAS_AFTER


CHILD = r"with SPIs [0-9a-f]{8}_i [0-9a-f]{8}_o"
CLOSING = r"with SPIs [0-9a-f]{8}_i \(\d+ bytes\) [0-9a-f]{8}_o \(\d+ bytes\)"
ENDS = r"192\.168\.0\.3\[carol@strongswan\.org\]\.\.\.192\.168\.0\.2\[moon\.strongswan\.org\]"
NET_TS, HOST_TS = r"10\.3\.0\.1/32 === 10\.1\.0\.0/24", r"10\.3\.0\.1/32 === 192\.168\.0\.2/32"


def test_connect_lines(walk):
    """What the log tells of the first exchanges beside the messages."""
    walk.steps["net"].expect(
        r"\[CFG\] vici initiate CHILD_SA 'net'",
        r"\[IKE\] initiating IKE_SA home\[1\] to 192\.168\.0\.2",
        r"\[IKE\] received strongSwan vendor ID",
        rf"\[CFG\] selected proposal: IKE:{SUITE}/PRF_HMAC_SHA2_256/{KE_IKE}",
        r'\[IKE\] received cert request for "C=CH, O=Cyber, CN=Cyber Root CA"',
        r"\[IKE\] authentication of 'carol@strongswan\.org' \(myself\) with DILITHIUM_5 successful",
        r'\[IKE\] sending end entity cert "C=CH, O=Cyber, CN=carol@strongswan\.org"',
        r"\[IKE\] establishing CHILD_SA net\{1\}",
        r'\[IKE\] received end entity cert "C=CH, O=Cyber, CN=moon\.strongswan\.org"',
        r'\[CFG\]   using certificate "C=CH, O=Cyber, CN=moon\.strongswan\.org"',
        r'\[CFG\]   using trusted ca certificate "C=CH, O=Cyber, CN=Cyber Root CA"',
        r"\[CFG\]   reached self-signed root ca with a path length of 0",
        r'\[CFG\] checking certificate status of "C=CH, O=Cyber, CN=moon\.strongswan\.org"',
        r"\[CFG\] certificate status is not available",
        r"\[IKE\] authentication of 'moon\.strongswan\.org' with DILITHIUM_5 successful",
        r"\[IKE\] peer supports MOBIKE",
        rf"\[IKE\] IKE_SA home\[1\] established between {ENDS}",
        r"\[IKE\] scheduling rekeying in 1[67]\d\ds",
        r"\[IKE\] maximum IKE_SA lifetime 1[89]\d\ds",
        r"\[IKE\] installing new virtual IP 10\.3\.0\.1",
        rf"\[CFG\] selected proposal: ESP:{SUITE}/NO_EXT_SEQ",
        rf"\[IKE\] CHILD_SA net\{{1\}} established {CHILD} and TS {NET_TS}")
    walk.steps["host"].expect(
        r"\[CFG\] vici initiate CHILD_SA 'host'",
        r"\[IKE\] establishing CHILD_SA host\{2\}",
        r"\[CFG\] selected proposal: ESP:" + SUITE + r"/MODP_3072/NO_EXT_SEQ/"
        r"KE1_FRODO_AES_L3/KE2_BIKE_L3",
        rf"\[IKE\] CHILD_SA host\{{2\}} established {CHILD} and TS {HOST_TS}")


@pytest.mark.parametrize("child, old, new, ke, ts", [
    ("net", 1, 3, "CURVE_25519/NO_EXT_SEQ/KE1_KYBER_L3/KE2_BIKE_L3/KE3_HQC_L3", NET_TS),
    ("host", 2, 4, "MODP_3072/NO_EXT_SEQ/KE1_FRODO_AES_L3/KE2_BIKE_L3", HOST_TS)])
def test_child_rekey_lines(walk, child, old, new, ke, ts):
    """The new CHILD_SA is established, the old one closed, and its inbound half later."""
    walk.steps[f"rekey {child}"].expect(
        rf"\[IKE\] establishing CHILD_SA {child}\{{{new}\}} reqid {old}",
        rf"\[CFG\] selected proposal: ESP:{SUITE}/{ke}",
        rf"\[IKE\] inbound CHILD_SA {child}\{{{new}\}} established {CHILD} and TS {ts}",
        rf"\[IKE\] outbound CHILD_SA {child}\{{{new}\}} established {CHILD} and TS {ts}",
        rf"\[IKE\] rekeyed CHILD_SA {child}\{{{old}\}} {CHILD} with {child}\{{{new}\}} {CHILD}",
        rf"\[IKE\] closing CHILD_SA {child}\{{{old}\}} {CLOSING} and TS {ts}",
        r"\[IKE\] sending DELETE for ESP CHILD_SA with SPI [0-9a-f]{8}",
        r"\[IKE\] received DELETE for ESP CHILD_SA with SPI [0-9a-f]{8}",
        rf"\[IKE\] delay closing of inbound CHILD_SA {child}\{{{old}\}} for 5s",
        rf"\[IKE\] CHILD_SA {child}\{{{old}\}} closed")


def test_ike_rekey_lines(walk):
    """The new IKE_SA takes over, the old one is deleted."""
    walk.steps["rekey ike"].expect(
        r"\[IKE\] initiating IKE_SA home\[2\] to 192\.168\.0\.2",
        rf"\[CFG\] selected proposal: IKE:{SUITE}/PRF_HMAC_SHA2_256/{KE_IKE}",
        r"\[IKE\] scheduling rekeying in 1[67]\d\ds",
        r"\[IKE\] maximum IKE_SA lifetime 1[89]\d\ds",
        rf"\[IKE\] IKE_SA home\[2\] rekeyed between {ENDS}",
        rf"\[IKE\] deleting IKE_SA home\[1\] between {ENDS}",
        r"\[IKE\] sending DELETE for IKE_SA home\[1\]",
        r"\[IKE\] IKE_SA deleted")


@pytest.mark.skipif(not sidebyside.DOCUMENT.exists(), reason="the document is not at hand")
def test_page(walk):
    """docs/seed-walkthrough.md is what a run shows, and each difference has its reason."""
    if "using the user-space datapath" not in walk.carol.log():
        pytest.skip("the page is of the datapath in user space")
    page = sidebyside.page(walk.texts())
    if os.environ.get("CYGNET_SEED_PAGE"):
        sidebyside.PAGE.write_text(page)
    found, expected = map(sidebyside.stable, (page, sidebyside.PAGE.read_text()))
    assert found == expected, "run scripts/seed-walkthrough"
