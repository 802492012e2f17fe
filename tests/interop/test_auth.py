# SPDX-License-Identifier: Apache-2.0
"""What happens in IKE_AUTH beside the usual, with Debian's strongSwan 5.9.8 in both roles.

Several rounds of authentication (RFC 4739), post-quantum preshared keys (RFC 8784), childless
IKE_SAs (RFC 6023), and constraints on signatures.
"""
import pytest
from lib import conf, pki, rekeys
from lib.host import Cygnet, StrongSwan, StrongSwan61

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan]

ROLES = {"initiator": (Cygnet, StrongSwan), "responder": (StrongSwan, Cygnet)}
PPK = {"ppk-1": {"secret": "a long secret against quantum computers", "id": "ppk-1"}}
OTHER = {"ppk-2": {"secret": "another secret against them", "id": "ppk-2"}}


@pytest.fixture(name="kinds", params=ROLES)
def role(request):
    """The daemons of carol and moon; the parameter is our role."""
    return ROLES[request.param]


def with_secrets(lab, hosts, *secrets):
    """Give each host its secrets beside those that it has, and start both."""
    for host, more in zip(hosts, secrets):
        host.config.setdefault("secrets", {}).update(more)
        host.write_files()
    return lab.start(*hosts)


ROUND = {"round": 2, "auth": "psk", "id": "user@strongswan.org"}
GATE = {"round": 2, "auth": "psk", "id": "gate.strongswan.org"}


@pytest.mark.parametrize("rounds", [(True, False), (False, True), (True, True)])
def test_rounds(lab, kinds, rounds):
    """A certificate and then a secret: of carol, of moon, of both."""
    carol, moon = {}, {}
    if rounds[0]:
        carol["local-2"] = moon["remote-2"] = ROUND
    if rounds[1]:
        moon["local-2"] = carol["remote-2"] = GATE
    hosts = lab.seed(kinds=kinds, start=False, carol=carol, moon=moon)
    carol, moon = with_secrets(lab, hosts, *2 * [{"ike": {"secret": conf.PSK}}])
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_missing_round(lab, kinds):
    """moon wants two rounds and gets one."""
    hosts = lab.seed(kinds=kinds, start=False, moon={"remote-2": ROUND})
    carol, moon = with_secrets(lab, hosts, *2 * [{"ike": {"secret": conf.PSK}}])
    assert carol.initiate("net", check=False).returncode != 0
    assert "insufficient authentication rounds" in moon.log()
    carol.wait_gone()


@pytest.mark.parametrize("required", [False, True])
@pytest.mark.parametrize("certs", [False, True])
def test_ppk(lab, kinds, required, certs):
    """Both have it, by secret and by certificate."""
    options = {"ppk_id": "ppk-1", "ppk_required": required}
    begin = lab.seed if certs else lab.psk
    hosts = begin(kinds=kinds, start=False, carol=options, moon=options)
    carol, moon = with_secrets(lab, hosts, PPK, PPK)
    carol.initiate("net")
    assert carol.sa().proposal.endswith("/PPK") and moon.sa().proposal.endswith("/PPK")
    lab.prove(carol, moon, tcp=False)


@pytest.mark.strongswan61
@pytest.mark.parametrize("kinds", [(Cygnet, StrongSwan61), (StrongSwan61, Cygnet)],
                         ids=["initiator-6.1", "responder-6.1"])
def test_ppk_and_ml_kem(lab, kinds):
    """strongSwan 6.1, beside a post-quantum key exchange; a rekeying keeps what it gave."""
    options = {"ppk_id": "ppk-1", "ppk_required": True, "proposals": conf.IKE + "-ke1_mlkem768"}
    hosts = lab.psk(kinds=kinds, start=False, carol=options, moon=options,
                    settings=rekeys.SETTINGS)
    carol, moon = with_secrets(lab, hosts, PPK, PPK)
    carol.initiate("net")
    assert carol.sa().proposal.endswith("/PPK") and moon.sa().proposal.endswith("/PPK")
    for by in (carol, moon):
        rekeys.ike_by_request(by, carol, moon)
    rekeys.child_by_request(moon, carol, moon, "net")
    lab.prove(carol, moon, tcp=False)


def test_ppk_of_another_name(lab, kinds):
    """moon has another one, and both may do without."""
    hosts = lab.psk(kinds=kinds, start=False, carol={"ppk_id": "ppk-1"})
    carol, moon = with_secrets(lab, hosts, PPK, OTHER)
    carol.initiate("net")
    assert "PPK" not in carol.sa().proposal + moon.sa().proposal
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("who", ["carol", "moon"])
def test_ppk_missing(lab, kinds, who):
    """One wants it, the other has none."""
    options = {"ppk_id": "ppk-1", "ppk_required": True}
    over = {who: options}
    hosts = lab.psk(kinds=kinds, start=False, **over)
    carol, moon = with_secrets(lab, hosts, PPK if who == "carol" else {},
                               PPK if who == "moon" else {})
    assert carol.initiate("net", check=False).returncode != 0
    carol.wait_gone()
    moon.wait_gone()


def test_childless(lab, kinds):
    """childless = force: the child has an exchange of its own, with a key exchange."""
    over = {"childless": "force", "children": {"net": {"esp_proposals": conf.ESP + "-x25519"}}}
    carol, moon = lab.psk(kinds=kinds, carol=over, moon=over)
    carol.initiate("net")
    assert "CREATE_CHILD_SA" in carol.log()
    assert carol.sa().child("net").proposal.endswith("/CURVE_25519")
    lab.prove(carol, moon, tcp=False)


@pytest.mark.parametrize("local, remote, up", [
    ("rsa-sha512", "ike:rsa-sha512", True), ("rsa-sha256", "ike:rsa-sha512", False),
    ("rsa/pss-sha384", "ike:rsa/pss-sha384", True), ("pubkey", "rsa-4096", False)])
def test_constraints(lab, kinds, local, remote, up):
    """What carol's auth chooses and what moon's requires."""
    settings = {"charon": {"rsa_pss": "pss" in local}}
    carol, moon = lab.seed(kinds=kinds, family=pki.family("rsa3072"), settings=settings,
                           carol={"local": {"auth": local}}, moon={"remote": {"auth": remote}})
    assert (carol.initiate("net", check=False).returncode == 0) == up
    if up:
        lab.prove(carol, moon, tcp=False)
