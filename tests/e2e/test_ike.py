# SPDX-License-Identifier: Apache-2.0
"""IKEv2 on the wire as the log tells it: messages, retries, fragments, key exchanges."""
import re

import pytest
from lib import conf, pki
from lib import traffic
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

# Notifies of IKE_AUTH that belong to features a peer may or may not have.
_OPTIONAL = (r"N\((MOBIKE_SUP|NO_ADD_ADDR|ADD_4_ADDR|ADD_6_ADDR|MULT_AUTH|EAP_ONLY|"
             r"MSG_ID_SYN_SUP)\) ")


def _summaries(log, pattern):
    """The message summaries of a log without thread numbers and optional notifies, in order."""
    return [re.sub(_OPTIONAL, "", text)
            for text in re.findall(r"^\d\d\[ENC\] (.*)$", log, re.MULTILINE)
            if re.search(pattern, text)]


def test_messages_of_the_seed(lab):
    """The summaries of the first exchanges read as the seed's, on both sides."""
    carol, moon = lab.seed()
    carol.initiate("net")
    init = "[ SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) V ]"
    init_reply = ("[ SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) "
                  "N(CHDLESS_SUP) N(MULT_AUTH) V ]")
    auth = "[ IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH CPRQ(ADDR DNS) SA TSi TSr ]"
    auth_reply = "[ IDr CERT AUTH CPRP(ADDR) SA TSi TSr ]"
    # Announcements of later features may stand where the seed has them.
    def plain(text):
        return text.replace("N(IKE_INT_SUP) ", "").replace("N(MULT_AUTH) ", "") \
            .replace("N(REDIR_SUP) ", "")
    got = [plain(t) for t in _summaries(carol.log(), "IKE_SA_INIT|IKE_AUTH")]
    want = [plain(t) for t in (
        f"generating IKE_SA_INIT request 0 {init}", f"parsed IKE_SA_INIT response 0 {init_reply}",
        f"generating IKE_AUTH request 1 {auth}", f"parsed IKE_AUTH response 1 {auth_reply}")]
    assert got == want
    got = [plain(t) for t in _summaries(moon.log(), "IKE_SA_INIT|IKE_AUTH")]
    assert got == [t.replace("generating", "~").replace("parsed", "generating")
                   .replace("~", "parsed") for t in want]


def test_log_lines_of_the_seed(lab):
    """The lines people look for when a tunnel comes up, as the seed has them."""
    carol, moon = lab.seed()
    carol.initiate("net")
    for line in (
            r"\d\d\[CFG\] vici initiate CHILD_SA 'net'",
            r"\d\d\[IKE\] initiating IKE_SA home\[1\] to 192\.168\.0\.2",
            r"\d\d\[NET\] sending packet: from 192\.168\.0\.3\[500\] to 192\.168\.0\.2\[500\] "
            r"\(\d+ bytes\)",
            r"\d\d\[NET\] received packet: from 192\.168\.0\.2\[500\] to 192\.168\.0\.3\[500\] "
            r"\(\d+ bytes\)",
            r"\d\d\[IKE\] received strongSwan vendor ID",
            r"\d\d\[CFG\] selected proposal: IKE:AES_CBC_256/HMAC_SHA2_256_128/"
            r"PRF_HMAC_SHA2_256/CURVE_25519",
            r'\d\d\[IKE\] received cert request for "C=CH, O=Cyber, CN=Cyber Root CA"',
            r'\d\d\[IKE\] sending cert request for "C=CH, O=Cyber, CN=Cyber Root CA"',
            r"\d\d\[IKE\] authentication of 'carol@strongswan\.org' \(myself\) with "
            r"ECDSA_WITH_SHA256_DER successful",
            r'\d\d\[IKE\] sending end entity cert "C=CH, O=Cyber, CN=carol@strongswan\.org"',
            r"\d\d\[IKE\] establishing CHILD_SA net\{1\}",
            r'\d\d\[IKE\] received end entity cert "C=CH, O=Cyber, CN=moon\.strongswan\.org"',
            r'\d\d\[CFG\]   using certificate "C=CH, O=Cyber, CN=moon\.strongswan\.org"',
            r'\d\d\[CFG\]   using trusted ca certificate "C=CH, O=Cyber, CN=Cyber Root CA"',
            r"\d\d\[CFG\]   reached self-signed root ca with a path length of 0",
            r"\d\d\[IKE\] authentication of 'moon\.strongswan\.org' with ECDSA_WITH_SHA256_DER "
            r"successful",
            r"\d\d\[IKE\] installing new virtual IP 10\.3\.0\.1",
            r"\d\d\[IKE\] IKE_SA home\[1\] established between 192\.168\.0\.3\[carol@strongswan"
            r"\.org\]\.\.\.192\.168\.0\.2\[moon\.strongswan\.org\]",
            r"\d\d\[IKE\] scheduling rekeying in 1[67]\d\ds",
            r"\d\d\[IKE\] maximum IKE_SA lifetime 1[89]\d\ds",
            r"\d\d\[CFG\] selected proposal: ESP:AES_CBC_256/HMAC_SHA2_256_128/NO_EXT_SEQ",
            r"\d\d\[IKE\] CHILD_SA net\{1\} established with SPIs [0-9a-f]{8}_i [0-9a-f]{8}_o and "
            r"TS 10\.3\.0\.1/32 === 10\.1\.0\.0/24"):
        assert re.search(rf"^{line}$", carol.log(), re.MULTILINE), line
    for line in (
            r"\d\d\[IKE\] 192\.168\.0\.3 is initiating an IKE_SA",
            r"\d\d\[CFG\] looking for peer configs matching 192\.168\.0\.2\[moon\.strongswan\.org\]"
            r"\.\.\.192\.168\.0\.3\[carol@strongswan\.org\]",
            r"\d\d\[CFG\] selected peer config 'rw'",
            r"\d\d\[IKE\] peer requested virtual IP %any",
            r"\d\d\[CFG\] assigning new lease to 'carol@strongswan\.org'",
            r"\d\d\[IKE\] assigning virtual IP 10\.3\.0\.1 to peer 'carol@strongswan\.org'"):
        assert re.search(rf"^{line}$", moon.log(), re.MULTILINE), line


