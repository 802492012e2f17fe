# SPDX-License-Identifier: Apache-2.0
"""What happens over time: dead peers, restarts, leases, reload, the end of a daemon."""
import signal
import time

import pytest
from lib import conf, netns
from lib.host import Cygnet
from lib.traffic import ping
from lib.wait import wait_until

pytestmark = pytest.mark.usefixtures("built")

# A peer is given up 1.2 s after the first unanswered request.
IMPATIENT = {"charon": {"retransmit_tries": 2, "retransmit_timeout": 0.4, "retransmit_base": 1.0}}
DPD = {"dpd_delay": "1s", "mobike": False}


def test_dpd_notices_a_dead_peer(lab):
    """carol's machine dies; moon asks, gives up and clears the SA and the lease."""
    carol, moon = lab.psk(moon=DPD, settings=IMPATIENT)
    carol.initiate("net")
    carol.kill()
    moon.wait_log("sending DPD request")
    moon.wait_log("giving up after 2 retransmits")
    moon.wait_gone()
    assert "lease 10.3.0.1 by 'carol@strongswan.org' went offline" in moon.log()


def test_dpd_leaves_a_living_peer_alone(lab):
    """An idle but living peer answers and keeps its SA."""
    carol, moon = lab.psk(moon=DPD, settings=IMPATIENT)
    carol.initiate("net")
    moon.wait_log(r"parsed INFORMATIONAL response 0 \[ \]")
    assert carol.sa() and moon.sa()
    lab.prove(carol, moon, tcp=False)


def test_dpd_is_not_sent_while_packets_arrive(lab):
    """Traffic from the peer is proof enough."""
    carol, moon = lab.psk(moon=DPD)
    carol.initiate("net")
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        assert ping(lab.top.carol, "10.1.0.2", count=4)
    assert "sending DPD request" not in moon.log()


def test_dpd_action_restart(lab):
    """dpd_action = restart: carol comes back by herself after moon's machine was replaced."""
    again = {"dpd_delay": "1s", "keyingtries": 0,
             "children": {"net": {"dpd_action": "restart"}}}
    carol, moon = lab.psk(carol=again, settings=IMPATIENT)
    carol.initiate("net")
    moon.kill()
    moon.start()
    wait_until(lambda: any(sa.state == "ESTABLISHED" for sa in moon.sas()), "a new IKE_SA", 15)
    carol.wait_children(["net"])
    lab.prove(carol, moon, tcp=False)


def test_peer_not_responding(lab):
    """Nobody listens at the other end: the retransmits are counted and the verb fails."""
    carol, moon = lab.psk(settings=IMPATIENT, start=False)
    lab.start(carol)
    done = carol.initiate("net", check=False)
    assert done.returncode != 0
    assert "giving up after 2 retransmits" in done.stdout
    assert "establishing IKE_SA failed, peer not responding" in done.stdout
    assert "initiate failed: establishing CHILD_SA 'net' failed" in done.stderr
    assert carol.log().count("retransmit 1 of request with message ID 0") == 1
    assert not carol.sas()


def test_restart_of_the_initiator(lab):
    """carol loses power and returns: INITIAL_CONTACT removes her old SA, her lease stays hers."""
    carol, moon = lab.psk()
    carol.initiate("net")
    carol.kill()
    carol.start()
    carol.initiate("net")
    assert "N(INIT_CONTACT)" in carol.log()
    wait_until(lambda: len(moon.sas()) == 1, "the old IKE_SA to go")
    assert carol.sa().local_vips == ["10.3.0.1"]
    lab.prove(carol, moon, tcp=False)


def test_restart_of_the_responder(lab):
    """moon loses power and returns; carol drops the old SA and is served anew."""
    carol, moon = lab.psk(settings=IMPATIENT)
    carol.initiate("net")
    moon.kill()
    moon.start()
    carol.swanctl("--terminate", "--ike", "home", "--force", "--timeout", "3")
    carol.wait_gone()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def _warrior(lab, name, number):
    """One more road warrior on carol's machine, told apart by its identity: connection NAME."""
    conn = conf.psk_home(local={"id": f"{name}@strongswan.org"})["connections"]["home"]
    conn["children"] = {f"net-{name}": {"remote_ts": f"10.1.{number}.0/24",
                                        "esp_proposals": conf.ESP}}
    return conn


