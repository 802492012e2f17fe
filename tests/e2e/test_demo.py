# SPDX-License-Identifier: Apache-2.0
"""The demonstration: it tells what it does, and leaves nothing behind, however it ends."""
import os
import re
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest
from lib.host import BUILD, ROOT
from lib.wait import PATIENCE, wait_until

pytestmark = pytest.mark.usefixtures("built")

DEMO = [str(ROOT / "scripts/demo"), "--build", str(BUILD)]


def leftovers(pid):
    """Namespaces, processes and files of the demo that had this process id."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True)
    found = [line for line in names.stdout.splitlines() if line.startswith(f"cydemo-{pid}-")]
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if re.search(rf"/cydemo-{pid}-\w+/\w+/(etc|run|lib) ",
                         (process / "mountinfo").read_text()):
                found.append(f"process {process.name}")
        except OSError:
            continue
    return found + [str(path) for path in Path(tempfile.gettempdir()).glob(f"cydemo-{pid}-*")]


def test_performance():
    """From beginning to end in less than 30 s, in plain text."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        out, err = demo.communicate(timeout=30 * PATIENCE)
    assert demo.returncode == 0, out + err
    assert err == "" and "\033" not in out
    for line in ("initiate completed successfully", "terminate completed successfully",
                 r"2 packets transmitted, 2 received", r"SHA-256 \w+\.\.\. matches",
                 r"loaded Dilithium5 key from", r"with DILITHIUM_5 successful",
                 r"=+ net\{1\} =+ 10\.1\.0\.0/24", r"-+ 1264 bytes in 1 packet -+>\|",
                 r"home: #1, ESTABLISHED, IKEv2", r"rw: #1, ESTABLISHED, IKEv2",
                 r"10\.3\.0\.1 --- \| carol \| === 192\.168\.0\.0/24 === \|  moon  \|"):
        assert re.search(line, out), f"nothing matches {line!r} in:\n{out}"
    assert not leftovers(demo.pid)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("when", ["1. two", "2. a certi", "3. cygnetd", "4. carol", "7. what"])
def test_interrupted(number, when):
    """A signal at any step takes everything down."""
    with tempfile.TemporaryFile("w+") as out:
        with subprocess.Popen(DEMO, stdout=out, stderr=subprocess.STDOUT) as demo:
            def told():
                return when in os.pread(out.fileno(), 1 << 20, 0).decode()
            wait_until(lambda: told() or demo.poll() is not None, f"step {when!r}", 20)
            demo.send_signal(number)
            assert demo.wait(15 * PATIENCE) == 128 + number
    assert not leftovers(demo.pid)


def test_without_root():
    """Run by nobody: a word and status 1, no traceback."""
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *DEMO],
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 1
    assert "root" in done.stderr and "Traceback" not in done.stderr


def test_without_a_build(tmp_path):
    """No build yet: says which program is missing and what to run."""
    done = subprocess.run([DEMO[0], "--build", str(tmp_path)], capture_output=True, text=True,
                          timeout=20, check=False)
    assert done.returncode == 1
    assert "cygnetd is missing" in done.stderr and "make build" in done.stderr


def test_failure_shows_the_log(tmp_path):
    """A daemon that ends at once: its last words are shown, the status is 1, nothing stays."""
    for name in ("src/daemon/cygnetd", "tools/ctl/swanctl"):
        program = tmp_path / name
        program.parent.mkdir(parents=True)
        program.write_text("#!/bin/sh\necho no such luck >&2\nexit 7\n")
        program.chmod(0o755)
    (tmp_path / "tools/pki").symlink_to(BUILD / "tools/pki")
    with subprocess.Popen([DEMO[0], "--build", str(tmp_path)], text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as demo:
        _, err = demo.communicate(timeout=20 * PATIENCE)
    assert demo.returncode == 1
    assert "ended with status 7" in err and "no such luck" in err
    assert not leftovers(demo.pid)
