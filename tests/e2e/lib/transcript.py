# SPDX-License-Identifier: Apache-2.0
"""IKE messages as a daemon's log tells of them, to be compared with what should have passed."""
import re
from dataclasses import dataclass

_GENERATED = re.compile(r"\[ENC\] generating (\w+) (request|response) (\d+) \[ (.*?) ?\]$")
_PARSED = re.compile(r"\[ENC\] parsed (\w+) (request|response) (\d+) \[ (.*?) ?\]$")
_SPLIT = re.compile(r"\[ENC\] splitting IKE message \((\d+) bytes\) into (\d+) fragments$")
_PUT_TOGETHER = re.compile(r"\[ENC\] received fragment #\d+ of (\d+), "
                           r"reassembled fragmented IKE message \((\d+) bytes\)$")
_PACKET = re.compile(r"\[NET\] (sending|received) packet: .* \((\d+) bytes\)$")


@dataclass(frozen=True)
class Message:
    """A message that was sent or received whole.

    size is of the whole message: as sent in one datagram, or before it was split. fragments is
    the number of datagrams, last the size of the smallest of them: all others are full.
    """
    sent: bool
    exchange: str
    kind: str
    number: int
    payloads: str
    size: int
    fragments: int = 1
    last: int = 0

    def __str__(self):
        text = (f"{'sent' if self.sent else 'received'} {self.exchange} {self.kind} {self.number} "
                f"[ {self.payloads} ] {self.size} bytes")
        return text + (f", {self.fragments} fragments, the last of {self.last} bytes"
                       if self.fragments > 1 else "")


def messages(log):
    """The messages in a log, in its order. A request that is still being answered counts."""
    found, incoming, split, packets = [], [], None, 0
    together = None
    for line in log.splitlines():
        if match := _PACKET.search(line):
            size = int(match[2])
            if match[1] == "received":
                incoming.append(size)
            elif found and found[-1].sent and packets < found[-1].fragments:
                packets += 1
                if found[-1].fragments == 1:
                    found[-1] = _sized(found[-1], size)
                elif packets == found[-1].fragments:
                    found[-1] = Message(*_head(found[-1]), found[-1].size, packets, size)
        elif match := _SPLIT.search(line):
            split = (int(match[1]), int(match[2]))
            found[-1] = Message(*_head(found[-1]), *split, 0)
        elif (match := _GENERATED.search(line)) and not match[4].startswith("EF("):
            found.append(Message(True, match[1], match[2], int(match[3]), match[4], 0))
            packets = 0
        elif match := _PUT_TOGETHER.search(line):
            together = (int(match[2]), int(match[1]))
        elif (match := _PARSED.search(line)) and not match[4].startswith("EF("):
            head = (False, match[1], match[2], int(match[3]), match[4])
            if together:
                found.append(Message(*head, *together, min(incoming)))
            else:
                found.append(Message(*head, incoming[-1]))
            incoming, together = [], None
    return found


def _head(message):
    return message.sent, message.exchange, message.kind, message.number, message.payloads


def _sized(message, size):
    return Message(*_head(message), size)


def lines(log, group=None):
    """(group, text) of each line, without its thread number; of one group only when named."""
    found = re.findall(r"^\d\d\[(\w+)\] (.*)$", log, re.MULTILINE)
    return [text for name, text in found if name == group] if group else found
