# SPDX-License-Identifier: Apache-2.0
"""Bad input: a mistake is named, with what was found, what was expected and which option decides.

Each test has a good tunnel (`home`/`net`) beside the bad connection, and ends by proving that the
good one was not disturbed.
"""
import re
import subprocess

import pytest
from lib import conf, pki
from lib.host import Cygnet
from lib.traffic import ping
from lib.wait import PATIENCE

pytestmark = pytest.mark.usefixtures("built")

BAD = "bad@strongswan.org"


def says(text, *patterns):
    """Every pattern must be found in the text (case does not matter)."""
    for pattern in patterns:
        assert re.search(pattern, text, re.IGNORECASE | re.MULTILINE), \
            f"nothing matches {pattern!r} in:\n{text}"


class Quarrel:
    """carol and moon with a good tunnel, and the connection `bad` between them.

    carol's and moon's parts of `bad` are laid over a PSK connection that would work; secrets over
    moon's. any_psk gives carol a secret for whatever name moon may have.
    """

    def __init__(self, lab, carol=None, moon=None, secrets=None, family=None, any_psk=False):
        self.lab = lab
        one, two = lab.psk(start=False)
        child = {"bad-net": {"remote_ts": "10.1.7.0/24", "esp_proposals": conf.ESP}}
        there = {"bad-net": {"local_ts": "10.1.7.0/24", "esp_proposals": conf.ESP}}
        ours = {"remote_addrs": "192.168.0.2", "version": 2, "proposals": conf.IKE,
                "local": {"auth": "psk", "id": BAD}, "remote": {"auth": "psk", "id": conf.MOON},
                "children": child}
        theirs = {"version": 2, "proposals": conf.IKE, "children": there,
                  "local": {"auth": "psk", "id": conf.MOON}, "remote": {"auth": "psk", "id": BAD}}
        one.config["connections"]["bad"] = conf.merge(ours, carol or {})
        two.config["connections"]["rw"]["remote"]["id"] = conf.CAROL
        two.config["connections"]["bad"] = conf.merge(theirs, moon or {})
        two.config["secrets"]["ike-bad"] = {"id": BAD, "secret": conf.PSK}
        two.config["secrets"] = conf.merge(two.config["secrets"], secrets or {})
        if any_psk:
            one.config["secrets"]["ike-any"] = {"secret": conf.PSK}
        for host in (one, two):
            host.write_files()
        if family:
            one.install(family.carol, name="bad")
            two.install(family.moon, family.ca)
        self.carol, self.moon = one, two

    def begin(self):
        """Start both and bring the good tunnel up."""
        self.lab.start(self.carol, self.moon)
        self.carol.initiate("net")
        return self

    def fail(self):
        """Initiate the bad child: returns the verb's result and what each side logged."""
        marks = self.carol.mark(), self.moon.mark()
        done = self.carol.initiate("bad-net", check=False)
        assert done.returncode != 0, done.stdout
        says(done.stderr, "initiate failed: establishing CHILD_SA 'bad-net' failed")
        return (done.stdout + done.stderr, self.carol.log_since(marks[0]),
                self.moon.log_since(marks[1]))

    def undisturbed(self):
        """The good tunnel is the same as before and works."""
        good = [sa for sa in self.carol.sas() if sa.name == "home"]
        assert len(good) == 1 and good[0].uid == 1 and good[0].state == "ESTABLISHED"
        assert not [c for sa in self.carol.sas() for c in sa.children if c.name == "bad-net"]
        packets = good[0].child("net").packets_in
        assert ping(self.lab.top.carol, "10.1.0.2")
        good = [sa for sa in self.carol.sas() if sa.name == "home"]
        assert good[0].child("net").packets_in == packets + 2


# --- authentication -------------------------------------------------------------------------------

def test_wrong_psk(lab):
    """The secrets differ."""
    quarrel = Quarrel(lab, secrets={"ike-bad": {"secret": "quite another secret"}}).begin()
    told, carol, moon = quarrel.fail()
    says(moon, rf"tried \d+ shared keys? for '{conf.MOON}' - '{BAD}', but MAC mismatched",
         r"secrets")
    says(carol, "received AUTHENTICATION_FAILED notify", rf"'{BAD}'", "secret")
    says(told, "AUTHENTICATION_FAILED")
    for text in (told, carol, moon):
        assert conf.PSK not in text and "quite another secret" not in text
    quarrel.undisturbed()


