# SPDX-License-Identifier: Apache-2.0
"""The control programs: start scripts, logs, every verb of swanctl and cygnet."""
import re
import socket
import subprocess

import pytest
from lib import conf, pki
from lib.document import CAROL_CONNS, MOON_CONNS
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

START_SCRIPTS = {"charon": {"start-scripts": {
    "creds": "swanctl --load-creds", "conns": "swanctl --load-conns",
    "pools": "swanctl --load-pools"}}}

def alone(lab, config=None, settings=None, install=True):
    """moon alone with the seed's configuration, not started."""
    top = lab.pair()
    family = pki.family()
    moon = lab.cygnet(top.moon, config or conf.rw(), settings)
    return moon.install(family.moon, family.ca) if install else moon


# --- start scripts and logs -----------------------------------------------------------------------

def test_start_scripts(lab):
    """strongswan.conf as in the seed: the log of the start reads as the seed's."""
    moon = alone(lab, settings=START_SCRIPTS).start(load=False)
    moon.wait_log(r"^00\[DMN\] pools: successfully loaded 1 pools, 0 unloaded$")
    said = [line for line in moon.log().splitlines() if re.match(r"00\[DMN\] (exec|\w+: )", line)]
    assert said == [
        "00[DMN] executing start script 'creds' (swanctl --load-creds)",
        "00[DMN] creds: loaded certificate from '/etc/swanctl/x509/moonCert.pem'",
        "00[DMN] creds: loaded certificate from '/etc/swanctl/x509ca/caCert.pem'",
        "00[DMN] creds: loaded ECDSA key from '/etc/swanctl/pkcs8/moonKey.pem'",
        "00[DMN] executing start script 'conns' (swanctl --load-conns)",
        "00[DMN] conns: loaded connection 'rw'",
        "00[DMN] conns: successfully loaded 1 connections, 0 unloaded",
        "00[DMN] executing start script 'pools' (swanctl --load-pools)",
        "00[DMN] pools: loaded pool 'rw_pool'",
        "00[DMN] pools: successfully loaded 1 pools, 0 unloaded",
    ]
    for line in (r"loaded certificate 'C=CH, O=Cyber, CN=moon\.strongswan\.org'",
                 r"loaded certificate 'C=CH, O=Cyber, CN=Cyber Root CA'",
                 r"loaded ECDSA private key", r"added vici connection: rw",
                 r"added vici pool rw_pool: 10\.3\.0\.0, 254 entries"):
        assert re.search(rf"^\d\d\[CFG\] {line}$", moon.log(), re.MULTILINE), line


def test_start_script_without_pools(lab):
    """carol's script finds no pools and says so."""
    config = conf.rw()
    del config["pools"]
    moon = alone(lab, config, START_SCRIPTS).start(load=False)
    moon.wait_log(r"^00\[DMN\] pools: no pools found, 0 unloaded$")


def test_start_script_that_fails(lab):
    """A start script that fails is reported with its status; the daemon goes on."""
    settings = {"charon": {"start-scripts": {"broken": "sh -c 'echo no luck; exit 3'"}}}
    moon = alone(lab, settings=settings).start(load=False)
    moon.wait_log(r"broken: no luck")
    moon.wait_log(r"start script 'broken' .*(status|code) 3|start script 'broken'.* 3")
    moon.swanctl("--stats", check=True)


def test_filelog(lab):
    """filelog: a path, levels by group, time format, names of IKE_SAs, appending or not."""
    settings = {"charon": {"filelog": {
        "quiet": {"path": "/run/quiet.log", "default": 0, "flush_line": True},
        "mine": {"path": "/run/mine.log", "default": 1, "enc": 0, "ike_name": True,
                 "time_format": "%Y-%m-%d", "append": False, "flush_line": True}}}}
    carol, _ = lab.seed(start=False)
    carol.settings = conf.merge(carol.settings, settings)
    carol.write_files()
    (carol.root / "run/mine.log").write_text("an old line\n")
    lab.start(*lab.hosts)
    carol.initiate("net")
    mine = (carol.root / "run/mine.log").read_text()
    assert "an old line" not in mine
    assert re.search(r"^\d{4}-\d\d-\d\d \d\d\[IKE\] <home\|1> CHILD_SA net\{1\} established", mine,
                     re.MULTILINE)
    assert "[ENC]" not in mine and "[NET]" in mine
    assert "[ENC]" in carol.log()
    assert "initiating IKE_SA" in (carol.root / "run/quiet.log").read_text()
    assert "selected proposal" not in (carol.root / "run/quiet.log").read_text()


