# SPDX-License-Identifier: Apache-2.0
"""Makes the library of tests/e2e/lib and its fixtures known to pytest."""
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

# pylint: disable=wrong-import-position,wildcard-import,unused-wildcard-import
from lib.plugin import *  # noqa: E402,F401,F403
from lib import conf  # noqa: E402

# On a busy machine the emulated one says nothing for seconds.
conf.SETTINGS["charon"]["retransmit_tries"] = 8
