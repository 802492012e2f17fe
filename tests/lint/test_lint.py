# SPDX-License-Identifier: Apache-2.0
"""Each check finds what it is for, and is content with code that is right."""

import json
import pathlib
import subprocess
import pytest

HERE = pathlib.Path(__file__).parent
LICENCE = '/* SPDX-License-Identifier: Apache-2.0 */\n'


class Tree:
    """A small tree of our shape, and a check to run over it."""

    def __init__(self, root):
        self.root = root

    def write(self, path, text):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def compile(self, *sources):
        """Objects and a compile database as meson leaves them in build/release."""
        build = self.root / 'build/release'
        build.mkdir(parents=True, exist_ok=True)
        entries = []
        for number, source in enumerate(sources):
            command = ['gcc', '-fvisibility=hidden', '-c', f'../../{source}', '-o', f'{number}.o']
            subprocess.run(command, cwd=build, check=True)
            entries.append({'directory': str(build), 'file': f'../../{source}',
                            'output': f'{number}.o', 'command': ' '.join(command)})
        (build / 'compile_commands.json').write_text(json.dumps(entries))

    def findings(self, check):
        done = subprocess.run([HERE / f'{check}.py', '--root', self.root],
                              capture_output=True, text=True)
        lines = done.stdout.splitlines()
        assert done.returncode == (1 if lines else 0), done.stderr
        return lines

    def assert_one(self, check, where, words):
        lines = self.findings(check)
        assert len(lines) == 1 and lines[0].startswith(f'{where}: ') and words in lines[0], lines


@pytest.fixture
def tree(tmp_path):
    return Tree(tmp_path)


# --- layering ------------------------------------------------------------------------------------

def test_layering_refuses_upward_include(tree):
    tree.write('src/ike/sa.h', LICENCE)
    tree.write('src/wire/msg.c', LICENCE + '#include "ike/sa.h"\n')
    tree.assert_one('layering', 'src/wire/msg.c:2', 'wire may not include')


def test_layering_allows_single_header_only(tree):
    tree.write('src/crypto/alg.h', LICENCE)
    tree.write('src/crypto/aead.h', LICENCE)
    tree.write('src/conf/load.c', LICENCE + '#include "crypto/alg.h"\n#include "crypto/aead.h"\n')
    tree.assert_one('layering', 'src/conf/load.c:3', 'conf may not include')


def test_layering_tells_ipsec_user_from_its_contract(tree):
    tree.write('src/ipsec/ipsec.h', LICENCE)
    tree.write('src/ipsec/user/sad.h', LICENCE + '#include "ipsec/ipsec.h"\n')
    tree.write('src/ike/child.c', LICENCE
               + '#include "ipsec/ipsec.h"\n#include "ipsec/user/sad.h"\n')
    tree.assert_one('layering', 'src/ike/child.c:3', 'ike may not include')


def test_layering_knows_rooms_and_files(tree):
    tree.write('src/attic/old.c', LICENCE)
    tree.write('src/base/str.c', LICENCE + '#include "str.h"\n')
    tree.write('src/base/str.h', LICENCE)
    lines = tree.findings('layering')
    assert len(lines) == 2 and 'no room' in lines[0] and 'neither in src/' in lines[1]


def test_layering_refuses_cycle(tree):
    tree.write('src/base/a.h', LICENCE + '#include "base/b.h"\n')
    tree.write('src/base/b.h', LICENCE + '#include "base/c.h"\n')
    tree.write('src/base/c.h', LICENCE + '#include "base/a.h"\n')
    tree.assert_one('layering', 'src/base/a.h:1', 'a.h -> src/base/b.h -> src/base/c.h')


def test_layering_accepts_the_plan(tree):
    tree.write('src/base/buf.h', LICENCE)
    tree.write('src/wire/msg.h', LICENCE + '#include <stdint.h>\n#include "base/buf.h"\n')
    tree.write('src/ike/sa.c', LICENCE + '#include "wire/msg.h"\n#include "cygnet-config.h"\n')
    assert tree.findings('layering') == []


# --- symbols -------------------------------------------------------------------------------------

def test_symbols_refuses_foreign_prefix(tree):
    tree.write('src/base/str.c', 'int str_len(void) { return 1; }\nint helper;\n')
    tree.compile('src/base/str.c')
    tree.assert_one('symbols', 'src/base/str.c:1', "exports 'helper'")


def test_symbols_refuses_prefix_without_separator(tree):
    tree.write('src/base/str.c', 'int strange;\n')
    tree.compile('src/base/str.c')
    tree.assert_one('symbols', 'src/base/str.c:1', "exports 'strange'")