def test_cookie(lab):
    """With enough half-open SAs moon answers with a COOKIE first; carol brings it back."""
    carol, moon = lab.psk(settings={"charon": {"cookie_threshold": 1, "cookie_threshold_ip": 1}})
    lab.top.lan.run(traffic.PYTHON, traffic.Path(traffic.__file__).with_name("rawike.py"),
                    "10.1.0.2", 3)
    wait_until(lambda: "is initiating an IKE_SA" in moon.log(), "a half-open IKE_SA")
    carol.initiate("net")
    got = _summaries(carol.log(), "IKE_SA_INIT")
    assert got[1].startswith("parsed IKE_SA_INIT response 0 [ N(COOKIE) ")
    assert got[2].startswith("generating IKE_SA_INIT request 0 [ N(COOKIE) SA KE No ")
    lab.prove(carol, moon, tcp=False)


def test_no_cookie_without_protection(lab):
    """dos_protection = no never asks for one."""
    carol, moon = lab.psk(settings={"charon": {"dos_protection": False, "cookie_threshold": 1,
                                               "cookie_threshold_ip": 1}})
    lab.top.lan.run(traffic.PYTHON, traffic.Path(traffic.__file__).with_name("rawike.py"),
                    "10.1.0.2", 3)
    wait_until(lambda: "is initiating an IKE_SA" in moon.log(), "a half-open IKE_SA")
    carol.initiate("net")
    assert "N(COOKIE)" not in carol.log()


def test_half_open_timeout(lab):
    """A half-open SA is forgotten after charon.half_open_timeout."""
    _, moon = lab.psk(settings={"charon": {"half_open_timeout": 2}})
    lab.top.lan.run(traffic.PYTHON, traffic.Path(traffic.__file__).with_name("rawike.py"),
                    "10.1.0.2", 1)
    wait_until(lambda: "1 half-open" in moon.swanctl("--stats").stdout, "one half-open")
    wait_until(lambda: "0 half-open" in moon.swanctl("--stats").stdout, "no half-open", 6)


def test_invalid_ke(lab):
    """carol guesses the wrong group; moon names the right one; the second try succeeds."""
    carol, moon = lab.psk(carol={"proposals": "aes256-sha256-x25519-modp2048"},
                          moon={"proposals": "aes256-sha256-modp2048"})
    carol.initiate("net")
    got = _summaries(carol.log(), "IKE_SA_INIT")
    assert got[1].startswith("parsed IKE_SA_INIT response 0 [ N(INVAL_KE) ")
    assert re.search(r"peer didn't accept (DH group|key exchange method) CURVE_25519, it requested "
                     "MODP_2048", carol.log())
    assert carol.sa().proposal.endswith("/MODP_2048")
    lab.prove(carol, moon, tcp=False)


