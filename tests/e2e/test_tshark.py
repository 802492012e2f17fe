# SPDX-License-Identifier: Apache-2.0
"""Wireshark agrees: what we send is well formed, and the key log opens it."""
import shutil
import subprocess

import pytest
from lib import pki
from lib.traffic import Capture, ping
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

IKE_KEYS, ESP_KEYS = "ikev2_decryption_table", "esp_sa"


def tshark(pcap, *args, prefs=()):
    """tshark's reading of a capture; prefs are -o preferences."""
    options = [x for pref in prefs for x in ("-o", pref)]
    done = subprocess.run(["tshark", "-n", "-r", str(pcap), *options, *args], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(name="wire")
def captured(lab, request):
    """(capture, key directory, carol, moon) after net was initiated and pinged through.

    The parameter is laid over carol's and moon's connections.
    """
    if not shutil.which("tshark"):
        pytest.fail("tshark is missing: scripts/setup installs it")
    keys = lab.path("keys")
    keys.mkdir()
    save = {"charon": {"plugins": {"save-keys": {
        "load": True, "ike": True, "esp": True, "wireshark_keys": str(keys)}}}}
    over = getattr(request, "param", {})
    carol, moon = lab.seed(carol=over, moon=over, settings=save, start=False)
    moon.settings["charon"]["plugins"] = {}
    moon.write_files()
    lab.start(carol, moon)
    with Capture(lab.top.carol, "eth0", lab.path("ike.pcap"), "udp") as capture:
        carol.initiate("net")
        assert ping(lab.top.carol, "10.1.0.2")
        wait_until(lambda: capture.text().count("UDP-encap: ESP") >= 4, "four ESP packets")
    return capture, keys, carol, moon


def _uat(keys, name):
    """The lines of a key file as tshark preferences."""
    lines = (keys / name).read_text(encoding="ascii").splitlines()
    assert lines, f"{name} is empty"
    return [f"uat:{name}:{line}" for line in lines if not line.startswith("#")]


def test_nothing_is_malformed(wire):
    """tshark finds no malformed packet and no warning of the dissector in IKE_SA_INIT."""
    pcap = wire[0].path
    assert tshark(pcap, "-Y", "_ws.malformed") == ""
    assert tshark(pcap, "-Y", "isakmp && _ws.expert.severity >= 6291456") == ""
    init = tshark(pcap, "-Y", "isakmp.exchangetype == 34", "-V")
    for words in ("Exchange type: IKE_SA_INIT (34)", "Curve25519 (31)",
                  "Notify Message Type: NAT_DETECTION_SOURCE_IP (16388)",
                  "Notify Message Type: NAT_DETECTION_DESTINATION_IP (16389)",
                  "Notify Message Type: IKEV2_FRAGMENTATION_SUPPORTED (16430)",
                  "Notify Message Type: SIGNATURE_HASH_ALGORITHMS (16431)",
                  "ENCR_AES_CBC (12)", "AUTH_HMAC_SHA2_256_128 (12)", "PRF_HMAC_SHA2_256 (5)"):
        assert words in init, words


@pytest.mark.parametrize("wire", [
    {}, {"proposals": "aes256gcm16-prfsha384-x25519"}, {"proposals": "aes128-sha1-modp2048"}],
    ids=["cbc", "gcm", "sha1"], indirect=True)
def test_decrypts_ike_auth(wire):
    """With our key log tshark opens IKE_AUTH: identities, certificates, AUTH, configuration."""
    capture, keys, carol, _ = wire
    prefs = _uat(keys, IKE_KEYS)
    text = tshark(capture.path, "-Y", "isakmp.exchangetype == 35", "-V", prefs=prefs)
    for words in ("Payload: Identification - Initiator (35)", "Payload: Authentication (39)",
                  "Payload: Identification - Responder (36)", "Payload: Certificate (37)",
                  "carol@strongswan.org", "moon.strongswan.org", "Payload: Configuration (47)",
                  "Payload: Traffic Selector - Initiator (44)",
                  "Authentication Method: Digital Signature (14)"):
        assert words in text, words
    assert tshark(capture.path, "-Y", "_ws.malformed", prefs=prefs) == ""
    sa = carol.sa()
    assert sa.spi_i in prefs[0] and sa.spi_r in prefs[0]


@pytest.mark.parametrize("wire", [
    {"children": {"net": {"esp_proposals": suite}}}
    for suite in ("aes256gcm16", "aes256-sha256", "aes128-sha1")],
    ids=["gcm", "cbc-sha256", "cbc-sha1"], indirect=True)
def test_decrypts_esp(wire):
    """With our key log tshark opens ESP and sees the pings inside."""
    capture, keys, _, _ = wire
    prefs = ["esp.enable_encryption_decode:TRUE", "esp.enable_authentication_check:TRUE",
             *_uat(keys, ESP_KEYS)]
    text = tshark(capture.path, "-Y", "icmp", prefs=prefs)
    assert text.count("Echo (ping) request") >= 2 and text.count("Echo (ping) reply") >= 2
    assert "10.3.0.1" in text and "10.1.0.2" in text


def test_warning(wire):
    """The key log is announced loudly, on the side that has it, and only there."""
    _, keys, carol, moon = wire
    assert (keys / IKE_KEYS).stat().st_mode & 0o077 == 0
    warning = [line for line in carol.log().splitlines() if "save-keys" in line]
    assert warning and any("WARNING" in line or "!!" in line for line in warning), warning
    assert "save-keys" not in moon.log()


def test_off_by_default(lab):
    """Without the option no key is written, even when the directory is named."""
    keys = lab.path("keys")
    keys.mkdir()
    carol, _ = lab.psk(settings={"charon": {"plugins": {"save-keys": {
        "wireshark_keys": str(keys)}}}})
    carol.initiate("net")
    assert not list(keys.iterdir())


def test_fragments_reassemble(lab):
    """Encrypted fragments (SKF) of an RSA-4096 chain are well formed."""
    carol, _ = lab.seed(family=pki.family("rsa4096"))
    with Capture(lab.top.carol, "eth0", lab.path("frag.pcap"), "udp") as capture:
        carol.initiate("net")
        wait_until(lambda: "ikev2_auth[R]" in capture.text().replace("child_sa  ", ""), "IKE_AUTH")
    assert "Encrypted and Authenticated Fragment" in tshark(
        capture.path, "-Y", "isakmp.exchangetype == 35", "-V")
    assert tshark(capture.path, "-Y", "_ws.malformed") == ""
