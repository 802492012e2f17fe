#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom (docs/architecture.md), and no cycles among headers."""

import re
import lint

# A room, and what it may include besides itself: rooms, or single headers of a room.
BELOW_VICI = {'base', 'wire', 'crypto', 'cred', 'eap', 'conf', 'pool', 'net', 'ike', 'ipsec',
              'ipsec/user', 'ipsec/xfrm'}
MAY_INCLUDE = {
    'pqc': set(),
    'provider': {'pqc'},
    'base': set(),
    'wire': {'base'},
    'crypto': {'base'},
    'cred': {'base', 'crypto'},
    'eap': {'base', 'crypto', 'cred'},
    'conf': {'base', 'wire', 'crypto/alg.h'},
    'pool': {'base'},
    'net': {'base'},
    'ipsec': {'base', 'net', 'wire/ts.h'},
    'ike': {'base', 'wire', 'crypto', 'cred', 'eap', 'conf', 'pool', 'ipsec/ipsec.h'},
    'ipsec/user': {'base', 'crypto', 'net', 'ipsec', 'wire/ts.h'},
    'ipsec/xfrm': {'base', 'crypto', 'net', 'ipsec', 'wire/ts.h'},
    'vici': BELOW_VICI,
    'daemon': BELOW_VICI | {'vici', 'provider'},
    'tools': {'base', 'conf', 'cred', 'crypto', 'provider', 'vici/codec.h', 'vici/client.h'},
}
GENERATED = {'cygnet-config.h'}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def room_of(path):
    """'src/ipsec/user/tun.c' -> 'ipsec/user'; None when no room is known."""
    if path.parts[0] == 'tools':
        return 'tools'
    for depth in (2, 1):
        room = '/'.join(path.parts[1:-1][:depth])
        if room in MAY_INCLUDE:
            return room
    return None


def resolve(root, name):
    for path in (root / 'src' / name, root / 'tools' / name, root / name):
        if path.is_file():
            return path.relative_to(root)
    return None


def includes(root, path):
    text = (root / path).read_text()
    for match in _INCLUDE.finditer(text):
        yield text.count('\n', 0, match.start()) + 1, match.group(1)


def cycle_from(graph, start):
    """A path start -> ... -> start through the include graph, or None."""
    stack = [(start, (start,))]
    seen = set()
    while stack:
        here, trail = stack.pop()
        for target in graph.get(here, ()):
            if target == start:
                return trail + (target,)
            if target not in seen:
                seen.add(target)
                stack.append((target, trail + (target,)))
    return None


def check(root):
    graph = {}
    for path in lint.files(root, ('src', 'tools'), '.c', '.h'):
        room = room_of(path)
        if room is None:
            yield lint.finding(path, 1, 'no room of this name is known',
                               'move the file, or add the room to tests/lint/layering.py')
            continue
        for line, name in includes(root, path):
            target = resolve(root, name)
            if target is None:
                if name not in GENERATED:
                    yield lint.finding(path, line, f'"{name}" is neither in src/ nor in the tree',
                                       'include as "room/file.h", system headers in <>')
                continue
            graph.setdefault(path, set()).add(target)
            there = room_of(target)
            if there != room and not {there, name} & MAY_INCLUDE[room]:
                allowed = ', '.join(sorted(MAY_INCLUDE[room])) or 'nothing of ours'
                yield lint.finding(path, line, f'{room} may not include "{name}"',
                                   f'it may use {allowed}')
    for path in sorted(graph):
        trail = cycle_from(graph, path)
        if trail and path == min(trail):
            yield lint.finding(path, 1, 'headers include each other: '
                               + ' -> '.join(map(str, trail)), 'declare the struct instead')


if __name__ == '__main__':
    lint.main(check)