def test_invalid_ke_in_create_child(lab):
    """The same for the second child."""
    carol, moon = lab.psk(
        carol={"children": {"host": {"esp_proposals": "aes256-sha256-x25519-ecp256"}}},
        moon={"children": {"host": {"esp_proposals": "aes256-sha256-ecp256"}}})
    carol.initiate("net")
    carol.initiate("host")
    assert "parsed CREATE_CHILD_SA response 2 [ N(INVAL_KE) ]" in carol.log()
    assert carol.sa().child("host").proposal.endswith("/ECP_256")
    lab.prove(carol, moon, child="host", target="192.168.0.2", tcp=False)


@pytest.mark.parametrize("size", [1480, 600])
def test_fragmentation(lab, size):
    """An RSA-4096 chain with an intermediate CA travels in fragments, both ways."""
    carol, moon = lab.seed(family=pki.family("rsa4096", intermediate=True),
                           settings={"charon": {"fragment_size": size}})
    carol.initiate("net")
    for host in (carol, moon):
        assert re.search(r"splitting IKE message \(\d+ bytes\) into \d fragments", host.log())
        assert re.search(r"received fragment #\d of \d, reassembled fragmented IKE message",
                         host.log())
    sent = [int(n) for n in re.findall(r"sending packet: .*\[4500\] \((\d+) bytes\)", carol.log())]
    assert size - 100 < max(sent) <= size - 28
    lab.prove(carol, moon, tcp=False)


def test_fragmentation_off(lab):
    """fragmentation = no on one side: neither announces nor sends fragments."""
    carol, moon = lab.seed(family=pki.family("rsa4096"), moon={"fragmentation": "no"})
    carol.initiate("net")
    assert "EF(" not in carol.log() + moon.log()
    lab.prove(carol, moon, tcp=False)


def test_message_larger_than_max_packet(lab):
    """A peer that sends more than charon.max_packet is refused by name."""
    carol, moon = lab.seed(family=pki.family("rsa4096", intermediate=True), start=False)
    moon.settings = conf.merge(moon.settings, {"charon": {"max_packet": 2000}})
    moon.write_files()
    lab.start(carol, moon)
    carol.swanctl("--initiate", "--child", "net", "--timeout", "3")
    assert re.search(r"max_packet", moon.log())
    assert not [sa for sa in moon.sas() if sa.state == "ESTABLISHED"]


SUITES = {
    "aes128-sha1-modp2048": "AES_CBC-128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
    "aes192-sha384-ecp384": "AES_CBC-192/HMAC_SHA2_384_192/PRF_HMAC_SHA2_384/ECP_384",
    "aes256-sha512-x448": "AES_CBC-256/HMAC_SHA2_512_256/PRF_HMAC_SHA2_512/CURVE_448",
    "aes256ctr-sha256-ecp256": "AES_CTR-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/ECP_256",
    "aes128-aesxcbc-x25519": "AES_CBC-128/AES_XCBC_96/PRF_AES128_XCBC/CURVE_25519",
    "aes128-aescmac-x25519": "AES_CBC-128/AES_CMAC_96/PRF_AES128_CMAC/CURVE_25519",
    "aes128gcm16-prfsha256-x25519": "AES_GCM_16-128/PRF_HMAC_SHA2_256/CURVE_25519",
    "aes256gcm8-prfsha384-x25519": "AES_GCM_8-256/PRF_HMAC_SHA2_384/CURVE_25519",
    "aes256ccm16-prfsha256-x25519": "AES_CCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519",
    "chacha20poly1305-prfsha256-x25519": "CHACHA20_POLY1305/PRF_HMAC_SHA2_256/CURVE_25519",
}


@pytest.mark.parametrize("suite", SUITES)
def test_ike_suites(lab, suite):
    """Ciphers, integrity and PRFs of the IKE_SA, and their names in --list-sas."""
    carol, moon = lab.psk(carol={"proposals": suite}, moon={"proposals": suite})
    carol.initiate("net")
    assert carol.sa().proposal == moon.sa().proposal == SUITES[suite]
    lab.prove(carol, moon, tcp=False)


