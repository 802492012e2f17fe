# SPDX-License-Identifier: Apache-2.0
"""pytest fixtures and hooks for tests/e2e and tests/interop; each conftest.py imports all of it."""
import os
import signal

import pytest

from . import netns
from .host import Cygnet, StrongSwan, StrongSwan61
from .lab import Lab

_PEERS = {"strongswan": StrongSwan, "strongswan61": StrongSwan61}


def pytest_sessionstart(session):
    """Remove what a killed run left; only the controller does it, not the xdist workers."""
    if not hasattr(session.config, "workerinput") and os.geteuid() == 0:
        netns.sweep()


def pytest_configure(config):
    """Name the markers; a terminated run cleans up like an interrupted one."""
    signal.signal(signal.SIGTERM, lambda *_: pytest.exit("terminated"))
    for name, kind in _PEERS.items():
        config.addinivalue_line("markers", f"{name}: needs {kind.__doc__.split(',')[0]}")


def pytest_runtest_setup(item):
    """Skip, counted and with the reason, what cannot run here."""
    if os.geteuid() != 0:
        pytest.skip("needs root: network namespaces and TUN devices")
    for name, kind in _PEERS.items():
        if item.get_closest_marker(name) and kind.missing():
            pytest.skip(kind.missing())


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Show the ends of both daemons' logs under a failed test."""
    outcome = yield
    report = outcome.get_result()
    laboratory = getattr(item, "funcargs", {}).get("lab")
    titles = [title for title, _ in report.sections]
    if report.failed and laboratory:
        for title, text in laboratory.reports():
            if title not in titles:
                report.sections.append((title, text))


@pytest.fixture
def lab():
    """A Lab that is closed after the test; a daemon that ended badly is an error of its own."""
    laboratory = Lab()
    yield laboratory
    laboratory.close()


@pytest.fixture(scope="session")
def built():
    """Our programs are there; a missing build is a failure, not a skip."""
    for program in (Cygnet.DAEMON, Cygnet.CTL):
        assert program.exists(), f"{program} is missing: build first, or set CYGNET_BUILD"
