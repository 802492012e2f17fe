# SPDX-License-Identifier: Apache-2.0
"""Reading `swanctl --list-sas`: ours and strongSwan's print the same, so one reader serves both."""
import re
from dataclasses import dataclass, field


@dataclass
class Child:
    """One CHILD_SA of the list."""
    name: str
    uid: int
    reqid: int
    state: str
    mode: str
    proposal: str
    spi_in: str = ""
    bytes_in: int = 0
    packets_in: int = 0
    spi_out: str = ""
    bytes_out: int = 0
    packets_out: int = 0
    local: list = field(default_factory=list)
    remote: list = field(default_factory=list)


@dataclass
class Ike:
    """One IKE_SA of the list with its children in order."""
    name: str
    uid: int
    state: str
    spi_i: str
    spi_r: str
    role: str
    local_id: str = ""
    local_addr: str = ""
    local_port: int = 0
    local_vips: list = field(default_factory=list)
    remote_id: str = ""
    remote_addr: str = ""
    remote_port: int = 0
    remote_vips: list = field(default_factory=list)
    proposal: str = ""
    children: list = field(default_factory=list)

    def child(self, name):
        """The installed child of this name; the newest if there are several."""
        found = [c for c in self.children if c.name == name and c.state == "INSTALLED"]
        assert found, f"no installed child {name!r} in {self}"
        return found[-1]


_IKE = re.compile(r"^(\S+): #(\d+), (\w+), (IKEv\d), ([0-9a-f]{16})_i(\*?) ([0-9a-f]{16})_r(\*?)$")
_END = re.compile(r"^  (local|remote)\s+'([^']*)' @ (\S+)\[(\d+)\](?: EAP: '[^']*')?"
                  r"(?: \[([^\]]*)\])?$")
_CHILD = re.compile(r"^  (\S+): #(\d+), reqid (\d+), (\w+), (\S+), ESP:(\S+)$")
_SPI = re.compile(r"^    (in|out)\s+([0-9a-f]{8})[^,]*,\s*(\d+) bytes,\s*(\d+) packets"
                  r"(?:,\s*\d+s ago)?$")
_TS = re.compile(r"^    (local|remote)\s+(\S.*)$")
_REST = re.compile(r"^  established \d+s ago|^    installed \d+s ago|^  (queued|active|passive):")


def parse(text):
    """All IKE_SAs of the text. A line of no known form is an AssertionError: users parse this."""
    sas = []
    for line in text.splitlines():
        if not line.strip() or _REST.match(line):
            continue
        if m := _IKE.match(line):
            name, uid, state, _, spi_i, mine, spi_r, _ = m.groups()
            role = "initiator" if mine else "responder"
            sas.append(Ike(name, int(uid), state, spi_i, spi_r, role))
        elif m := _CHILD.match(line):
            name, uid, reqid, state, mode, proposal = m.groups()
            sas[-1].children.append(Child(name, int(uid), int(reqid), state, mode, proposal))
        elif m := _END.match(line):
            _end(sas[-1], *m.groups())
        elif m := _SPI.match(line):
            way, spi, nbytes, packets = m.groups()
            child = sas[-1].children[-1]
            setattr(child, f"spi_{way}", spi)
            setattr(child, f"bytes_{way}", int(nbytes))
            setattr(child, f"packets_{way}", int(packets))
        elif m := _TS.match(line):
            setattr(sas[-1].children[-1], m[1], m[2].split())
        elif re.match(r"^  [A-Z0-9_]+(-\d+)?/\S+$", line):
            sas[-1].proposal = line.strip()
        else:
            raise AssertionError(f"--list-sas prints a line of an unknown form: {line!r}\n{text}")
    return sas


def _end(sa, side, identity, addr, port, vips):
    setattr(sa, f"{side}_id", identity)
    setattr(sa, f"{side}_addr", addr)
    setattr(sa, f"{side}_port", int(port))
    setattr(sa, f"{side}_vips", (vips or "").split())
