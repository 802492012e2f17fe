#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The user datapath between two network namespaces, with real devices, sockets and routes.

Usage: test_netns.py ESP_PAIR [NAME...]. Exits with 77 (skipped) without root or /dev/net/tun.
"""

import os
import re
import select
import subprocess
import sys

OUTER = {'4': ('192.0.2.1', '192.0.2.2', 24), '6': ('2001:db8::1', '2001:db8::2', 64)}
INNER = ('10.1.0.1', '10.2.0.1')
INNER6 = ('fd01::1', 'fd02::1')
NETS = ('10.1.0.0/16 fd01::/64', '10.2.0.0/16 fd02::/64')


def run(*argv, check=True):
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(argv)}: {done.stdout}{done.stderr}")
    return done


class End:
    """A namespace and the esp_pair in it."""

    def __init__(self, side):
        self.side = side
        self.ns = f'cyu-{os.getpid()}-{side}'
        self.events = []
        self.said = ''
        self.process = None
        run('ip', 'netns', 'add', self.ns)
        self.ip('link', 'set', 'lo', 'up')

    def ip(self, *argv):
        return run('ip', '-n', self.ns, *argv).stdout

    def do(self, *argv, check=True):
        return run('ip', 'netns', 'exec', self.ns, *argv, check=check)

    def start(self, program, outer, ts, *options):
        argv = [program, str(self.side), outer[self.side], outer[1 - self.side],
                ts[self.side], ts[1 - self.side], *options]
        self.process = subprocess.Popen(['ip', 'netns', 'exec', self.ns, *argv], text=True,
                                        bufsize=1, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.line() == 'ready'

    def line(self):
        while '\n' not in self.said:
            ready, _, _ = select.select([self.process.stdout], [], [], 20)
            more = os.read(self.process.stdout.fileno(), 4096).decode() if ready else ''
            assert more, f'side {self.side} says nothing'
            self.said += more
        line, _, self.said = self.said.partition('\n')
        return line

    def tell(self, command):
        """The answer to a command; events that come before it are kept."""
        self.process.stdin.write(command + '\n')
        while (line := self.line()).startswith('event '):
            self.events.append(line[6:])
        return line

    def order(self, *commands):
        for command in commands:
            assert (answer := self.tell(command)) == 'ok', f'{command}: {answer}'

    def stats(self, generation=0):
        n = [int(word) for word in re.findall(r'\d+', self.tell(f'stats {generation}'))]
        names = ('in_packets', 'in_bytes', 'out_packets', 'out_bytes', 'policy_in', 'replay',
                 'auth', 'ike')
        return dict(zip(names, n, strict=True))

    def ping(self, to, *options, count=20):
        out = self.do('ping', '-n', '-q', '-c', str(count), '-i', '0.01', '-W', '2', *options, to,
                      check=False).stdout
        return int(re.search(r'(\d+) received', out).group(1))

    def stop(self, kill=False):
        if self.process:
            if kill:
                self.process.kill()
            else:
                self.process.stdin.write('quit\n')
            code = self.process.wait(20)
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None
            assert kill or code == 0, f'side {self.side} ended with {code}'

    def traces(self):
        """What of ours may be in the system; not what comes and goes with eth0's carrier."""
        texts = (self.ip('rule'), self.ip('-6', 'rule'), self.ip('route', 'show', 'table', 'all'),
                 self.ip('-6', 'route', 'show', 'table', 'all'), self.ip('-o', 'addr'),
                 self.ip('-o', '-br', 'link'))
        return [[line.replace(' linkdown', '') for line in text.splitlines()
                 if not re.search(r'ff00::|^eth0', line)] for text in texts]


class Lab:
    def __init__(self, program):
        self.program = program
        self.ends = []

    def __enter__(self):
        self.ends = [End(0), End(1)]
        a, b = self.ends
        a.ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', b.ns)
        for end in self.ends:
            for family in OUTER.values():
                nodad = ['nodad'] if ':' in family[0] else []
                end.ip('addr', 'add', f'{family[end.side]}/{family[2]}', 'dev', 'eth0', *nodad)
            end.ip('link', 'set', 'eth0', 'up', 'addrgenmode', 'none')
            end.do('sysctl', '-qw', 'net.ipv4.conf.all.rp_filter=2')
        # The responder's hosts; the initiator gets virtual IPs.
        b.ip('addr', 'add', f'{INNER[1]}/32', 'dev', 'lo')
        b.ip('addr', 'add', f'{INNER6[1]}/128', 'dev', 'lo', 'nodad')
        return self

    def __exit__(self, *_exc):
        for end in self.ends:
            if end.process:
                end.process.kill()
                end.process.wait(20)
            run('ip', 'netns', 'del', end.ns, check=False)

    def start(self, outer='4', ts=NETS, options=()):
        for end in self.ends:
            end.start(self.program, OUTER[outer], ts, *options)
        return self.ends

    def connect(self, outer='4', ts=NETS, options=()):
        a, b = self.start(outer, ts, options)
        a.order(f'vip {INNER[0]}', f'vip {INNER6[0]}')
        for end in self.ends:
            end.order('install 0')
        return a, b


