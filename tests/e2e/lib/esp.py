# SPDX-License-Identifier: Apache-2.0
"""ESP packets written by hand: what an authentic but misbehaving peer would send.

Keys come from the daemon's key log (Wireshark's `esp_sa` format); AES-GCM with 16 bytes of ICV.
"""
import csv
import ipaddress
import json
import os
import struct

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .traffic import PYTHON

# Runs in the sender's namespace: raw packets, since the daemon owns port 4500.
_SEND = """import json, socket, sys
src, dst, data = json.load(sys.stdin)
with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP) as s:
    s.bind((src, 0)); s.sendto(bytes.fromhex(data), (dst, 0))
"""


def find_key(path, spi):
    """(spi, key, salt) of the SA with this SPI (hexadecimal) from an `esp_sa` file."""
    with open(path, encoding="ascii", newline="") as file:
        for row in csv.reader(file):
            if int(row[3], 16) == int(spi, 16):
                material = bytes.fromhex(row[5].removeprefix("0x"))
                return int(spi, 16), material[:-4], material[-4:]
    raise AssertionError(f"no key for SPI {spi} in {path}:\n{path.read_text()}")


def _checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def echo_request(src, dst):
    """An IPv4 packet with an ICMP echo request."""
    icmp = struct.pack("!BBHHH", 8, 0, 0, 77, 1) + b"cygnet!!"
    icmp = icmp[:2] + struct.pack("!H", _checksum(icmp)) + icmp[4:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(icmp), 1, 0, 64, 1, 0,
                       ipaddress.ip_address(src).packed, ipaddress.ip_address(dst).packed)
    return head[:10] + struct.pack("!H", _checksum(head)) + head[12:] + icmp


class Sender:
    """Sends ESP in UDP (RFC 3948) from a namespace with the keys of one SA."""

    def __init__(self, ns, src, dst, spi, key, salt):
        self.ns, self.src, self.dst, self.spi, self.key, self.salt = ns, src, dst, spi, key, salt

    def send(self, sequence, inner, forge=False):
        """Send one inner IPv4 packet; forge spoils the last byte of the ICV."""
        head, iv = struct.pack("!II", self.spi, sequence), os.urandom(8)
        padding = -(len(inner) + 2) % 4
        plain = inner + bytes(range(1, padding + 1)) + bytes([padding, 4])
        sealed = AESGCM(self.key).encrypt(self.salt + iv, plain, head)
        if forge:
            sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        packet = head + iv + sealed
        udp = struct.pack("!HHHH", 4500, 4500, 8 + len(packet), 0) + packet
        self.ns.run(PYTHON, "-c", _SEND, input=json.dumps([self.src, self.dst, udp.hex()]))
