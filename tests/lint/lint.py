# SPDX-License-Identifier: Apache-2.0
"""What the checks beside this file share: the tree's files, a C reader, and how a finding is told.

Every check is a script of its own: no argument checks the repository, `--root DIR` another tree
(the self tests use that). It prints `file:line: what is wrong: what to do` and exits with 1 when
it has found something, with 2 when it could not look.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

REPO = pathlib.Path(__file__).resolve().parents[2]
C_DIRS = ('src', 'tools', 'tests', 'fuzz', 'bench')
JOBS = int(os.environ.get('CYGNET_JOBS', os.cpu_count() or 1))


def files(root, dirs, *suffixes):
    """The files below `dirs` with one of the suffixes, as paths relative to root, sorted."""
    found = []
    for top in dirs:
        found += (p.relative_to(root) for p in (root / top).rglob('*')
                  if p.suffix in suffixes and p.is_file())
    return sorted(found)


def finding(path, line, what, todo):
    return f'{path}:{line}: {what}: {todo}'


_NOISE = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def code_only(text):
    """C text with comments, strings and character constants blanked; lines stay where they are."""
    def blank(match):
        word = match.group()
        if word[0] in '"\'':
            return word[0] * 2
        return '\n' * word.count('\n') or ' '
    return _NOISE.sub(blank, text)


def ctags(root, paths, kinds):
    """Tags as dicts (name, path, line, end, signature ...) of the C kinds given, e.g. 'f'."""
    if not paths:
        return []
    done = subprocess.run(
        ['ctags', '--options=NONE', '--languages=C', '--langmap=C:.c.h', f'--kinds-C={kinds}',
         '--fields=+neS', '--output-format=json', '-f', '-', '-L', '-'],
        cwd=root, input='\n'.join(map(str, paths)), capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def compile_commands(root, dirs=('src/', 'tools/')):
    """(source path relative to root, entry) for each of our C files in build/release."""
    database = root / 'build/release/compile_commands.json'
    if not database.is_file():
        sys.exit(f'{database} is missing: run scripts/build release first')
    for entry in json.loads(database.read_text()):
        source = (pathlib.Path(entry['directory']) / entry['file']).resolve()
        if source.is_relative_to(root):
            relative = source.relative_to(root)
            if str(relative).startswith(dirs):
                yield relative, entry


def main(check):
    parser = argparse.ArgumentParser(description=sys.modules['__main__'].__doc__)
    parser.add_argument('--root', type=pathlib.Path, default=REPO)
    found = list(check(parser.parse_args().root.resolve()))
    print(*found, sep='\n', end='\n' if found else '')
    sys.exit(1 if found else 0)
