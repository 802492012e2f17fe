# SPDX-License-Identifier: Apache-2.0
"""cygnetpq.so in the openssl command, of Debian 12 (3.0) and of sid (3.6, with its own ML-KEM and
ML-DSA): keys, certificates, signatures, encapsulations and TLS 1.3 from one to the other."""
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from lib.host import BUILD, ROOT

pytestmark = pytest.mark.usefixtures("built")

MODULE = BUILD / "src/provider/cygnetpq.so"
SID = ROOT / "build/peers/sid"
EXAMPLES = ROOT / "../shared/x509-pq"
SIGNATURES = ("dilithium2", "dilithium3", "dilithium5", "falcon512", "falcon1024", "mldsa44",
              "mldsa65", "mldsa87")
NATIVE = ("mldsa44", "mldsa65", "mldsa87")
KEMS = ("ML-KEM-512", "ML-KEM-768", "ML-KEM-1024")
GROUPS = ("X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM512", "MLKEM768",
          "MLKEM1024")


def run(argv, data=b"", status=0, cwd=None):
    """Standard output of a command that must end with this status."""
    done = subprocess.run([str(a) for a in argv], input=data, capture_output=True, timeout=60,
                          check=False, cwd=cwd)
    assert done.returncode == status, (argv, done.stdout, done.stderr)
    return done.stdout


class OpenSSL:
    """An openssl command with a directory that all of them see."""

    def __init__(self, place, root=None, module=True):
        """root: of a chroot, which has the place as /work."""
        self.place, self.root = place, root
        self.seen = Path("/work") if root else place
        self.more = ()
        if module:
            self.more = ("-provider-path", self.seen / "module", "-provider", "cygnetpq",
                         "-provider", "default")

    def argv(self, command, *argv):
        """The command line, to be run in the place."""
        return self.inside("openssl", command, *self.more, *argv)

    def inside(self, *inner):
        """A command line in the chroot, if there is one."""
        if not self.root:
            return list(inner)
        script = ('mkdir -p "$0/work"; mount --bind "$1" "$0/work"; r=$0; shift; '
                  'exec chroot "$r" sh -c \'cd /work && exec "$@"\' sh "$@"')
        return ["unshare", "-m", "sh", "-c", script, self.root, self.place, *inner]

    def __call__(self, command, *argv, **more):
        return run(self.argv(command, *argv), cwd=self.place, **more).decode(errors="replace")

    def program(self, source, *argv):
        """Run a C program that was compiled here, with this one's libraries."""
        modules = self.seen / "module" if self.more else ""
        return run(self.inside(self.seen / source, modules, *argv), cwd=self.place)


@pytest.fixture(name="place")
def _place(tmp_path):
    """A directory with the module in it."""
    if b"__asan_init" in MODULE.read_bytes():
        pytest.skip("an openssl without sanitizers cannot load a module with them")
    (tmp_path / "module").mkdir()
    shutil.copy(MODULE, tmp_path / "module")
    return tmp_path


@pytest.fixture(name="bookworm")
def _bookworm(place):
    """OpenSSL 3.0 with our module."""
    return OpenSSL(place)


@pytest.fixture(name="native")
def _native(place):
    """OpenSSL 3.6 as it is."""
    if not SID.exists():
        pytest.skip("no Debian sid: scripts/peers makes it")
    return OpenSSL(place, SID, module=False)


@pytest.fixture(name="sid")
def _sid(place, native):
    """OpenSSL 3.6 with our module beside its own algorithms."""
    del native
    return OpenSSL(place, SID)


@pytest.fixture(name="loaded", params=["bookworm", "sid"])
def _loaded(request):
    """Each OpenSSL with our module."""
    return request.getfixturevalue(request.param)


def make(openssl, kind, name="one"):
    """A key and a self-signed certificate of a kind."""
    openssl("req", "-x509", "-newkey", kind, "-noenc", "-keyout", f"{name}.key", "-out",
            f"{name}.crt", "-subj", "/CN=moon", "-days", "30")
    openssl("pkey", "-in", f"{name}.key", "-pubout", "-out", f"{name}.pub")


def check(openssl, name="one"):
    """That another reads and verifies them, and a signature by the key."""
    assert openssl("verify", "-CAfile", f"{name}.crt", f"{name}.crt") == f"{name}.crt: OK\n"
    openssl("pkey", "-in", f"{name}.key", "-check", "-noout")
    assert "Public-Key" in openssl("x509", "-in", f"{name}.crt", "-text", "-noout")


