# SPDX-License-Identifier: Apache-2.0
"""IKE_AUTH with post-quantum certificates: made here, and those of the seed."""
import re

import pytest

from lib import conf, pq
from lib.pki import Family

pytestmark = pytest.mark.usefixtures("built")


def _expect_authenticated(carol, moon, scheme):
    ends = ((carol, conf.CAROL, conf.MOON), (moon, conf.MOON, conf.CAROL))
    for host, own, other in ends:
        assert f"authentication of '{own}' (myself) with {scheme} successful" in host.log()
        assert f"authentication of '{other}' with {scheme} successful" in host.log()


@pytest.mark.parametrize("ca, end, scheme, key", [
    ("falcon1024", "dilithium5", "DILITHIUM_5", "Dilithium5 20736 bits"),
    ("dilithium3", "falcon1024", "FALCON_1024", "Falcon1024 14344 bits"),
    ("ecdsa", "mldsa65", "ML_DSA_65", "ML_DSA_65 15616 bits")])
def test_made(lab, ca, end, scheme, key):
    """Both ends sign with keys under a CA of another kind; certificates travel in fragments."""
    carol, moon = lab.seed(family=pq.made(lab, ca, end))
    carol.initiate("net")
    _expect_authenticated(carol, moon, scheme)
    for host in (carol, moon):
        assert re.search(r"splitting IKE message \(\d+ bytes\) into \d fragments", host.log())
    assert f"  pubkey:    {key}, has private key\n" in moon.swanctl("--list-certs").stdout
    loaded = moon.swanctl("--load-creds", "--noprompt").stdout
    assert re.search(f"loaded {key.split()[0]} key from '.*/pkcs8/moonKey.pem'", loaded), loaded
    lab.prove(carol, moon)


def test_wrong_ca(lab):
    """A certificate by another CA of the same name, and of another key, is not trusted."""
    family, other = (pq.made(lab, "falcon1024", "dilithium5", name) for name in ("one", "two"))
    carol, moon = lab.seed(family=Family(family.ca, other.carol, family.moon))
    assert carol.initiate("net", check=False).returncode != 0
    assert "no trusted Dilithium5 public key found for 'carol@strongswan.org'" in moon.log()
    assert "with DILITHIUM_5 successful" not in moon.log()


@pytest.mark.skipif(not pq.SEED.exists(), reason="the files of the seed are not at hand")
def test_of_the_seed(lab):
    """The seed's certificates, proposal and lines, and the sizes of its IKE_AUTH."""
    over = {"proposals": "aes256-sha256-x25519-ke1_kyber3-ke2_bike3-ke3_hqc3"}
    carol, moon = lab.seed(family=pq.of_the_seed(), carol=over, moon=over)
    carol.initiate("net")
    _expect_authenticated(carol, moon, "DILITHIUM_5")
    assert "splitting IKE message (9088 bytes) into 7 fragments" in carol.log()
    assert "reassembled fragmented IKE message (9008 bytes)" in carol.log()
    lab.prove(carol, moon)
