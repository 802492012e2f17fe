# SPDX-License-Identifier: Apache-2.0
"""Polling: tests wait for a state, never for an amount of time."""
import os
import time

# Sanitizer builds and busy machines are slow; one factor stretches every limit.
PATIENCE = float(os.environ.get("CYGNET_TEST_PATIENCE", "1"))


def wait_until(question, what, timeout=10.0, interval=0.03):
    """Call question() until it answers something true, and return that.

    Raises TimeoutError naming `what` after `timeout` seconds (times CYGNET_TEST_PATIENCE).
    """
    deadline = time.monotonic() + timeout * PATIENCE
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout * PATIENCE:.0f} s in vain for {what}")
        time.sleep(interval)
