#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench-pqc beside a library that has the functions of liboqs: test_bench.py PROGRAM LIBRARY."""

import re
import subprocess
import sys

OPERATIONS = {'Kyber512': ('keygen', 'encaps', 'decaps'), 'BIKE-L1': ('keygen', 'encaps', 'decaps'),
              'ML-DSA-44': ('keygen', 'sign', 'verify'),
              'Dilithium2': ('keygen', 'sign', 'verify')}
REFUSED = {'BIKE-L1': 'liboqs has another algorithm of this name',
           'ML-DSA-44': 'liboqs does not have it'}
LINE = r' +[\d.]+ us +\d+ cycles +\d+ op/s'


def run(*argv):
    return subprocess.run([sys.argv[1], '--batches=1', *argv], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, timeout=60, check=False)


def main():
    done = run(f'--liboqs={sys.argv[2]}', *OPERATIONS)
    print(done.stdout)
    assert done.returncode == 0, done.returncode
    for row, operations in OPERATIONS.items():
        assert (row not in REFUSED or
                re.search(rf'^{row} +{REFUSED[row]}$', done.stdout, re.M)), row
        for operation in operations:
            start = rf'^{row} +{operation} +'
            assert re.search(rf'{start}portable{LINE}$', done.stdout, re.M), (row, operation)
            theirs = re.search(rf'{start}liboqs{LINE}   ratio \d+\.\d\d$', done.stdout, re.M)
            assert bool(theirs) == (row not in REFUSED), (row, operation)
    assert re.search(r'^ratio to liboqs: geometric mean \d+\.\d\d, minimum \d+\.\d\d '
                     r'\((Kyber512|Dilithium2) \w+\)\n\Z', done.stdout, re.M)
    assert 'liboqs' not in run('Kyber512').stdout
    assert run('--liboqs=/nonexistent.so').returncode == 1
    assert run('--frobnicate').returncode == 2


if __name__ == '__main__':
    main()