# --- swanctl --------------------------------------------------------------------------------------

def test_list_conns(lab):
    """--list-conns reads as in the seed, on both hosts."""
    carol, moon = lab.seed()
    assert moon.swanctl("--list-conns", check=True).stdout == MOON_CONNS
    assert carol.swanctl("--list-conns", check=True).stdout == CAROL_CONNS
    assert carol.swanctl("-L", check=True).stdout == CAROL_CONNS


def test_list_conns_of_other_kinds(lab):
    """PSK, DPD and addresses in --list-conns."""
    config = conf.psk_rw(local_addrs="192.168.0.2", remote_addrs="192.168.0.3, 192.168.0.0/24",
                         dpd_delay="30s", rekey_time="0",
                         children={"net": {"dpd_action": "restart"}})
    moon = alone(lab, config, install=False).start()
    text = moon.swanctl("--list-conns", check=True).stdout
    assert text.startswith("rw: IKEv2, no reauthentication, no rekeying, "
                           "dpd delay 30s\n  local:  192.168.0.2\n  remote: 192.168.0.3\n"
                           "  remote: 192.168.0.0/24\n  local pre-shared key authentication:\n")
    assert re.search(r"^  net: TUNNEL, rekeying every 3600s, dpd action is (restart|start)$",
                     text, re.MULTILINE)


def test_list_certs(lab):
    """--list-certs has the seed's form; the private key is noticed."""
    moon = alone(lab).start()
    text = moon.swanctl("--list-certs", check=True).stdout
    hexes = r"([0-9a-f]{2}:)+[0-9a-f]{2}"
    assert re.fullmatch(
        r"\n?List of X\.509 End Entity Certificates\n\n"
        r'  subject:  "C=CH, O=Cyber, CN=moon\.strongswan\.org"\n'
        r'  issuer:   "C=CH, O=Cyber, CN=Cyber Root CA"\n'
        r"  validity:  not before \w{3} \d\d \d\d:\d\d:\d\d \d{4}, ok\n"
        r"             not after  \w{3} \d\d \d\d:\d\d:\d\d \d{4}, ok \(expires in 36\d days\)\n"
        rf"  serial:    {hexes}\n"
        r"  altNames:  moon\.strongswan\.org\n"
        r"  flags:     serverAuth clientAuth \n"
        rf"  authkeyId: {hexes}\n  subjkeyId: {hexes}\n"
        r"  pubkey:    ECDSA 256 bits, has private key\n"
        rf"  keyid:     {hexes}\n  subjkey:   {hexes}\n"
        r"\nList of X\.509 CA Certificates\n\n"
        r'  subject:  "C=CH, O=Cyber, CN=Cyber Root CA"\n'
        r'  issuer:   "C=CH, O=Cyber, CN=Cyber Root CA"\n'
        r"  validity:  [^\n]*, ok\n[^\n]*, ok \(expires in 36\d\d days\)\n"
        rf"  serial:    {hexes}\n"
        r"  flags:     CA CRLSign self-signed \n"
        rf"(  authkeyId: {hexes}\n)?  subjkeyId: {hexes}\n"
        r"  pubkey:    ECDSA 256 bits\n"
        rf"  keyid:     {hexes}\n  subjkey:   {hexes}\n", text), text


def test_list_certs_selected(lab):
    """--type, --flag, --subject and --pem choose and change the output."""
    moon = alone(lab).start()
    only_ca = moon.swanctl("--list-certs", "--type", "x509", "--flag", "ca", check=True).stdout
    assert "CA Certificates" in only_ca and "End Entity" not in only_ca
    pem = moon.swanctl("--list-certs", "--pem", check=True).stdout
    assert pem.count("-----BEGIN CERTIFICATE-----") == 2
    named = moon.swanctl("--list-certs", "--subject", pki.dn(conf.MOON), check=True).stdout
    assert "Cyber Root CA\"\n  issuer" not in named and conf.MOON in named