def test_ping(lab):
    for outer in OUTER:
        a, b = lab.connect(outer)
        assert a.ping(INNER[1]) == 20
        assert b.ping(INNER6[0]) == 20
        # As large as fits, larger (fragments inside), and empty.
        assert a.ping(INNER[1], '-s', '1372', '-M', 'do') == 20
        assert a.ping(INNER[1], '-s', '5000') == 20
        assert a.ping(INNER6[1], '-s', '5000') == 20
        assert a.ping(INNER[1], '-s', '0') == 20
        mine, theirs = a.stats(), b.stats()
        assert mine['out_packets'] == theirs['in_packets'] >= 120, (mine, theirs)
        assert mine['out_bytes'] == theirs['in_bytes']
        assert theirs['out_packets'] == mine['in_packets']
        assert not any(mine[drop] or theirs[drop] for drop in ('policy_in', 'replay', 'auth'))
        assert not a.events and not b.events
        assert a.tell('drops') == b.tell('drops') == 'no_policy 0 unknown_spi 0 too_big 0 other 0'
        for end in lab.ends:
            end.stop()


def test_nothing_in_the_clear(lab):
    a, b = lab.connect()
    a.do('nft', 'add table ip t; add chain ip t out { type filter hook output priority 0; };'
         f' add rule ip t out oifname eth0 ip daddr {INNER[1]} counter')
    assert a.ping(INNER[1], count=3) == 3
    a.order('remove_out 0')
    assert a.ping(INNER[1], count=3) == 0
    assert 'packets 0' in a.do('nft', 'list', 'table', 't').stdout
    assert a.tell('drops') == 'no_policy 3 unknown_spi 0 too_big 0 other 0'
    b.order('remove 0')
    a.order('install_out 0')
    assert a.ping(INNER[1], count=3) == 0
    assert b.tell('drops') == 'no_policy 0 unknown_spi 3 too_big 0 other 0'


def test_peer_in_the_tunnel(lab):
    """The remote selector is the peer's own address: outer packets must not loop."""
    ts = (f'{OUTER["4"][0]}/32', f'{OUTER["4"][1]}/32')
    a, b = lab.start(ts=ts)
    a.order('install 0')
    b.order('install 0')
    assert a.ping(OUTER['4'][1]) == 20
    assert b.ping(OUTER['4'][0]) == 20
    assert a.stats()['out_packets'] == 40
    assert b.stats()['in_packets'] == 40


