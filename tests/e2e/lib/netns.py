# SPDX-License-Identifier: Apache-2.0
"""Network namespaces: the machines and wires of a test.

Every namespace is called cyt-PID-N-NAME, so parallel workers never meet, and `sweep()` can remove
what a killed run left behind. Interfaces are created inside the namespaces: nothing appears on
the machine itself.
"""
import contextlib
import ctypes
import ipaddress
import itertools
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

PREFIX = "cyt"
_counter = itertools.count(1)
_libc = ctypes.CDLL(None, use_errno=True)


def _run(argv, **kwargs):
    """Run a command of the set-up; its complaint becomes the exception's text."""
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Namespace:
    """One machine. Made by Net.host(), removed by Net."""

    def __init__(self, name):
        self.short = name
        self.name = f"{PREFIX}-{os.getpid()}-{next(_counter)}-{name}"
        _run(["ip", "netns", "add", self.name])

    def __repr__(self):
        return f"<{self.name}>"

    def argv(self, *argv):
        """The command line that runs `argv` in this namespace."""
        return ["ip", "netns", "exec", self.name, *map(str, argv)]

    def run(self, *argv, check=True, timeout=30, input=None):
        """Run a command here and wait for it; with check, a failure is a RuntimeError."""
        done = subprocess.run(self.argv(*argv), capture_output=True, text=True, timeout=timeout,
                              input=input)
        if check and done.returncode != 0:
            raise RuntimeError(f"{self.short}# {' '.join(map(str, argv))}: exit status "
                               f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done

    @contextlib.contextmanager
    def inside(self):
        """A `with` block that sees this machine's network, /proc/sys/net with it."""
        with open("/proc/self/ns/net", "rb") as outer, \
                open(f"/run/netns/{self.name}", "rb") as inner:
            _enter(inner)
            try:
                yield
            finally:
                _enter(outer)

    def popen(self, *argv, **kwargs):
        """Start a command here and return its Popen."""
        return subprocess.Popen(self.argv(*argv), **kwargs)

    def ip(self, *argv):
        """ip(8) in this namespace; returns what it prints."""
        return _run(["ip", "-n", self.name, *map(str, argv)])

    def sysctl(self, **settings):
        """Set sysctls of this namespace, written with __ for dots: net__ipv4__ip_forward=1."""
        with self.inside():
            for key, value in settings.items():
                Path("/proc/sys", *key.split("__")).write_text(str(value), encoding="ascii")

    def addresses(self):
        """All global addresses of this machine, without prefix lengths."""
        lines = self.ip("-o", "addr", "show", "scope", "global").splitlines()
        return [line.split()[3].split("/")[0] for line in lines]

    def routes(self):
        """All IPv4 and IPv6 routes of all tables except `local`, one line each, sorted."""
        text = self.ip("route", "show", "table", "all") + self.ip("-6", "route", "show",
                                                                   "table", "all")
        return sorted(line.strip() for line in text.splitlines()
                      if "table local" not in line and "ff00::/8" not in line)

    def remove(self):
        """End what still runs here and remove the namespace."""
        _remove(self.name)


def _enter(namespace):
    """Move this thread to a network namespace that is open as a file."""
    if _libc.setns(namespace.fileno(), 0) != 0:
        raise OSError(ctypes.get_errno(), "setns")


def _remove(name):
    pids = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True)
    for pid in pids.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "del", name], capture_output=True)


def sweep():
    """Remove namespaces of test runs whose process is gone."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True)
    for line in listed.stdout.splitlines():
        name = line.split()[0]
        parts = name.split("-")
        if parts[0] == PREFIX and len(parts) > 3 and not os.path.exists(f"/proc/{parts[1]}"):
            _remove(name)


class Net:
    """The machines of one test: a context manager that removes all it made."""

    def __init__(self):
        self.namespaces = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Remove all machines, and with them their wires."""
        while self.namespaces:
            self.namespaces.pop().remove()

    def host(self, name):
        """A new machine with loopback up and no reverse-path filter."""
        ns = Namespace(name)
        self.namespaces.append(ns)
        ns.ip("link", "set", "lo", "up")
        ns.sysctl(net__ipv4__conf__all__rp_filter=0, net__ipv4__conf__default__rp_filter=0,
                  net__ipv6__conf__default__accept_dad=0, net__ipv6__conf__all__accept_dad=0,
                  net__ipv6__conf__default__accept_ra=0)
        return ns

    def link(self, a, b, addrs_a=(), addrs_b=(), dev_a="eth0", dev_b="eth0", mtu=1500):
        """Join a and b by a veth pair; addresses are given as ADDR/LEN."""
        _run(["ip", "link", "add", dev_a, "netns", a.name, "mtu", str(mtu), "type", "veth",
              "peer", "name", dev_b, "netns", b.name, "mtu", str(mtu)])
        for ns, dev, addrs in ((a, dev_a, addrs_a), (b, dev_b, addrs_b)):
            lines = [_addition(dev, addr) for addr in addrs] + [("link", "set", dev, "up")]
            _run(["ip", "-n", ns.name, "-batch", "-"],
                 input="".join(" ".join(words) + "\n" for words in lines))

    def bridge(self, ns, dev, ports):
        """Join interfaces of one machine to a bridge: a switch for more than two hosts."""
        ns.ip("link", "add", dev, "type", "bridge")
        ns.ip("link", "set", dev, "up")
        for port in ports:
            ns.ip("link", "set", port, "master", dev)
            ns.ip("link", "set", port, "up")


