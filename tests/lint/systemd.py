#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""systemd-analyze accepts our unit. The program need not be installed: /bin/true stands in."""

import pathlib
import re
import subprocess
import tempfile
import lint

UNITS = 'packaging/systemd'


def check(root):
    for unit in sorted((root / UNITS).glob('*.service.in')):
        with tempfile.TemporaryDirectory() as scratch:
            copy = pathlib.Path(scratch) / unit.name.removesuffix('.in')
            copy.write_text(re.sub(r'@SBINDIR@/\S+', '/bin/true', unit.read_text()))
            done = subprocess.run(['systemd-analyze', 'verify', '--man=no', copy],
                                  capture_output=True, text=True)
        for line in done.stderr.splitlines():
            if copy.name in line:
                at = re.search(r'\.service:(\d+):', line)
                what = line.split(f'{copy.name}:')[-1].lstrip('0123456789: ')
                yield lint.finding(unit.relative_to(root), at.group(1) if at else 1, what,
                                   'see systemd.exec(5), systemd.service(5)')
        if done.returncode != 0 and copy.name not in done.stderr:
            raise SystemExit(done.stderr)


if __name__ == '__main__':
    lint.main(check)
