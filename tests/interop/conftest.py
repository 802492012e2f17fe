# SPDX-License-Identifier: Apache-2.0
"""Makes the library of tests/e2e/lib and its fixtures known to pytest."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position,wildcard-import,unused-wildcard-import
from lib.host import Cygnet, StrongSwan, StrongSwan61  # noqa: E402
from lib.plugin import *  # noqa: E402,F401,F403


def _kinds():
    for release, peer, mark in (("5.9.8", StrongSwan, pytest.mark.strongswan),
                                ("6.1", StrongSwan61, pytest.mark.strongswan61)):
        yield pytest.param((Cygnet, peer), marks=mark, id=f"initiator-{release}")
        yield pytest.param((peer, Cygnet), marks=mark, id=f"responder-{release}")


@pytest.fixture(name="any_kinds", params=_kinds())
def every_release(request):
    """The daemons of carol and moon: we in either role, with either strongSwan."""
    return request.param