def test_symbols_refuses_second_stem(tree):
    tree.write('src/base/list.c', 'int list_a;\n')
    tree.write('src/pool/list.c', 'int list_b;\n')
    tree.compile('src/base/list.c', 'src/pool/list.c')
    tree.assert_one('symbols', 'src/pool/list.c:1', 'same stem')


def test_symbols_accepts_plural_alias_and_main(tree):
    tree.write('src/crypto/algs.c', 'int alg_find, algs_count;\nstatic int other;\n'
               'int *algs_other(void) { return &other; }\n')
    tree.write('src/base/buf.c', 'int rbuf_u8, wbuf_u8, view_eq;\n')
    tree.write('src/daemon/main.c', 'int main(void) { return 0; }\n')
    tree.write('tools/ctl/main.c', 'int main(void) { return 0; }\n')
    tree.compile('src/crypto/algs.c', 'src/base/buf.c', 'src/daemon/main.c', 'tools/ctl/main.c')
    assert tree.findings('symbols') == []


def test_symbols_of_a_facade_stay_in_its_room(tree):
    tree.write('src/wire/msg.h', 'int wire_put(void);\nextern int wire_rows[];\nint stray(void);\n')
    source = 'int wire_put(void) { return 1; }\nint wire_rows[2];\n'
    tree.write('src/wire/put.c', source + 'int stray(void) { return 1; }\n')
    tree.compile('src/wire/put.c')
    tree.assert_one('symbols', 'src/wire/put.c:1', "exports 'stray'")
    tree.write('src/ike/keys.c', source)
    tree.compile('src/ike/keys.c')
    assert len(tree.findings('symbols')) == 2


def test_symbols_without_a_build_is_no_success(tree):
    done = subprocess.run([HERE / 'symbols.py', '--root', tree.root],
                          capture_output=True, text=True)
    assert done.returncode != 0 and 'run scripts/build release' in done.stderr


# --- banned --------------------------------------------------------------------------------------

def test_banned_everywhere(tree):
    tree.write('tests/unit/t.c', 'void f(char *a) { strcpy (a, "x"); }\n')
    tree.assert_one('banned', 'tests/unit/t.c:1', 'strcpy() is banned')


def test_banned_in_rooms(tree):
    tree.write('src/crypto/prf.c', 'int f(void) {\n\treturn memcmp(a, b, 4);\n}\n')
    tree.write('src/base/str.c', 'int f(void) { return memcmp(a, b, 4) + ntohs(1); }\n')
    tree.assert_one('banned', 'src/crypto/prf.c:2', 'CRYPTO_memcmp')


def test_banned_ignores_words_that_are_no_calls(tree):
    tree.write('src/base/str.c', '/* strcpy(a, b) */ // gets(\nconst char *s = "system(\\"x\\")";\n'
               'int my_system(void), x_rand(void), rand_x;\nchar q = \'"\';\n'
               'int f(void) { return hooks->random(1) + hooks.random(2); }\n')
    assert tree.findings('banned') == []


ALLOWED = 'src/base/x.c system 1 the user asked for it\n'


@pytest.mark.parametrize('code, words', [
    ('int a = system("a"), b = system("b");\n', 'system() is banned'),
    ('int a;\n', 'does not use system()'),
])
def test_banned_counts_exceptions(tree, code, words):
    tree.write('tests/lint/banned.allow', '# comment\n' + ALLOWED)
    tree.write('src/base/x.c', 'int a = system("a");\n')
    assert tree.findings('banned') == []
    tree.write('src/base/x.c', code)
    lines = tree.findings('banned')
    assert lines and all(words in line for line in lines)


def test_banned_count_must_not_be_too_high(tree):
    tree.write('tests/lint/banned.allow', ALLOWED.replace(' 1 ', ' 2 '))
    tree.write('src/base/x.c', 'int a = system("a");\n')
    tree.assert_one('banned', 'tests/lint/banned.allow:1', 'not 2')


# --- sizes ---------------------------------------------------------------------------------------

def function(lines):
    return 'static int\nf(void)\n{\n' + '\tg();\n' * (lines - 3) + '}\n'


def test_sizes_of_functions(tree):
    tree.write('src/base/ok.c', function(60))
    tree.write('src/base/str.c', LICENCE + '\n' + function(61))
    tree.assert_one('sizes', 'src/base/str.c:4', 'f() has 61 lines')


def test_sizes_accepts_a_reason_just_above_only(tree):
    tree.write('src/base/str.c', '/* long: a row per payload */\n' + function(70))
    assert tree.findings('sizes') == []
    tree.write('src/base/str.c', '/* long: of something else */\n\n' + function(70))
    tree.assert_one('sizes', 'src/base/str.c:4', 'limit is 60')


