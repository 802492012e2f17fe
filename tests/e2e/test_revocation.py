# SPDX-License-Identifier: Apache-2.0
"""Revocation lists: made by pki, loaded by swanctl, and who gets in with them."""
import re
import subprocess

import pytest
from lib import pki
from lib.host import BUILD
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

PKI = BUILD / "tools/pki/pki"


def sign_crl(host, *revoked):
    """A list of the family's CA in the host's x509crl."""
    family, base = pki.family(), host.root
    (base / "ca.key").write_bytes(family.ca.key_bytes())
    argv = [PKI, "--signcrl", "--cacert", base / "etc/swanctl/x509ca/caCert.pem", "--cakey",
            base / "ca.key", "--reason", "key-compromise", "--outform", "pem"]
    for number, credential in enumerate(revoked):
        path = base / f"revoked{number}.pem"
        path.write_bytes(credential.cert_bytes())
        argv += ["--cert", path]
    host.write("x509crl/ca.crl", host.run(*argv, check=True).stdout)


def test_revoked(lab):
    """A certificate that a loaded list has is refused, with an alert; without it it is not."""
    carol, moon = lab.seed()
    carol.initiate("net")
    carol.terminate(ike="home")
    sign_crl(moon, pki.family().carol)
    done = moon.swanctl("--load-creds", check=True).stdout
    assert "loaded certificate from '/etc/swanctl/x509crl/ca.crl'" in done
    listed = moon.swanctl("--list-certs", "--type", "x509_crl", check=True).stdout
    assert listed.startswith("\nList of X.509 CRLs\n\n"
                             "  issuer:   \"C=CH, O=Cyber, CN=Cyber Root CA\"\n")
    assert "  1 revoked certificate:\n" in listed and ", key compromise\n" in listed
    mark = moon.mark()
    path = lab.path("monitor")
    with open(path, "w", encoding="utf-8") as out:
        watcher = subprocess.Popen(moon.view("swanctl", "--monitor-sa", "--raw"), stdout=out,
                                   env=moon.environment())

        def alerts():
            assert carol.initiate("net", check=False).returncode == 1
            return re.findall(r"^alert event \{type=(\S+) ike-sa \{\(unnamed\) \{uniqueid=",
                              path.read_text(), re.MULTILINE)
        said = wait_until(alerts, "alerts")
        watcher.terminate()
        watcher.wait(5)
    assert said[:2] == ["cert-revoked", "peer-auth-failed"]
    said = moon.log_since(mark)
    assert '  crl correctly signed by "C=CH, O=Cyber, CN=Cyber Root CA"' in said
    assert "certificate was revoked on " in said and ", reason: key compromise" in said
    moon.swanctl("--flush-certs", check=True)
    assert carol.initiate("net", check=False).returncode == 1
    (moon.root / "etc/swanctl/x509crl/ca.crl").unlink()
    moon.swanctl("--load-creds", "--clear", check=True)
    assert moon.swanctl("--list-certs", "--type", "x509_crl", check=True).stdout == ""
    carol.initiate("net")


def test_strict(lab):
    """revocation = strict wants a list; one that does not have the certificate is enough."""
    carol, moon = lab.seed(moon={"remote": {"revocation": "strict"}})
    mark = moon.mark()
    assert carol.initiate("net", check=False).returncode == 1
    assert "remote.revocation = strict wants one: put a CRL of its issuer into x509crl" in (
        moon.log_since(mark))
    sign_crl(moon, pki.family().moon)
    moon.swanctl("--load-creds", check=True)
    mark = moon.mark()
    carol.initiate("net")
    assert "certificate status is good" in moon.log_since(mark)
    assert "revocation = GOOD" in moon.swanctl("--list-conns", "--pretty", check=True).stdout


def test_attribute_certificates(lab):
    """They are refused by name."""
    _, moon = lab.seed()
    (moon.root / "etc/swanctl/x509ac").mkdir()
    moon.write("x509ac/some.pem", b"x")
    done = moon.swanctl("--load-creds")
    assert done.returncode != 0 and "attribute certificates are not implemented" in done.stderr
