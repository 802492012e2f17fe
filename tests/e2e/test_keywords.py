# SPDX-License-Identifier: Apache-2.0
"""Every post-quantum keyword between two daemons: key exchanges, signatures, mixed chains."""
import pytest

from lib import conf, pq
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

KEMS = {**{f"{word}{level}": f"{name}_L{level}" for level in (1, 3, 5)
           for word, name in (("kyber", "KYBER"), ("bike", "BIKE"), ("hqc", "HQC"),
                              ("frodoa", "FRODO_AES"), ("frodos", "FRODO_SHAKE"))},
        **{f"mlkem{size}": f"ML_KEM_{size}" for size in (512, 768, 1024)}}
SEVEN = ("modp3072-ke1_mlkem1024-ke2_bike5-ke3_hqc5-ke4_frodoa5-ke5_kyber5-ke6_frodos5-ke7_x448",
         "MODP_3072/KE1_ML_KEM_1024/KE2_BIKE_L5/KE3_HQC_L5/KE4_FRODO_AES_L5/KE5_KYBER_L5/"
         "KE6_FRODO_SHAKE_L5/KE7_CURVE_448")
# What goes through IKE_SA_INIT: of one frame, of two, and as large as there is.
ALONE = ("mlkem512", "mlkem1024", "frodoa5")


def offers():
    """Key exchanges by the name of their connection: words, and how they are listed."""
    found = {word: (f"x25519-ke1_{word}", f"CURVE_25519/KE1_{name}") for word, name in KEMS.items()}
    found.update({f"{word}-alone": (word, KEMS[word]) for word in ALONE})
    return {**found, "seven": SEVEN}


def psk(home, children):
    """carol's connection for one key exchange."""
    tree = conf.psk_home()["connections"]["home"]
    return {**tree, "proposals": f"aes256-sha256-{home}", "vips": None, "children": children}


def test_key_exchanges(lab):
    """Each one for the IKE_SA, and for a CHILD_SA when that is rekeyed."""
    words = {name: words for name, (words, _) in offers().items()}
    carol, moon = lab.psk(moon={
        "pools": None, "proposals": ",".join(f"aes256-sha256-{text}" for text in words.values()),
        "children": {"net": {"esp_proposals": ",".join(["aes256-sha256", *(
            f"aes256-sha256-{text}" for text in words.values())])}}}, start=False)
    carol.reconfigure({
        "connections": {name: psk(text, {name: {
            "remote_ts": "10.1.0.0/24", "esp_proposals": f"aes256-sha256-{text}"}})
            for name, text in words.items()},
        "secrets": conf.psk_home()["secrets"]})
    lab.start(carol, moon)
    for name, (_, listed) in offers().items():
        carol.initiate(name)
        carol.swanctl("--rekey", "--child", name, check=True)
        esp = f"ESP:AES_CBC-256/HMAC_SHA2_256_128/{listed}\n"
        shown = wait_until(lambda it=esp: it in (text := carol.swanctl("--list-sas").stdout)
                           and text, f"{name} rekeyed")
        assert f"/PRF_HMAC_SHA2_256/{listed}\n" in shown, shown
        carol.terminate(ike=name)


# An end's kind of key (a word of pki --type), that of the CA above it, and how signing is called.
ENDS = (("dilithium2", "mldsa44", "DILITHIUM_2"), ("dilithium3", "falcon512", "DILITHIUM_3"),
        ("dilithium5", "ecdsa", "DILITHIUM_5"), ("falcon512", "dilithium2", "FALCON_512"),
        ("falcon1024", "mldsa87", "FALCON_1024"), ("mldsa44", "falcon1024", "ML_DSA_44"),
        ("mldsa65", "ecdsa", "ML_DSA_65"), ("mldsa87", "dilithium3", "ML_DSA_87"),
        ("ecdsa", "mldsa65", "ECDSA_WITH_SHA384_DER"))


def certified(who, kind, peer):
    """A connection of `who`, whose key is of one kind, to a peer with one of another."""
    return {"local": {"auth": "pubkey", "certs": f"{kind}.pem", "id": f"{kind}.{who}"},
            "remote": {"auth": "pubkey", "id": peer}, "proposals": conf.IKE, "version": 2}


def test_signatures(lab):
    """Each kind of key at either end, under a CA of another kind, made by our pki."""
    top = lab.pair()
    carol, moon = lab.cygnet(top.carol), lab.cygnet(top.moon)
    for kind in {ca for _, ca, _ in ENDS}:
        pq.make_ca(lab.path(kind), kind)
        for host in (carol, moon):
            host.write(f"x509ca/{kind}.pem", (lab.path(kind) / "caCert.pem").read_bytes())
    pairs = [*zip(ENDS, ENDS[1:] + ENDS[:1])]
    for (one, one_ca, _), (two, two_ca, _) in pairs:
        for host, kind, ca in ((carol, one, one_ca), (moon, two, two_ca)):
            end = pq.make_end(lab.path(ca), kind, f"{kind}.{host.name}")
            host.write(f"x509/{kind}.pem", end.cert_bytes())
            host.write(f"pkcs8/{kind}.pem", end.key.read_bytes())
    esp = {"esp_proposals": conf.ESP}
    carol.reconfigure({"connections": {one: {
        **certified("carol", one, f"{two}.moon"), "remote_addrs": top.moon_addr,
        "children": {one: {**esp, "remote_ts": "10.1.0.0/24"}}}
        for (one, _, _), (two, _, _) in pairs}})
    moon.reconfigure({"connections": {two: {
        **certified("moon", two, f"{one}.carol"), "children": {two: {
            **esp, "local_ts": "10.1.0.0/24"}}} for (one, _, _), (two, _, _) in pairs}})
    lab.start(carol, moon)
    for (one, _, scheme), (two, _, answer) in pairs:
        carol.initiate(one)
        assert f"authentication of '{one}.carol' with {scheme} successful" in moon.log()
        assert f"authentication of '{two}.moon' with {answer} successful" in carol.log()
        carol.terminate(ike=one)
