#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A file exports only symbols that begin with its stem, and stems are unique in the tree.

Reads the objects of build/release. A plural `s` may come or go: algs.c may export alg_find().
"""

import os
import subprocess
import lint

# Files that serve more than one prefix, or whose prefix is not their stem.
ALIASES = {
    'src/base/buf.c': ('rbuf', 'wbuf', 'view'),
}


def prefixes(source):
    stem = source.stem.replace('-', '_')
    singular = (stem[:-1],) if stem.endswith('s') else ()
    return (stem, stem + 's') + singular + ALIASES.get(str(source), ())


def exported(directory, obj):
    done = subprocess.run(['nm', '--extern-only', '--defined-only', '--format=posix', obj],
                          cwd=directory, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def check(root):
    stems = {}
    for source, entry in sorted(lint.compile_commands(root)):
        if not os.path.exists(os.path.join(entry['directory'], entry['output'])):
            yield lint.finding(source, 1, 'has not been compiled', 'run scripts/build release')
            continue
        names = set(exported(entry['directory'], entry['output'])) - {'main'}
        mine = prefixes(source)
        for name in sorted(names):
            if name not in mine and not name.startswith(tuple(p + '_' for p in mine)):
                yield lint.finding(source, 1, f"exports '{name}'",
                                   f"make it static, or begin it with '{mine[0]}_'")
        other = stems.setdefault(source.stem, source) if names else source
        if other != source:
            yield lint.finding(source, 1, f'{other} has the same stem',
                               'rename one: a prefix must tell the file')


if __name__ == '__main__':
    lint.main(check)
