# SPDX-License-Identifier: Apache-2.0
"""New keys under traffic with strongSwan 5.9.8, by the timers of either."""
import pytest
from lib import rekeys
from lib.host import Cygnet, StrongSwan

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan]


@pytest.mark.parametrize("by", ["carol", "moon"])
@pytest.mark.parametrize("what", ["child", "ike"])
@pytest.mark.parametrize("kinds", [(Cygnet, StrongSwan), (StrongSwan, Cygnet)],
                         ids=["initiator", "responder"])
def test_rekeyed_under_load(lab, kinds, what, by):
    """The one who asks is the initiator of the connection, or the responder."""
    carol, moon = lab.psk(kinds=kinds, settings=rekeys.SETTINGS, **rekeys.over(by, what))
    rekeys.run(lab, carol, moon, what, by, times=6)
