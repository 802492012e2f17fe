#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every Python file is Python: ours have no compiler to say so."""

import lint


def scripts(root):
    """*.py files, and files without a suffix whose first line names python."""
    for path in lint.files(root, ('tests', 'scripts', 'bench', 'fuzz', 'tools'), '.py', ''):
        if path.suffix == '.py' or b'python' in (root / path).read_bytes()[:64].split(b'\n')[0]:
            yield path


def check(root):
    for path in scripts(root):
        try:
            compile((root / path).read_bytes(), str(path), 'exec')
        except SyntaxError as error:
            yield lint.finding(path, error.lineno, error.msg, 'correct it')


if __name__ == '__main__':
    lint.main(check)