def test_no_psk(lab):
    """moon has no secret for this identity."""
    quarrel = Quarrel(lab, secrets={"ike-bad": None}).begin()
    told, _, moon = quarrel.fail()
    says(moon, rf"no shared key found for '{conf.MOON}' - '{BAD}'", r"secrets")
    says(told, "AUTHENTICATION_FAILED")
    quarrel.undisturbed()


CERT = {"local": {"auth": "pubkey", "certs": "badCert.pem"}}
WANT_CERT = {"remote": {"auth": "pubkey"}}


def test_untrusted_ca(lab):
    """carol's certificate comes from a CA that moon does not have."""
    other = pki.Authority("Other Root CA")
    family = pki.Family(pki.Authority(), other.issue(BAD), pki.family().moon)
    quarrel = Quarrel(lab, carol=CERT, moon=WANT_CERT, family=family).begin()
    told, _, moon = quarrel.fail()
    says(moon, r"no issuer certificate found for.*CN=bad@strongswan\.org",
         r"issuer is.*CN=Other Root CA|CN=Other Root CA.*", r"x509ca|cacerts",
         rf"no trusted ECDSA public key found for '{BAD}'")
    says(told, "AUTHENTICATION_FAILED")
    quarrel.undisturbed()


def test_untrusted_gateway(lab):
    """moon's certificate comes from a CA that carol does not have: the verb itself says so."""
    other = pki.Authority("Other Root CA")
    family = pki.Family(other, pki.family().carol, other.issue(conf.MOON))
    quarrel = Quarrel(lab, carol={"remote": {"auth": "pubkey"}}, family=family,
                      moon={"local": {"auth": "pubkey", "certs": "moonCert.pem"}})
    quarrel.carol.install(pki.family().carol, pki.family().ca)
    quarrel.begin()
    told, carol, moon = quarrel.fail()
    for text in (told, carol):
        says(text, r"CN=Other Root CA", r"x509ca|cacerts",
             rf"no trusted ECDSA public key found for '{conf.MOON}'")
    says(moon, "AUTH_FAILED|AUTHENTICATION_FAILED")
    quarrel.undisturbed()


def test_cacerts_constraint(lab):
    """A trusted CA, but not the one that remote.cacerts asks for."""
    ca, other = pki.Authority(), pki.Authority("Other Root CA")
    family = pki.Family(ca, ca.issue(BAD), pki.family().moon)
    quarrel = Quarrel(lab, carol=CERT, family=family, moon={
        "remote": {"auth": "pubkey", "cacerts": "otherCert.pem"}})
    quarrel.moon.write("x509ca/otherCert.pem", other.cert_bytes())
    quarrel.begin()
    _, _, moon = quarrel.fail()
    says(moon, "cacerts", "Other Root CA", "CN=Cyber Root CA")
    quarrel.undisturbed()


@pytest.mark.parametrize("whose", ["initiator", "responder"])
def test_expired_certificate(lab, whose):
    """A certificate whose time is over, on either side."""
    ca = pki.Authority()
    if whose == "initiator":
        family = pki.Family(ca, ca.issue(BAD, expired=True), pki.family().moon)
        quarrel = Quarrel(lab, carol=CERT, moon=WANT_CERT, family=family)
    else:
        family = pki.Family(ca, ca.issue(BAD), ca.issue(conf.MOON, expired=True))
        quarrel = Quarrel(lab, carol={"remote": {"auth": "pubkey"}}, family=family,
                          moon={"local": {"auth": "pubkey", "certs": "moonCert.pem"}})
        quarrel.carol.install(family.carol, ca, name="bad")
    quarrel.begin()
    told, carol, moon = quarrel.fail()
    name = BAD if whose == "initiator" else conf.MOON
    for text in ([moon] if whose == "initiator" else [carol, told]):
        says(text, rf"certificate.*CN={name}.*(expired|not valid|invalid)|CN={name}[^\n]*expired",
             r"valid (from|until|to)|not after|to \w{3} \d\d")
    quarrel.undisturbed()


