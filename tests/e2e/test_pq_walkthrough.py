# SPDX-License-Identifier: Apache-2.0
"""The post-quantum walkthrough of the seed: carol and moon, from start-up to the rekeyed IKE_SA.

What carol's log and commands show is compared with what the document shows, message by message.
These differ from it, and have to:
- SPIs, message times, random timers: they are random.
- `remote host is behind NAT`: ESP in user space travels in UDP, so NAT is feigned.
- The lines of a start script come as it prints them, between those of the daemon.
- The order of some lines of one message, where two things happen at once.
- moon may tell of her addresses once more when a route has changed, as MOBIKE lets her.
- Signatures by Falcon vary in length: the sizes of IKE_AUTH hold for the seed's certificates only.
"""
import re
import shutil
from pathlib import Path

import pytest

from lib import traffic
from lib.host import ROOT
from lib.lab import Lab
from lib.transcript import Message, lines, messages
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

EXAMPLE = ROOT / "examples/pq-roadwarrior"
SEED = ROOT / "../shared/pq-strongswan"
KE_IKE = "CURVE_25519/KE1_KYBER_L3/KE2_BIKE_L3/KE3_HQC_L3"
KE_HOST = "MODP_3072/KE1_FRODO_AES_L3/KE2_BIKE_L3"
SUITE = "AES_CBC_256/HMAC_SHA2_256_128"
LIST_SUITE = SUITE.replace("CBC_", "CBC-")  # as --list-sas writes it


def both(exchange, number, ask, answer):
    """A request that carol sent and its response; each is (payloads, size[, fragments, last])."""
    return [Message(True, exchange, "request", number, *ask),
            Message(False, exchange, "response", number, *answer)]