def sign(openssl, name="one"):
    """A signature of a message."""
    (openssl.place / "message").write_bytes(b"what carol says to moon" * 1000)
    openssl("pkeyutl", "-sign", "-rawin", "-inkey", f"{name}.key", "-in", "message", "-out",
            f"{name}.sig")


def verify(openssl, name="one", status=0):
    """Verify it."""
    openssl("pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", f"{name}.pub", "-in", "message",
            "-sigfile", f"{name}.sig", status=status)


@pytest.mark.parametrize("kind", SIGNATURES)
def test_signatures(loaded, kind):
    """req, x509, verify, pkey, pkeyutl and dgst with every scheme."""
    make(loaded, kind)
    check(loaded)
    sign(loaded)
    verify(loaded)
    (loaded.place / "message").write_bytes(b"what mallory says")
    verify(loaded, status=1)
    shown = loaded("x509", "-in", "one.crt", "-text", "-noout")
    assert re.search(r"Public Key Algorithm: .*\n +\S+ Public-Key:\n +pub:\n +(\w\w:){15}", shown)
    shown = loaded("pkey", "-in", "one.key", "-text", "-noout")
    assert "Private-Key:" in shown and "priv:" in shown


def test_digest(bookworm):
    """dgst hands a message over in pieces."""
    make(bookworm, "mldsa65")
    (bookworm.place / "message").write_bytes(bytes(100_000))
    bookworm("dgst", "-sign", "one.key", "-out", "one.sig", "message")
    assert bookworm("dgst", "-verify", "one.pub", "-signature", "one.sig",
                    "message") == "Verified OK\n"
    verify(bookworm)


def test_configuration(bookworm):
    """A configuration file loads the module; no option does."""
    (bookworm.place / "openssl.cnf").write_text(textwrap.dedent(f"""\
        openssl_conf = init
        [init]
        providers = providers
        [providers]
        default = its_own
        cygnetpq = ours
        [its_own]
        activate = 1
        [ours]
        module = {bookworm.place}/module/cygnetpq.so
        activate = 1
        """))
    made = run(["env", f"OPENSSL_CONF={bookworm.place}/openssl.cnf", "openssl", "genpkey",
                "-algorithm", "falcon1024"])
    assert made.startswith(b"-----BEGIN PRIVATE KEY")


@pytest.mark.parametrize("kind", NATIVE)
def test_ours_to_native(bookworm, native, kind):
    """What 3.0 makes with our module, 3.6 takes with its own ML-DSA."""
    make(bookworm, kind)
    sign(bookworm)
    check(native)
    verify(native)


@pytest.mark.parametrize("kind", NATIVE)
def test_native_to_ours(bookworm, native, kind):
    """And the other way round, with every form in which 3.6 writes private keys."""
    make(native, kind)
    sign(native)
    check(bookworm)
    verify(bookworm)
    for form in ("seed-only", "priv-only", "seed-priv"):
        native("pkey", "-in", "one.key", "-out", "form.key", "-provparam",
               f"ml-dsa.output_formats={form}")
        assert bookworm("pkey", "-in", "form.key", "-pubout") == \
            (bookworm.place / "one.pub").read_text()


ENCAPS = r"""
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <stdio.h>
#include <string.h>
/* encaps MODULES seal KEY CT SECRET | encaps MODULES open KEY CT SECRET */
int main(int argc, char **argv)
{
	unsigned char ct[4096], secret[64];
	size_t ct_len = sizeof(ct), len = sizeof(secret);
	FILE *key_file = fopen(argv[3], "r"), *ct_file, *out = fopen(argv[5], "w");
	int seal = strcmp(argv[2], "seal") == 0;
	EVP_PKEY_CTX *ctx;
	EVP_PKEY *key;

	if (*argv[1]) {
		OSSL_PROVIDER_set_default_search_path(NULL, argv[1]);
		if (!OSSL_PROVIDER_load(NULL, "cygnetpq") || !OSSL_PROVIDER_load(NULL, "default"))
			return 2;
	}
	key = seal ? PEM_read_PUBKEY(key_file, NULL, NULL, NULL)
		   : PEM_read_PrivateKey(key_file, NULL, NULL, NULL);
	ctx = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
	ct_file = fopen(argv[4], seal ? "w" : "r");
	if (!ctx || argc != 6)
		return 3;
	if (seal) {
		if (EVP_PKEY_encapsulate_init(ctx, NULL) != 1 ||
		    EVP_PKEY_encapsulate(ctx, ct, &ct_len, secret, &len) != 1)
			return 4;
		fwrite(ct, 1, ct_len, ct_file);
	} else {
		ct_len = fread(ct, 1, sizeof(ct), ct_file);
		if (EVP_PKEY_decapsulate_init(ctx, NULL) != 1 ||
		    EVP_PKEY_decapsulate(ctx, secret, &len, ct, ct_len) != 1)
			return 5;
	}
	fwrite(secret, 1, len, out);
	return fclose(ct_file) || fclose(out);
}
"""