def test_wrong_identity_of_the_responder(lab):
    """moon authenticates as itself; carol expected a name at example.org."""
    quarrel = Quarrel(lab, carol={"remote": {"id": "*.example.org"}}, any_psk=True).begin()
    told, carol, _ = quarrel.fail()
    for text in (told, carol):
        says(text, rf"'{conf.MOON}'", r"'\*\.example\.org'", r"remote.*id\b")
    quarrel.undisturbed()


def test_wrong_identity_asked_for(lab):
    """carol asks for sun; moon has nobody of that name and lists whom it serves."""
    quarrel = Quarrel(lab, carol={"remote": {"id": "sun.strongswan.org"}}, any_psk=True).begin()
    told, _, moon = quarrel.fail()
    says(moon, r"looking for peer configs matching 192\.168\.0\.2\[sun\.strongswan\.org\]"
         rf"\.\.\.192\.168\.0\.3\[{BAD}\]", "no matching peer config found", r"\bid\b",
         rf"{conf.MOON}")
    says(told, "AUTHENTICATION_FAILED")
    quarrel.undisturbed()


def test_unknown_identity_of_the_initiator(lab):
    """carol calls herself eve; no connection on moon expects eve."""
    quarrel = Quarrel(lab, carol={"local": {"id": "eve@strongswan.org"}}).begin()
    told, _, moon = quarrel.fail()
    says(moon, r"looking for peer configs matching .*\[eve@strongswan\.org\]",
         "no matching peer config found", r"remote.*id\b|\bid\b")
    says(told, "AUTHENTICATION_FAILED")
    quarrel.undisturbed()


def test_wrong_authentication_class(lab):
    """carol proves herself by a secret, moon's connection wants a certificate."""
    quarrel = Quarrel(lab, moon={"remote": {"auth": "pubkey"}}).begin()
    _, _, moon = quarrel.fail()
    says(moon, r"selected peer config 'bad' unacceptable: (non-matching authentication done|"
         r"constraint checking failed)", r"pre-shared key|psk", r"public key|pubkey", r"\bauth\b")
    quarrel.undisturbed()


def test_no_private_key(lab):
    """The certificate is there, its key is not."""
    family = pki.Family(pki.Authority(), pki.Authority().issue(BAD), pki.family().moon)
    quarrel = Quarrel(lab, carol=CERT, moon=WANT_CERT, family=family)
    (quarrel.carol.root / "etc/swanctl/pkcs8/badKey.pem").unlink()
    quarrel.begin()
    told, carol, _ = quarrel.fail()
    for text in (told, carol):
        says(text, rf"no private key found for '{BAD}'", r"badCert\.pem|CN=bad@strongswan\.org",
             r"private|pkcs8")
    quarrel.undisturbed()


# --- negotiation ----------------------------------------------------------------------------------

def test_no_common_ike_proposal(lab):
    """Nothing in common: moon shows both lists, carol what she offered."""
    quarrel = Quarrel(lab, carol={"proposals": "aes128-sha1-modp2048"},
                      moon={"proposals": "aes256gcm16-prfsha384-ecp384"})
    quarrel.moon.config["connections"]["rw"]["proposals"] = "aes256-sha256-x25519"
    quarrel.moon.write_files()
    quarrel.begin()
    told, carol, moon = quarrel.fail()
    says(moon, r"received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_2048",
         r"configured proposals: .*IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384", r"\bproposals\b")
    for text in (told, carol):
        says(text, r"received NO_PROPOSAL_CHOSEN notify", r"AES_CBC_128/HMAC_SHA1_96",
             r"option 'proposals'|connections\.bad\.proposals|\bproposals\b")
    quarrel.undisturbed()


def test_no_common_esp_proposal(lab):
    """The same for ESP: the IKE_SA stands, the child fails."""
    quarrel = Quarrel(lab, carol={"children": {"bad-net": {"esp_proposals": "aes128-sha1"}}},
                      moon={"children": {"bad-net": {"esp_proposals": "aes256gcm16"}}}).begin()
    told, carol, moon = quarrel.fail()
    says(moon, r"received proposals: ESP:AES_CBC_128/HMAC_SHA1_96/NO_EXT_SEQ",
         r"configured proposals: ESP:AES_GCM_16_256/NO_EXT_SEQ", "esp_proposals")
    for text in (told, carol):
        says(text, "received NO_PROPOSAL_CHOSEN notify, no CHILD_SA built", "esp_proposals")
    quarrel.undisturbed()


