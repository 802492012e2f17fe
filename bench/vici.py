# SPDX-License-Identifier: Apache-2.0
"""As much of the vici protocol as a measurement needs: requests without waiting for a program."""
import socket
import struct

SECTION_START, SECTION_END, KEY_VALUE, LIST_START, LIST_ITEM, LIST_END = range(1, 7)
REQUEST, RESPONSE = 0, 1


def _name(text):
    return bytes([len(text)]) + text.encode()


class Session:
    """A connection to a daemon's vici socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))

    def close(self):
        """Hang up."""
        self.socket.close()

    def request(self, command, **values):
        """Send a command with plain values; returns the answer's top-level values."""
        body = bytes([REQUEST]) + _name(command)
        for key, value in values.items():
            data = str(value).encode()
            body += bytes([KEY_VALUE]) + _name(key) + struct.pack(">H", len(data)) + data
        self.socket.sendall(struct.pack(">I", len(body)) + body)
        while True:
            answer = self._exactly(struct.unpack(">I", self._exactly(4))[0])
            if answer[0] == RESPONSE:
                return dict(_values(answer[1:]))

    def _exactly(self, length):
        data = b""
        while len(data) < length:
            more = self.socket.recv(length - len(data))
            if not more:
                raise EOFError("the daemon hung up")
            data += more
        return data


def _values(data):
    """(path, text) of every value, sections joined by dots."""
    at, path = 0, []

    def text(width):
        nonlocal at
        length = int.from_bytes(data[at:at + width], "big")
        at += width + length
        return data[at - length:at].decode(errors="replace")

    while at < len(data):
        kind = data[at]
        at += 1
        if kind in (SECTION_START, LIST_START):
            path.append(text(1))
        elif kind in (SECTION_END, LIST_END):
            path.pop()
        elif kind == KEY_VALUE:
            key = text(1)
            yield ".".join([*path, key]), text(2)
        elif kind == LIST_ITEM:
            yield ".".join(path), text(2)
