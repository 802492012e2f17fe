# SPDX-License-Identifier: Apache-2.0
"""Debian's own swanctl 5.9.8, a vici client nobody here wrote, against our daemon."""
import re
import subprocess

import pytest
from lib import conf, pki
from lib.host import StrongSwan
from lib.wait import wait_until
from test_control import CAROL_CONNS, MOON_CONNS

pytestmark = [pytest.mark.usefixtures("built"), pytest.mark.strongswan]

SWANCTL = StrongSwan.CTL


def stock(host, *args, check=True):
    """Run the stock swanctl on a host with our daemon."""
    return host.run(SWANCTL, *args, check=check)


@pytest.fixture
def hosts(lab):
    """carol and moon of the seed; everything is loaded by the stock swanctl."""
    carol, moon = lab.seed(start=False)
    for host in (carol, moon):
        host.launch()
    for host in (carol, moon):
        host.finish_start(load=False)
        text = stock(host, "--load-all", "--noprompt").stdout
        assert "successfully loaded 1 connections, 0 unloaded" in text
    return carol, moon


def test_version(hosts):
    """--version --daemon."""
    assert re.match(r"\S+ \S+ \S+ \(Linux, ", stock(hosts[0], "--version", "--daemon").stdout)


def test_stats(hosts):
    """--stats prints each of its lines."""
    text = stock(hosts[0], "--stats").stdout
    for word in ("uptime: ", "worker threads: ", "job queues: ", "jobs scheduled: ",
                 "IKE_SAs: 0 total, 0 half-open", "loaded plugins: "):
        assert word in text, text


def test_load_verbs(hosts):
    """--load-creds, --load-conns, --load-pools, each a second time."""
    moon = hosts[1]
    creds = stock(moon, "--load-creds", "--noprompt").stdout
    assert "loaded certificate from '/etc/swanctl/x509/moonCert.pem'" in creds
    # a client that could not parse the key itself names the directory
    assert re.search(r"loaded (ECDSA|pkcs8) key from '/etc/swanctl/pkcs8/moonKey\.pem'", creds)
    assert "successfully loaded 1 connections, 0 unloaded" in stock(moon, "--load-conns").stdout
    assert "successfully loaded 1 pools, 0 unloaded" in stock(moon, "--load-pools").stdout
    stock(moon, "--load-creds", "--clear", "--noprompt")


def test_unload(hosts):
    """What left the file is unloaded: connection, pool, key."""
    moon = hosts[1]
    moon.reconfigure({})
    assert "no connections found, 1 unloaded" in stock(moon, "--load-conns").stdout
    assert "no pools found, 1 unloaded" in stock(moon, "--load-pools").stdout
    (moon.root / "etc/swanctl/pkcs8/moonKey.pem").unlink()
    stock(moon, "--load-creds", "--noprompt")
    assert "has private key" not in stock(moon, "--list-certs").stdout
    assert stock(moon, "--list-conns").stdout == ""


def test_wrong_option(hosts):
    """load-conn refuses an unknown key; the client prints our message."""
    carol = hosts[0]
    carol.reconfigure(conf.home(propsals="aes256"))
    done = stock(carol, "--load-conns", check=False)
    assert done.returncode == 22
    assert re.search(r"loading connection 'home' failed: .*propsals", done.stderr)


def test_shared_secrets(lab):
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
def test_keys_of_all_kinds(lab, kind):
    """The stock client sends keys decoded in its own way; ours takes them."""
    carol, moon = lab.seed(family=pki.family(kind), start=False)
    for host in (carol, moon):
        host.start(load=False)
        stock(host, "--load-all", "--noprompt")
    stock(carol, "--initiate", "--child", "net")
    lab.prove(carol, moon, tcp=False)


def test_lists(hosts):
    """--list-conns, --list-certs, --list-pools, --list-algs."""
    carol, moon = hosts
    # 5.9.8 prints the same as the seed's version
    assert stock(moon, "--list-conns").stdout == MOON_CONNS
    assert stock(carol, "--list-conns").stdout == CAROL_CONNS
    certs = stock(moon, "--list-certs").stdout
    assert "pubkey:    ECDSA 256 bits, has private key" in certs
    assert 'subject:  "C=CH, O=Cyber, CN=Cyber Root CA"' in certs
    assert re.search(r"^rw_pool +10\.3\.0\.0 +0 / 0 / 254$", stock(moon, "--list-pools").stdout,
                     re.MULTILINE)
    algs = stock(moon, "--list-algs").stdout
    for name in ("AES_CBC", "AES_GCM_16", "HMAC_SHA2_256_128", "PRF_HMAC_SHA2_256", "CURVE_25519"):
        assert f"  {name}[" in algs, algs


def test_initiate_list_terminate(hosts, lab):
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


def test_initiate_failure(hosts):
    """The errmsg reaches the user."""
    done = stock(hosts[0], "--initiate", "--child", "nett", check=False)
    assert done.returncode == 1
    assert "initiate failed: CHILD_SA config 'nett' not found" in done.stderr


def _watch(host, verb, path, act, pattern):
    """Run a streaming verb, do something again and again, and wait until its output matches."""
    with open(path, "w", encoding="utf-8") as out:
        watcher = subprocess.Popen(host.view("stdbuf", "-oL", str(SWANCTL), *verb),
                                   env=host.environment(), stdout=out, stdin=subprocess.DEVNULL)
    try:
        def seen():
            act()
            return re.search(pattern, path.read_text(errors="replace"), re.MULTILINE)
        wait_until(seen, f"{verb[0]} to show {pattern!r}", 15, interval=0.3)
    finally:
        watcher.terminate()
        watcher.wait(5)


def test_log(hosts, lab):
    """--log."""
    carol = hosts[0]
    _watch(carol, ["--log"], lab.path("log"), lambda: stock(carol, "--load-conns"),
           r"^\d\d\[CFG\] .*vici connection")


def test_monitor_sa(hosts, lab):
    """--monitor-sa shows the updown events of IKE_SAs and children."""
    carol, moon = hosts

    def cycle():
        stock(carol, "--initiate", "--child", "net")
        stock(carol, "--terminate", "--ike", "home")
    path = lab.path("monitor")
    _watch(moon, ["--monitor-sa", "--raw"], path, cycle, r"child-updown event \{up=yes rw \{")
    assert re.search(r"ike-updown event \{up=yes rw \{uniqueid=", path.read_text())
    assert re.search(r"ike-updown event \{rw \{", path.read_text())
