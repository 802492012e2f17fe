#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone."""

import concurrent.futures
import os
import re
import subprocess
import lint

FLAGS = ['-std=gnu17', '-D_GNU_SOURCE', '-Wall', '-Wextra', '-Werror', '-fsyntax-only',
         '-I.', '-Isrc', '-Itools', '-Ibuild/release']


def errors(root, path):
    done = subprocess.run(['gcc', *FLAGS, '-include', str(path), '-x', 'c', '/dev/null'],
                          cwd=root, capture_output=True, text=True)
    if done.returncode == 0:
        return None
    first = re.search(r'^(\S+?):(\d+):\d+: (?:fatal )?error: (.*)$', done.stderr, re.M)
    where = first.groups() if first else (path, 1, done.stderr.strip().split('\n')[0])
    return lint.finding(os.path.normpath(where[0]), where[1],
                        f'{path} does not compile alone: {where[2]}',
                        'include what its prototypes need, or declare the struct')


def check(root):
    paths = lint.files(root, lint.C_DIRS, '.h')
    with concurrent.futures.ThreadPoolExecutor(lint.JOBS) as pool:
        yield from filter(None, pool.map(lambda path: errors(root, path), paths))


if __name__ == '__main__':
    lint.main(check)