def test_selectors_do_not_meet(lab):
    """carol wants another network than moon offers."""
    quarrel = Quarrel(lab, carol={"children": {"bad-net": {"remote_ts": "10.9.0.0/16"}}}).begin()
    told, carol, moon = quarrel.fail()
    says(moon, r"traffic selectors 10\.9\.0\.0/16 === 192\.168\.0\.3/32 unacceptable",
         r"10\.1\.7\.0/24", r"local_ts")
    for text in (told, carol):
        says(text, "received TS_UNACCEPTABLE notify, no CHILD_SA built", r"10\.9\.0\.0/16",
             r"remote_ts")
    quarrel.undisturbed()


def test_no_pool(lab):
    """carol asks for a virtual IP, moon's connection has no pool."""
    quarrel = Quarrel(lab, carol={"vips": "0.0.0.0"}).begin()
    told, carol, moon = quarrel.fail()
    says(moon, "no virtual IP found", r"\bpools\b")
    for text in (told, carol):
        says(text, "INTERNAL_ADDRESS_FAILURE|no virtual IP", r"\bvips\b")
    quarrel.undisturbed()


def test_full_pool(lab):
    """The pool's one address is taken: both sides say so and name the pool and its option."""
    quarrel = Quarrel(lab, carol={"vips": "0.0.0.0"}, moon={"pools": "rw_pool"})
    quarrel.moon.config["pools"]["rw_pool"]["addrs"] = "10.3.0.1-10.3.0.1"
    quarrel.moon.write_files()
    quarrel.begin()
    told, carol, moon = quarrel.fail()
    says(moon, r"pool 'rw_pool' is full, unable to assign address", r"addrs",
         "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE")
    for text in (told, carol):
        says(text, "INTERNAL_ADDRESS_FAILURE")
    quarrel.undisturbed()


def test_unknown_pool(lab):
    """The connection names a pool that is not loaded."""
    quarrel = Quarrel(lab, carol={"vips": "0.0.0.0"}, moon={"pools": "no_pool"}).begin()
    _, _, moon = quarrel.fail()
    says(moon, "no_pool", r"\bpools\b")
    quarrel.undisturbed()


# --- files ----------------------------------------------------------------------------------------

def load_fails(host, *verb, patterns=(), status=None):
    """A loading verb must fail and say why on stderr."""
    done = host.swanctl(*verb)
    assert done.returncode != 0 and (status is None or done.returncode == status), done
    says(done.stderr, *patterns)
    return done


def test_missing_certificate_file(lab):
    """certs names a file that is not there; the good connection is loaded nevertheless."""
    quarrel = Quarrel(lab).begin()
    bad = quarrel.carol.config["connections"]["bad"]
    bad["local"] = {"auth": "pubkey", "certs": "nobody.pem"}
    quarrel.carol.write_files()
    done = load_fails(quarrel.carol, "--load-conns", status=22, patterns=(
        r"/etc/swanctl/x509/nobody\.pem", "No such file", r"certs", r"connections\.bad|'bad'",
        r"loaded 1 of 2 connections, 1 failed to load"))
    says(done.stdout, "loaded connection 'home'")
    quarrel.undisturbed()


