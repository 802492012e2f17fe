# SPDX-License-Identifier: Apache-2.0
"""strongSwan's own swanctl of 5.9.8 and 6.1, vici clients nobody here wrote, against our daemon."""
import re
import subprocess

import pytest
from lib import conf, pki
from lib.document import CAROL_CONNS, MOON_CONNS
from lib.host import StrongSwan, StrongSwan61
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

SWANCTL = StrongSwan.CTL


class Stock:
    """The stock swanctl of one version."""

    def __init__(self, kind):
        self.kind = kind

    @property
    def old(self):
        """Whether it is 5.9.8."""
        return self.kind is StrongSwan

    def __call__(self, host, *args, check=True):
        """Run it on a host with our daemon."""
        return host.run(SWANCTL, *args, check=check, system=self.kind.SYSTEM)

    def popen(self, host, *args, **kwargs):
        """Start it, with its output line by line."""
        return subprocess.Popen(host.view("stdbuf", "-oL", str(SWANCTL), *args),
                                env=host.environment(self.kind.SYSTEM), stdin=subprocess.DEVNULL,
                                **kwargs)


@pytest.fixture(name="stock", params=[
    pytest.param(StrongSwan, id="5.9.8", marks=pytest.mark.strongswan),
    pytest.param(StrongSwan61, id="6.1", marks=pytest.mark.strongswan61)])
def _stock(request):
    return Stock(request.param)


@pytest.fixture
def hosts(lab, stock):
    """carol and moon of the seed; everything is loaded by the stock swanctl."""
    carol, moon = lab.seed(start=False)
    for host in (carol, moon):
        host.launch()
    for host in (carol, moon):
        host.finish_start(load=False)
        text = stock(host, "--load-all", "--noprompt").stdout
        assert "successfully loaded 1 connections, 0 unloaded" in text
    return carol, moon


def test_version(stock, hosts):
    """--version --daemon."""
    assert re.match(r"\S+ \S+ \S+ \(Linux, ", stock(hosts[0], "--version", "--daemon").stdout)


def test_stats(stock, hosts):
    """--stats prints each of its lines."""
    text = stock(hosts[0], "--stats").stdout
    for word in ("uptime: ", "worker threads: ", "job queues: ", "jobs scheduled: ",
                 "IKE_SAs: 0 total, 0 half-open", "loaded plugins: "):
        assert word in text, text


def test_load_verbs(stock, hosts):
    """--load-creds, --load-conns, --load-pools, each a second time."""
    moon = hosts[1]
    creds = stock(moon, "--load-creds", "--noprompt").stdout
    assert "loaded certificate from '/etc/swanctl/x509/moonCert.pem'" in creds
    # a client that could not parse the key itself names the directory
    assert re.search(r"loaded (ECDSA|pkcs8) key from '/etc/swanctl/pkcs8/moonKey\.pem'", creds)
    assert "successfully loaded 1 connections, 0 unloaded" in stock(moon, "--load-conns").stdout
    assert "successfully loaded 1 pools, 0 unloaded" in stock(moon, "--load-pools").stdout
    stock(moon, "--load-creds", "--clear", "--noprompt")


def test_unload(stock, hosts):
    """What left the file is unloaded: connection, pool, key."""
    moon = hosts[1]
    moon.reconfigure({})
    assert "no connections found, 1 unloaded" in stock(moon, "--load-conns").stdout
    assert "no pools found, 1 unloaded" in stock(moon, "--load-pools").stdout
    (moon.root / "etc/swanctl/pkcs8/moonKey.pem").unlink()
    stock(moon, "--load-creds", "--noprompt")
    assert "has private key" not in stock(moon, "--list-certs").stdout
    assert stock(moon, "--list-conns").stdout == ""


def test_wrong_option(stock, hosts):
    """load-conn refuses an unknown key; the client prints our message."""
    carol = hosts[0]
    carol.reconfigure(conf.home(propsals="aes256"))
    done = stock(carol, "--load-conns", check=False)
    assert done.returncode == 22
    assert re.search(r"loading connection 'home' failed: .*propsals", done.stderr)


def test_shared_secrets(stock, lab):
    """load-shared, get-shared and unload-shared by way of --load-creds."""
    carol, moon = lab.psk(start=False)
    for host in (carol, moon):
        host.start(load=False)
        assert "loaded ike secret" in stock(host, "--load-all", "--noprompt").stdout
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    carol.terminate(ike="home")
    moon.reconfigure(conf.merge(moon.config, {"secrets": None}))
    stock(moon, "--load-creds", "--noprompt")
    assert carol.initiate("net", check=False).returncode != 0


