# SPDX-License-Identifier: Apache-2.0
"""New keys under traffic: children and IKE_SAs, by either side's timers."""
import pytest
from lib import rekeys

pytestmark = pytest.mark.usefixtures("built")


@pytest.mark.parametrize("by", ["carol", "moon"])
@pytest.mark.parametrize("what", ["child", "ike"])
def test_rekeyed_under_load(lab, what, by):
    """CYGNET_REKEYS times in a row, under iperf3 and ping."""
    carol, moon = lab.psk(settings=rekeys.SETTINGS, **rekeys.over(by, what))
    rekeys.run(lab, carol, moon, what, by)
