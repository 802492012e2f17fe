# SPDX-License-Identifier: Apache-2.0
"""The harness proves itself with strongSwan on both sides: whatever fails elsewhere is ours."""
import pytest
from lib import netns
from lib.host import StrongSwan
from lib.traffic import ping

pytestmark = pytest.mark.strongswan
BOTH = (StrongSwan, StrongSwan)


def test_certificates(lab):
    """The seed's picture: children net and host, virtual IP, clean end."""
    carol, moon = lab.seed(kinds=BOTH)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert ping(lab.top.carol, lab.top.lan_host)
    carol.initiate("host")
    lab.prove(carol, moon, child="host", target=lab.top.moon_addr)
    assert carol.sa().local_vips == ["10.3.0.1"]
    carol.terminate(ike="home")
    carol.wait_gone()
    moon.wait_gone()


def test_psk_behind_nat(lab):
    """A masquerading router between the hosts."""
    lab.lay(netns.natted)
    carol, moon = lab.psk(kinds=BOTH)
    carol.initiate("net")
    lab.prove(carol, moon)
    assert moon.sa().remote_addr == "192.168.0.1"


def test_psk_over_ipv6(lab):
    """IPv6 on the wire and inside."""
    lab.lay(netns.pair6)
    carol, moon = lab.psk(kinds=BOTH, carol={"vips": None, "children": {
        "net": {"remote_ts": "2001:db8:1::/64"}}}, moon={"pools": None, "children": {
            "net": {"local_ts": "2001:db8:1::/64"}}})
    carol.initiate("net")
    lab.prove(carol, moon)