@pytest.mark.parametrize("kind", ["rsa2048", "ecdsa384", "ed25519"])
def test_keys_of_all_kinds(stock, lab, kind):
    """The stock client sends keys decoded in its own way; ours takes them."""
    carol, moon = lab.seed(family=pki.family(kind), start=False)
    for host in (carol, moon):
        host.start(load=False)
        stock(host, "--load-all", "--noprompt")
    stock(carol, "--initiate", "--child", "net")
    lab.prove(carol, moon, tcp=False)


def test_lists(stock, hosts):
    """--list-conns, --list-certs, --list-pools, --list-algs."""
    carol, moon = hosts
    # 5.9.8 prints the same as the seed's version, 6.1 also the port
    for host, conns in ((moon, MOON_CONNS), (carol, CAROL_CONNS)):
        text = stock(host, "--list-conns").stdout
        assert stock.old or text.count("[500]") == 2
        assert text.replace("[500]", "") == conns
    certs = stock(moon, "--list-certs").stdout
    assert "pubkey:    ECDSA 256 bits, has private key" in certs
    assert 'subject:  "C=CH, O=Cyber, CN=Cyber Root CA"' in certs
    assert re.search(r"^rw_pool +10\.3\.0\.0 +0 / 0 / 254$", stock(moon, "--list-pools").stdout,
                     re.MULTILINE)
    algs = stock(moon, "--list-algs").stdout
    for name in ("AES_CBC", "AES_GCM_16", "HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256", "CURVE_25519"):
        assert f"  {name}[" in algs, algs


def test_initiate_list_terminate(stock, hosts, lab):
    """--initiate with its log, --list-sas, a second child, --terminate of each."""
    carol, moon = hosts
    done = stock(carol, "--initiate", "--child", "net")
    assert "[IKE] CHILD_SA net{1} established with SPIs" in done.stdout
    assert done.stdout.endswith("initiate completed successfully\n")
    stock(carol, "--initiate", "--child", "host")
    lab.prove(carol, moon, tcp=False)
    # word for word what our own program prints, but for the seconds
    def timeless(text):
        return re.sub(r"\d+s\b", "Ns", text)
    for host in (carol, moon):
        listed = stock(host, "--list-sas").stdout
        assert timeless(listed) == timeless(host.swanctl("--list-sas", check=True).stdout)
    assert "net-1 {" in stock(carol, "--list-sas", "--raw").stdout
    assert "online" in stock(moon, "--list-pools", "--leases").stdout
    stock(carol, "--terminate", "--child", "host")
    carol.wait_children(["net"])
    stock(carol, "--terminate", "--ike", "home")
    moon.wait_gone()


def test_initiate_failure(stock, hosts):
    """The errmsg reaches the user."""
    done = stock(hosts[0], "--initiate", "--child", "nett", check=False)
    assert done.returncode == 1
    assert "initiate failed: CHILD_SA config 'nett' not found" in done.stderr


def _watch(stock, host, verb, path, act, pattern):
    """Run a streaming verb, do something again and again, and wait until its output matches."""
    with open(path, "w", encoding="utf-8") as out:
        watcher = stock.popen(host, *verb, stdout=out)
    try:
        def seen():
            act()
            return re.search(pattern, path.read_text(errors="replace"), re.MULTILINE)
        wait_until(seen, f"{verb[0]} to show {pattern!r}", 15, interval=0.3)
    finally:
        watcher.terminate()
        watcher.wait(5)


def test_log(stock, hosts, lab):
    """--log."""
    carol = hosts[0]
    _watch(stock, carol, ["--log"], lab.path("log"), lambda: stock(carol, "--load-conns"),
           r"^\d\d\[CFG\] .*vici connection")


def test_monitor_sa(stock, hosts, lab):
    """--monitor-sa shows the updown events of IKE_SAs and children."""
    carol, moon = hosts

    def cycle():
        stock(carol, "--initiate", "--child", "net")
        stock(carol, "--terminate", "--ike", "home")
    path = lab.path("monitor")
    _watch(stock, moon, ["--monitor-sa", "--raw"], path, cycle,
           r"child-updown event \{up=yes rw \{")
    assert re.search(r"ike-updown event \{up=yes rw \{uniqueid=", path.read_text())
    assert re.search(r"ike-updown event \{rw \{", path.read_text())


VERBS = ("counters initiate terminate rekey redirect uninstall install list-sas monitor-sa "
         "list-pols list-authorities list-conns list-certs list-pools list-algs flush-certs "
         "load-all load-authorities load-conns load-creds log version stats reload-settings "
         "load-pools help").split()