GROUPS = {
    "modp768": "MODP_768", "modp1024": "MODP_1024", "modp1536": "MODP_1536",
    "modp2048": "MODP_2048", "modp3072": "MODP_3072", "modp4096": "MODP_4096",
    "modp6144": "MODP_6144", "modp8192": "MODP_8192", "modp1024s160": "MODP_1024_160",
    "modp2048s224": "MODP_2048_224", "modp2048s256": "MODP_2048_256",
    "ecp192": "ECP_192", "ecp224": "ECP_224", "ecp256": "ECP_256", "ecp384": "ECP_384",
    "ecp521": "ECP_521", "ecp224bp": "ECP_224_BP", "ecp256bp": "ECP_256_BP",
    "ecp384bp": "ECP_384_BP", "ecp512bp": "ECP_512_BP", "x25519": "CURVE_25519",
    "x448": "CURVE_448",
}


def test_key_exchanges(lab):
    """Every classical key exchange of the seed's list, in IKE_SA_INIT and CREATE_CHILD_SA."""
    carol, moon = lab.psk(moon={"pools": None,
                                "proposals": "aes256-sha256-" + "-".join(GROUPS)}, start=False)
    home = carol.config["connections"]["home"]
    carol.config["connections"] = {
        group: conf.merge(home, {
            "proposals": f"aes256-sha256-{group}", "vips": None,
            "children": {"net": None, "host": None,
                         f"{group}-a": {"esp_proposals": conf.ESP, "remote_ts": "10.1.0.0/24"},
                         f"{group}-b": {"esp_proposals": f"{conf.ESP}-{group}"}}})
        for group in GROUPS}
    moon.config["connections"]["rw"]["children"]["host"]["esp_proposals"] = \
        f"{conf.ESP}-{'-'.join(GROUPS)}"
    for host in (carol, moon):
        host.write_files()
    lab.start(carol, moon)
    for group, name in GROUPS.items():
        carol.initiate(f"{group}-a")
        carol.initiate(f"{group}-b")
        sa = carol.sa()
        assert sa.proposal.endswith("/" + name), (group, sa)
        assert sa.child(f"{group}-b").proposal.endswith("/" + name), (group, sa)
        carol.terminate(ike=group)
        carol.wait_gone()


def test_proposal_order(lab):
    """prefer_configured_proposals decides whose order counts."""
    carol, moon = lab.psk(carol={"proposals": "aes128-sha256-x25519, aes256-sha256-x25519"},
                          moon={"proposals": "aes256-sha256-x25519, aes128-sha256-x25519"})
    carol.initiate("net")
    assert carol.sa().proposal.startswith("AES_CBC-256"), "moon's order counts by default"
    moon.settings = conf.merge(moon.settings,
                               {"charon": {"prefer_configured_proposals": False}})
    moon.write_files()
    moon.stop()
    moon.start()
    carol.wait_gone()
    carol.initiate("net")
    assert carol.sa().proposal.startswith("AES_CBC-128"), "the peer's order counts now"


def test_loss(lab):
    """30 % of the packets are lost each way, and the tunnel still comes up."""
    carol, moon = lab.psk(settings={"charon": {"retransmit_tries": 12, "retransmit_timeout": 0.3,
                                               "retransmit_base": 1.0}})
    for ns in (lab.top.carol, lab.top.moon):
        ns.run("nft", "-f", "-", input="""
            table inet lossy {
                chain input {
                    type filter hook input priority 0;
                    udp dport { 500, 4500 } numgen random mod 100 < 30 drop
                }
            }""")
    carol.initiate("net", timeout=30)
    for ns in (lab.top.carol, lab.top.moon):
        ns.run("nft", "delete", "table", "inet", "lossy")
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("carol, moon, chosen", [
    ("x25519-ke1_ecp384", "x25519-ke1_ecp384", "CURVE_25519/KE1_ECP_384"),
    ("x25519-ke1_ecp384-ke2_modp3072",
     "x25519-ke1_ecp256-ke1_ecp384-ke2_modp3072-ke3_none-ke3_ecp521",
     "CURVE_25519/KE1_ECP_384/KE2_MODP_3072"),
    ("ecp256-ke1_x25519-ke1_none", "ecp256", "ECP_256"),
    ("x25519-ke1_x25519-ke1_curve448", "x25519-ke1_x25519-ke1_curve448",
     "CURVE_25519/KE1_CURVE_448"),
    ("x25519-ke1_ecp256-ke2_ecp384-ke3_ecp521-ke4_ecp256bp-ke5_ecp384bp-ke6_curve448-ke7_modp2048",
     "x25519-ke1_ecp256-ke2_ecp384-ke3_ecp521-ke4_ecp256bp-ke5_ecp384bp-ke6_curve448-ke7_modp2048",
     "KE6_CURVE_448/KE7_MODP_2048")])
