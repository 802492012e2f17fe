#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The licence line, 100 columns, clean line ends, and no notes to self.

clang-format leaves comments and Python alone, so the columns are counted here.
"""

import re
import lint

C_LICENCE = '/* SPDX-License-Identifier: Apache-2.0 */'
SCRIPT_LICENCE = '# SPDX-License-Identifier: Apache-2.0'
COLUMNS = 100
_NOTE = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')


def check_licence(path, lines):
    if path.suffix in ('.c', '.h'):
        if lines[:1] != [C_LICENCE]:
            yield lint.finding(path, 1, 'the licence line is missing', f'begin with {C_LICENCE}')
    elif SCRIPT_LICENCE not in lines[:2]:
        yield lint.finding(path, 1, 'the licence line is missing',
                           f'add {SCRIPT_LICENCE} (below #! if there is one)')


def check(root):
    paths = lint.files(root, lint.C_DIRS, '.c', '.h', '.py') + lint.files(root, ('scripts',), '')
    for path in paths:
        text = (root / path).read_text()
        lines = text.split('\n')
        if text:
            yield from check_licence(path, lines)
        if text and not text.endswith('\n'):
            yield lint.finding(path, len(lines), 'no newline at the end', 'add one')
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                yield lint.finding(path, number, 'white space at the end of the line', 'remove it')
            width = len(line.expandtabs(8))
            if width > COLUMNS:
                yield lint.finding(path, number, f'{width} columns, the limit is {COLUMNS}',
                                   'break or shorten it')
            if path.parts[0] in ('src', 'tools') and _NOTE.search(line):
                yield lint.finding(path, number, f"'{_NOTE.search(line).group()}'",
                                   'do it now, or open an issue')


if __name__ == '__main__':
    lint.main(check)
