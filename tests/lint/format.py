#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-format has nothing to change."""

import concurrent.futures
import re
import subprocess
import lint


def findings(root, path):
    done = subprocess.run(['clang-format', '--dry-run', f'--style=file:{lint.REPO}/.clang-format',
                           str(path)], cwd=root, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr)
    first = re.search(r'^\S+?:(\d+):\d+: warning: ', done.stderr, re.M)
    if first:
        return lint.finding(path, first.group(1), 'not laid out by .clang-format',
                            f'clang-format -i {path}')
    return None


def check(root):
    paths = lint.files(root, lint.C_DIRS, '.c', '.h')
    with concurrent.futures.ThreadPoolExecutor(lint.JOBS) as pool:
        yield from filter(None, pool.map(lambda path: findings(root, path), paths))


if __name__ == '__main__':
    lint.main(check)
