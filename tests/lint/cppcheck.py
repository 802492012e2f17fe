#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cppcheck's warnings, portability and performance remarks on src/ and tools/."""

import re
import subprocess
import lint

# What cppcheck 2.10 does not understand of our C, and who sees to it instead. A single place is
# silenced where it is, by a `cppcheck-suppress` comment with its reason.
SUPPRESS = [
    'missingIncludeSystem',         # system headers are not read: their types are known by name
    'memleak',                      # ownership by compound literal: clang-analyzer, LeakSanitizer
    'ctuuninitvar',                 # out-parameters over several files: clang-analyzer
    'invalidPrintfArgType_sint',    # promotions of small types: gcc's -Wformat=2
    'invalidPrintfArgType_uint',
    'internalAstError',             # `a ? (struct s){0} : b`
]
OUTPUT = re.compile(r'^(?P<path>[^:\n]+):(?P<line>\d+): (?P<id>\w+): (?P<text>.*)$', re.M)


def check(root):
    paths = lint.files(root, ('src', 'tools'), '.c')
    if not paths:
        return
    cache = root / 'build/check/cppcheck'
    cache.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ['cppcheck', '--quiet', f'-j{lint.JOBS}', '--std=c11',
         '--enable=warning,performance,portability', '--inline-suppr',
         f'--cppcheck-build-dir={cache}', '-I.', '-Isrc', '-Itools', '-D_GNU_SOURCE',
         '-D__attribute__(x)=',     # it stumbles over those of function pointers
         *(f'--suppress={name}' for name in SUPPRESS),
         '--template={file}:{line}: {id}: {message}', *map(str, paths)],
        cwd=root, capture_output=True, text=True)
    found = sorted(set(OUTPUT.findall(done.stderr + done.stdout)))
    for path, line, name, text in found:
        yield lint.finding(path, line, f'{text} [{name}]',
                           f'correct it, or /* cppcheck-suppress {name} ; reason */')
    if done.returncode != 0 and not found:
        raise SystemExit(done.stderr or done.stdout)


if __name__ == '__main__':
    lint.main(check)
