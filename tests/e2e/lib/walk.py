# SPDX-License-Identifier: Apache-2.0
"""The document of the seed from start-up to the rekeyed IKE_SA, done by two daemons."""
import re
import shutil
import subprocess

from . import traffic
from .host import BUILD, ROOT
from .transcript import lines
from .wait import wait_until

EXAMPLE = ROOT / "examples/pq-roadwarrior"
SEED = ROOT / "../shared/pq-strongswan"


class Step:
    """What carol's log gained, and a command printed, at one step of the document."""

    def __init__(self, log, printed=""):
        self.log, self.printed = log, printed

    def expect(self, *patterns):
        """The lines that match these regular expressions come in this order."""
        at, texts = 0, [f"[{group}] {text}" for group, text in lines(self.log)]
        for pattern in patterns:
            while at < len(texts) and not re.fullmatch(pattern, texts[at]):
                at += 1
            assert at < len(texts), f"no line {pattern!r} (in this order) in:\n{self.log}"
            at += 1


class Walk:
    """The whole document, once."""

    def __init__(self, lab, carol, moon):
        self.lab, self.carol, self.moon = lab, carol, moon
        self.steps = {f"{host.name} start": Step(host.log()) for host in (moon, carol)}
        self.traces, self.status = {}, ""

    def step(self, name, act, until=()):
        """Do something, wait for lines of carol's log, and keep what she said meanwhile."""
        mark = self.carol.mark()
        done = act()
        for pattern in until:
            self.carol.wait_log(pattern, 20, since=mark)
        self.steps[name] = Step(self.carol.log_since(mark), done.stdout if done else "")

    def show(self, name, host, *args):
        """Keep what swanctl prints."""
        self.steps[name] = Step("", host.swanctl(*args, check=True).stdout)

    def texts(self):
        """What was said or printed at each step."""
        return {name: step.log or step.printed for name, step in self.steps.items()
                if isinstance(step, Step)}

    def connect(self):
        """What is loaded, and both children."""
        for host in (self.moon, self.carol):
            for verb in ("conns", "certs", "algs"):
                self.show(f"{host.name} list-{verb}", host, f"--list-{verb}")
        for child in ("net", "host"):
            self.step(child, lambda name=child: self.carol.swanctl("--initiate", "--child", name,
                                                                   check=True))
        return self

    def trace(self, name):
        """Keep what either daemon keeps of its exchanges."""
        for host in (self.carol, self.moon):
            [sas] = host.json("trace")
            self.traces[name, host.name] = next(iter(sas.values()))

    def all(self):
        """Every step in the document's order; rekeying is asked for."""
        carol, top = self.connect().carol, self.lab.top
        for name, target, count in (("ping net", "10.1.0.2", 2), ("ping host", "192.168.0.2", 1)):
            assert (answer := traffic.ping(top.carol, target, count)), answer
            self.steps[name] = Step("", answer.text)
        self.show("list-sas", carol, "--list-sas")
        self.trace("before")
        self.status = carol.cygnet("status", check=True).stdout
        carol.cygnet("trace", "--child", "net", "--svg", self.lab.path("net.svg"), check=True)
        for child in OLD:
            self.step(f"rekey {child}", lambda name=child: carol.swanctl(
                "--rekey", "--child", name, check=True), [closed(child)])
        self.step("rekey ike", lambda: carol.swanctl("--rekey", "--ike", "home", check=True),
                  [r"IKE_SA deleted"])
        self.trace("after")
        self.show("list-sas after", carol, "--list-sas")
        return self

    def by_timers(self):
        """Both children, then rekeying of itself."""
        self.connect()
        for pattern in (*map(closed, OLD), r"IKE_SA deleted"):
            self.carol.wait_log(pattern, 20)
        self.steps["rekey"] = Step(self.carol.log())
        return self


OLD = {"net": 1, "host": 2}  # the children that are rekeyed


def closed(child):
    """The last line of a child that was rekeyed."""
    return rf"CHILD_SA {child}\{{{OLD[child]}\}} closed"


def start(lab, source, credentials, adapt=lambda text: text):
    """Start both daemons with the files in `source` and `credentials`; (carol, moon)."""
    top = lab.pair()
    hosts = [lab.cygnet(ns) for ns in (top.moon, top.carol)]
    for host in hosts:
        etc = host.root / "etc"
        shutil.copytree(credentials / host.name, etc / "swanctl", dirs_exist_ok=True)
        for name, target in ((f"{host.name}/swanctl.conf", etc / "swanctl/swanctl.conf"),
                             ("strongswan.conf", etc / "strongswan.conf")):
            target.write_text(adapt((source / name).read_text()))
        host.start(load=False)
        wait_until(lambda it=host: re.search("pools: .*unloaded", it.log()), "start scripts")
    return hosts[1], hosts[0]


def make_certificates(where):
    """By the example's script, which runs our pki."""
    subprocess.run([EXAMPLE / "certificates.sh", where], check=True, timeout=120,
                   env={"PATH": f"{BUILD / 'tools/pki'}:/usr/bin:/bin"}, stdout=subprocess.DEVNULL)
    return where


def shorten(text):
    """The example with short timers, a second apart in the document's order; of a pattern that is
    not there nothing is changed."""
    for found, instead in (
            (r"(-ke3_hqc3\s+)rekey_time = 20m", rf"\1{NET_TIMER}"),
            (r"(-ke2_bike3\s+)rekey_time = 20m", rf"\1{HOST_TIMER}"),
            (r"rekey_time = 30m", IKE_TIMER),
            (r"max_packet = 30000", r"max_packet = 30000\ndelete_rekeyed_delay = 1")):
        text = re.sub(found, instead, text)
    return text


NET_TIMER = "rekey_time = 4\nlife_time = 60\nrand_time = 0"
HOST_TIMER = "rekey_time = 5\nlife_time = 60\nrand_time = 0"
IKE_TIMER = "rekey_time = 6\nover_time = 60\nrand_time = 0"
