# SPDX-License-Identifier: Apache-2.0
"""Cygnet and strongSwan 6.1 of Debian sid, in both roles: multiple key exchanges and ML-KEM.

carol is always the initiator, moon the responder; see test_strongswan.py for what 5.9.8 can do.
"""
import re

import pytest
from lib import lossy, rekeys
from lib.host import Cygnet, StrongSwan61

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan61]

ROLES = {"initiator": (Cygnet, StrongSwan61), "responder": (StrongSwan61, Cygnet)}
HYBRID = "aes256-sha256-x25519-ke1_mlkem768"


@pytest.fixture(name="kinds", params=ROLES)
def role(request):
    """The daemons of carol and moon; the parameter is our role."""
    return ROLES[request.param]


def both(**over):
    """The same laid over both sides' connections."""
    return {"carol": over, "moon": over}


def exchanges(host, name):
    """How many requests of this exchange the host has sent or got, fragmented or not."""
    return len(set(re.findall(rf"(?:generating|parsed) {name} request (\d+) ", host.log())))


def test_harness(lab):
    """strongSwan 6.1 on both sides: whatever fails elsewhere is ours."""
    carol, moon = lab.psk(kinds=(StrongSwan61, StrongSwan61), **both(proposals=HYBRID))
    carol.initiate("net")
    lab.prove(carol, moon)
    assert "6.1" in carol.swanctl("--version").stdout


@pytest.mark.parametrize("ke, shown, rounds", [
    ("x25519", "CURVE_25519", 0),
    ("mlkem768", "ML_KEM_768", 0),
    ("mlkem1024", "ML_KEM_1024", 0),
    ("x25519-ke1_ecp384", "CURVE_25519/KE1_ECP_384", 1),
    ("x25519-ke1_mlkem512", "CURVE_25519/KE1_ML_KEM_512", 1),
    ("x25519-ke1_mlkem768", "CURVE_25519/KE1_ML_KEM_768", 1),
    ("x25519-ke1_mlkem1024", "CURVE_25519/KE1_ML_KEM_1024", 1),
    ("ecp384-ke1_mlkem1024-ke2_modp3072", "ECP_384/KE1_ML_KEM_1024/KE2_MODP_3072", 2),
    ("x25519-ke1_mlkem768-ke2_mlkem1024-ke3_ecp521-ke4_x448",
     "CURVE_25519/KE1_ML_KEM_768/KE2_ML_KEM_1024/KE3_ECP_521/KE4_CURVE_448", 4),
])
def test_key_exchange(lab, kinds, ke, shown, rounds):
    """IKE_SA_INIT alone, or an IKE_INTERMEDIATE for each additional key exchange."""
    carol, moon = lab.seed(kinds=kinds, **both(proposals=f"aes256-sha256-{ke}"))
    carol.initiate("net")
    assert carol.sa().proposal == moon.sa().proposal
    assert carol.sa().proposal.endswith(f"/PRF_HMAC_SHA2_256/{shown}")
    for host in (carol, moon):
        assert exchanges(host, "IKE_INTERMEDIATE") == rounds
    lab.prove(carol, moon)


def test_additional_exchange_not_wanted(lab, kinds):
    """The responder's `_none`: an additional key exchange is offered and declined."""
    carol, moon = lab.psk(kinds=kinds, carol={"proposals": HYBRID + "-ke1_none"},
                          moon={"proposals": "aes256-sha256-x25519"})
    carol.initiate("net")
    assert "KE1" not in carol.sa().proposal + moon.sa().proposal
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("ke, shown, rounds", [
    ("mlkem768", "ML_KEM_768", 0),
    ("x25519-ke1_mlkem768", "CURVE_25519/KE1_ML_KEM_768", 1),
    ("modp3072-ke1_ecp384-ke2_mlkem512", "MODP_3072/KE1_ECP_384/KE2_ML_KEM_512", 2),
])
def test_second_child(lab, kinds, ke, shown, rounds):
    """CREATE_CHILD_SA, then an IKE_FOLLOWUP_KE for each additional key exchange."""
    children = {"host": {"esp_proposals": f"aes256-sha256-{ke}"}}
    carol, moon = lab.psk(kinds=kinds, **both(proposals=HYBRID, children=children))
    carol.initiate("net")
    carol.initiate("host")
    one, two = lab.prove(carol, moon, child="host", target=lab.top.moon_addr)
    assert one.proposal == two.proposal == f"AES_CBC-256/HMAC_SHA2_256_128/{shown}"
    for host in (carol, moon):
        assert exchanges(host, "IKE_FOLLOWUP_KE") == rounds
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("ke, shown, rounds", [
    ("mlkem768", "ML_KEM_768", 0),
    ("x25519-ke1_mlkem512", "CURVE_25519/KE1_ML_KEM_512", 1),
    ("x25519-ke1_mlkem768", "CURVE_25519/KE1_ML_KEM_768", 1),
    ("x25519-ke1_mlkem1024", "CURVE_25519/KE1_ML_KEM_1024", 1),
])
def test_rekey(lab, kinds, ke, shown, rounds):
    """Either rekeys the child and the IKE_SA, each time with all key exchanges."""
    proposal = f"aes256-sha256-{ke}"
    carol, moon = lab.psk(kinds=kinds, settings=rekeys.SETTINGS, **both(
        proposals=proposal, children={"net": {"esp_proposals": proposal}}))
    carol.initiate("net")
    for by in (carol, moon):
        rekeys.child_by_request(by, carol, moon, "net")
        rekeys.ike_by_request(by, carol, moon)
        sa, other = carol.sa(), moon.sa()
        assert sa.proposal == other.proposal and sa.proposal.endswith(shown)
        assert sa.child("net").proposal.endswith(shown)
        lab.prove(carol, moon, tcp=False)
    # Not exchanges(): message IDs begin anew with each IKE_SA.
    followup = re.compile(r"generating IKE_FOLLOWUP_KE \w+ \d+ \[ KE")
    for host in (carol, moon):
        assert len(followup.findall(host.log())) == 4 * rounds


# --- a lossy wire ----------------------------------------------------------------------------

PATIENT = {"charon": {"fragment_size": 600, "retransmit_tries": 8, "retransmit_timeout": 0.5,
                      "retransmit_base": 1.2}}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_fragments_lost_and_out_of_order(lab, kinds, seed):
    """A tenth of all packets is lost each way and as many are late: fragments of ML-KEM-1024."""
    top = lab.lay(lossy.pair)
    with lossy.LossyWire(top.router, seed, loss=0.1, late=0.1) as wire:
        carol, moon = lab.seed(
            kinds=kinds, settings=PATIENT,
            **both(proposals="aes256-sha256-x25519-ke1_mlkem1024-ke2_modp4096"))
        carol.initiate("net", timeout=60)
        assert carol.sa().proposal == moon.sa().proposal
        wire.calm()
        lab.prove(carol, moon, tcp=False)
    assert wire.counts["lost"] + wire.counts["late"], wire.counts
    for host in (carol, moon):
        assert "reassembled fragmented IKE message" in host.log()