def test_list_pools(lab):
    """--list-pools counts; --leases names who has what."""
    carol, moon = lab.psk()
    assert re.fullmatch(r"rw_pool +10\.3\.0\.0 + 0 / 0 / 254\n",
                        moon.swanctl("--list-pools", check=True).stdout)
    carol.initiate("net")
    text = moon.swanctl("--list-pools", "--leases", check=True).stdout
    assert re.fullmatch(r"rw_pool +10\.3\.0\.0 + 1 / 0 / 254\n"
                        r"  10\.3\.0\.1 +online   'carol@strongswan\.org'\n", text), text
    carol.terminate(ike="home")
    moon.wait_gone()
    text = moon.swanctl("--list-pools", "--leases", check=True).stdout
    assert re.search(r"0 / 1 / 254\n  10\.3\.0\.1 +offline  'carol@strongswan\.org'", text), text


def test_pool_with_online_leases(lab):
    """A pool in use cannot be replaced; after the end it can."""
    carol, moon = lab.psk()
    carol.initiate("net")
    moon.config["pools"]["rw_pool"]["addrs"] = "10.4.0.0/24"
    moon.write_files()
    done = moon.swanctl("--load-pools")
    assert done.returncode != 0
    assert "vici pool rw_pool has online leases, unable to replace" in done.stderr
    carol.terminate(ike="home")
    moon.wait_gone()
    moon.swanctl("--load-pools", check=True)
    assert "10.4.0.0" in moon.swanctl("--list-pools", check=True).stdout


def test_list_algs(lab):
    """--list-algs has the sections and all classical key exchanges of the seed."""
    moon = alone(lab, install=False).start(load=False)
    text = moon.swanctl("--list-algs", check=True).stdout
    for section in ("encryption", "integrity", "aead", "hasher", "prf", "ke"):
        assert re.search(rf"^{section}:$", text, re.MULTILINE), section
    ke = text[text.index("\nke:"):]
    for name in ("MODP_768 MODP_1024 MODP_1536 MODP_2048 MODP_3072 MODP_4096 MODP_6144 MODP_8192 "
                 "MODP_1024_160 MODP_2048_224 MODP_2048_256 ECP_192 ECP_224 ECP_256 ECP_384 "
                 "ECP_521 ECP_224_BP ECP_256_BP ECP_384_BP ECP_512_BP CURVE_25519 "
                 "CURVE_448").split():
        assert re.search(rf"^  {name}\[\S+\]$", ke, re.MULTILINE), name


def test_list_sas_reads_as_the_seed(lab):
    """--list-sas line by line; the reader in lib/sas.py refuses any other form."""
    carol, _ = lab.seed()
    carol.initiate("net")
    text = carol.swanctl("--list-sas", check=True).stdout
    assert re.fullmatch(
        r"home: #1, ESTABLISHED, IKEv2, [0-9a-f]{16}_i\* [0-9a-f]{16}_r\n"
        r"  local  'carol@strongswan\.org' @ 192\.168\.0\.3\[4500\] \[10\.3\.0\.1\]\n"
        r"  remote 'moon\.strongswan\.org' @ 192\.168\.0\.2\[4500\]\n"
        r"  AES_CBC-256/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519\n"
        r"  established \ds ago, rekeying in 1[67]\d\ds\n"
        r"  net: #1, reqid 1, INSTALLED, TUNNEL(-in-UDP)?, ESP:AES_CBC-256/HMAC_SHA2_256_128\n"
        r"    installed \ds ago, rekeying in 1[01]\d\ds, expires in 13[012]\ds\n"
        r"    in  [0-9a-f]{8},      0 bytes,     0 packets\n"
        r"    out [0-9a-f]{8},      0 bytes,     0 packets\n"
        r"    local  10\.3\.0\.1/32\n"
        r"    remote 10\.1\.0\.0/24\n", text), text


