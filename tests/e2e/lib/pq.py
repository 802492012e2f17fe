# SPDX-License-Identifier: Apache-2.0
"""Post-quantum certificates: made by our pki, and those of the seed."""
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from . import conf
from .host import BUILD, ROOT
from .pki import Family

PKI = BUILD / "tools/pki/pki"
SEED = ROOT / "../shared/pq-strongswan"


@dataclass
class Files:
    """A credential in files, as Host.install() takes it."""
    cn: str
    cert: Path
    key: Path = None
    chain: list = field(default_factory=list)

    def cert_bytes(self):
        """The certificate."""
        return self.cert.read_bytes()

    def key_bytes(self, form, password):
        """The private key, which is there in one form only."""
        assert form == "pkcs8-pem" and not password
        return self.key.read_bytes()


def _pki(path, *argv):
    """Run our pki; what it makes goes to a file."""
    with open(path, "wb") as out:
        subprocess.run([PKI, *argv, "--outform", "pem"], check=True, timeout=60, stdout=out)
    return path


def make_ca(where, kind):
    """A directory with a CA of a kind (a word of --type, perhaps with --size N)."""
    where.mkdir()
    key = _pki(where / "caKey.pem", "--gen", "--type", *kind.split())
    name = f"{kind.split()[0]} Root CA"
    return Files(name, _pki(where / "caCert.pem", "--self", "--ca", "--in", key,
                            "--dn", f"C=CH, O=Cyber, CN={name}"), key)


def make_end(where, kind, cn):
    """An end entity of a kind, certified by the CA in this directory."""
    name = re.split("@", cn)[0]
    key = _pki(where / f"{name}Key.pem", "--gen", "--type", *kind.split())
    return Files(cn, _pki(where / f"{name}Cert.pem", "--issue", "--cacert", where / "caCert.pem",
                          "--cakey", where / "caKey.pem", "--type", "priv", "--in", key,
                          "--dn", f"C=CH, O=Cyber, CN={cn}", "--san", cn), key)


def made(lab, ca, end, name="pq"):
    """A CA, carol and moon with new keys of these kinds."""
    where = lab.path(name)
    return Family(make_ca(where, ca), *(make_end(where, end, cn)
                                        for cn in (conf.CAROL, conf.MOON)))


def of_the_seed():
    """The seed's own files."""
    return Family(Files("Cyber Root CA", SEED / "moon/x509ca/caCert.pem"),
                  *(Files(cn, SEED / f"{who}/x509/{who}Cert.pem",
                          SEED / f"{who}/pkcs8/{who}Key.pem")
                    for who, cn in (("carol", conf.CAROL), ("moon", conf.MOON))))
