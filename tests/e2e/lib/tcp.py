# SPDX-License-Identifier: Apache-2.0
"""One TCP exchange with digests; run as a program inside a namespace by traffic.transfer().

tcp.py serve ADDR PORT BYTES TIMEOUT      receives BYTES, then sends BYTES, prints both digests
tcp.py connect ADDR PORT BYTES TIMEOUT SRC    the other end; SRC is the source address or `-`
"""
import hashlib
import json
import os
import socket
import sys


def send(sock, nbytes):
    """Send random bytes and return their digest."""
    data = os.urandom(nbytes)
    sock.sendall(data)
    return hashlib.sha256(data).hexdigest()


def receive(sock, nbytes):
    """Receive so many bytes and return their digest."""
    digest, left = hashlib.sha256(), nbytes
    while left:
        chunk = sock.recv(min(left, 1 << 16))
        if not chunk:
            raise EOFError(f"the connection ended {left} bytes early")
        digest.update(chunk)
        left -= len(chunk)
    return digest.hexdigest()


def main():
    """See the top of the file."""
    mode, addr, port, nbytes, timeout = sys.argv[1:6]
    family = socket.AF_INET6 if ":" in addr else socket.AF_INET
    nbytes, limit = int(nbytes), float(timeout)
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.settimeout(limit)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if mode == "serve":
            sock.bind((addr, int(port)))
            sock.listen(1)
            print("ready", flush=True)
            peer, _ = sock.accept()
            with peer:
                peer.settimeout(limit)
                got = receive(peer, nbytes)
                print(json.dumps({"up_received": got, "down_sent": send(peer, nbytes)}))
        else:
            if sys.argv[6] != "-":
                sock.bind((sys.argv[6], 0))
            sock.connect((addr, int(port)))
            sent = send(sock, nbytes)
            print(json.dumps({"up_sent": sent, "down_received": receive(sock, nbytes)}))


if __name__ == "__main__":
    main()