def _warriors(lab, names, pool):
    """carol's machine with a connection for each name, and moon with this pool; not started."""
    carol, moon = lab.psk(moon={"children": {"net": {"local_ts": "10.1.0.0/16"}}}, start=False)
    carol.config["connections"] = {name: _warrior(lab, name, i) for i, name in enumerate(names)}
    for number in range(1, len(names)):
        netns.add_address(lab.top.moon, "lo", f"10.1.{number}.2/32")
    for host in (carol, moon):
        host.config["secrets"] = {"ike": {"secret": conf.PSK}}
    moon.config["pools"]["rw_pool"]["addrs"] = pool
    for host in (carol, moon):
        host.write_files()
    return carol, moon


def _lease(moon, name):
    """The virtual IP moon gave to NAME@strongswan.org, or None."""
    for sa in moon.sas():
        if sa.remote_id == f"{name}@strongswan.org" and sa.state == "ESTABLISHED":
            return sa.remote_vips[0]
    return None


def test_leases_survive_the_daemon(lab):
    """After a restart each identity gets the address it had, whoever comes first."""
    carol, moon = _warriors(lab, ["anna", "bert"], "10.3.0.0/24")
    lab.start(carol, moon)
    carol.initiate("net-anna")
    carol.initiate("net-bert")
    assert (_lease(moon, "anna"), _lease(moon, "bert")) == ("10.3.0.1", "10.3.0.2")
    moon.stop()
    carol.wait_gone()
    moon.start()
    listed = moon.swanctl("--list-pools", "--leases", check=True).stdout
    assert "10.3.0.2" in listed and "bert@strongswan.org" in listed and "offline" in listed
    carol.initiate("net-bert")
    carol.initiate("net-anna")
    assert (_lease(moon, "anna"), _lease(moon, "bert")) == ("10.3.0.1", "10.3.0.2")
    assert "reassigning offline lease to 'bert@strongswan.org'" in moon.log()


def test_leases_in_memory_only(lab):
    """An empty charon.leases.database keeps nothing: after a restart the first comer is first."""
    carol, moon = _warriors(lab, ["anna", "bert"], "10.3.0.0/24")
    moon.settings = conf.merge(moon.settings, {"charon": {"leases": {"database": ""}}})
    moon.write_files()
    lab.start(carol, moon)
    carol.initiate("net-anna")
    carol.initiate("net-bert")
    moon.stop()
    assert not (moon.root / "lib/cygnet/leases.db").exists()
    carol.wait_gone()
    moon.start()
    assert "bert" not in moon.swanctl("--list-pools", "--leases", check=True).stdout
    carol.initiate("net-bert")
    assert _lease(moon, "bert") == "10.3.0.1"


def test_full_pool_takes_the_oldest_offline_lease(lab):
    """When no address is fresh, the one that has been offline longest is given away."""
    carol, moon = _warriors(lab, ["anna", "bert", "cleo"], "10.3.0.0/30")
    lab.start(carol, moon)
    for name in ("anna", "bert"):
        carol.initiate(f"net-{name}")
    for name in ("anna", "bert"):
        carol.terminate(ike=name)
    moon.wait_gone()
    carol.initiate("net-cleo")
    assert _lease(moon, "cleo") == "10.3.0.1"


def test_full_pool(lab):
    """The pool is full: both logs say so, the verb fails, the others go on."""
    carol, moon = _warriors(lab, ["anna", "bert", "cleo"], "10.3.0.0/30")
    lab.start(carol, moon)
    carol.initiate("net-anna")
    carol.initiate("net-bert")
    done = carol.initiate("net-cleo", check=False)
    assert done.returncode != 0
    assert "pool 'rw_pool' is full, unable to assign address" in moon.log()
    assert "no virtual IP found, sending INTERNAL_ADDRESS_FAILURE" in moon.log()
    assert "INTERNAL_ADDRESS_FAILURE" in done.stdout
    assert (_lease(moon, "anna"), _lease(moon, "bert")) == ("10.3.0.1", "10.3.0.2")
    assert ping(lab.top.carol, "10.1.1.2", src="10.3.0.2")


def test_clean_stop(lab):
    """SIGTERM: deletes are sent, and addresses, routes and rules are as before the start."""
    carol, moon = lab.seed(start=False)

    def picture():
        return (lab.top.carol.addresses(), lab.top.carol.routes(),
                lab.top.carol.ip("rule"), lab.top.carol.ip("tuntap", "list"))
    before = picture()
    lab.start(carol, moon)
    carol.initiate("net")
    carol.initiate("host")
    assert picture() != before
    assert carol.stop() == 0
    assert picture() == before
    moon.wait_gone(3)
    assert "received DELETE for IKE_SA rw[1]" in moon.log()
    assert not (carol.root / "run/charon.vici").exists()


