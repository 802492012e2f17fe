# SPDX-License-Identifier: Apache-2.0
"""A wire that loses packets and delivers some late; run as a program by lossy.LossyWire.

wire.py DEV DEV SEED LOSS LATE     joins two interfaces of its namespace, frame by frame

LOSS and LATE are shares of the IP packets of each direction. A late packet is held until two others
have overtaken it, or 30 ms. SIGUSR1 makes the wire perfect. It says "ready" when it is, and at
SIGTERM or SIGINT how many packets it passed, lost and held back.
"""
import json
import random
import select
import signal
import socket
import sys
import time

ETH_P_ALL, PACKET_OUTGOING = 3, 4
ETHERTYPES = (b"\x08\x00", b"\x86\xdd")     # IPv4, IPv6: ARP is left alone
HOLD, OVERTAKERS = 0.03, 2


class Wire:
    """One direction's randomness and held packets, and both directions' counts."""

    counts = {"passed": 0, "lost": 0, "late": 0}
    perfect = False

    def __init__(self, out, seed, loss, late):
        self.out, self.random, self.loss, self.late = out, random.Random(seed), loss, late
        self.held = []      # [frame, when it is due, how many may still overtake it]

    def send(self, frame):
        """Pass a frame on; the other end may be gone or not up yet."""
        try:
            self.out.send(frame)
        except OSError:
            pass

    def release(self, overtaken):
        """Send what is due; `overtaken` says that a frame has just gone by."""
        now = time.monotonic()
        for entry in self.held:
            entry[2] -= overtaken
        due = [entry for entry in self.held if entry[1] <= now or entry[2] <= 0]
        self.held = [entry for entry in self.held if entry not in due]
        for frame, _, _ in due:
            self.send(frame)

    def take(self, frame):
        """Decide on one frame."""
        fate = self.random.random()
        if self.perfect or frame[12:14] not in ETHERTYPES or fate >= self.loss + self.late:
            self.counts["passed"] += 1
            self.send(frame)
            self.release(overtaken=True)
        elif fate < self.loss:
            self.counts["lost"] += 1
        else:
            self.counts["late"] += 1
            self.held.append([frame, time.monotonic() + HOLD, OVERTAKERS])


def attach(dev):
    """A raw socket on an interface."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((dev, 0))
    return sock


def become_perfect(*_):
    """SIGUSR1."""
    Wire.perfect = True


def stop(*_):
    """SIGTERM and SIGINT."""
    print(json.dumps(Wire.counts), flush=True)
    sys.exit(0)


def main():
    """Forward until told to stop."""
    ends = [attach(dev) for dev in sys.argv[1:3]]
    seed, loss, late = int(sys.argv[3]), float(sys.argv[4]), float(sys.argv[5])
    ways = {ends[0]: Wire(ends[1], seed, loss, late), ends[1]: Wire(ends[0], -seed - 1, loss, late)}
    signal.signal(signal.SIGUSR1, become_perfect)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    print("ready", flush=True)
    while True:
        readable, _, _ = select.select(ends, [], [], 0.01)
        for end in readable:
            frame, address = end.recvfrom(65536)
            if address[2] != PACKET_OUTGOING:
                ways[end].take(frame)
        for way in ways.values():
            way.release(overtaken=False)


if __name__ == "__main__":
    main()