def test_unplugged_source(lab):
    """An address within the selectors is a route's source, though nobody is at its cable yet."""
    b = lab.ends[1]
    b.ip('link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'far')
    b.ip('addr', 'add', '10.2.0.9/24', 'dev', 'lan')
    b.ip('link', 'set', 'lan', 'up')
    assert 'NO-CARRIER' in b.ip('link', 'show', 'lan')
    lab.connect()
    assert 'src 10.2.0.9' in b.ip('route', 'show', 'table', '220')


def test_rekey(lab):
    """As the engine does it; no packet is lost."""
    a, b = lab.connect()
    ping = subprocess.Popen(['ip', 'netns', 'exec', a.ns, 'ping', '-n', '-q', '-c', '300', '-i',
                             '0.005', '-W', '2', INNER[1]], text=True, stdout=subprocess.PIPE)
    try:
        for new in range(1, 4):
            b.order(f'install_in {new}')
            a.order(f'install {new}')
            b.order(f'install_out {new}', f'remove_out {new - 1}')
            a.order(f'remove {new - 1}')
            assert a.ping(INNER[1], count=5) == 5
            b.order(f'remove {new - 1}')
        out, _ = ping.communicate(timeout=30)
    finally:
        ping.kill()
        ping.wait(20)
    assert ' 300 received' in out, out
    assert a.stats(3)['out_packets'] > 0
    assert a.tell('stats 2') != 'ok' and 'in' not in a.tell('stats 2').split()
    assert a.ip('route', 'show', 'table', '220').split()[:1] == ['10.2.0.0/16']


def test_ike_beside_esp(lab):
    """Datagrams with the non-ESP marker reach the other socket, whatever ESP does meanwhile."""
    for outer in OUTER:
        a, b = lab.connect(outer)
        host = OUTER[outer][1]
        # Keepalives and markers from many ports, from a third program.
        script = ('import socket\n'
                  f'for i in range(50):\n'
                  f'  s = socket.socket(socket.AF_INET{"6" if outer == "6" else ""},'
                  f' socket.SOCK_DGRAM)\n'
                  f'  s.sendto(bytes(4) + b"ike", ("{host}", 4500))\n'
                  f'  s.sendto(b"\\xff", ("{host}", 4500))\n')
        a.do('/usr/bin/python3', '-c', script)
        assert a.ping(INNER[1]) == 20
        assert b.stats()['ike'] == 100
        assert b.stats()['in_packets'] == 20
        for end in lab.ends:
            end.stop()


def test_handed_over(lab):
    """The port cannot be shared: the daemon's sockets send, and hand over what is ESP."""
    for outer in OUTER:
        a, b = lab.connect(outer, options=['alone'])
        assert a.ping(INNER[1]) == 20
        assert b.ping(INNER6[0], '-s', '3000') == 20
        assert b.stats()['in_packets'] == 80
        for end in lab.ends:
            end.stop()


def test_ranges(lab):
    """A selector that is no subnet becomes several routes."""
    a, _b = lab.connect(ts=(NETS[0], '10.2.0.1-10.2.0.6 10.3.0.0-10.3.255.255 fd02::fffe-fd02::1:0'
                            ' 255.255.255.254-255.255.255.255'))
    assert [line.split()[0] for line in a.ip('route', 'show', 'table', '220').splitlines()] == [
        '10.2.0.1', '10.2.0.2/31', '10.2.0.4/31', '10.2.0.6', '10.3.0.0/16', '255.255.255.254/31']
    assert [line.split()[0] for line in a.ip('-6', 'route', 'show', 'table', '220').splitlines()
            ] == ['fd02::fffe/127', 'fd02::1:0']
    assert a.ping(INNER[1]) == 20
    a.order('remove 0')
    assert a.ip('route', 'show', 'table', '220') == ''


def test_mapping(lab):
    """The initiator's address changes as behind a NAT; the responder is told, and follows."""
    a, b = lab.connect()
    assert a.ping(INNER[1]) == 20
    a.ip('addr', 'add', '192.0.2.9/24', 'dev', 'eth0')
    a.do('nft', 'add table ip nat;'
         ' add chain ip nat out { type nat hook postrouting priority 100; };'
         ' add rule ip nat out udp sport 4500 snat to 192.0.2.9:5000')
    assert a.ping(INNER[1], '-W', '3') >= 19
    b.tell('stats 0')
    assert 'mapping 192.0.2.9[5000]' in b.events, b.events


def check_traces(lab, before):
    for end, then in zip(lab.ends, before):
        for old, new in zip(then, end.traces(), strict=True):
            assert old == new, f'before:\n{old}\nafter:\n{new}'


def test_traces(lab):
    """All that was made in the system is gone afterwards; a crash leaves only what is removed."""
    a, b = lab.ends
    before = [end.traces() for end in lab.ends]
    lab.connect()
    assert 'lookup 220' in a.ip('rule') and 'lookup 220' in a.ip('-6', 'rule')
    assert f'src {INNER[0]}' in a.ip('route', 'show', 'table', '220')
    assert 'fd02::/64' in a.ip('-6', 'route', 'show', 'table', '220')
    for end in lab.ends:
        end.stop()
    check_traces(lab, before)
    lab.connect()
    for end in lab.ends:
        end.stop(kill=True)
    assert 'lookup 220' in a.ip('rule')
    lab.connect()
    assert a.ip('rule').count('lookup 220') == 1
    assert b.ping(INNER[0]) == 20
    a.order(f'vip {INNER[0]}', f'del_vip {INNER[0]}')
    assert INNER[0] in a.ip('addr')
    a.order(f'del_vip {INNER[0]}')
    assert INNER[0] not in a.ip('addr')
    for end in lab.ends:
        end.stop()
    check_traces(lab, before)


def test_too_big(lab):
    """A narrow path: the sender learns the size from ICMP, and the rest fits."""
    a, _b = lab.connect()
    a.ip('link', 'set', 'ipsec0', 'mtu', '1500')
    out = a.do('ping', '-n', '-c', '2', '-W', '1', '-s', '1472', '-M', 'do', INNER[1],
               check=False).stdout
    found = re.search(r'mtu[ =]+(\d+)', out)
    assert found, out
    fits = int(found.group(1))
    assert 1400 < fits < 1500
    assert a.ping(INNER[1], '-s', str(fits - 28), '-M', 'do') == 20


def main():
    program = os.path.abspath(sys.argv[1])
    if os.geteuid() != 0 or not os.path.exists('/dev/net/tun'):
        return 77
    for name, test in sorted(globals().items()):
        if name.startswith('test_') and (not sys.argv[2:] or name in sys.argv[2:]):
            with Lab(program) as lab:
                test(lab)
            print(f'{name}: ok', flush=True)
    return 0


if __name__ == '__main__':
    sys.exit(main())
