# SPDX-License-Identifier: Apache-2.0
"""Policies with strongSwan 5.9.8 at the other end.

Traps are ours only: its ESP in user space (kernel-libipsec) reports no packets that meet one.
"""
import pytest
from lib.host import Cygnet, StrongSwan
from lib.traffic import ping
from lib.wait import wait_until

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan]


def test_our_trap(lab):
    """Our first packet brings the tunnel to strongSwan up; closed by either, the next one does."""
    carol, moon = lab.psk(carol={"vips": None, "children": {"net": {"start_action": "trap"}}},
                          moon={"pools": None}, kinds=(Cygnet, StrongSwan))
    assert not carol.sas()
    assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
    lab.prove(carol, moon, tcp=False)
    for closer in (moon, carol):
        closer.terminate(child="net")
        wait_until(lambda: not any(sa.children for sa in carol.sas()), "the end of the child")
        assert ping(lab.top.carol, lab.top.lan_gateway, count=1, wait=5)
    lab.prove(carol, moon, tcp=False)
