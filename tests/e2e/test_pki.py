# SPDX-License-Identifier: Apache-2.0
"""cygnet-pki: every command, beside openssl and strongSwan's tool where they know the keys."""
import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from lib.host import BUILD, ROOT

pytestmark = pytest.mark.usefixtures("built")

PKI = BUILD / "tools/pki/pki"
SEED = ROOT / "../shared/pq-strongswan"
THEIRS = shutil.which("pki", path="/usr/bin")
POST_QUANTUM = ("dilithium2", "dilithium3", "dilithium5", "falcon512", "falcon1024", "mldsa44",
                "mldsa65", "mldsa87")
CLASSICAL = ("rsa", "ecdsa", "ed25519", "ed448")
DN = "C=CH, O=Cyber, CN=Cyber Root CA"

needs_theirs = pytest.mark.skipif(not THEIRS, reason="strongSwan's pki is not installed")
needs_seed = pytest.mark.skipif(not SEED.exists(), reason="the files of the seed are not at hand")


def tool(program, *argv, data=b"", status=0):
    """Run a program in one go; returns its standard output as bytes."""
    done = subprocess.run([program, *map(str, argv)], input=data, capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == status, (argv, done.stdout, done.stderr)
    assert b"runtime error" not in done.stderr and b"Sanitizer" not in done.stderr, done.stderr
    return done.stdout


def pki(*argv, **more):
    """Our tool."""
    return tool(PKI, *argv, **more)


def text(*argv, **more):
    """Our tool, for people."""
    return pki(*argv, **more).decode()


def refused(*argv, data=b""):
    """What our tool says when it does not do it."""
    done = subprocess.run([PKI, *map(str, argv)], input=data, capture_output=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and not done.stdout, (argv, done)
    assert b"Sanitizer" not in done.stderr and b"runtime error" not in done.stderr, done.stderr
    return done.stderr.decode()


def openssl(*argv, data=b"", status=0):
    """The openssl command."""
    return tool("openssl", *argv, data=data, status=status).decode()


class Files:
    """A directory with a CA and a key of carol's, of one kind each."""

    def __init__(self, directory, ca="ecdsa", end="ecdsa"):
        self.dir = directory
        self.ca_key = self.put("caKey.pem", pki("--gen", "--type", ca, "--outform", "pem"))
        self.ca = self.put("caCert.pem", pki("--self", "--ca", "--in", self.ca_key, "--dn", DN,
                                             "--lifetime", "3652", "--outform", "pem"))
        self.key = self.put("carolKey.pem", pki("--gen", "--type", end, "--outform", "pem"))
        self.signer = ("--cacert", self.ca, "--cakey", self.ca_key)

    def put(self, name, data):
        """A file; its path."""
        path = self.dir / name
        path.write_bytes(data)
        return path

    def issue(self, *more, name="carolCert.pem", dn="C=CH, O=Cyber, CN=carol@strongswan.org"):
        """A certificate for carol's key."""
        return self.put(name, pki("--issue", *self.signer, "--type", "priv", "--in", self.key,
                                  "--dn", dn, "--outform", "pem", *more))


@pytest.fixture(name="files")
def _files(tmp_path):
    return Files(tmp_path)


def test_load_list(tmp_path, monkeypatch):
    """The list of plugins that strongSwan's tool needs takes no algorithm from ours."""
    (tmp_path / "strongswan.conf").write_text("pki {\n   load = plugins: random pem openssl\n}\n")
    monkeypatch.setenv("STRONGSWAN_CONF", str(tmp_path / "strongswan.conf"))
    key = pki("--gen", "--type", "dilithium5")
    assert "Dilithium5" in text("--print", "--type", "priv", data=key)


# --- keys and certificates of all kinds --------------------------------------------------------

@pytest.mark.parametrize("kind", CLASSICAL + POST_QUANTUM)
def test_kinds(tmp_path, kind):
    """A CA and an end entity of every kind: by key, public key and request, in PEM and DER."""
    files = Files(tmp_path, kind, kind)
    cert = files.issue("--san", "carol@strongswan.org")
    said = text("--verify", "--in", cert, "--cacert", files.ca)
    assert said.splitlines() == [
        '  using certificate "C=CH, O=Cyber, CN=carol@strongswan.org"',
        f'  using trusted ca certificate "{DN}"',
        "  reached self-signed root ca with a path length of 0",
        "certificate trusted, lifetimes valid"]
    public = pki("--pub", "--in", files.key)
    by_public = pki("--issue", *files.signer, "--dn", "CN=x", data=public)
    request = pki("--req", "--in", files.key, "--dn", "CN=x", "--san", "x.example")
    by_request = pki("--issue", *files.signer, "--type", "pkcs10", data=request)
    for made in (by_public, by_request):
        assert b"trusted, lifetimes valid" in pki("--verify", "--cacert", files.ca, data=made)
        assert pki("--pub", "--type", "x509", data=made) == public
    ids = text("--keyid", "--in", files.key, "--format", "hex").split()
    assert ids == text("--keyid", "--type", "pkcs10", "--format", "hex", data=request).split()
    shown = text("--print", "--in", cert).replace(":", "")
    assert f"subjkey   {ids[0]}" in shown and f"keyid     {ids[1]}" in shown
    assert text("--print", "--type", kind, "--in", files.key).startswith("  privkey:   ")
    # What another key has signed is refused, and so is a byte that has changed.
    other = files.put("other.pem", pki("--self", "--ca", "--in", files.key, "--dn", DN))
    assert b"certificate untrusted" in pki("--verify", "--in", cert, "--cacert", other, status=1)
    der = bytearray(by_public)
    der[-40] ^= 1
    pki("--verify", "--cacert", files.ca, data=bytes(der), status=1)


@pytest.mark.parametrize("size", ["256", "384", "521"])
def test_curves(tmp_path, size):
    """The digest goes with the curve, unless --digest says another."""
    key = tmp_path / "key"
    key.write_bytes(pki("--gen", "--type", "ecdsa", "--size", size))
    digest = {"256": "256", "384": "384", "521": "512"}[size]
    for more, expected in ((), digest), (("--digest", "sha512"), "512"):
        der = pki("--self", "--in", key, "--dn", "CN=x", *more)
        assert f"ecdsa-with-SHA{expected}" in openssl("x509", "-text", "-noout", data=der)


def test_rsa_padding(tmp_path):
    """PSS with a salt as long as the digest."""
    key = tmp_path / "key"
    key.write_bytes(pki("--gen", "--size", "3072"))
    der = pki("--self", "--in", key, "--dn", "CN=x", "--rsa-padding", "pss", "--digest", "sha384")
    shown = openssl("x509", "-text", "-noout", data=der)
    assert "rsassaPss" in shown and "Salt Length: 0x30" in shown and "mgf1 with sha384" in shown
    assert b"trusted" in pki("--verify", data=der)


# --- the seed ----------------------------------------------------------------------------------

def test_commands_of_the_seed(tmp_path):
    """How the seed's CA, moon and carol are made, word for word, run by the shell."""
    script = f"""set -e; PATH={PKI.parent}:$PATH
pki --gen --type falcon1024 --outform pem > caKey.pem
pki --self --type falcon1024 --in caKey.pem --ca --lifetime 3652 \\
    --dn "{DN}" --outform pem > caCert.pem
for host in moon.strongswan.org carol@strongswan.org; do
    pki --gen --type dilithium5 --outform pem > $host.key
    pki --issue --cacert caCert.pem --cakey caKey.pem --type dilithium5 --in $host.key \\
        --dn "C=CH, O=Cyber, CN=$host" --san $host --lifetime 1461 --outform pem > $host.pem
    pki --verify --in $host.pem --cacert caCert.pem
    pki --print --in $host.pem
done"""
    said = subprocess.run(["sh", "-c", script], cwd=tmp_path, check=True, text=True,
                          capture_output=True).stdout
    assert said.count("certificate trusted, lifetimes valid\n") == 2
    assert said.count("  pubkey:    Dilithium5 20736 bits\n") == 2
    assert re.search(r"not after .*, ok \(expires in 146[01] days\)", said)
    assert "  altNames:  moon.strongswan.org\n" in said


@needs_seed
@pytest.mark.parametrize("name, lines", [
    ("moon/x509/moonCert.pem",
     ['subject:  "C=CH, O=Cyber, CN=moon.strongswan.org"',
      "serial:    62:cf:a6:81:ef:f1:97:08", "altNames:  moon.strongswan.org",
      "authkeyId: a7:9c:ed:6f:79:27:b0:85:1f:e3:e3:a3:ea:41:e7:15:24:45:80:ea",
      "pubkey:    Dilithium5 20736 bits",
      "keyid:     0a:3d:09:23:52:53:14:c5:da:3a:5a:a0:2f:29:76:68:c8:cf:75:d1",
      "subjkey:   0f:87:d3:ba:b7:e4:36:38:61:e1:c0:9f:8e:5e:e2:db:8d:24:da:70"]),
    ("carol/x509/carolCert.pem",
     ['subject:  "C=CH, O=Cyber, CN=carol@strongswan.org"',
      "serial:    64:a9:3e:7b:1f:0d:9c:ec", "altNames:  carol@strongswan.org",
      "pubkey:    Dilithium5 20736 bits",
      "keyid:     88:4d:87:3d:30:af:5b:bb:7c:50:21:8a:fd:04:fd:7b:e8:05:14:ec",
      "subjkey:   0a:ca:7a:bf:74:9b:ed:2c:ee:82:90:78:93:16:db:e5:e6:13:48:5c"]),
    ("moon/x509ca/caCert.pem",
     ["serial:    4d:1c:d2:20:0f:52:67:73", "flags:     CA CRLSign self-signed ",
      "pubkey:    Falcon1024 14344 bits",
      "keyid:     bb:2a:5f:ed:88:f8:16:c2:5f:59:c0:f1:0d:1f:24:97:23:7a:3a:9d",
      "subjkey:   a7:9c:ed:6f:79:27:b0:85:1f:e3:e3:a3:ea:41:e7:15:24:45:80:ea"])])
def test_certificates_of_the_seed(name, lines):
    """Its real certificates, with what the seed's list-certs shows, verified by its CA."""
    shown = text("--print", "--in", SEED / name).splitlines()
    for line in lines:
        assert f"  {line}" in shown
    said = text("--verify", "--in", SEED / name, "--cacert", SEED / "moon/x509ca/caCert.pem")
    assert said.endswith("certificate trusted, lifetimes valid\n")


@needs_seed
def test_keys_of_the_seed():
    """Its private keys are those of its certificates."""
    for key, cert in (("caKey.pem", "moon/x509ca/caCert.pem"),
                      ("moon/pkcs8/moonKey.pem", "moon/x509/moonCert.pem"),
                      ("carol/pkcs8/carolKey.pem", "carol/x509/carolCert.pem")):
        assert text("--keyid", "--in", SEED / key) == \
            text("--keyid", "--type", "x509", "--in", SEED / cert)


# --- beside others -----------------------------------------------------------------------------

def without_spans(said):
    """What a tool printed, without what depends on the second: "(expires in 1094 days)"."""
    return re.sub(rb" \((expires|valid) in [^)]*\)", b"", said)


def ours(*argv, **more):
    """Our tool, where strongSwan's stands beside it."""
    return without_spans(tool(PKI, *argv, **more))


def theirs(*argv, **more):
    """strongSwan's tool."""
    return without_spans(tool(THEIRS, *argv, **more))


@needs_theirs
@pytest.mark.parametrize("make, check", [(ours, theirs), (theirs, ours)])
@pytest.mark.parametrize("kind", CLASSICAL)
def test_beside_strongswan(tmp_path, kind, make, check):
    """Keys, requests and certificates go both ways, and both tools print the same about them."""
    def put(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    ca_key, key = (put(name, make("--gen", "--type", kind)) for name in ("caKey", "key"))
    ca = put("ca", make("--self", "--ca", "--in", ca_key, "--dn", DN, "--pathlen", "1",
                        "--outform", "pem"))
    signer = ("--cacert", ca, "--cakey", ca_key)
    assert b"certificate trusted" in check("--verify", "--in", ca)
    request = make("--req", "--in", key, "--dn", "CN=x", "--san", "x.example", "--san",
                   "192.0.2.1", "--profile", "server")
    issued = put("issued", check("--issue", "--type", "pkcs10", *signer, data=request))
    assert b"certificate trusted" in make("--verify", "--in", issued, "--cacert", ca)
    crl = put("crl", make("--signcrl", *signer, "--reason", "superseded", "--cert", issued))
    for what in (("--print", "--in", ca), ("--print", "--in", issued),
                 ("--print", "--type", "priv", "--in", key), ("--keyid", "--in", key),
                 ("--keyid", "--type", "x509", "--in", ca, "--format", "base64"),
                 ("--dn", "--in", ca), ("--print", "--type", "crl", "--in", crl)):
        assert make(*what) == check(*what)
    shown = make("--print", "--in", issued).decode()
    assert "altNames:  x.example, 192.0.2.1" in shown and "flags:     serverAuth " in shown
    assert b"untrusted" in ours("--verify", "--in", issued, "--cacert", ca, "--crl", crl, status=1)


@needs_theirs
def test_print_beside_strongswan(files):
    """What certificates and lists can say is printed as strongSwan's tool prints it."""
    cert = files.issue(
        "--san", "moon.example", "--san", "C=CH, O=x", "--flag", "serverAuth", "--flag",
        "clientAuth", "--crl", "http://c/1", "--crlissuer", "C=CH, CN=foo", "--crl", "http://c/2",
        "--ocsp", "http://o/", "--ocsp", "http://p/", "--nc-permitted", "example.org",
        "--nc-permitted", "x@mail.example", "--nc-excluded", "C=CH, O=y", "--cert-policy",
        "1.2.3.4", "--cps-uri", "http://cps/", "--user-notice", "be good", "--cert-policy",
        "1.2.5", "--policy-mapping", "1.2.3:1.2.4")
    base = files.put("base.crl", pki("--signcrl", *files.signer, "--crluri", "http://d/1",
                                     "--crluri", "http://d/2", "--cert", cert))
    delta = files.put("delta.crl", pki("--signcrl", *files.signer, "--basecrl", base))
    for what in (("--in", cert), ("--type", "crl", "--in", base), ("--type", "crl", "--in", delta)):
        assert ours("--print", *what).decode() == theirs("--print", *what).decode()


def test_beside_openssl(files):
    """openssl reads our keys and verifies our path, and we read what it makes."""
    cert = files.issue("--san", "carol@strongswan.org", "--flag", "clientAuth")
    assert openssl("verify", "-CAfile", files.ca, cert).endswith(": OK\n")
    openssl("pkey", "-in", files.key, "-check", "-noout")
    made = files.put("openssl.pem", openssl("genpkey", "-algorithm", "ed25519").encode())
    request = openssl("req", "-new", "-key", made, "-subj", "/CN=x", "-addext",
                      "subjectAltName=DNS:x.example").encode()
    shown = text("--print", data=pki("--issue", *files.signer, "--type", "pkcs10", data=request))
    assert 'subject:  "CN=x"' in shown and "altNames:  x.example\n" in shown
    sealed = files.put("sealed.pem", openssl("pkey", "-in", made, "-aes256", "-passout",
                                             "pass:x").encode())
    assert "passphrase" in refused("--pub", "--in", sealed)


# --- options -----------------------------------------------------------------------------------

def test_extensions(files):
    """Every option of --issue lands in the certificate as openssl reads it."""
    cert = files.issue(
        "--ca", "--pathlen", "2", "--san", "moon.example", "--san", "192.0.2.1", "--san",
        "2001:db8::1", "--san", "a@b.example", "--san", "C=CH, O=x", "--san", "uri:http://x/",
        "--flag", "serverAuth", "--flag", "ocspSigning", "--crl", "http://c/1", "--crlissuer",
        "C=CH, CN=foo", "--crl", "http://c/2", "--ocsp", "http://o/", "--nc-permitted",
        "example.org", "--nc-permitted", "10.0.0.0/9", "--nc-excluded", "email:evil.example",
        "--cert-policy", "1.2.3.4", "--cps-uri", "http://cps/", "--user-notice", "be good",
        "--cert-policy", "1.2.5", "--policy-mapping", "1.2.3:1.2.4", "--policy-explicit", "3",
        "--policy-inhibit", "2", "--policy-any", "1", "--addrblock", "10.0.0.0/8", "--addrblock",
        "192.0.2.5-192.0.2.9", "--critical", "1.2.3.9", "--serial", "0102abcd",
        "--not-before", "01.02.20 03:04:05", "--not-after", "01.02.40 03:04:05")
    shown = openssl("x509", "-text", "-noout", "-in", cert, "-certopt", "no_pubkey,no_sigdump")
    for line in ("Serial Number: 16952269 (0x102abcd)", "CA:TRUE, pathlen:2",
                 "DNS:moon.example, IP Address:192.0.2.1, IP Address:2001:DB8:0:0:0:0:0:1, "
                 "email:a@b.example, DirName:/C=CH/O=x, URI:http://x/",
                 "TLS Web Server Authentication, OCSP Signing", "URI:http://c/1", "URI:http://c/2",
                 "DirName:C = CH, CN = foo", "OCSP - URI:http://o/", "DNS:example.org",
                 "IP:10.0.0.0/255.128.0.0", "email:evil.example", "Policy: 1.2.3.4",
                 "CPS: http://cps/", "Explicit Text: be good", "Policy: 1.2.5", "1.2.3:1.2.4",
                 "Require Explicit Policy:3, Inhibit Policy Mapping:2",
                 "X509v3 Inhibit Any Policy: critical", "10.0.0.0/8", "192.0.2.5-192.0.2.9",
                 "1.2.3.9: critical", "X509v3 Name Constraints: critical"):
        assert line in shown, shown
    assert re.search(r"Not Before: \w+ +\d+ .* 2020 GMT\n *Not After : \w+ +\d+ .* 2040", shown)


def test_validity(files):
    """Either end may be given; the other one follows by --lifetime."""
    for argv, start, days in ((("--not-after", "01.01.30 00:00:00", "--lifetime", "10"),
                               "Dec 22", 10),
                              (("--not-before", "2030-01-01", "--dateform", "%Y-%m-%d",
                                "--lifetime", "3"), "Jan  1", 3)):
        der = pki("--self", "--in", files.key, "--dn", "CN=x", *argv)
        lines = openssl("x509", "-noout", "-startdate", "-enddate", "-dateopt", "iso_8601",
                        data=der).splitlines()
        begin, end = (datetime.fromisoformat(line.split("=")[1].rstrip("Z")) for line in lines)
        assert end - begin == timedelta(days=days) and start[:3] == f"{begin:%b}"


def test_request(files):
    """Subject, names, profile and password of a request; an old one is a template."""
    request = files.put("one.req", pki("--req", "--in", files.key, "--dn", "C=CH, CN=x", "--san",
                                       "x.example", "--profile", "dual", "--password", "sesame"))
    shown = openssl("req", "-inform", "der", "-text", "-noout", "-in", request)
    for line in ("Subject: C = CH, CN = x", "DNS:x.example", "sesame", "dual"):
        assert line in shown
    again = pki("--req", "--in", files.key, "--oldreq", request)
    issued = pki("--issue", *files.signer, "--type", "pkcs10", data=again)
    shown = text("--print", data=issued)
    assert 'subject:  "C=CH, CN=x"' in shown and "altNames:  x.example" in shown
    assert "flags:     serverAuth clientAuth " in shown
    der = bytearray(request.read_bytes())
    der[-5] ^= 1
    assert "not signed by the key" in refused("--issue", *files.signer, "--type", "pkcs10",
                                              data=bytes(der))


def test_crl(files):
    """Lists, their successors, and lists of differences."""
    cert = files.issue()
    first = files.put("1.crl", pki(
        "--signcrl", *files.signer, "--reason", "key-compromise", "--cert", cert, "--serial",
        "0a0b", "--crluri", "http://delta/", "--lifetime", "3", "--outform", "pem"))
    shown = openssl("crl", "-text", "-noout", "-in", first)
    assert shown.count("Serial Number:") == 2 and shown.count("Key Compromise") == 1
    assert "URI:http://delta/" in shown
    assert "verify OK" in tool("sh", "-c", f"openssl crl -noout -CAfile {files.ca} -in {first} "
                               "2>&1").decode()
    second = pki("--signcrl", *files.signer, "--lastcrl", first, "--reason", "superseded", "--date",
                 "1000000000", "--serial", "0f")
    said = text("--print", "--type", "crl", data=second)
    assert "  serial:    02\n" in said and "  3 revoked certificates:\n" in said
    assert "0f: Sep 09" in said and "2001, superseded" in said
    delta = openssl("crl", "-text", "-noout", data=pki("--signcrl", *files.signer, "--basecrl",
                                                       first, "--serial", "77"))
    assert "X509v3 Delta CRL Indicator: critical" in delta
    other = Files(files.dir / "..", "ed25519")
    assert "not signed by --cacert" in refused("--signcrl", *other.signer, "--lastcrl", first)


def test_verify(files):
    """What the exit status tells: trusted, not trusted, not valid now."""
    expired = files.issue("--not-before", "01.01.20 00:00:00", "--not-after", "01.01.21 00:00:00")
    said = pki("--verify", "--in", expired, "--cacert", files.ca, status=2)
    assert said.endswith(b"certificate trusted, but no valid lifetime\n")
    old = files.put("old.pem", pki("--self", "--ca", "--in", files.ca_key, "--dn", DN,
                                   "--not-after", "01.01.21 00:00:00"))
    assert b"no valid lifetime" in pki("--verify", "--in", files.issue(), "--cacert", old, status=2)
    # A path over an intermediate CA, from a directory; and one that no CA has signed.
    middle = files.issue("--ca", "--pathlen", "0", dn="CN=middle")
    directory = files.dir / "cas"
    directory.mkdir()
    for ca in (files.ca, middle):
        shutil.copy(ca, directory)
    below = files.put("below", pki("--issue", "--cacert", middle, "--cakey", files.key, "--dn",
                                   "CN=below", "--type", "priv", "--in", files.key))
    said = text("--verify", "--in", below, "--cacert", directory)
    assert "using trusted intermediate ca certificate \"CN=middle\"" in said
    assert "path length of 1" in said
    no_ca = files.put("no-ca.pem", pki("--self", "--in", files.ca_key, "--dn", DN))
    pki("--verify", "--in", files.issue(), "--cacert", no_ca, status=1)


def test_dn_and_formats(files):
    """--dn and --keyid in all their formats."""
    der = pki("--dn", "--in", files.ca, "--format", "bin")
    assert text("--dn", "--in", files.ca) == f'"asn1dn:#{der.hex()}"\n'
    spki = pki("--keyid", "--in", files.key, "--id", "spki", "--format", "bin")
    pretty = spki.hex(":")
    assert text("--keyid", "--in", files.key).endswith(
        f"keyid (SHA-1 of subjectPublicKeyInfo):\n             {pretty}\n")


def test_option_files(files):
    """Words in a file, quoted as in a shell; short and shortened options."""
    words = files.put("words", b'# a comment\n--dn "C=CH, CN=from a file"\n-f pem --ca\n')
    made = pki("-s", "-i", files.key, "--options", words)
    assert made.startswith(b"-----BEGIN CERTIFICATE")
    assert 'subject:  "C=CH, CN=from a file"' in text("-a", data=made)
    assert pki("--self", f"--in={files.key}", "--dn=CN=x", "--lifet", "3")
    loop = files.put("loop", b"--options " + str(files.dir / "loop").encode())
    assert "too deeply" in refused("--self", "--options", loop)


# --- complaints --------------------------------------------------------------------------------

@pytest.mark.parametrize("argv, words", [
    (["--foo"], "unknown command --foo"), (["--isue"], "did you mean --issue?"),
    (["--acert"], "--acert is not there"), (["--pkcs12"], "openssl pkcs12"),
    (["--gen", "--type", "dilitium5"], "did you mean dilithium5?"),
    (["--gen", "--type", "ecdsa", "--size", "255"], "256, 384 or 521"),
    (["--gen", "--size", "many"], "--size many: expected a number"),
    (["--gen", "--type", "mldsa65", "--size", "65"], "one size"),
    (["--gen", "--outform", "txt"], "--outform txt: expected der or pem"),
    (["--gen", "--tipe", "rsa"], "unknown option --tipe; did you mean --type?"),
    (["--gen", "--type"], "--type: a value is missing"), (["--gen", "rsa"], "beginning with --"),
    (["--gen", "--safe-primes"], "--safe-primes is not there"),
    (["--self", "--dn", "CN=x", "--in", "/nonexistent"], "--in /nonexistent: No such file"),
    (["--self", "--dn", "CN=x", "--in", "/etc"], "--in /etc: Is a directory"),
    (["--self", "--dn", "CN=x"], "is empty"),
    (["--self"], "--dn distinguished-name is required"),
    (["--issue", "--dn", "CN=x"], "--cacert file is required"),
    (["--verify", "--online"], "--crl"), (["--self", "--keyid", "1", "--dn", "CN=x"], "--keyid")])
def test_refused(argv, words):
    """What was found, what was expected, and which option decides."""
    said = refused(*argv)
    assert words in said and said.startswith("pki") and said.count("\n") == 1, said


@pytest.mark.parametrize("more, words", [
    (("--san", "%any"), "--san %any: expected a host name"),
    (("--dn", "nothing"), "--dn nothing: expected a distinguished name"),
    (("--pathlen", "2"), "--ca"), (("--flag", "king"), "--flag king: expected serverAuth"),
    (("--lifetime", "0"), "ends before it begins"),
    (("--not-after", "tomorrow"), "--not-after tomorrow: expected a time"),
    (("--serial", "xyz"), "--serial xyz"), (("--serial", "00" * 21), "1 to 20 bytes"),
    (("--cert-policy", "x"), "--cert-policy x: expected an object identifier"),
    (("--cps-uri", "http://x"), "behind the --cert-policy"),
    (("--policy-mapping", "1.2.3"), "two object identifiers"),
    (("--addrblock", "10.0.0.0/8", "--addrblock", "10.0.0.0-10.0.0.9"), "overlap"),
    (("--nc-permitted", "10.0.0.1-10.0.0.9"), "is a subnet"),
    (("--critical", "x"), "--critical x"), (("--digest", "sha9"), "--digest sha9: expected md5"),
    (("--rsa-padding", "oaep"), "--rsa-padding oaep"), (("--type", "rsa"), "found ECDSA")])
def test_refused_certificates(files, more, words):
    """Values that cannot stand in a certificate; nothing is written then."""
    assert words in refused("--self", "--in", files.key, "--dn", "CN=x", *more)


def test_refused_files(files):
    """Files that are cut off, damaged, of another kind, or do not belong together."""
    cert = files.issue()
    pem = cert.read_bytes()
    assert "cut off" in refused("--print", data=pem[:-40])
    assert "is the PEM of a CERTIFICATE" in refused("--pub", data=pem)
    assert "is the PEM of a EC PRIVATE KEY" in refused("--print", "--in", files.key)
    assert "neither PEM nor DER" in refused("--print", data=b"hello")
    der = pki("--pub", "--in", files.key)
    assert "damaged, DER" in refused("--print", "--type", "pub", data=der[:-1])
    issue = ("--issue", "--type", "priv", "--in", files.key, "--dn", "CN=x")
    assert "not the key of the certificate" in refused(*issue, "--cacert", files.ca, "--cakey",
                                                       files.key)
    assert "no CA basicConstraint" in refused(*issue, "--cacert", cert, "--cakey", files.key)
    with open(files.put("unreadable", pem), "rb") as unreadable:
        Path(unreadable.name).chmod(0)
        done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", PKI, "--print", "--in",
                               f"/proc/self/fd/{unreadable.fileno()}"], capture_output=True,
                              text=True, check=False, pass_fds=[unreadable.fileno()])
    assert done.returncode == 1 and "Permission denied" in done.stderr
    old = files.put("old.pem", pki("--self", "--ca", "--in", files.ca_key, "--dn", DN,
                                   "--not-after", "01.01.21 00:00:00"))
    done = subprocess.run([PKI, *map(str, issue), "--cacert", old, "--cakey", files.ca_key],
                          capture_output=True, check=True)
    assert b"this CA has expired" in done.stderr


@pytest.mark.parametrize("kind", POST_QUANTUM + ("ed25519",))
def test_no_digest(tmp_path, kind):
    """Schemes that hash by themselves take none."""
    files = Files(tmp_path, kind)
    assert "hash by themselves" in refused("--self", "--in", files.ca_key, "--dn", "CN=x",
                                           "--digest", "sha256")


def test_usage():
    """The commands, and the options of each with their short forms."""
    for command in ("gen", "self", "issue", "req", "print", "signcrl", "verify", "keyid", "pub",
                    "dn"):
        assert f"pki --{command} " in text("--help")
        shown = text(f"--{command}", "--help")
        assert shown.startswith(f"usage:\n  pki --{command} ") and "--help" in shown
        assert all(len(line) <= 200 for line in shown.splitlines())


@needs_theirs
@pytest.mark.parametrize("command", ["gen", "self", "issue", "req", "print", "signcrl", "verify",
                                     "keyid", "pub", "dn"])
def test_options_of_strongswan(command):
    """Every option that strongSwan's tool has, with the same letter."""
    row = re.compile(r"^ +(--[a-z-]+) +\((-.)\)", re.MULTILINE)
    done = subprocess.run([THEIRS, f"--{command}", "--help"], capture_output=True, text=True,
                          check=False)
    wanted, there = row.findall(done.stderr + done.stdout), row.findall(text(f"--{command}",
                                                                             "--help"))
    assert wanted and set(wanted) <= set(there), set(wanted) - set(there)