def test_list_sas_selected(lab):
    """--ike, --child, --ike-id and --raw."""
    carol, _ = lab.psk()
    carol.initiate("net")
    carol.initiate("host")
    only = carol.swanctl("--list-sas", "--child", "host", check=True).stdout
    assert "host: #2" in only and "net: #1" not in only
    assert carol.swanctl("--list-sas", "--ike", "nobody", check=True).stdout == ""
    raw = carol.swanctl("--list-sas", "--raw", check=True).stdout
    assert re.search(r"list-sa event \{home \{uniqueid=1 version=2 state=ESTABLISHED "
                     r"local-host=192\.168\.0\.3 local-port=4500", raw), raw
    assert "initiator=yes" in raw and "child-sas {net-1 {name=net uniqueid=1 reqid=1" in raw


def test_version_and_stats(lab):
    """--version, --version --daemon and --stats."""
    carol, _ = lab.psk()
    assert re.match(r"(strongSwan|Cygnet) swanctl \S+",
                    carol.swanctl("--version", check=True).stdout)
    assert re.match(r"\S+ \S+ \S+ \(Linux, \S+, \S+\)",
                    carol.swanctl("--version", "--daemon", check=True).stdout)
    carol.initiate("net")
    stats = carol.swanctl("--stats", check=True).stdout
    assert re.search(r"^uptime: \d+ seconds?, since \w{3} \d\d \d\d:\d\d:\d\d \d{4}$", stats,
                     re.MULTILINE)
    assert "IKE_SAs: 1 total, 0 half-open" in stats
    assert re.search(r"^worker threads: \d+ total, \d+ idle, working: \d+/\d+/\d+/\d+$", stats,
                     re.MULTILINE)
    assert re.search(r"^loaded plugins: \S+", stats, re.MULTILINE)


def test_initiate_streams_the_log(lab):
    """--initiate shows the lines of its SA as they happen, then the verdict; --loglevel 0 fewer."""
    carol, _ = lab.seed()
    lines = carol.initiate("net").stdout.splitlines()
    assert lines[0] == "[IKE] initiating IKE_SA home[1] to 192.168.0.2"
    assert lines[-1] == "initiate completed successfully"
    assert all(re.match(r"\[[A-Z]{3}\] ", line) for line in lines[:-1])
    quiet = carol.swanctl("--initiate", "--child", "host", "--loglevel", "-1", check=True)
    assert quiet.stdout == "initiate completed successfully\n"


def test_initiate_failures(lab):
    """What cannot be initiated is named; the exit status is 1."""
    carol, _ = lab.psk()
    done = carol.initiate("nett", check=False)
    assert done.returncode == 1
    assert "initiate failed: CHILD_SA config 'nett' not found" in done.stderr
    done = carol.swanctl("--initiate")
    assert done.returncode != 0


def test_terminate_failures(lab):
    """Nothing to terminate is a failure."""
    carol, _ = lab.psk()
    done = carol.terminate(check=False, ike="home")
    assert done.returncode == 1
    assert "terminate failed: no matching SAs to terminate found" in done.stderr
    done = carol.swanctl("--terminate")
    assert done.returncode != 0


def test_log_verb(lab):
    """--log shows the daemon's lines as they come."""
    carol, _ = lab.psk()
    output = carol.root / "log.out"
    with open(output, "w", encoding="utf-8") as out:
        watcher = subprocess.Popen(carol.view(str(carol.CTL), "--log"), env=carol.environment(),
                                   stdout=out, stdin=subprocess.DEVNULL)
    try:
        def heard():
            carol.swanctl("--load-conns", check=True)
            return re.search(r"^\d\d\[CFG\] .*vici connection", output.read_text(), re.MULTILINE)
        wait_until(heard, "a line", interval=0.2)
    finally:
        watcher.terminate()
        watcher.wait(5)