def test_missing_key_file(lab):
    """A secrets section names a key file that is not there."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.config["secrets"]["pkcs8-x"] = {"file": "nobodyKey.pem", "secret": "x"}
    quarrel.carol.write_files()
    load_fails(quarrel.carol, "--load-creds", "--noprompt", patterns=(
        r"nobodyKey\.pem", "No such file", "pkcs8-x|secrets"))
    quarrel.undisturbed()


def test_broken_key_file(lab):
    """A key file with something else in it; the other keys are loaded nevertheless."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.write("pkcs8/brokenKey.pem", "-----BEGIN PRIVATE KEY-----\nnonsense\n")
    quarrel.carol.install(pki.family().carol, pki.family().ca)
    done = load_fails(quarrel.carol, "--load-creds", "--noprompt", patterns=(
        r"loading '/etc/swanctl/pkcs8/brokenKey\.pem' failed: \S+",))
    says(done.stdout, r"loaded ECDSA key from '/etc/swanctl/pkcs8/carolKey\.pem'")
    quarrel.undisturbed()


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_locked_key_file(lab, secret):
    """An encrypted key without its passphrase, or with a wrong one."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.install(pki.family().carol, password="open sesame")
    if secret:
        quarrel.carol.config["secrets"]["pkcs8-carol"] = {"file": "carolKey.pem", "secret": secret}
        quarrel.carol.write_files()
    load_fails(quarrel.carol, "--load-creds", "--noprompt", patterns=(
        r"/etc/swanctl/pkcs8/carolKey\.pem", "passphrase|password|decrypt", "secret"))
    quarrel.undisturbed()


def test_ca_directory_with_something_else(lab):
    """A file in x509ca that is no CA is refused by name."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.write("x509ca/noCA.pem", pki.family().carol.cert_bytes())
    load_fails(quarrel.carol, "--load-creds", "--noprompt", patterns=(
        r"/etc/swanctl/x509ca/noCA\.pem", "CA basic constraint"))
    quarrel.undisturbed()


def test_mistakes_in_swanctl_conf(lab):
    """All mistakes with file, line, column and the right name; good connections are loaded."""
    quarrel = Quarrel(lab).begin()
    good = conf.render({"connections": {"home": quarrel.carol.config["connections"]["home"]}})
    quarrel.carol.write("swanctl.conf", good + """\
connections {
   worse {
      remote_addrs = 192.168.0.2
      propsals = aes256-sha256-x25519
      version = 3
      children {
         c { esp_proposals = aes257-sha256 }
      }
   }
}
""")
    first = good.count("\n") + 1
    done = load_fails(quarrel.carol, "--load-conns", status=22, patterns=(
        rf"swanctl\.conf:{first + 3}:7: unknown option 'propsals' in connections\.worse, did you "
        r"mean 'proposals'\?",
        rf"swanctl\.conf:{first + 4}:\d+: invalid value '3' for version in connections\.worse",
        rf"swanctl\.conf:{first + 6}:\d+: .*esp_proposals.*aes257|"
        rf"swanctl\.conf:{first + 6}:\d+: .*aes257.*esp_proposals",
        "loaded 1 of 2 connections, 1 failed to load"))
    says(done.stdout, "loaded connection 'home'")
    quarrel.undisturbed()


@pytest.mark.parametrize("option, where", [
    ("mediation = yes", "mediation"), ("aggressive = yes", "aggressive"),
    ("version = 1", "version")])