def _verbs(text):
    return re.findall(r"--([a-z-]+) +\(-.\)  ", text.partition("options:")[0])


def test_all_verbs_are_tested(stock, hosts):
    """The verbs of this swanctl's --help are those that we know, and our own has all of them."""
    theirs = _verbs(stock(hosts[0], "--help", check=False).stdout)
    assert sorted(theirs) == sorted(VERBS)
    ours = hosts[0].swanctl("--help").stdout
    assert sorted(_verbs(ours)) == sorted(VERBS)
    # the letters of 6.1; 5.9.8 had others for uninstall, version and reload-settings
    if not stock.old:
        shorts = re.findall(r"--([a-z-]+) +\(-(.)\)", stock(hosts[0], "--help").stdout)
        for verb, letter in shorts[:len(VERBS)]:
            assert re.search(rf"--{verb} +\(-{letter}\)", ours), (verb, letter)


def _options(text):
    return set(re.findall(r"--([a-z-]+)[^(\n]*\(-(.)\)", text))


def test_options_are_ours_too(stock, hosts):
    """Every option of every verb is one of our swanctl's, with its letter."""
    host = hosts[0]
    for verb in VERBS:
        if verb == "help" or (stock.old and verb in ("log", "monitor-sa")):
            continue
        done = stock(host, f"--{verb}", "--help", check=False)
        theirs = _options(done.stdout + done.stderr)
        listed = host.swanctl(f"--{verb}", "--help", check=True).stdout
        ours = _options(listed)
        assert ("raw", "r") in theirs, (verb, done)
        assert theirs <= ours, (verb, theirs - ours)


def test_raw_and_pretty(stock, hosts):
    """--raw and --pretty of the reading verbs."""
    moon = hosts[1]
    for verb, event in (("--list-conns", "list-conn event {rw {"), ("--stats", "stats reply {"),
                        ("--list-algs", "get-algorithms reply {"),
                        ("--list-pools", "get-pools reply {rw_pool {"),
                        ("--counters", "counters reply {counters {"),
                        ("--list-certs", "list-cert event {type=X509")):
        assert event in stock(moon, verb, "--raw").stdout
        assert stock(moon, verb, "--pretty").stdout.count("\n") > 3


def test_list_certs_filters(stock, hosts):
    """--list-certs by type, flag and subject; --pem, --short and --utc."""
    moon = hosts[1]
    def subjects(*args):
        return re.findall(r'subject:  "(.*)"', stock(moon, "--list-certs", *args).stdout)
    ca, own = "C=CH, O=Cyber, CN=Cyber Root CA", f"C=CH, O=Cyber, CN={conf.MOON}"
    assert sorted(subjects()) == sorted([ca, own])
    assert subjects("--flag", "ca") == [ca]
    assert subjects("--flag", "none") == [own]
    assert subjects("--flag", "ocsp") == []
    assert sorted(subjects("--type", "x509")) == sorted([ca, own])
    assert subjects("--type", "pubkey") == []
    assert subjects("--subject", own) == [own]
    assert subjects("--subject", conf.MOON) == [own]
    assert "BEGIN CERTIFICATE" in stock(moon, "--list-certs", "--pem").stdout
    assert "UTC" in stock(moon, "--list-certs", "--utc").stdout
    short = stock(moon, "--list-certs", "--short").stdout
    assert len(short) < len(stock(moon, "--list-certs").stdout)
    stock(moon, "--flush-certs")
    stock(moon, "--flush-certs", "--type", "x509_crl")


def test_authorities(stock, hosts, lab):
    """--load-authorities, --list-authorities; what is unloaded is not trusted any more."""
    carol, moon = hosts
    config = conf.merge(moon.config, {"authorities": {"cyber": {
        "cacert": "/etc/swanctl/elsewhere.pem", "crl_uris": "http://crl.example.org/ca.crl"}}})
    (moon.root / "etc/swanctl/x509ca/caCert.pem").rename(moon.root / "etc/swanctl/elsewhere.pem")
    config["connections"]["rw"]["remote"]["cacerts"] = None
    moon.reconfigure(conf.merge(config, {"connections": {"rw": {"remote": {"cacerts": None}}}}))
    stock(moon, "--load-all", "--noprompt", "--clear")
    text = stock(moon, "--list-authorities").stdout
    assert text == ("cyber:\n  cacert: C=CH, O=Cyber, CN=Cyber Root CA\n"
                    "  crl_uris:  http://crl.example.org/ca.crl\n")
    assert stock(moon, "--list-authorities", "--name", "other").stdout == ""
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
    carol.terminate(ike="home")
    moon.reconfigure(conf.merge(moon.config, {"authorities": None}))
    assert "no authorities found, 1 unloaded" in stock(moon, "--load-authorities").stdout
    assert carol.initiate("net", check=False).returncode != 0


