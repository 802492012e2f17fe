# SPDX-License-Identifier: Apache-2.0
"""Pings that go on while something happens, and what was lost meanwhile."""
import re
import signal
import subprocess


class Steady:
    """A ping every `interval` seconds for the time of a `with` block.

    Afterwards .sent and .received; .lost is the number of pings without an answer, and .gap the
    longest run of them, in seconds.
    """

    def __init__(self, ns, addr, interval=0.02):
        self.argv = ns.argv("ping", "-n", "-D", "-i", interval, "-W", "2", addr)
        self.interval = interval
        self.process = None
        self.sent = self.received = self.lost = 0
        self.gap = 0.0

    def __enter__(self):
        # pylint: disable=consider-using-with
        self.process = subprocess.Popen(self.argv, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        text, _ = self.process.communicate(timeout=20)
        found = re.search(r"(\d+) packets transmitted, (\d+) received", text)
        assert found, text
        answered = sorted({int(n) for n in re.findall(r"icmp_seq=(\d+) ttl", text)})
        assert answered, text
        # What was under way at the end may be unanswered.
        self.sent, self.received = answered[-1], len(answered)
        self.lost = self.sent - self.received
        runs = [b - a - 1 for a, b in zip([0] + answered, answered)]
        self.gap = max(runs) * self.interval

    def __repr__(self):
        return f"<{self.lost} of {self.sent} pings lost, at most {self.gap:.2f} s in a row>"
