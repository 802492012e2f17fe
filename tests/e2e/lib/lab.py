# SPDX-License-Identifier: Apache-2.0
"""A laboratory for one test: a topology, hosts on it, and an end that leaves nothing behind."""
import os
import shutil
import tempfile
from pathlib import Path

from . import conf, netns, pki
from .host import Cygnet, StrongSwan
from .traffic import ping, transfer


class Lab:
    """Made by the fixture `lab`. Use: top = lab.pair(); moon = lab.cygnet(top.moon, conf.rw())."""

    def __init__(self):
        # Short, because the path of a unix socket has at most 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix=f"cyt-{os.getpid()}-"))
        self.net = netns.Net()
        self.hosts = []
        self.top = None

    def close(self):
        """Stop all hosts and remove everything; raises AssertionError if a host ended badly."""
        complaints = []
        try:
            for host in self.hosts:
                try:
                    host.stop()
                except AssertionError as error:
                    complaints.append(str(error))
        finally:
            self.net.close()
            if not os.environ.get("CYGNET_TEST_KEEP"):
                shutil.rmtree(self.directory, ignore_errors=True)
        assert not complaints, "\n".join(complaints)

    def reports(self):
        """(title, text) for each host: the tail of its log, for a failed test."""
        for host in self.hosts:
            yield f"log of {host.name} ({type(host).__name__})", host.log()[-6000:]

    def path(self, name):
        """A file of this test."""
        return self.directory / name

    # --- topologies ------------------------------------------------------------------------

    def lay(self, topology, **kwargs):
        """Lay out one of netns' topologies."""
        self.top = topology(self.net, **kwargs)
        return self.top

    def pair(self, **kwargs):
        """netns.pair()."""
        return self.lay(netns.pair, **kwargs)

    # --- hosts -----------------------------------------------------------------------------

    def host(self, kind, ns, config=None, settings=None):
        """A host of class `kind`; not started."""
        host = kind(ns, self.directory / f"{len(self.hosts)}{ns.short}", config, settings)
        self.hosts.append(host)
        return host

    def cygnet(self, ns, config=None, settings=None):
        """A host with our daemon; not started."""
        return self.host(Cygnet, ns, config, settings)

    def strongswan(self, ns, config=None, settings=None):
        """A host with strongSwan; not started."""
        return self.host(StrongSwan, ns, config, settings)

    def seed(self, family=None, carol=None, moon=None, settings=None, start=True,
             kinds=(Cygnet, Cygnet), top=None):
        """carol and moon of the seed with certificates, started: the usual beginning.

        carol and moon are trees laid over the connections `home` and `rw`; kinds the daemons'
        classes, settings goes to both.
        """
        top = top or self.top or self.pair()
        family = family or pki.family()
        home = conf.home(top.moon_addr, **(carol or {}))
        one = self.host(kinds[0], top.carol, home, settings).install(family.carol, family.ca)
        two = self.host(kinds[1], top.moon, conf.rw(**(moon or {})), settings)
        two.install(family.moon, family.ca)
        return self.start(one, two) if start else (one, two)

    def psk(self, carol=None, moon=None, settings=None, start=True, kinds=(Cygnet, Cygnet)):
        """carol and moon of the seed with a pre-shared key, started."""
        top = self.top or self.pair()
        home = conf.psk_home(top.moon_addr, **(carol or {}))
        one = self.host(kinds[0], top.carol, home, settings)
        two = self.host(kinds[1], top.moon, conf.psk_rw(**(moon or {})), settings)
        return self.start(one, two) if start else (one, two)

    @staticmethod
    def start(*hosts):
        """Start hosts side by side and load their configurations; returns them."""
        for host in hosts:
            host.launch()
        for host in hosts:
            host.finish_start()
        return hosts

    # --- proof -----------------------------------------------------------------------------

    def prove(self, carol, moon, child="net", target=None, nbytes=1 << 16, tcp=True):
        """Traffic passes through this child, both ways, and both ends count it.

        Pings target (moon's address in its network) and sends nbytes over TCP each way; the
        counters of the child must have moved on both sides: it was not the bare wire.
        """
        target = target or self.top.lan_gateway
        before = carol.sa().child(child).packets_out
        answer = ping(self.top.carol, target)
        assert answer, answer
        if tcp:
            transfer(self.top.carol, self.top.moon, target, nbytes)
        one, two = carol.sa().child(child), moon.sa().child(child)
        assert one.packets_out >= before + answer.sent, one
        assert one.packets_in >= answer.sent and two.packets_in >= answer.sent, (one, two)
        assert two.spi_in == one.spi_out and two.spi_out == one.spi_in, (one, two)
        return one, two
