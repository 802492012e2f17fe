#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prototypes in headers: at most five parameters, no two booleans side by side.

What belongs to a printf format (`...` or a va_list) is not counted.
"""

import re
import lint

MOST = 5
_UNCOUNTED = re.compile(r'\.\.\.|va_list\b.*')
_BOOL = re.compile(r'\bbool\b(?!\s*\*)')


def split(signature):
    """'(int a, int (*f)(int, int))' -> ['int a', 'int (*f)(int, int)']"""
    parts, depth, start = [], 0, 1
    for at, char in enumerate(signature):
        depth += {'(': 1, ')': -1}.get(char, 0)
        if (char == ',' and depth == 1) or depth == 0:
            parts.append(signature[start:at].strip())
            start = at + 1
    return [part for part in parts if part not in ('', 'void')
            and not _UNCOUNTED.fullmatch(part)]


def check(root):
    for tag in lint.ctags(root, lint.files(root, ('src',), '.h'), 'pf'):
        params = split(tag.get('signature', '()'))
        if len(params) > MOST:
            yield lint.finding(tag['path'], tag['line'],
                               f"{tag['name']}() has {len(params)} parameters, at most {MOST}",
                               'pass a const struct of them')
        flags = [bool(_BOOL.search(param)) for param in params]
        if any(a and b for a, b in zip(flags, flags[1:])):
            yield lint.finding(tag['path'], tag['line'],
                               f"{tag['name']}() takes two booleans side by side",
                               'pass a flags word or a struct: a call must read without its header')


if __name__ == '__main__':
    lint.main(check)