def test_stop_of_the_responder(lab):
    """The same from the other side."""
    carol, moon = lab.seed()
    carol.initiate("net")
    assert moon.stop() == 0
    carol.wait_gone(3)
    assert "10.3.0.1" not in lab.top.carol.addresses()


def test_stop_while_the_peer_is_dead(lab):
    """A dead peer does not keep the daemon from ending soon."""
    carol, moon = lab.psk()
    carol.initiate("net")
    moon.kill()
    began = time.monotonic()
    assert carol.stop() == 0
    assert time.monotonic() - began < 8


def test_start_after_a_crash(lab):
    """What a killed daemon left (socket, address, routes) does not stop the next one."""
    carol, moon = lab.psk()
    carol.initiate("net")
    carol.kill()
    assert (carol.root / "run/charon.vici").exists()
    carol.start()
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_reload_on_sighup(lab):
    """SIGHUP reads strongswan.conf again: a new log file opens; the tunnel does not notice."""
    carol, moon = lab.psk()
    carol.initiate("net")
    carol.settings = conf.merge(carol.settings, {"charon": {"filelog": {
        "extra": {"path": "/run/extra.log", "default": 2}}}})
    carol.write_files()
    carol.signal(signal.SIGHUP)
    extra = carol.root / "run/extra.log"
    wait_until(extra.exists, "the new log file")
    carol.initiate("host")
    wait_until(lambda: "CHILD_SA host{2} established" in extra.read_text(), "the line in it")
    lab.prove(carol, moon, tcp=False)


def test_reload_of_broken_settings(lab):
    """A mistake in strongswan.conf is named at SIGHUP; the daemon goes on with what it had."""
    carol, moon = lab.psk()
    carol.initiate("net")
    mark = carol.mark()
    (carol.root / "etc/strongswan.conf").write_text("charon {\n   retransmit_tires = 3\n}\n")
    carol.signal(signal.SIGHUP)
    carol.wait_log(r"strongswan\.conf:2.*retransmit_tires.*did you mean 'retransmit_tries'",
                   since=mark)
    lab.prove(carol, moon, tcp=False)


def test_reload_of_connections(lab):
    """--load-conns again: new ones come, changed ones change, missing ones go, SAs stay."""
    carol, moon = lab.psk()
    carol.initiate("net")
    tree = conf.merge(carol.config, {"connections": {
        "second": carol.config["connections"]["home"]}})
    carol.reconfigure(tree)
    done = carol.swanctl("--load-conns", check=True)
    assert "successfully loaded 2 connections, 0 unloaded" in done.stdout
    assert "added vici connection: second" in carol.log()
    carol.reconfigure(conf.merge(carol.config, {"connections": {"second": None}}))
    done = carol.swanctl("--load-conns", check=True)
    assert "successfully loaded 1 connections, 1 unloaded" in done.stdout
    assert "removed vici connection: second" in carol.log()
    lab.prove(carol, moon, tcp=False)


def test_many_cycles(lab):
    """Twenty times up and down: nothing piles up."""
    carol, moon = lab.psk()
    for _ in range(20):
        carol.initiate("net")
        carol.terminate(ike="home")
    carol.wait_gone()
    moon.wait_gone()
    assert len(lab.top.carol.ip("tuntap", "list").splitlines()) <= 1
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)


def test_default_locations_by_environment(lab):
    """SWANCTL_DIR and STRONGSWAN_CONF move the configuration elsewhere."""
    top = lab.pair()
    carol = lab.host(Cygnet, top.carol, conf.psk_home())
    moon = lab.psk(start=False)[1]
    (carol.root / "etc/elsewhere").mkdir()
    (carol.root / "etc/swanctl").rename(carol.root / "etc/elsewhere/swanctl")
    (carol.root / "etc/strongswan.conf").rename(carol.root / "etc/elsewhere/my.conf")
    carol.env = {"SWANCTL_DIR": "/etc/elsewhere/swanctl",
                 "STRONGSWAN_CONF": "/etc/elsewhere/my.conf"}
    lab.start(carol, moon)
    carol.initiate("net")
    lab.prove(carol, moon, tcp=False)
