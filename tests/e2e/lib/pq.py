# SPDX-License-Identifier: Apache-2.0
"""Post-quantum certificates: made by our pki, and those of the seed."""
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


def made(lab, ca, end, name="pq"):
    """A CA, carol and moon with new keys of these kinds (words of --type)."""
    where = lab.path(name)
    where.mkdir()
    ca_key = _pki(where / "caKey.pem", "--gen", "--type", ca)
    ca_cert = _pki(where / "caCert.pem", "--self", "--ca", "--in", ca_key,
                   "--dn", "C=CH, O=Cyber, CN=Cyber Root CA")
    ends = []
    for who, cn in (("carol", conf.CAROL), ("moon", conf.MOON)):
        key = _pki(where / f"{who}Key.pem", "--gen", "--type", end)
        ends.append(Files(cn, _pki(where / f"{who}Cert.pem", "--issue", "--cacert", ca_cert,
                                   "--cakey", ca_key, "--type", "priv", "--in", key,
                                   "--dn", f"C=CH, O=Cyber, CN={cn}", "--san", cn), key))
    return Family(Files("Cyber Root CA", ca_cert), *ends)


def of_the_seed():
    """The seed's own files."""
    return Family(Files("Cyber Root CA", SEED / "moon/x509ca/caCert.pem"),
                  *(Files(cn, SEED / f"{who}/x509/{who}Cert.pem",
                          SEED / f"{who}/pkcs8/{who}Key.pem")
                    for who, cn in (("carol", conf.CAROL), ("moon", conf.MOON))))
