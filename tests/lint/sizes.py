#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Functions up to 60 lines, .c files up to 900, headers up to 200.

A longer function carries its reason in the comment just above it: `long: one row a payload`.
"""

import lint

FUNCTION, SOURCE, HEADER = 60, 900, 200


def has_reason(lines, start):
    """Whether the block of lines just above line `start` (from 1) has a comment with 'long:'."""
    for line in reversed(lines[max(0, start - 40):start - 1]):
        if not line.strip() or line.startswith('}'):
            return False
        if 'long:' in line:
            return True
    return False


def check(root):
    paths = lint.files(root, ('src', 'tools'), '.c', '.h')
    texts = {str(path): (root / path).read_text().splitlines() for path in paths}
    for path, lines in texts.items():
        limit = HEADER if path.endswith('.h') else SOURCE
        if len(lines) > limit:
            yield lint.finding(path, limit, f'{len(lines)} lines, the limit is {limit}',
                               'split it where the subject changes')
    for tag in lint.ctags(root, paths, 'f'):
        length = tag.get('end', tag['line']) - tag['line'] + 1
        if length > FUNCTION and not has_reason(texts[tag['path']], tag['line']):
            yield lint.finding(tag['path'], tag['line'],
                               f"{tag['name']}() has {length} lines, the limit is {FUNCTION}",
                               "split it, or give the reason just above: /* long: ... */")


if __name__ == '__main__':
    lint.main(check)
