# SPDX-License-Identifier: Apache-2.0
"""Two hosts on a wire that loses packets and delivers some of them late, from a seed.

The kernel's netem is not everywhere; this one is a program between two interfaces (wire.py).
"""
import json
import signal
import subprocess
from pathlib import Path

from . import netns
from .traffic import PYTHON

_WIRE = str(Path(__file__).with_name("wire.py"))


def pair(net):
    """netns.pair() with a machine between the hosts that forwards nothing: LossyWire does.

    carol 192.168.0.3 === wire === 192.168.0.2 moon 10.1.0.2 --- 10.1.0.10 lan
    """
    carol, wire, moon = net.host("carol"), net.host("wire"), net.host("moon")
    net.link(carol, wire, ["192.168.0.3/24"], dev_b="left")
    net.link(moon, wire, ["192.168.0.2/24"], dev_b="right")
    for host in (carol, moon):
        # Frames that a program forwards leave with the checksums they came with.
        host.run("ethtool", "-K", "eth0", "tx", "off", "gso", "off", "tso", "off", check=False)
    carol.ip("route", "add", "default", "via", "192.168.0.2")
    lan = netns.behind(net, moon, "10.1.0.2/16", "10.1.0.10/16")
    return netns.Topology(net, carol, moon, lan, wire)


class LossyWire:
    """The wire of such a pair for the time of a `with` block; .counts is known after it."""

    def __init__(self, ns, seed, loss, late):
        self.ns, self.arguments = ns, (seed, loss, late)
        self.process, self.counts = None, {}

    def __enter__(self):
        self.process = self.ns.popen(PYTHON, _WIRE, "left", "right", *self.arguments,
                                     stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"
        return self

    def calm(self):
        """From here on, nothing is lost."""
        self.process.send_signal(signal.SIGUSR1)

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.counts = json.loads(self.process.communicate(timeout=10)[0])
        finally:
            self.process.kill()
            self.process.wait()
