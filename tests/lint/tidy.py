#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""clang-tidy with the checks of .clang-tidy on src/ and tools/, as build/release compiles them."""

import concurrent.futures
import re
import subprocess
import lint

OUTPUT = re.compile(r'^(\S+?):(\d+):\d+: (?:warning|error): (.*?) \[([\w.,-]+)\]$', re.M)


def findings(root, source):
    done = subprocess.run(
        ['clang-tidy', '--quiet', '-p', 'build/release',
         f'--config-file={lint.REPO}/.clang-tidy', '--extra-arg=-Wno-unknown-warning-option',
         str(source)], cwd=root, capture_output=True, text=True)
    found = OUTPUT.findall(done.stdout)
    if done.returncode != 0 and not found:
        raise SystemExit(f'clang-tidy {source}: {done.stderr or done.stdout}')
    return found


def check(root):
    sources = [source for source, _entry in lint.compile_commands(root)]
    with concurrent.futures.ThreadPoolExecutor(lint.JOBS) as pool:
        everything = set().union(*pool.map(lambda source: findings(root, source), sources))
    for path, line, text, name in sorted(everything):
        # clang-tidy names files as the compiler does: absolute, or seen from the build tree.
        path = (root / 'build/release' / path).resolve().relative_to(root)
        yield lint.finding(path, line, f'{text} [{name}]',
                           f'correct it, or /* NOLINT({name}): reason */')


if __name__ == '__main__':
    lint.main(check)