def test_load_all_and_clear(lab):
    """--load-all loads everything; --load-creds --clear forgets what is no longer on the disk."""
    moon = alone(lab).start(load=False)
    text = moon.swanctl("--load-all", "--noprompt", check=True).stdout
    for line in ("loaded certificate from '/etc/swanctl/x509/moonCert.pem'",
                 "loaded ECDSA key from '/etc/swanctl/pkcs8/moonKey.pem'",
                 "successfully loaded 1 pools, 0 unloaded",
                 "successfully loaded 1 connections, 0 unloaded"):
        assert line in text
    (moon.root / "etc/swanctl/x509/moonCert.pem").unlink()
    moon.swanctl("--load-creds", "--clear", "--noprompt", check=True)
    # the connection that is loaded still needs it
    assert "End Entity" in moon.swanctl("--list-certs", check=True).stdout
    moon.reconfigure({})
    moon.swanctl("--load-conns", check=True)
    assert "End Entity" not in moon.swanctl("--list-certs", check=True).stdout


def test_load_of_another_file(lab):
    """--load-conns --file reads another file, and `include` works in it."""
    moon = alone(lab, install=False).start(load=False)
    moon.write("conf.d/one.conf", conf.render(conf.psk_rw()))
    moon.write("other.conf", "include conf.d/*.conf\n")
    text = moon.swanctl("--load-conns", "--file", "/etc/swanctl/other.conf", check=True).stdout
    assert "loaded connection 'rw'" in text


def test_secrets_are_loaded_and_unloaded(lab):
    """--load-creds names each secret, and forgets those that left the file."""
    moon = alone(lab, conf.psk_rw(), install=False).start(load=False)
    assert "loaded ike secret 'ike-carol'" in moon.swanctl("--load-creds", check=True).stdout
    moon.reconfigure(conf.merge(moon.config, {"secrets": {"ike-carol": None, "ike-dave": {
        "id": "dave@strongswan.org", "secret": "another"}}}))
    assert "loaded ike secret 'ike-dave'" in moon.swanctl("--load-creds", check=True).stdout
    assert conf.PSK not in moon.log()


def test_help_and_unknown_verbs(lab):
    """--help lists every verb; an unknown one fails with usage."""
    moon = alone(lab, install=False).start(load=False)
    text = moon.swanctl("--help").stdout + moon.swanctl("--help").stderr
    for verb in ("--initiate", "--terminate", "--list-sas", "--list-conns", "--list-certs",
                 "--list-pools", "--list-algs", "--load-all", "--load-creds", "--load-conns",
                 "--load-pools", "--log", "--version", "--stats"):
        assert verb in text, verb
    assert moon.swanctl("--frobnicate").returncode != 0


def test_dead_and_slow_clients(lab):
    """A client that sends half a packet, or listens and never reads, does not hold the engine."""
    carol, moon = lab.psk()
    path = str(carol.root / "run/charon.vici")
    with socket.socket(socket.AF_UNIX) as half, socket.socket(socket.AF_UNIX) as deaf:
        half.connect(path)
        half.sendall(b"\x00\x00\x01")
        deaf.connect(path)
        deaf.sendall(b"\x00\x00\x00\x05\x03\x03log")
        for _ in range(3):
            carol.initiate("net")
            carol.terminate(ike="home")
        carol.initiate("net")
        lab.prove(carol, moon, tcp=False)


def test_oversized_vici_packet(lab):
    """A length beyond the limit ends that connection only."""
    carol, _ = lab.psk()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(5)
        client.connect(str(carol.root / "run/charon.vici"))
        client.sendall(b"\xff\xff\xff\xff")
        assert client.recv(1) == b""
    carol.swanctl("--stats", check=True)


# --- cygnet ---------------------------------------------------------------------------------------

def test_cygnet_up_status_down(lab):
    """The plain verbs: up, status, down."""
    carol, moon = lab.psk()
    carol.cygnet("up", "net", check=True)
    lab.prove(carol, moon, tcp=False)
    status = carol.cygnet("status", check=True).stdout
    assert "home" in status and "net" in status and "10.3.0.1" in status
    carol.cygnet("down", "home", check=True)
    moon.wait_gone()