def test_sizes_of_files(tree):
    tree.write('src/base/str.c', 'int a;\n' * 901)
    tree.write('src/base/str.h', 'int a;\n' * 201)
    tree.write('src/base/ok.h', 'int a;\n' * 200)
    assert [line.split(':')[0] for line in tree.findings('sizes')] == [
        'src/base/str.c', 'src/base/str.h']


# --- headers, hygiene, params --------------------------------------------------------------------

def test_headers_must_compile_alone(tree):
    tree.write('src/base/good.h', '#include <stddef.h>\nsize_t good(void);\n')
    tree.write('src/base/bad.h', '\nsize_t bad(void);\n')
    tree.assert_one('headers', 'src/base/bad.h:2', 'does not compile alone')


@pytest.mark.parametrize('path, text, where, words', [
    ('src/base/a.c', 'int a;\n', 1, 'licence line'),
    ('tests/e2e/a.py', '#!/usr/bin/python3\n', 1, 'licence line'),
    ('src/base/a.c', LICENCE + 'int a; \n', 2, 'white space'),
    ('src/base/a.c', LICENCE + 'int a;', 2, 'no newline'),
    ('src/base/a.c', LICENCE + '\t' + '/' * 93 + '\n', 2, '101 columns'),
    ('tools/ctl/a.c', LICENCE + '/* TO' 'DO: all */\n', 2, 'TO' 'DO'),
])
def test_hygiene(tree, path, text, where, words):
    tree.write(path, text)
    tree.assert_one('hygiene', f'{path}:{where}', words)


@pytest.mark.parametrize('prototype, words', [
    ('int f(int a, int b, int c, int d, int e, int g);', '6 parameters'),
    ('int f(int a, bool b, bool c);', 'two booleans'),
    ('int f(int a,\n\tint b, int c, int (*d)(int, int), int e,\n\tint g)\n'
     '\t__attribute__((warn_unused_result));', '6 parameters'),
])
def test_params_refused(tree, prototype, words):
    tree.write('src/base/a.h', f'#include <stdbool.h>\n{prototype}\n')
    tree.assert_one('params', 'src/base/a.h:2', words)


@pytest.mark.parametrize('prototype', [
    'int f(void);', 'int f(int a, int b, int c, int d, int e);', 'int f(bool a, int b, bool c);',
    'int f(bool a, bool *out_b);', 'void f(int a, int b, int c, int d, const char *fmt, ...);',
    'int f(int a, int (*b)(bool, int, int, int, int), int c, int d, int e);',
])
def test_params_accepted(tree, prototype):
    tree.write('src/base/a.h', f'{prototype}\n')
    assert tree.findings('params') == []


# --- tools of others -----------------------------------------------------------------------------

def test_format(tree):
    tree.write('src/base/good.c', 'int f(void)\n{\n\treturn 1;\n}\n')
    tree.write('src/base/bad.c', 'int f(void)\n{\n    return 1;\n}\n')
    # clang-format points at the white space, which begins at the end of the line before.
    tree.assert_one('format', 'src/base/bad.c:2', 'clang-format -i')


def test_cppcheck(tree):
    tree.write('src/base/good.c', 'int f(void)\n{\n\treturn 1;\n}\n')
    tree.write('src/base/bad.c', 'int f(void)\n{\n\tint a[2] = {0, 0};\n\n\treturn a[2];\n}\n')
    tree.assert_one('cppcheck', 'src/base/bad.c:5', 'arrayIndexOutOfBounds')


def test_tidy(tree):
    tree.write('src/base/good.c', 'int f(void)\n{\n\treturn 1;\n}\n')
    tree.write('src/base/bad.c', 'int g(const int *a)\n{\n\tif (!a)\n\t\treturn *a;\n'
               '\treturn 0;\n}\n')
    tree.compile('src/base/good.c', 'src/base/bad.c')
    tree.assert_one('tidy', 'src/base/bad.c:4', 'null pointer')


def test_python(tree):
    tree.write('tests/good.py', 'a = 1\n')
    tree.write('scripts/tool', '#!/usr/bin/python3\na = (1\n')
    tree.write('scripts/shell', '#!/bin/sh\n(\n')
    tree.assert_one('python', 'scripts/tool:2', 'never closed')


def test_systemd(tree):
    unit = '[Service]\nExecStart=@SBINDIR@/cygnetd -x\n'
    tree.write('packaging/systemd/cygnetd.service.in', unit)
    assert tree.findings('systemd') == []
    tree.write('packaging/systemd/cygnetd.service.in', unit + 'Typo=notify\n')
    tree.assert_one('systemd', 'packaging/systemd/cygnetd.service.in:3', 'Typo')