@pytest.mark.parametrize("kem", KEMS)
@pytest.mark.parametrize("maker, user", [("bookworm", "native"), ("native", "bookworm"),
                                         ("sid", "bookworm")])
def test_encapsulation(request, place, kem, maker, user):
    """One makes a key, the other encapsulates to it, the first gets the same secret; all forms."""
    maker, user = (request.getfixturevalue(name) for name in (maker, user))
    (place / "encaps.c").write_text(ENCAPS)
    run(["cc", "-o", place / "encaps", place / "encaps.c", "-lcrypto"])
    maker("genpkey", "-algorithm", kem, "-out", "one.key")
    maker("pkey", "-in", "one.key", "-pubout", "-out", "one.pub")
    user.program("encaps", "seal", "one.pub", "ct", "secret")
    for who in (maker, user):
        who.program("encaps", "open", "one.key", "ct", "again")
        assert (place / "again").read_bytes() == (place / "secret").read_bytes()
    assert len((place / "secret").read_bytes()) == 32


@pytest.mark.skipif(not EXAMPLES.exists(), reason="the examples of RFC 9935 are not at hand")
@pytest.mark.parametrize("size", ["512", "768", "1024"])
def test_examples(bookworm, size):
    """Three forms of RFC 9935 are one key, that of the certificate; damaged ones are refused."""
    known = bookworm("pkey", "-pubin", "-in", EXAMPLES / f"ml-kem/ML-KEM-{size}.pub")
    for form in ("seed", "expanded", "both"):
        assert bookworm("pkey", "-in", EXAMPLES / f"ml-kem/ML-KEM-{size}-{form}.priv",
                        "-pubout") == known
    assert known in bookworm("x509", "-in", EXAMPLES / f"ml-kem/ML-KEM-{size}.crt", "-pubkey",
                             "-noout")
    if size == "512":
        for bad in (EXAMPLES / "ml-kem").glob("bad-*.priv"):
            bookworm("pkey", "-in", bad, "-noout", status=1)


# --- TLS 1.3 -----------------------------------------------------------------------------------

def shake_hands(server, client, group):
    """s_server and s_client over loopback; what the client says."""
    make_tls = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc",
                "-keyout", "tls.key", "-out", "tls.crt", "-subj", "/CN=moon")
    server(*make_tls)
    argv = server.argv("s_server", "-accept", "127.0.0.1:0", "-cert", "tls.crt", "-key", "tls.key",
                       "-groups", group, "-naccept", "1", "-tls1_3")
    with subprocess.Popen([str(a) for a in argv], cwd=server.place, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            port = None
            for line in process.stdout:
                found = re.match(rb"ACCEPT .*:(\d+)", line)
                if found:
                    port = found.group(1).decode()
                    break
            assert port, "the server did not start"
            return client("s_client", "-connect", f"127.0.0.1:{port}", "-groups", group, "-CAfile",
                          "tls.crt", "-verify_return_error", "-tls1_3", "-msg", data=b"Q\n")
        finally:
            process.kill()


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("server, client", [("bookworm", "bookworm"), ("bookworm", "native"),
                                            ("native", "bookworm")])
def test_tls(request, server, client, group):
    """libssl 3.0 with our module and 3.6 with its own algorithms agree on each group."""
    server, client = (request.getfixturevalue(name) for name in (server, client))
    said = shake_hands(server, client, group)
    assert "New, TLSv1.3" in said and "Verify return code: 0 (ok)" in said
    if client.root:  # 3.0 does not tell
        assert f"Negotiated TLS1.3 group: {group}" in said


def test_tls_without(bookworm, place):
    """Without the module 3.0 does not know the group: it was ours that was used above."""
    plain = OpenSSL(place, module=False)
    argv = plain.argv("s_client", "-connect", "127.0.0.1:1", "-groups", "X25519MLKEM768")
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0 and "group" in done.stderr.lower()
    del bookworm
