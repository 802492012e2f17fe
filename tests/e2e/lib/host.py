# SPDX-License-Identifier: Apache-2.0
"""VPN hosts: our daemon and strongSwan's behind one interface.

A host is a namespace plus a private directory whose etc/, run/ and lib/ are bind-mounted over
/etc, /run and /var/lib of the daemon and of every command run for it. So each host has its
/etc/swanctl, its /etc/strongswan.conf and its /run/charon.vici, as on a machine of its own. Its
programs are this machine's, or those of another Debian below build/peers (see scripts/peers).
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from . import conf, sas
from .wait import PATIENCE, wait_until

ROOT = Path(__file__).resolve().parents[3]
# xfrm in tests/vm, whose kernel has ESP; "": the daemons' own choice, in user space.
DATAPATH = os.environ.get("CYGNET_TEST_DATAPATH", "")
BUILD = ROOT / os.environ.get("CYGNET_BUILD", "build/release")
_SANITIZER = re.compile(r"ERROR: (Address|Leak|Undefined\w*|Thread|Memory)Sanitizer|runtime error:")
# The part of the machine's /etc that programs need to start.
_ETC = ("passwd", "group", "nsswitch.conf", "hosts", "ld.so.cache", "ld.so.conf", "localtime",
        "protocols", "services", "strongswan.d", "ssl/openssl.cnf", "wireshark")
_VIEW = """
set -e
mount --bind "$HOST_ROOT/etc" "$HOST_SYSTEM/etc"
mount --bind "$HOST_ROOT/run" "$HOST_SYSTEM/run"
mount --bind "$HOST_ROOT/lib" "$HOST_SYSTEM/var/lib"
[ -z "$HOST_NO_TUN" ] || mount --bind "$HOST_ROOT/no-tun" /dev/net
[ -n "$HOST_SYSTEM" ] || exec "$@"
mount --rbind /proc "$HOST_SYSTEM/proc"
mount --rbind /dev "$HOST_SYSTEM/dev"
exec chroot "$HOST_SYSTEM" "$@"
"""
THIS = Path("/")
SID = ROOT / "build/peers/sid"
DIRECTORIES = ("x509", "x509ca", "x509crl", "pubkey", "private", "rsa", "ecdsa", "pkcs8", "pkcs12",
               "conf.d")


class Host:
    """Common to both daemons; see Cygnet and StrongSwan for what differs."""

    DAEMON = CTL = None
    SYSTEM = THIS
    SETTINGS = {}

    def __init__(self, ns, root, config=None, settings=None):
        """A host in namespace `ns` with its files below `root`.

        config is the tree of swanctl.conf; settings are laid over conf.SETTINGS.
        """
        self.ns, self.root, self.name = ns, Path(root), ns.short
        self.process, self.hide_tun, self.exit_status = None, False, None
        self.env = {}
        self._answered = False
        self._make_directories()
        self.settings = conf.merge(conf.SETTINGS, self.SETTINGS, settings or {})
        self.config = config or {}
        self.write_files()

    # --- files -----------------------------------------------------------------------------

    def _make_directories(self):
        for name in ("etc", "run", "lib", "no-tun", *(f"etc/swanctl/{d}" for d in DIRECTORIES)):
            (self.root / name).mkdir(parents=True, exist_ok=True)
        for name in _ETC:
            source, target = self.SYSTEM / "etc" / name, self.root / "etc" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True)
            elif source.exists():
                shutil.copy(source, target)
        (self.root / "etc/resolv.conf").write_text("")

    def write_files(self):
        """Write swanctl.conf and strongswan.conf from .config and .settings."""
        (self.root / "etc/strongswan.conf").write_text(self.strongswan_conf())
        self.write("swanctl.conf", conf.render(self.config))

    def strongswan_conf(self):
        """The text of /etc/strongswan.conf."""
        return conf.render(self.settings)

    def write(self, name, data):
        """Write a file below /etc/swanctl: text or bytes."""
        path = self.root / "etc/swanctl" / name
        path.write_bytes(data if isinstance(data, bytes) else data.encode())

    def reconfigure(self, config):
        """Replace swanctl.conf; the daemon is not told."""
        self.config = config
        self.write_files()

    def install(self, credential, ca=None, name=None, form="pkcs8-pem", password=None):
        """Put a credential where swanctl finds it: NAMECert.pem, NAMEKey.pem, caCert.pem.

        NAME defaults to the first word of the common name; the key goes to the directory of its
        format (pkcs8, rsa for pkcs1, ecdsa for sec1).
        """
        name = name or re.split(r"[@.]", credential.cn)[0]
        directory = {"pkcs8": "pkcs8", "pkcs1": "rsa", "sec1": "ecdsa"}[form.split("-")[0]]
        self.write(f"x509/{name}Cert.pem", credential.cert_bytes())
        self.write(f"{directory}/{name}Key.{form.split('-')[1]}",
                   credential.key_bytes(form, password))
        for number, cert in enumerate(credential.chain):
            self.write(f"x509ca/intermediate{number}.pem", _pem(cert))
        if ca:
            self.write("x509ca/caCert.pem", ca.cert_bytes())
        return self

    # --- processes -------------------------------------------------------------------------

    def view(self, *argv, ns=None):
        """The command line that runs argv on this host: its namespace, its /etc, /run, /var/lib."""
        return (ns or self.ns).argv("unshare", "-m", "sh", "-c", _VIEW, "sh", *argv)

    def _beside(self, argv, ns, system):
        """view(), the short way if the daemon has it already: five programs less to start."""
        there = self._answered and self.running and not ns
        if not there or self.SYSTEM != THIS or system not in (None, THIS):
            return self.view(*argv, ns=ns)
        return ["nsenter", "-t", str(self.pid), "--mount", "--net", f"--wd={os.getcwd()}", *argv]

    def environment(self, system=None):
        """The environment of the daemon and its commands; `system` is whose programs they are."""
        system = system or self.SYSTEM
        env = {"HOST_ROOT": str(self.root), "LC_ALL": "C",
               "HOST_SYSTEM": "" if system == THIS else str(system),
               "PATH": f"{self.CTL.parent}:/usr/sbin:/usr/bin:/sbin:/bin",
               "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0",
               "UBSAN_OPTIONS": "print_stacktrace=1", **self.env}
        if self.hide_tun:
            env["HOST_NO_TUN"] = "1"
        return env

    def run(self, *argv, timeout=30, check=False, ns=None, system=None):
        """Run a command on this host; with check, a failure is an AssertionError."""
        argv = list(map(str, argv))
        done = subprocess.run(self._beside(argv, ns, system), env=self.environment(system),
                              capture_output=True, text=True, timeout=timeout * PATIENCE,
                              stdin=subprocess.DEVNULL)
        refuse_sanitizer(done.stderr)
        if check:
            assert done.returncode == 0, (f"{self.name}# {' '.join(map(str, argv))}: exit status "
                                          f"{done.returncode}\n{done.stdout}{done.stderr}")
        return done

    def launch(self):
        """Start the daemon and do not wait for it."""
        log = open(self.log_path, "ab")
        self._answered = False
        self.process = subprocess.Popen(
            self.view("setpriv", "--pdeathsig", "KILL", str(self.DAEMON)),
            env=self.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        log.close()
        return self

    def start(self, load=True):
        """Start the daemon, wait for its vici socket and load the configuration."""
        return self.launch().finish_start(load)

    def finish_start(self, load=True):
        """The second half of start(), so that two hosts can come up side by side."""
        wait_until(self._ready, f"{self.name}: the vici socket of {self.DAEMON.name}", 15)
        self._answered = True
        if load:
            self.load()
        return self

    def _ready(self):
        status = self.process.poll()
        assert status is None, (f"{self.name}: {self.DAEMON.name} ended with status {status}\n"
                                f"{self.log()}")
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.root / "run/charon.vici"))
                return True
            except OSError:
                return False

    def load(self):
        """swanctl --load-all."""
        return self.swanctl("--load-all", "--noprompt", check=True)

    @property
    def pid(self):
        """The daemon's process id (everything before it has exec'd)."""
        return self.process.pid

    @property
    def running(self):
        """Whether the daemon was started and has not ended."""
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        """Send the daemon a signal."""
        self.process.send_signal(number)

    def stop(self, timeout=15, check=True):
        """SIGTERM; SIGKILL after the timeout. With check, insists on a clean end."""
        if self.process is None:
            return None
        late = False
        if self.running:
            self.signal(signal.SIGTERM)
            try:
                self.process.wait(timeout * PATIENCE)
            except subprocess.TimeoutExpired:
                late = True
                self.process.kill()
                self.process.wait()
        self.exit_status, self.process = self.process.returncode, None
        if check:
            refuse_sanitizer(self.log())
            assert not late, f"{self.name}: {self.DAEMON.name} did not end within {timeout} s"
            assert self.exit_status == 0, f"{self.name}: exit status {self.exit_status}"
        return self.exit_status

    def kill(self):
        """SIGKILL: the machine lost power. Nothing is sent, nothing is tidied."""
        self.process.kill()
        self.process.wait()
        self.process = None

    # --- what it says ----------------------------------------------------------------------

    @property
    def log_path(self):
        """The file with all the daemon wrote to stdout and stderr."""
        return self.root / "daemon.log"

    def log(self):
        """Everything the daemon has said since the host was made."""
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def mark(self):
        """A position in the log, for log_since()."""
        return len(self.log())

    def log_since(self, mark):
        """What the daemon has said since mark()."""
        return self.log()[mark:]

    def wait_log(self, pattern, timeout=10, since=0):
        """Wait until a line of the log matches the regular expression; returns the match."""
        regex = re.compile(pattern, re.MULTILINE)
        return wait_until(lambda: regex.search(self.log_since(since)),
                          f"{self.name}: a log line that matches {pattern!r}", timeout)

    # --- control ---------------------------------------------------------------------------

    def swanctl(self, *args, check=False, timeout=30):
        """The control program of this daemon, by the name swanctl."""
        return self.run(self.CTL, *args, check=check, timeout=timeout)

    def initiate(self, child, check=True, timeout=20):
        """swanctl --initiate --child."""
        return self.swanctl("--initiate", "--child", child, "--timeout", timeout, check=check,
                            timeout=timeout + 10)

    def terminate(self, check=True, **selector):
        """swanctl --terminate with ike=, child=, ike_id= or child_id=."""
        args = [x for key, value in selector.items()
                for x in ("--" + key.replace("_", "-"), value)]
        return self.swanctl("--terminate", *args, check=check)

    def sas(self):
        """The IKE_SAs of --list-sas."""
        return sas.parse(self.swanctl("--list-sas", check=True).stdout)

    def sa(self, state="ESTABLISHED"):
        """The one IKE_SA in this state there is."""
        found = [sa for sa in self.sas() if sa.state == state]
        assert len(found) == 1, f"{self.name}: not one IKE_SA but {found}"
        return found[0]

    def wait_gone(self, timeout=10):
        """Wait until there is no IKE_SA any more."""
        wait_until(lambda: not self.sas(), f"{self.name}: all IKE_SAs to be gone", timeout)

    def wait_children(self, names, timeout=10):
        """Wait until exactly these children are installed, and return the IKE_SA."""
        def there():
            established = [sa for sa in self.sas() if sa.state == "ESTABLISHED"]
            installed = sorted(c.name for sa in established for c in sa.children
                               if c.state == "INSTALLED")
            return established[0] if established and installed == sorted(names) else None
        return wait_until(there, f"{self.name}: children {names}", timeout)


class Cygnet(Host):
    """Our daemon and control program from the build directory CYGNET_BUILD."""

    DAEMON = BUILD / "src/daemon/cygnetd"
    CTL = BUILD / "tools/ctl/swanctl"
    SETTINGS = {"charon": {"datapath": DATAPATH or None}}

    def cygnet(self, *args, check=False, timeout=30):
        """The control program by its own name."""
        return self.run(self.CTL.with_name("cygnet"), *args, check=check, timeout=timeout)

    def json(self, *args):
        """What a reading verb prints with --json, decoded."""
        return json.loads(self.cygnet(*args, "--json", check=True).stdout)


class StrongSwan(Host):
    """Debian's strongSwan 5.9.8; ESP in user space (plugin kernel-libipsec) but in tests/vm."""

    DAEMON = Path("/usr/sbin/charon-systemd")
    CTL = Path("/usr/sbin/swanctl")
    ABSENT = "strongSwan is not installed"
    # Without the marks, packets to a child that covers the peer itself would loop into the tunnel.
    SETTINGS = {
        "charon": {
            "plugins": {
                "kernel-libipsec": {"load": DATAPATH != "xfrm", "allow_peer_ts": True},
                "kernel-netlink": {"fwmark": "!0x42"},
                "socket-default": {"fwmark": "0x42"},
                **{name: {"load": False} for name in (
                    "bypass-lan", "dhcp", "farp", "forecast", "ha", "pkcs11", "tpm", "unity")},
            },
        },
        "charon-systemd": {"journal": {"default": -1}},
    }
    # Where all is emulated, dozens of plugins that nobody uses take most of the time.
    FEW = {
        "charon": {"load": "random nonce openssl kdf kernel-netlink socket-default updown vici"},
        "swanctl": {"load": "random openssl"},
    }

    def strongswan_conf(self):
        if DATAPATH == "xfrm":
            return conf.render(conf.merge(self.FEW, self.settings))
        return ("charon {\n   load_modular = yes\n   plugins {\n"
                "      include strongswan.d/charon/*.conf\n   }\n}\n" + super().strongswan_conf())

    @classmethod
    def missing(cls):
        """Why strongSwan cannot be used here, or None."""
        needed = [cls.DAEMON, cls.CTL,
                  Path("/usr/lib/ipsec/plugins/libstrongswan-kernel-libipsec.so")]
        absent = [str(path) for path in needed
                  if not (cls.SYSTEM / path.relative_to("/")).exists()]
        return f"{cls.ABSENT}: no {', '.join(absent)}" if absent else None


class StrongSwan61(StrongSwan):
    """Debian sid's strongSwan 6.1, with RFC 9370 and ML-KEM; scripts/peers makes it."""

    SYSTEM = SID
    ABSENT = "there is no build/peers/sid, run scripts/peers as root"


def refuse_sanitizer(text):
    """AssertionError when text holds a report of a sanitizer."""
    found = _SANITIZER.search(text)
    assert not found, "a sanitizer reports:\n" + text[max(0, found.start() - 200):][:6000]


def _pem(cert):
    from cryptography.hazmat.primitives.serialization import Encoding
    return cert.public_bytes(Encoding.PEM)