def test_policies(stock, hosts):
    """--install, --list-pols with its filters, --uninstall."""
    carol = hosts[0]
    off = {"mode": "drop", "remote_ts": "10.9.0.0/16"}
    carol.reconfigure(conf.merge(carol.config, {"connections": {
        "home": {"vips": None, "children": {"off": off}}}}))
    stock(carol, "--load-conns")
    stock(carol, "--install", "--child", "net")
    if "home/off" not in stock(carol, "--list-pols").stdout:
        stock(carol, "--install", "--child", "off", "--ike", "home")
    text = stock(carol, "--list-pols").stdout
    assert re.search(r"^home/net, (reqid \d+, )?TUNNEL$", text, re.MULTILINE), text
    assert re.search(r"^home/off, (reqid \d+, )?DROP$", text, re.MULTILINE), text
    assert "  remote: 10.1.0.0/16" in text
    # each in the words of our own
    assert carol.swanctl("--list-pols", check=True).stdout.splitlines()[1:3] == (
        text.splitlines()[1:3])
    assert "off" not in stock(carol, "--list-pols", "--trap").stdout
    assert "net" not in stock(carol, "--list-pols", "--drop").stdout
    assert stock(carol, "--list-pols", "--pass").stdout == ""
    assert "off" not in stock(carol, "--list-pols", "--child", "net").stdout
    stock(carol, "--uninstall", "--child", "net")
    assert "net" not in stock(carol, "--list-pols").stdout
    done = stock(carol, "--uninstall", "--child", "net", check=False)
    assert done.returncode == 1 and "uninstall failed: policy 'net' not found" in done.stderr
    done = stock(carol, "--install", "--child", "nett", check=False)
    assert done.returncode == 1 and "install failed: CHILD_SA config 'nett'" in done.stderr


def test_rekey(stock, hosts, lab):
    """--rekey of a child by name, and of one that is not there."""
    carol, moon = hosts
    carol.initiate("net")
    old = carol.sa().child("net").spi_in
    assert "rekey completed successfully" in stock(carol, "--rekey", "--child", "net").stdout
    wait_until(lambda: carol.sa().child("net").spi_in != old and len(carol.sa().children) == 1,
               "the new child alone")
    lab.prove(carol, moon, tcp=False)
    done = stock(carol, "--rekey", "--child", "nett", check=False)
    assert done.returncode == 1
    assert "rekey failed: no matching SAs to rekey found" in done.stderr


def test_redirect(stock, hosts):
    """--redirect refuses what it cannot do, and says why."""
    done = stock(hosts[1], "--redirect", "--ike", "rw", check=False)
    assert done.returncode == 1 and "redirect failed: missing target gateway" in done.stderr
    done = stock(hosts[1], "--redirect", "--ike", "rw", "--gateway", "192.0.2.1", check=False)
    assert done.returncode == 1 and "redirect failed: " in done.stderr


def test_counters(stock, hosts):
    """--counters: global, of one and of all connections, and reset."""
    carol, moon = hosts
    carol.initiate("net")
    def counters(host, *args):
        text = stock(host, "--counters", *args).stdout
        return text.splitlines()[0], dict(re.findall(r"^  (\S+) *: (\d+)$", text, re.MULTILINE))
    title, values = counters(carol)
    assert title == "global:"
    expected = {"ike-init-out-req": "1", "ike-init-in-resp": "1", "ike-auth-out-req": "1",
                "ike-auth-in-resp": "1", "ike-init-in-req": "0", "invalid": "0"}
    assert expected.items() <= values.items(), values
    title, values = counters(carol, "--name", "home")
    assert title == "home:" and expected.items() <= values.items(), values
    # whom a first IKE_AUTH request is for is not known before it has been read
    assert counters(moon, "--all")[1]["ike-auth-out-resp"] == "1"
    stock(carol, "--counters", "--reset", "--name", "home")
    assert set(counters(carol, "--name", "home")[1].values()) == {"0"}
    assert counters(carol)[1]["ike-init-out-req"] == "1"
    done = stock(carol, "--counters", "--name", "nope", check=False)
    assert done.returncode != 0 and "no counters found for this connection" in done.stderr


def test_reload_settings(stock, hosts):
    """--reload-settings reads strongswan.conf again."""
    carol = hosts[0]
    mark = carol.mark()
    stock(carol, "--reload-settings")
    carol.wait_log(r"loaded settings from", since=mark)
