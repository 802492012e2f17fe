# SPDX-License-Identifier: Apache-2.0
"""New keys and new authentication by request of either side, with strongSwan 5.9.8 and 6.1.

What the timers of either do under load is in test_strongswan_rekey.py, multiple key exchanges are
in test_strongswan61.py.
"""
import pytest
from lib import conf, rekeys
from lib.host import Cygnet
from lib.traffic import ping
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")


def test_rekey(lab, any_kinds):
    """Either rekeys a child without and one with PFS, and the IKE_SA."""
    carol, moon = lab.psk(kinds=any_kinds, settings=rekeys.SETTINGS)
    carol.initiate("net")
    carol.initiate("host")
    for by in (carol, moon):
        rekeys.child_by_request(by, carol, moon, "net")
        rekeys.child_by_request(by, carol, moon, "host")
        rekeys.ike_by_request(by, carol, moon)
        net, _ = lab.prove(carol, moon, tcp=False)
        host, _ = lab.prove(carol, moon, child="host", target=lab.top.moon_addr, tcp=False)
        assert "MODP" not in net.proposal and host.proposal.endswith("/MODP_3072")


def alone(host, former):
    """The host has one IKE_SA, another than the former one, and in it one child."""
    sas = host.sas()
    return (len(sas) == 1 and sas[0].state == "ESTABLISHED" and sas[0].spi_i != former
            and [child.state for child in sas[0].children] == ["INSTALLED"])


@pytest.mark.parametrize("make_before_break", [True, False], ids=["make", "break"])
def test_reauthentication(lab, any_kinds, make_before_break):
    """The initiator authenticates anew, before the former IKE_SA goes or after it."""
    settings = conf.merge(rekeys.SETTINGS, {"charon": {"make_before_break": make_before_break}})
    carol, moon = lab.psk(kinds=any_kinds, settings=settings)
    carol.initiate("net")
    before = carol.sa()
    carol.swanctl("--rekey", "--ike", "home", "--reauth", check=True)
    for host in (carol, moon):
        wait_until(lambda host=host: alone(host, before.spi_i), f"{host.name}: the new SA alone")
    assert carol.sa().local_vips == moon.sa().remote_vips == before.local_vips
    lab.prove(carol, moon, tcp=False)


def test_reauthentication_by_time(lab, any_kinds):
    """strongSwan's reauth_time: it begins as initiator, as responder it tells us to (RFC 4478)."""
    timed = {"reauth_time": "3s", "over_time": "60s", "rand_time": "0", "rekey_time": "0"}
    side = "carol" if any_kinds[1] is Cygnet else "moon"
    carol, moon = lab.psk(kinds=any_kinds, **{side: timed})
    carol.initiate("net")
    before = carol.sa().spi_i
    for host in (carol, moon):
        wait_until(lambda host=host: alone(host, before), f"{host.name}: the new SA alone")
    wait_until(lambda: ping(lab.top.carol, lab.top.lan_gateway), "answers")
    if side == "moon":
        assert "received AUTH_LIFETIME of" in carol.log()
