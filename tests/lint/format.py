#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-format has nothing to change."""

import re
import subprocess
import lint


def check(root):
    paths = lint.files(root, lint.C_DIRS, '.c', '.h')
    if not paths:
        return
    done = subprocess.run(['xargs', '-P', str(lint.JOBS), '-n', '32', 'clang-format', '--dry-run',
                           f'--style=file:{lint.REPO}/.clang-format'],
                          cwd=root, input='\n'.join(map(str, paths)), capture_output=True,
                          text=True)
    places = {}
    for path, line in re.findall(r'^(\S+?):(\d+):\d+: warning: ', done.stderr, re.M):
        places.setdefault(path, line)
    for path, line in places.items():
        yield lint.finding(path, line, 'not laid out by .clang-format', f'clang-format -i {path}')
    if done.returncode != 0 and not places:
        raise SystemExit(done.stderr)


if __name__ == '__main__':
    lint.main(check)