def test_options_we_do_not_have(lab, option, where):
    """A known but unsupported option is refused by name, not ignored."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.write("swanctl.conf", "connections {\n   old {\n"
                        f"      remote_addrs = 192.168.0.2\n      {option}\n   }}\n}}\n")
    load_fails(quarrel.carol, "--load-conns", patterns=(
        rf"swanctl\.conf:4:\d+: .*{where}.*not supported",))


@pytest.mark.parametrize("text, where", [
    ("connections {\n   a {\n", r"swanctl\.conf:\d+:\d+: "),
    ("connections {\n   a = \"no end\n}\n", r"swanctl\.conf:2:\d+: "),
    ("include /etc/swanctl/swanctl.conf\n", r"swanctl\.conf:1:\d+: .*(deep|itself|nest|recurs)"),
    ("connections {\n   a : nobody { }\n}\n", r"swanctl\.conf:2:\d+: .*nobody")],
    ids=["brace", "quote", "include", "base"])
def test_broken_syntax(lab, text, where):
    """Syntax errors carry file, line and column; nothing is unloaded because of them."""
    quarrel = Quarrel(lab).begin()
    quarrel.carol.write("swanctl.conf", text)
    load_fails(quarrel.carol, "--load-conns", patterns=(where,))
    says(quarrel.carol.swanctl("--list-conns").stdout, "^home: ")
    quarrel.undisturbed()


def test_mistake_in_strongswan_conf(lab):
    """An unknown option of strongswan.conf is named at the start, with the right one."""
    moon = lab.cygnet(lab.pair().moon)
    (moon.root / "etc/strongswan.conf").write_text(
        "charon {\n   filelog { stderr { default = 1 } }\n   fragment_sise = 1400\n}\n")
    moon.launch()
    moon.wait_log(r"strongswan\.conf:3:\d+: unknown option 'fragment_sise' in charon, did you mean "
                  r"'fragment_size'\?")


# --- the place ------------------------------------------------------------------------------------

def launch_fails(host, argv, *patterns, ns=None):
    """A daemon that must end by itself with a status other than 0 and a message."""
    try:
        done = subprocess.run(host.view(*argv, ns=ns), env=host.environment(), timeout=8 * PATIENCE,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    except subprocess.TimeoutExpired as late:
        raise AssertionError(f"the daemon runs on; it said:\n{late.stderr}") from late
    assert done.returncode > 0, done
    says(done.stdout + done.stderr, *patterns)


def test_daemon_not_running(lab):
    """Every verb names the socket it looked for and what to start; exit status is not 0."""
    carol = lab.cygnet(lab.pair().carol, conf.psk_home())
    for verb in ("--list-sas", "--load-all", "--stats", "--list-conns"):
        done = carol.swanctl(verb)
        assert done.returncode != 0 and done.stdout == ""
        says(done.stderr, r"connecting to '\S+' URI failed: No such file or directory",
             r"charon\.vici", r"cygnetd", r"--uri|charon\.plugins\.vici\.socket")
    done = carol.cygnet("status")
    assert done.returncode != 0
    says(done.stderr, r"charon\.vici", "cygnetd")


def test_daemon_ended_with_its_socket_left(lab):
    """A socket file that nobody serves."""
    carol = lab.cygnet(lab.pair().carol).start(load=False)
    carol.kill()
    done = carol.swanctl("--list-sas")
    assert done.returncode != 0
    says(done.stderr, r"connecting to '\S+' URI failed: Connection refused", "cygnetd")


def test_second_daemon_on_the_same_socket(lab):
    """The second one refuses to start, whatever its ports; the first does not notice."""
    quarrel = Quarrel(lab).begin()
    launch_fails(quarrel.carol, [str(Cygnet.DAEMON)], r"/run/charon\.vici",
                 r"in use|already|another", r"charon\.plugins\.vici\.socket", ns=lab.top.lan)
    quarrel.carol.swanctl("--stats", check=True)
    quarrel.undisturbed()


def test_second_daemon_on_the_same_ports(lab):
    """Another socket, but the ports are taken: the port and its option are named."""
    quarrel = Quarrel(lab).begin()
    second = lab.cygnet(lab.top.carol)
    launch_fails(second, [str(Cygnet.DAEMON)], r"\b500\b", r"in use|already", r"charon\.port")
    quarrel.undisturbed()


def test_no_root(lab):
    """Run by nobody: says that it needs root or which capabilities."""
    moon = lab.cygnet(lab.pair().moon)
    for path in (moon.root, moon.root / "run", moon.root / "lib", moon.root.parent):
        path.chmod(0o777)
    launch_fails(moon, ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
                        "--bounding-set=-all", str(Cygnet.DAEMON)], r"root|CAP_NET_ADMIN")


def test_control_program_without_permission(lab):
    """swanctl run by nobody: the socket is not for everybody, and the message says so."""
    moon = lab.cygnet(lab.pair().moon).start(load=False)
    for path in (moon.root, moon.root / "run", moon.root.parent):
        path.chmod(0o755)
    done = moon.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", Cygnet.CTL,
                    "--list-sas")
    assert done.returncode != 0
    says(done.stderr, r"connecting to '\S+' URI failed: Permission denied", "root|group")


def test_no_tun(lab):
    """/dev/net/tun is missing: the daemon says how to get it and ends."""
    moon = lab.cygnet(lab.pair().moon)
    moon.hide_tun = True
    launch_fails(moon, [str(Cygnet.DAEMON)], r"/dev/net/tun", r"No such file",
                 r"modprobe|module|--device", r"charon\.")


def test_unwritable_state(lab):
    """The lease database cannot be written: named, with its option; the daemon runs without it."""
    moon = lab.cygnet(lab.pair().moon, conf.psk_rw())
    (moon.root / "lib/cygnet").write_text("a file where the directory should be")
    moon.start()
    says(moon.log(), r"/var/lib/cygnet", r"lease", r"charon\.")