def _addition(dev, addr):
    flags = ["nodad"] if ipaddress.ip_interface(addr).version == 6 else []
    return ("addr", "add", addr, "dev", dev, *flags)


def add_address(ns, dev, addr):
    """Give an interface an address; IPv6 ones are usable at once."""
    ns.ip(*_addition(dev, addr))


def forward(ns):
    """Make a machine a router."""
    ns.sysctl(net__ipv4__ip_forward=1, net__ipv6__conf__all__forwarding=1)


@dataclass
class Topology:
    """The machines of a picture, and what a test asks about them."""
    net: Net
    carol: Namespace
    moon: Namespace
    lan: Namespace
    router: Namespace = None
    carol_addr: str = "192.168.0.3"
    moon_addr: str = "192.168.0.2"
    lan_gateway: str = "10.1.0.2"
    lan_host: str = "10.1.0.10"


def behind(net, moon, gateway, host):
    """The network behind moon: moon's own address in it, and one more machine."""
    lan = net.host("lan")
    net.link(moon, lan, [gateway], [host], dev_a="eth1")
    lan.ip("route", "add", "default", "via", gateway.split("/")[0])
    forward(moon)
    return lan


def pair(net, mtu=1500):
    """Two hosts on one wire, and a network behind moon.

    carol 192.168.0.3 === 192.168.0.2 moon 10.1.0.2 --- 10.1.0.10 lan
    """
    carol, moon = net.host("carol"), net.host("moon")
    net.link(carol, moon, ["192.168.0.3/24"], ["192.168.0.2/24"], mtu=mtu)
    carol.ip("route", "add", "default", "via", "192.168.0.2")
    return Topology(net, carol, moon, behind(net, moon, "10.1.0.2/16", "10.1.0.10/16"))


def pair6(net):
    """The same over IPv6 on the wire and inside.

    carol 2001:db8::3 === 2001:db8::2 moon 2001:db8:1::2 --- 2001:db8:1::10 lan
    """
    carol, moon = net.host("carol"), net.host("moon")
    net.link(carol, moon, ["2001:db8::3/64"], ["2001:db8::2/64"])
    carol.ip("-6", "route", "add", "default", "via", "2001:db8::2")
    lan = behind(net, moon, "2001:db8:1::2/64", "2001:db8:1::10/64")
    return Topology(net, carol, moon, lan, carol_addr="2001:db8::3", moon_addr="2001:db8::2",
                    lan_gateway="2001:db8:1::2", lan_host="2001:db8:1::10")


def dual(net):
    """pair() with IPv6 addresses beside the IPv4 ones on every wire."""
    top = pair(net)
    add_address(top.carol, "eth0", "2001:db8::3/64")
    add_address(top.moon, "eth0", "2001:db8::2/64")
    add_address(top.moon, "eth1", "2001:db8:1::2/64")
    add_address(top.lan, "eth0", "2001:db8:1::10/64")
    top.carol.ip("-6", "route", "add", "default", "via", "2001:db8::2")
    top.lan.ip("-6", "route", "add", "default", "via", "2001:db8:1::2")
    return top


def natted(net):
    """A masquerading router between the hosts; moon sees carol as 192.168.0.1.

    carol 192.168.1.3 --- 192.168.1.1 router 192.168.0.1 === 192.168.0.2 moon 10.1.0.2 --- lan
    """
    carol, router, moon = net.host("carol"), net.host("router"), net.host("moon")
    net.link(carol, router, ["192.168.1.3/24"], ["192.168.1.1/24"], dev_b="inside")
    net.link(router, moon, ["192.168.0.1/24"], ["192.168.0.2/24"], dev_a="outside")
    carol.ip("route", "add", "default", "via", "192.168.1.1")
    forward(router)
    router.run("nft", "-f", "-", input="""
        table ip nat {
            chain postrouting {
                type nat hook postrouting priority 100;
                oifname "outside" masquerade
            }
        }""")
    lan = behind(net, moon, "10.1.0.2/16", "10.1.0.10/16")
    return Topology(net, carol, moon, lan, router, carol_addr="192.168.1.3")
