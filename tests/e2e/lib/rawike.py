# SPDX-License-Identifier: Apache-2.0
"""An IKE_SA_INIT request written by hand: opens a half-open IKE_SA and never comes back.

Run as a program inside a namespace: rawike.py DST COUNT. Offers what conf.IKE says.
"""
import os
import socket
import struct
import sys


def _payload(following, body):
    return struct.pack("!BBH", following, 0, 4 + len(body)) + body


def _transform(last, kind, number, key_length=None):
    attribute = struct.pack("!HH", 0x800e, key_length) if key_length else b""
    return struct.pack("!BBHBBH", 0 if last else 3, 0, 8 + len(attribute), kind, 0,
                       number) + attribute


def sa_init():
    """SA (AES-CBC-256, HMAC-SHA2-256-128, PRF-HMAC-SHA2-256, X25519), KE and Nonce."""
    transforms = (_transform(False, 1, 12, 256) + _transform(False, 3, 12)
                  + _transform(False, 2, 5) + _transform(True, 4, 31))
    proposal = struct.pack("!BBHBBBB", 0, 0, 8 + len(transforms), 1, 1, 0, 4) + transforms
    body = (_payload(34, proposal) + _payload(40, struct.pack("!HH", 31, 0) + os.urandom(32))
            + _payload(0, os.urandom(32)))
    return (os.urandom(8) + bytes(8)
            + struct.pack("!BBBBII", 33, 0x20, 34, 0x08, 0, 28 + len(body)) + body)


def main():
    """See the top of the file."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(int(sys.argv[2])):
            sock.sendto(sa_init(), (sys.argv[1], 500))


if __name__ == "__main__":
    main()
