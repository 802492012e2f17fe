# SPDX-License-Identifier: Apache-2.0
"""Certification authorities, certificates and private keys in every format the daemon reads.

Keys are made once per process and kind (RSA 4096 takes a second), so that a parametrized test
costs little. Nothing here touches the disk; Host.install() writes files.
"""
import datetime
import functools
import ipaddress
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_MAKERS = {
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa4096": lambda: rsa.generate_private_key(65537, 4096),
    "ecdsa256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}
KINDS = tuple(_MAKERS)
_DAY = datetime.timedelta(days=1)


@functools.lru_cache(maxsize=None)
def make_key(kind, slot):
    """The private key of this kind for this slot (a name); the same one every time."""
    del slot
    return _MAKERS[kind]()


def _hash(key):
    """The hash a key of this size signs certificates with; None for EdDSA, which brings its own."""
    if isinstance(key, (ed25519.Ed25519PrivateKey, ed448.Ed448PrivateKey)):
        return None
    return {384: hashes.SHA384(), 521: hashes.SHA512()}.get(key.key_size, hashes.SHA256())


def _name(cn):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
                      x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Cyber"),
                      x509.NameAttribute(NameOID.COMMON_NAME, cn)])


def dn(cn):
    """The distinguished name of a common name, in the daemon's spelling."""
    return f"C=CH, O=Cyber, CN={cn}"


def _alt_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.RFC822Name(text) if "@" in text else x509.DNSName(text)


@dataclass
class Credential:
    """A certificate with its private key and the certificates between it and the root."""
    cn: str
    key: object
    cert: x509.Certificate
    chain: list = field(default_factory=list)

    def cert_bytes(self, form="pem"):
        """The certificate, `pem` or `der`."""
        encoding = {"pem": serialization.Encoding.PEM, "der": serialization.Encoding.DER}[form]
        return self.cert.public_bytes(encoding)

    def key_bytes(self, form="pkcs8-pem", password=None):
        """The private key: pkcs8 (encrypted when a password is given), pkcs1 or sec1; -pem or -der.

        pkcs1 is the RSA form, sec1 the ECDSA form: both are OpenSSL's traditional encoding.
        """
        structure, encoding = form.split("-")
        layout = (serialization.PrivateFormat.PKCS8 if structure == "pkcs8"
                  else serialization.PrivateFormat.TraditionalOpenSSL)
        lock = (serialization.BestAvailableEncryption(password.encode()) if password
                else serialization.NoEncryption())
        return self.key.private_bytes(serialization.Encoding[encoding.upper()], layout, lock)

    def pkcs12_bytes(self, password, authority):
        """Key, certificate and CA in one PKCS#12 container."""
        return pkcs12.serialize_key_and_certificates(
            self.cn.encode(), self.key, self.cert, [*self.chain, authority.cert],
            serialization.BestAvailableEncryption(password.encode()))


class Authority(Credential):
    """A certification authority: the root, or below another one."""

    def __init__(self, cn="Cyber Root CA", kind="ecdsa256", issuer=None, slot=None):
        key = make_key(kind, slot or f"ca:{cn}")
        above = issuer or self
        now = datetime.datetime.utcnow()
        self.cn, self.key = cn, key
        builder = (
            x509.CertificateBuilder().subject_name(_name(cn)).issuer_name(_name(above.cn))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY).not_valid_after(now + 3650 * _DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_usage(ca=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(_key_id(above.key), False))
        chain = [self, *issuer.path] if issuer else []
        super().__init__(cn, key, builder.sign(above.key, _hash(above.key)))
        # What an end entity below must send: this certificate and those above, without the root.
        self.path = [ca for ca in chain]

    def issue(self, cn, kind="ecdsa256", sans=None, expired=False, ca=False):
        """A certificate for cn; SANs are told apart by their look and default to [cn]."""
        key = make_key(kind, f"ee:{cn}")
        now = datetime.datetime.utcnow()
        start, end = (-10, -5) if expired else (-1, 365)
        names = [_alt_name(text) for text in ([cn] if sans is None else sans)]
        builder = (
            x509.CertificateBuilder().subject_name(_name(cn)).issuer_name(_name(self.cn))
            .public_key(key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(now + start * _DAY).not_valid_after(now + end * _DAY)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH,
                                                  ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(_key_id(self.key), False))
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        cert = builder.sign(self.key, _hash(self.key))
        return Credential(cn, key, cert, [ca.cert for ca in self.path])


def _key_id(key):
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _usage(ca):
    """CAs sign certificates and CRLs; end entities sign."""
    return x509.KeyUsage(digital_signature=not ca, content_commitment=False,
                         key_encipherment=False, data_encipherment=False, key_agreement=False,
                         key_cert_sign=ca, crl_sign=ca, encipher_only=False, decipher_only=False)


@dataclass
class Family:
    """The certificates of the seed: a CA, carol and moon."""
    ca: Authority
    carol: Credential
    moon: Credential


@functools.lru_cache(maxsize=None)
def family(kind="ecdsa256", ca_kind=None, intermediate=False):
    """CA, carol@strongswan.org and moon.strongswan.org of one key kind; made once per process."""
    root = Authority(kind=ca_kind or kind)
    issuer = (Authority("Cyber Research CA", kind=ca_kind or kind, issuer=root) if intermediate
              else root)
    return Family(root, issuer.issue("carol@strongswan.org", kind),
                  issuer.issue("moon.strongswan.org", kind))