@pytest.mark.parametrize("verb", ["status", "conns", "certs", "pools", "algs", "version"])
def test_cygnet_json(lab, verb):
    """--json on every reading verb is one JSON value."""
    carol, moon = lab.seed()
    carol.initiate("net")
    for host in (carol, moon):
        value = host.json(verb)
        assert isinstance(value, (dict, list))
        assert value or (verb == "pools" and host is carol), "carol has no pools"
    text = carol.cygnet(verb, "--json", check=True).stdout
    expected = {"status": "carol@strongswan.org", "conns": "home", "certs": "Cyber Root CA",
                "algs": "CURVE_25519", "version": "version", "pools": None}[verb]
    assert expected is None or expected in text


def test_cygnet_json_without_anything(lab):
    """With nothing loaded and no SAs the readers still print valid JSON."""
    moon = alone(lab, install=False).start(load=False)
    for verb in ("status", "conns", "certs", "pools", "algs", "version"):
        moon.json(verb)


def test_cygnet_load(lab):
    """cygnet load is swanctl --load-all."""
    moon = alone(lab).start(load=False)
    moon.cygnet("load", check=True)
    assert moon.swanctl("--list-conns", check=True).stdout == MOON_CONNS


def test_cygnet_failures(lab):
    """Exit status and message of what cannot be done."""
    carol, _ = lab.psk()
    done = carol.cygnet("up", "nett")
    assert done.returncode != 0 and "nett" in done.stderr
    assert carol.cygnet("frobnicate").returncode != 0
    assert carol.cygnet("down", "home").returncode != 0


def test_dry_run(lab):
    """load --dry-run shows what would change, and changes nothing; load then does just that."""
    carol, moon = lab.psk()
    carol.initiate("net")
    assert moon.cygnet("load", "--dry-run", check=True).stdout == "nothing would change\n"
    old = carol.sa()
    changed = conf.merge(moon.config, {
        "connections": {"rw": {"rekey_time": "1h", "children": {
            "net": {"esp_proposals": "aes128gcm16"}, "host": None, "more": {}}},
            "other": {"local": {"auth": "psk"}, "remote": {"auth": "psk"}}},
        "pools": {"rw_pool": {"addrs": "10.3.0.0/24", "dns": "10.1.0.10"}},
        "secrets": {"ike-carol": None, "ike-dave": {"id": "dave", "secret": "quite secret"}}})
    moon.reconfigure(changed)
    for command in (("load", "--dry-run"), ("swanctl", "--load-all", "--dry-run")):
        text = moon.cygnet(*command, check=True).stdout
        assert text == (
            "+ secrets.ike-dave\n"
            "- secrets.ike-carol\n"
            "~ pools.rw_pool.dns: not set -> 10.1.0.10\n"
            "~ connections.rw.rekey_time: 4h (default) -> 1h\n"
            "~ connections.rw.children.net.esp_proposals: aes256-sha256 -> aes128gcm16\n"
            "- connections.rw.children.host\n"
            "+ connections.rw.children.more\n"
            "+ connections.other\n"
            "SAs that are up stay as they are: what is changed counts from their next rekeying, "
            "or when they are set up anew\n")
    assert "other" not in moon.swanctl("--list-conns").stdout
    mark = moon.mark()
    # a pool with a lease that is online stays as it is
    del changed["pools"]["rw_pool"]["dns"]
    moon.reconfigure(changed)
    moon.load()
    assert "updated vici connection: rw" in moon.log_since(mark) or (
        "replaced vici connection: rw" in moon.log_since(mark))
    assert moon.cygnet("load", "--dry-run").stdout == "nothing would change\n"
    assert carol.sa().uid == old.uid and moon.sa().spi_i == old.spi_i
    lab.prove(carol, moon, tcp=False)
    moon.reconfigure({})
    assert moon.cygnet("load", "--dry-run").stdout.startswith(
        "- secrets.ike-dave\n- pools.rw_pool\n- connections.rw\n- connections.other\n")
    moon.reconfigure(conf.merge(changed, {"connections": {"rw": {"rekey_tim": "1h"}}}))
    done = moon.cygnet("load", "--dry-run")
    assert done.returncode == 22 and "did you mean 'rekey_time'?" in done.stderr
