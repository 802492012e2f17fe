#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Computes the constants of Falcon from what they are: src/pqc/falcon/falcon_table.c.

    falcon-tables.py | clang-format --assume-filename=src/pqc/falcon/falcon_table.c > FILE
    falcon-tables.py --check FILE    says whether FILE has what would be printed

The roots are correctly rounded: computed here with 60 decimal digits, then rounded once.
"""

import contextlib
import decimal
import io
import pathlib
import struct
import sys

Q, GENERATOR = 12289, 11
decimal.getcontext().prec = 60
D = decimal.Decimal


def pi():
    """Machin: pi/4 = 4 arctan(1/5) - arctan(1/239)."""
    def arctan_inv(x):
        total, power, n = D(0), D(1) / x, 1
        while power > D(10) ** -70:
            total += power / n if n % 4 == 1 else -power / n
            power, n = power / (x * x), n + 2
        return total
    return 4 * (4 * arctan_inv(5) - arctan_inv(239))


def sin(x):
    total, term, n = D(0), x, 1
    while abs(term) > D(10) ** -70:
        total, term, n = total + term, -term * x * x / ((n + 1) * (n + 2)), n + 2
    return total


def reverse(k, bits):
    return int(f'{k:0{bits}b}'[::-1], 2)


def double(x):
    """The bits of the nearest double: Python's float() rounds correctly."""
    return struct.unpack('<Q', struct.pack('<d', float(x)))[0]


def roots():
    """exp(i pi rev10(k) / 1024) as two lists of bits; number 1 is (-0, 1) as the reference has."""
    unit = pi() / 1024
    quarter = [sin(unit * k) for k in range(513)]
    quarter[512] = D(1)
    cos = [quarter[512 - a] if a <= 512 else -quarter[a - 512] for a in range(1024)]
    sine = [quarter[a] if a <= 512 else quarter[1024 - a] for a in range(1024)]
    re = [double(cos[reverse(k, 10)]) for k in range(1024)]
    im = [double(sine[reverse(k, 10)]) for k in range(1024)]
    re[1] = double(D('-0.0'))
    return re, im


def modq_roots():
    """g^rev10(k) * 2^16 mod q, centred: g is a primitive 2048th root of 1; and of 1/g."""
    g = pow(GENERATOR, (Q - 1) // 2048, Q)
    assert pow(g, 1024, Q) == Q - 1
    centre = lambda x: x - Q if x > Q // 2 else x
    forward = [pow(g, reverse(k, 10), Q) * 65536 % Q for k in range(1024)]
    inverse = [pow(g, 2048 - reverse(k, 10), Q) * 65536 % Q for k in range(1024)]
    return [centre(x) for x in forward], [centre(x) for x in inverse]


def weights(sigma):
    """exp(-z^2 / 2 sigma^2) for z = 0, 1, ..."""
    return [(-D(z * z) / (2 * sigma * sigma)).exp() for z in range(100)]


def gauss():
    """Key generation: 2^63 P(z = 0), then 2^63 P(|z| > k) given z != 0, for width 1.17 sqrt(q/2048)."""
    w = weights(D('1.17') * (D(Q) / 2048).sqrt())
    shares = [w[0] / (w[0] + 2 * sum(w[1:]))] + [sum(w[k + 1:]) / sum(w[1:]) for k in range(1, 27)]
    return [int((share * 2 ** 63).to_integral_value()) for share in shares]


def tail():
    """The base sampler: 2^72 P(z > k) for z >= 0 of width 1.8205, each probability cut to 72 bits."""
    w = weights(D('1.8205'))
    cut = [int(x / sum(w) * 2 ** 72) for x in w]
    return [sum(cut[k + 1:]) for k in range(18)]


def emit(kind, name, values, form):
    print(f'const {kind} {name}[{len(values)}] = {{')
    for at in range(0, len(values), 8):
        print('\t' + ' '.join(form(v) + ',' for v in values[at:at + 8]))
    print('};\n')


def print_all():
    re, im = roots()
    forward, inverse = modq_roots()
    print('/* SPDX-License-Identifier: Apache-2.0 */')
    print('/* Printed by scripts/falcon-tables.py, which says what everything is. */')
    print('#include "pqc/falcon/falcon_table.h"\n')
    emit('uint64_t', 'falcon_table_re', re, lambda v: f'0x{v:016x}')
    emit('uint64_t', 'falcon_table_im', im, lambda v: f'0x{v:016x}')
    emit('int16_t', 'falcon_table_root', forward, str)
    emit('int16_t', 'falcon_table_unroot', inverse, str)
    emit('int64_t', 'falcon_table_gauss', gauss(), str)
    limbs = [[t >> shift & 0xffffff for t in tail()] + [0] * 6 for shift in (0, 24, 48)]
    emit('int32_t', 'falcon_table_tail', sum(limbs, []), str)


def main():
    if sys.argv[1:2] != ['--check']:
        print_all()
        return
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print_all()
    # The layout is clang-format's.
    if pathlib.Path(sys.argv[2]).read_text().split() != text.getvalue().split():
        raise SystemExit(f'{sys.argv[2]} is not what the definitions give')


if __name__ == '__main__':
    main()