def test_further_key_exchanges(lab, carol, moon, chosen):
    """RFC 9370: each in an IKE_INTERMEDIATE of its own; none twice; NONE allowed."""
    one, two = lab.seed(carol={"proposals": "aes256-sha256-" + carol},
                        moon={"proposals": "aes256-sha256-" + moon})
    one.initiate("net")
    lab.prove(one, two, tcp=False)
    rounds = chosen.count("KE")
    log = one.log()
    assert f"/PRF_HMAC_SHA2_256/{chosen}" in log or chosen.count("KE7")
    assert chosen in one.swanctl("--list-sas").stdout
    assert log.count("generating IKE_INTERMEDIATE request") == (7 if "KE7" in chosen else rounds)
    assert (("N(IKE_INT_SUP)" in log) == ("ke1" in carol))


def test_further_key_exchange_refused(lab):
    """A further exchange that the gateway insists on and the client does not offer."""
    one, two = lab.seed(carol={"proposals": "aes256-sha256-x25519"},
                        moon={"proposals": "aes256-sha256-x25519-ke1_ecp384"})
    done = one.initiate("net", check=False)
    assert done.returncode != 0 and "NO_PROPOSAL_CHOSEN" in done.stderr
    assert re.search(r"configured proposals: IKE:\S+/CURVE_25519/KE1_ECP_384", two.log())


@pytest.mark.parametrize("esp, chosen, rounds", [
    ("aes256-sha256-x25519-ke1_ecp384", "CURVE_25519/KE1_ECP_384", 1),
    ("aes256gcm16-modp3072-ke1_ecp384-ke2_x25519", "MODP_3072/KE1_ECP_384/KE2_CURVE_25519", 2)])
def test_further_key_exchanges_of_a_child(lab, esp, chosen, rounds):
    """CREATE_CHILD_SA goes on with one IKE_FOLLOWUP_KE for each further exchange, linked."""
    child = {"children": {"host": {"esp_proposals": esp}}}
    carol, moon = lab.psk(carol=child, moon=child)
    carol.initiate("net")
    carol.initiate("host")
    log = carol.log()
    assert "parsed CREATE_CHILD_SA response 2 [ SA No KE TSi TSr N(ADD_KE) ]" in log
    assert log.count("generating IKE_FOLLOWUP_KE request") == rounds
    assert f"parsed IKE_FOLLOWUP_KE response {2 + rounds} [ KE ]" in log
    for host in (carol, moon):
        assert f"/{chosen}\n" in host.swanctl("--list-sas").stdout
    lab.prove(carol, moon, child="host", target=lab.top.moon_addr, tcp=False)


# What each round of the seed's proposal looks like on the wire: KE payload, headers, padding, ICV.
_SEED_ROUNDS = (
    r"sending packet: from 192\.168\.0\.3\[4500\] to 192\.168\.0\.2\[4500\] \(1264 bytes\)",
    r"received packet: from 192\.168\.0\.2\[4500\] to 192\.168\.0\.3\[4500\] \(1168 bytes\)",
    r"splitting IKE message \(3168 bytes\) into 3 fragments",
    r"reassembled fragmented IKE message \(3200 bytes\)",
    r"splitting IKE message \(4608 bytes\) into 4 fragments",
    r"reassembled fragmented IKE message \(9104 bytes\)")


@pytest.mark.parametrize("words, chosen, lines", [
    ("x25519-ke1_mlkem768", "CURVE_25519/KE1_ML_KEM_768", ()),
    ("mlkem768", "ML_KEM_768", ()),
    ("x25519-ke1_kyber3-ke2_bike3-ke3_hqc3", "CURVE_25519/KE1_KYBER_L3/KE2_BIKE_L3/KE3_HQC_L3",
     _SEED_ROUNDS),
    ("modp3072-ke1_frodoa3-ke2_bike3", "MODP_3072/KE1_FRODO_AES_L3/KE2_BIKE_L3", ())])
def test_post_quantum(lab, words, chosen, lines):
    """KEMs alone and in IKE_INTERMEDIATE exchanges, with the message sizes of the seed."""
    carol, moon = lab.seed(carol={"proposals": "aes256-sha256-" + words},
                           moon={"proposals": "aes256-sha256-" + words})
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    log = carol.log()
    assert f"/PRF_HMAC_SHA2_256/{chosen}" in log
    assert chosen in carol.swanctl("--list-sas").stdout
    rounds = re.findall(r"generating IKE_INTERMEDIATE request \d \[ KE \]", log)
    assert len(rounds) == chosen.count("/KE")
    for line in lines:
        assert re.search(line, log), line