KE, MORE = "KE", "KE N(ADD_KE)"
# The first messages, and the second child.
CONNECT = [
    *both("IKE_SA_INIT", 0,
          ("SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) "
           "N(IKE_INT_SUP) V", 292),
          ("SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) "
           "N(IKE_INT_SUP) N(MULT_AUTH) V", 325)),
    *both("IKE_INTERMEDIATE", 1, (KE, 1264), (KE, 1168)),
    *both("IKE_INTERMEDIATE", 2, (KE, 3168, 3, 420), (KE, 3200, 3, 452)),
    *both("IKE_INTERMEDIATE", 3, (KE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("IKE_AUTH", 4,
          ("IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH CPRQ(ADDR DNS) SA TSi TSr N(MOBIKE_SUP) "
           "N(NO_ADD_ADDR) N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP)", 9088, 7, 836),
          ("IDr CERT AUTH CPRP(ADDR) SA TSi TSr N(MOBIKE_SUP) N(ADD_4_ADDR)", 9008, 7, 756)),
]
HOST = [
    *both("CREATE_CHILD_SA", 5, ("SA No KE TSi TSr", 624), ("SA No KE TSi TSr N(ADD_KE)", 624)),
    *both("IKE_FOLLOWUP_KE", 6, (MORE, 15728, 12, 596), (MORE, 15840, 12, 708)),
    *both("IKE_FOLLOWUP_KE", 7, (MORE, 3168, 3, 420), (KE, 3200, 3, 452)),
]
REKEY_NET = [
    *both("CREATE_CHILD_SA", 8, ("N(REKEY_SA) SA No KE TSi TSr", 288),
          ("SA No KE TSi TSr N(ADD_KE)", 288)),
    *both("IKE_FOLLOWUP_KE", 9, (MORE, 1280), (MORE, 1184)),
    *both("IKE_FOLLOWUP_KE", 10, (MORE, 3168, 3, 420), (MORE, 3200, 3, 452)),
    *both("IKE_FOLLOWUP_KE", 11, (MORE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("INFORMATIONAL", 12, ("D", 80), ("D", 80)),
]
REKEY_HOST = [
    *both("CREATE_CHILD_SA", 13, ("N(REKEY_SA) SA No KE TSi TSr", 624),
          ("SA No KE TSi TSr N(ADD_KE)", 624)),
    *both("IKE_FOLLOWUP_KE", 14, (MORE, 15728, 12, 596), (MORE, 15840, 12, 708)),
    *both("IKE_FOLLOWUP_KE", 15, (MORE, 3168, 3, 420), (KE, 3200, 3, 452)),
    *both("INFORMATIONAL", 16, ("D", 80), ("D", 80)),
]
REKEY_IKE = [
    *both("CREATE_CHILD_SA", 17, ("SA No KE", 224), ("SA No KE N(ADD_KE)", 240)),
    *both("IKE_FOLLOWUP_KE", 18, (MORE, 1280), (MORE, 1184)),
    *both("IKE_FOLLOWUP_KE", 19, (MORE, 3168, 3, 420), (MORE, 3200, 3, 452)),
    *both("IKE_FOLLOWUP_KE", 20, (MORE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("INFORMATIONAL", 21, ("D", 80), ("", 80)),
]


class Step:
    """What carol's log gained, and a command printed, at one step of the document."""

    def __init__(self, log, printed=""):
        self.log, self.printed = log, printed

    def expect(self, *patterns):
        """The lines that match these regular expressions come in this order."""
        at, texts = 0, [f"[{group}] {text}" for group, text in lines(self.log)]
        for pattern in patterns:
            while at < len(texts) and not re.fullmatch(pattern, texts[at]):
                at += 1
            assert at < len(texts), f"no line {pattern!r} (in this order) in:\n{self.log}"
            at += 1


class Walk:
    """The whole document, once."""

    def __init__(self, lab, carol, moon):
        self.lab, self.carol, self.moon, self.steps = lab, carol, moon, {}

    def step(self, name, act, until=None):
        """Do something, wait for a line of carol's log, and keep what she said meanwhile."""
        mark = self.carol.mark()
        done = act()
        if until:
            self.carol.wait_log(until, 20, since=mark)
        self.steps[name] = Step(self.carol.log_since(mark), done.stdout if done else "")

    def all(self):
        """Every step in the document's order."""
        carol, top = self.carol, self.lab.top
        for verb in ("conns", "certs", "algs"):
            for host in (self.moon, carol):
                self.steps[f"{host.name} list-{verb}"] = Step("", host.swanctl(
                    f"--list-{verb}", check=True).stdout)
        self.step("net", lambda: carol.swanctl("--initiate", "--child", "net", check=True))
        self.step("host", lambda: carol.swanctl("--initiate", "--child", "host", check=True))
        assert (two := traffic.ping(top.carol, "10.1.0.2", 2)), two
        assert (one := traffic.ping(top.carol, "192.168.0.2", 1)), one
        self.steps["list-sas"] = Step("", carol.swanctl("--list-sas", check=True).stdout)
        for child, uid in (("net", 1), ("host", 2)):
            self.step(f"rekey {child}", lambda name=child: carol.swanctl(
                "--rekey", "--child", name, check=True), rf"CHILD_SA {child}\{{{uid}\}} closed")
        self.step("rekey ike", lambda: carol.swanctl("--rekey", "--ike", "home", check=True),
                  r"IKE_SA deleted")
        self.steps["list-sas after"] = Step("", carol.swanctl("--list-sas", check=True).stdout)
        return self


@pytest.fixture(scope="module", name="walk")
def _walk():
    """The walkthrough with the seed's own files and certificates."""
    if not SEED.exists():
        pytest.skip("the files of the seed are not at hand")
    lab = Lab()
    try:
        top = lab.pair()
        hosts = [lab.cygnet(ns) for ns in (top.moon, top.carol)]
        for host in hosts:
            shutil.copytree(SEED / host.name, host.root / "etc/swanctl", dirs_exist_ok=True)
            shutil.copy(SEED / "strongswan.conf", host.root / "etc")
            host.start(load=False)
            wait_until(lambda it=host: re.search("pools: .*unloaded", it.log()), "start scripts")
        yield Walk(lab, hosts[1], hosts[0]).all()
    finally:
        lab.close()


def is_address_list(message):
    """Whether moon tells of her addresses, or carol answers (RFC 4555 section 3.6)."""
    return (message.exchange == "INFORMATIONAL" and message.sent == (message.kind == "response")
            and "COOKIE2" in message.payloads)


@pytest.mark.parametrize("name, expected", [
    ("net", CONNECT), ("host", HOST), ("rekey net", REKEY_NET), ("rekey host", REKEY_HOST),
    ("rekey ike", REKEY_IKE)])
def test_messages(walk, name, expected):
    """Payloads and notifies in their order, sizes of messages, numbers and sizes of fragments."""
    found = [m for m in messages(walk.steps[name].log) if not is_address_list(m)]
    assert list(map(str, found)) == list(map(str, expected))


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


MOON_CONNS = """\
rw: IKEv2, no reauthentication, rekeying every 14400s
  local:  %any
  remote: %any
  local public key authentication:
    id: moon.strongswan.org
    certs: C=CH, O=Cyber, CN=moon.strongswan.org
  remote public key authentication:
    cacerts: C=CH, O=Cyber, CN=Cyber Root CA
  net: TUNNEL, rekeying every 3600s
    local:  10.1.0.0/24
    remote: dynamic
  host: TUNNEL, rekeying every 3600s
    local:  dynamic
    remote: dynamic
"""
CAROL_CONNS = """\
home: IKEv2, no reauthentication, rekeying every 1800s
  local:  %any
  remote: 192.168.0.2
  local public key authentication:
    id: carol@strongswan.org
    certs: C=CH, O=Cyber, CN=carol@strongswan.org
  remote public key authentication:
    id: moon.strongswan.org
  net: TUNNEL, rekeying every 1200s
    local:  dynamic
    remote: 10.1.0.0/16
  host: TUNNEL, rekeying every 1200s
    local:  dynamic
    remote: dynamic
"""


def test_list_conns(walk):
    """--list-conns, letter by letter."""
    assert walk.steps["moon list-conns"].printed == MOON_CONNS
    assert walk.steps["carol list-conns"].printed == CAROL_CONNS


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


@pytest.mark.parametrize("host, name, serial, subjkey, keyid", [
    ("moon", "moon.strongswan.org", "62:cf:a6:81:ef:f1:97:08",
     "0f:87:d3:ba:b7:e4:36:38:61:e1:c0:9f:8e:5e:e2:db:8d:24:da:70",
     "0a:3d:09:23:52:53:14:c5:da:3a:5a:a0:2f:29:76:68:c8:cf:75:d1"),
    ("carol", "carol@strongswan.org", "64:a9:3e:7b:1f:0d:9c:ec",
     "0a:ca:7a:bf:74:9b:ed:2c:ee:82:90:78:93:16:db:e5:e6:13:48:5c",
     "88:4d:87:3d:30:af:5b:bb:7c:50:21:8a:fd:04:fd:7b:e8:05:14:ec")])
def test_list_certs(walk, host, name, serial, subjkey, keyid):
    """--list-certs, letter by letter but for the days that are left."""
    printed = re.sub(r"expires in \d+ days", "expires in N days",
                     walk.steps[f"{host} list-certs"].printed)
    assert printed == (
        "\nList of X.509 End Entity Certificates\n\n"
        + END.format(name=name, serial=serial, subjkey=subjkey, keyid=keyid, gap=" ")
        + "\nList of X.509 CA Certificates\n\n" + CA.format(gap=" "))


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
