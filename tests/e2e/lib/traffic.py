# SPDX-License-Identifier: Apache-2.0
"""Traffic: ping, TCP transfers with digests, packet capture."""
import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from .wait import PATIENCE, wait_until

PYTHON = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else sys.executable
_TCP = str(Path(__file__).with_name("tcp.py"))


class Ping:
    """What ping(8) reported: .sent and .received packets, .text in full."""

    def __init__(self, done):
        self.text = done.stdout + done.stderr
        found = re.search(r"(\d+) packets transmitted, (\d+) received", self.text)
        self.sent, self.received = map(int, found.groups()) if found else (0, 0)

    def __bool__(self):
        """All came back."""
        return self.sent > 0 and self.sent == self.received

    def __repr__(self):
        return f"<ping {self.received}/{self.sent}>\n{self.text}"


def ping(ns, addr, count=2, src=None, size=None, df=False, wait=2, interval=None):
    """Ping addr from a machine; `wait` seconds for the answers. True in a condition if all came.

    All go at once, or with an interval between them: then the last answer may be missed, for which
    ping(8) waits no longer than that, whatever -W says.
    """
    argv = ["ping", "-n", "-c", count, "-W", wait]
    argv += ["-i", interval] if interval else ["-i", wait, "-l", count]
    argv += ["-I", src] if src else []
    argv += ["-s", size] if size else []
    argv += ["-M", "do"] if df else []
    return Ping(ns.run(*argv, addr, check=False, timeout=count * 2 + wait + 20))


def transfer(client, server, addr, nbytes=1 << 20, src=None, port=7777, timeout=30):
    """Send nbytes over TCP from client to server and the same number back.

    Returns a dictionary of four digests as each end saw them: up_sent, up_received, down_sent,
    down_received; raises AssertionError when they differ or the connection fails.
    """
    limit = timeout * PATIENCE
    python = (PYTHON, "-I", "-S", _TCP)
    listener = server.popen(*python, "serve", addr, port, nbytes, limit,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        ready = listener.stdout.readline()
        assert ready == "ready\n", f"TCP server: {ready}{listener.stderr.read()}"
        sent = client.run(*python, "connect", addr, port, nbytes, limit, src or "-",
                          check=False, timeout=limit + 10)
        assert sent.returncode == 0, f"TCP client: {sent.stderr}"
        out, err = listener.communicate(timeout=limit + 10)
        assert listener.returncode == 0, f"TCP server: {err}"
    finally:
        listener.kill()
        listener.wait()
        listener.stdout.close()
        listener.stderr.close()
    digests = {**json.loads(sent.stdout), **json.loads(out)}
    assert digests["up_sent"] == digests["up_received"], digests
    assert digests["down_sent"] == digests["down_received"], digests
    return digests


class Capture:
    """A packet capture on one interface, for the time of a `with` block.

    .path is the pcap file; text() is tcpdump's reading of it, one line a packet.
    """

    def __init__(self, ns, dev, path, expression=""):
        self.ns, self.dev, self.path, self.expression = ns, dev, Path(path), expression
        self.process = None

    def __enter__(self):
        complaints = self.path.with_suffix(".err")
        with open(complaints, "w", encoding="utf-8") as err:
            self.process = self.ns.popen("tcpdump", "--immediate-mode", "-U", "-n", "-Z", "root",
                                         "-i", self.dev, "-w", self.path, self.expression,
                                         stderr=err)
        wait_until(lambda: "listening on" in complaints.read_text(), "tcpdump")
        return self

    def __exit__(self, *_):
        # An interrupted tcpdump forgets what it has not read yet: let the file come to rest.
        size = -1
        while size != (size := self.path.stat().st_size):
            time.sleep(0.1)
        self.process.send_signal(signal.SIGINT)
        self.process.wait(10)

    def text(self):
        """The packets so far, one line each, as tcpdump prints them."""
        done = subprocess.run(["tcpdump", "-n", "-r", str(self.path)], capture_output=True,
                              text=True, timeout=30)
        return done.stdout
