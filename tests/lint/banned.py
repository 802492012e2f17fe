#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls nobody may make, and those that some rooms may not.

An exception stands in banned.allow: path, call, how often, and the reason. The count must be
exact, so that a second use is looked at like the first.
"""

import collections
import re
import lint

EVERYWHERE = {
    'strcpy': 'use str_copy or snprintf', 'strcat': 'use wbuf or snprintf',
    'strncpy': 'use str_copy or snprintf', 'strncat': 'use wbuf or snprintf',
    'sprintf': 'use snprintf', 'vsprintf': 'use vsnprintf', 'gets': 'use getline',
    'strtok': 'use strtok_r or strsep', 'atoi': 'use str_parse_* or strtol with its checks',
    'atol': 'use strtol with its checks', 'atof': 'use strtod with its checks',
    'rand': 'use RAND_bytes', 'srand': 'use RAND_bytes', 'random': 'use RAND_bytes',
    'alloca': 'use the heap or a bounded array', 'system': 'use posix_spawn or uv_spawn',
    'popen': 'use posix_spawn or uv_spawn', 'tmpnam': 'use mkstemp', 'mktemp': 'use mkstemp',
    'signal': 'use sigaction or uv_signal',
}
# Wire bytes pass through base/buf; where secrets live a comparison must not tell its time.
BYTE_ORDER = {name: 'read and write wire bytes through rbuf and wbuf'
              for name in ('ntohs', 'ntohl', 'htons', 'htonl', 'be16toh', 'be32toh', 'be64toh',
                           'htobe16', 'htobe32', 'htobe64')}
TIMING = {'memcmp': 'use CRYPTO_memcmp, or say in banned.allow that nothing here is secret'}
IN_ROOMS = {
    'src/wire/': BYTE_ORDER,
    'src/ike/': BYTE_ORDER | TIMING,
    'src/crypto/': TIMING,
    'src/cred/': TIMING,
    'src/eap/': TIMING,
    'src/ipsec/user/': TIMING,
}
ALLOW = 'tests/lint/banned.allow'

_CALL = re.compile(r'(?<![.>])\b([a-z_][a-z0-9_]*)\s*\(')


def read_allowed(root):
    """{(path, call): [line of the entry, count]}"""
    allowed = {}
    path = root / ALLOW
    if path.is_file():
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if line and not line.startswith('#'):
                source, call, count, _reason = line.split(None, 3)
                allowed[source, call] = [number, int(count)]
    return allowed


def check(root):
    allowed = read_allowed(root)
    uses = collections.defaultdict(list)
    for path in lint.files(root, lint.C_DIRS, '.c', '.h'):
        banned = dict(EVERYWHERE)
        for room, calls in IN_ROOMS.items():
            if str(path).startswith(room):
                banned |= calls
        for number, line in enumerate(lint.code_only((root / path).read_text()).split('\n'), 1):
            for match in _CALL.finditer(line):
                if match.group(1) in banned:
                    uses[str(path), match.group(1)].append((number, banned[match.group(1)]))
    for (path, call), places in sorted(uses.items()):
        entry = allowed.pop((path, call), [0, 0])
        if len(places) > entry[1]:
            for number, todo in places:
                yield lint.finding(path, number, f'{call}() is banned here', todo)
        elif len(places) < entry[1]:
            yield lint.finding(ALLOW, entry[0], f'{path} uses {call}() {len(places)} times, '
                               f'not {entry[1]}', 'lower the count')
    for (path, call), (number, _count) in sorted(allowed.items()):
        yield lint.finding(ALLOW, number, f'{path} does not use {call}()', 'remove the line')


if __name__ == '__main__':
    lint.main(check)
