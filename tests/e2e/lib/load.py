# SPDX-License-Identifier: Apache-2.0
"""Traffic that goes on while something else happens: iperf3 and ping, of which none may be lost."""
import json
import re
import signal
import subprocess
import tempfile

from .wait import wait_until


class Load:
    """Pings every 20 ms and TCP by iperf3 from one machine to an address of another, for the time
    of a `with` block. Afterwards .sent counts the pings, .lost are the numbers of those without an
    answer, and .bytes is what TCP moved. With `window`, as iperf3 writes it, no more than that is
    under way at a time."""

    def __init__(self, client, server, addr, seconds, window=None):
        self.client, self.server, self.addr, self.seconds = client, server, addr, seconds
        self.window = ["-w", window] if window else []
        self.sent = self.bytes = 0
        self.lost = []
        self.processes = []
        self.report = ""

    def __enter__(self):
        self._popen(self.server, "iperf3", "-s", "-1", "-B", self.addr)
        wait_until(lambda: ":5201" in self.server.run("ss", "-ltn").stdout, "iperf3 to listen")
        self.tcp = self._popen(self.client, "iperf3", "-c", self.addr, "-t", self.seconds,
                               "-b", "20M", "-l", "8K", "-J", *self.window)
        # It ends by itself and waits for the last answers, so that none is cut off.
        self.ping = self._popen(self.client, "ping", "-n", "-i", "0.02", "-c", self.seconds * 50,
                                "-W", "5", self.addr)
        return self

    @property
    def ended(self):
        """Whether one of the two has done all that it was to do."""
        return self.tcp.poll() is not None or self.ping.poll() is not None

    def _popen(self, ns, *argv):
        out = tempfile.TemporaryFile("w+")  # noqa: SIM115: it lives as long as the process
        process = ns.popen(*map(str, argv), stdout=out, stderr=subprocess.STDOUT, text=True)
        self.processes.append((process, out))
        return process

    def _text(self, process):
        out = next(out for one, out in self.processes if one is process)
        out.seek(0)
        return out.read()

    def __exit__(self, failed, *_):
        for process in (self.tcp, self.ping):
            try:
                process.wait(0 if failed else self.seconds + 30)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGINT)
                process.wait(20)
        for process, _out in self.processes:
            process.kill()
            process.wait()
        self.report = self._text(self.ping)
        found = re.search(r"(\d+) packets transmitted", self.report)
        if found:
            self.sent = int(found.group(1))
            answered = set(map(int, re.findall(r"icmp_seq=(\d+) ttl", self.report)))
            self.lost = [seq for seq in range(1, self.sent + 1) if seq not in answered]
        tcp = self._text(self.tcp)
        if not failed:
            self.bytes = json.loads(tcp)["end"]["sum_received"]["bytes"]
        for _process, out in self.processes:
            out.close()
