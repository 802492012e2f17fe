#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A file exports only symbols that begin with its stem, and stems are unique in the tree.

Reads the objects of build/release. src/base/str.c may export str_*, strs_* and base_str_*. A room
may have a facade, a header that several of its files stand behind: what it declares under its
prefix may be defined in any file of the room.
"""

import os
import subprocess
import lint

FACADES = {
    'src/conf/conn.h': 'conf',
    'src/conf/node.h': 'conf',
    'src/cred/store.h': 'cred',
    'src/ike/child.h': 'child',
    'src/ike/command.h': 'ike',
    'src/ike/engine.h': 'ike',
    'src/ike/report.h': 'ike',
    'src/ike/state.h': 'ike',
    'src/ike/task.h': 'task',
    'src/ike/x_auth.h': 'x_auth',
    'src/ipsec/user/user.h': 'ipsec_user',
    'src/ipsec/xfrm/xfrm.h': 'ipsec_xfrm',
    'src/wire/msg.h': 'wire',
}
# Files whose header serves more than one prefix.
ALIASES = {
    'src/base/buf.c': ('rbuf', 'wbuf', 'view'),
    'src/cred/store.c': ('cred',),
    'src/provider/module.c': ('OSSL_provider',),
}


def prefixes(source):
    """What the exports of a source file may begin with."""
    stem = source.stem.replace('-', '_')
    room = '_'.join(source.parts[1:-1])
    forms = [stem, stem + 's', f'{room}_{stem}', *ALIASES.get(str(source), ())]
    return forms + [stem[:-1]] if stem.endswith('s') else forms


def begins(name, forms):
    return name in forms or name.startswith(tuple(form + '_' for form in forms))


def facade_names(root):
    """{room directory: names that its facades declare}"""
    names = {}
    headers = [header for header in FACADES if (root / header).is_file()]
    for tag in lint.ctags(root, headers, 'px'):
        if begins(tag['name'], [FACADES[tag['path']]]):
            names.setdefault(os.path.dirname(tag['path']), set()).add(tag['name'])
    return names


def exported(directory, obj):
    done = subprocess.run(['nm', '--extern-only', '--defined-only', '--format=posix', obj],
                          cwd=directory, capture_output=True, text=True, check=True)
    return [line.split()[0] for line in done.stdout.splitlines()]


def check(root):
    stems = {}
    shared = facade_names(root)
    for source, entry in sorted(lint.compile_commands(root), key=lambda pair: pair[0]):
        if not os.path.exists(os.path.join(entry['directory'], entry['output'])):
            yield lint.finding(source, 1, 'has not been compiled', 'run scripts/build release')
            continue
        names = set(exported(entry['directory'], entry['output'])) - {'main'}
        for name in sorted(names - shared.get(str(source.parent), set())):
            if not begins(name, prefixes(source)):
                yield lint.finding(source, 1, f"exports '{name}'",
                                   f"make it static, or begin it with '{source.stem}_'")
        other = stems.setdefault(source.stem, source) if names else source
        if other != source:
            yield lint.finding(source, 1, f'{other} has the same stem',
                               'rename one: a prefix must tell the file')


if __name__ == '__main__':
    lint.main(check)
