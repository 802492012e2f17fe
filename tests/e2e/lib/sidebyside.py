# SPDX-License-Identifier: Apache-2.0
"""docs/seed-walkthrough.md: what the document of the seed shows beside what our daemon shows."""
import difflib
import re
from dataclasses import dataclass

from .host import ROOT

DOCUMENT = ROOT / "../shared/seeds/pq-strongswan.txt"
PAGE = ROOT / "docs/seed-walkthrough.md"
_LOG = re.compile(r"^\d+(\[[A-Z]{3}\] .*)$", re.M)
# moon's list of addresses and carol's answer.
_MOBIKE = re.compile(r"^.*\[NET\] received packet.*\n.*parsed INFORMATIONAL request .*COOKIE2.*\n"
                     r"(?:.*\n)*?.*generating INFORMATIONAL response.*\n.*sending packet.*\n", re.M)


@dataclass(frozen=True)
class Part:
    """A section of the page: between two texts of the document, against a step of the walk."""
    title: str
    command: str
    begin: str
    end: str
    step: str
    is_log: bool = False


PARTS = (
    Part("Start-up of moon", "moon# cygnetd &", "moon# ./charon &", "The connection definition",
         "moon start", True),
    Part("Connections of moon", "moon# swanctl --list-conns", "moon# swanctl --list-conns",
         "and the loaded X.509", "moon list-conns"),
    Part("Certificates of moon", "moon# swanctl --list-certs", "moon# swanctl --list-certs",
         'On VPN Client "carol"', "moon list-certs"),
    Part("Start-up of carol", "carol# cygnetd &", "carol# ./charon &", "We also list",
         "carol start", True),
    Part("Connections of carol", "carol# swanctl --list-conns", "carol# swanctl --list-conns",
         "and the loaded X.509", "carol list-conns"),
    Part("Certificates of carol", "carol# swanctl --list-certs", "carol# swanctl --list-certs",
         "We can also list", "carol list-certs"),
    Part("Algorithms, of which the document shows the key exchange methods",
         "carol# swanctl --list-algs", "carol# swanctl --list-algs", "Establish the IKE SA",
         "carol list-algs"),
    Part("The IKE_SA and its first CHILD_SA, `net`", "carol# swanctl --initiate --child net",
         "carol# swanctl --initiate --child net", "Establish a second", "net", True),
    Part("A second CHILD_SA, `host`", "carol# swanctl --initiate --child host",
         "carol# swanctl --initiate --child host", "Use the IPsec Tunnels", "host", True),
    Part("A ping to the network behind moon", "carol# ping -c 2 10.1.0.2",
         "carol# ping -c 2 10.1.0.2", "and then the gateway", "ping net"),
    Part("A ping to moon itself", "carol# ping -c 1 192.168.0.2", "carol# ping -c 1 192.168.0.2",
         "carol# swanctl", "ping host"),
    Part("The state", "carol# swanctl --list-sas", "--list-sas", "Rekeying of first", "list-sas"),
    Part("Rekeying of `net`", "carol# swanctl --rekey --child net", "", "Rekeying of second",
         "rekey net", True),
    Part("Rekeying of `host`", "carol# swanctl --rekey --child host", "", "Rekeying of IKE SA",
         "rekey host", True),
    Part("Rekeying of the IKE_SA", "carol# swanctl --rekey --ike home", "", "SA Status after",
         "rekey ike", True),
    Part("The state after it", "carol# swanctl --list-sas", "carol# swanctl --list-sas", "Author:",
         "list-sas after"),
)

# What may differ, and why: a line that none of these explains is an error.
REASONS = (
    (r"[-+]\[DMN\] Starting IKE charon daemon", "Another program on another kernel."),
    (r"[-+]\[LIB\] (providers loaded|loaded plugins)",
     "strongSwan's plugins are loadable; what stands for them here is built in, and its "
     "post-quantum algorithms are an OpenSSL provider (`cygnetpq`)."),
    (r"\+\[KNL\] using the user-space datapath",
     "Where the kernel has no ESP, packets are encrypted in user space, and the log says so."),
    (r"\+List of X\.509 End Entity", "The document leaves out the heading of carol's first list."),
    (r"-  \w+\[(frodo|oqs)\]|\+  \w+\[cygnetpq\]",
     "The brackets name who implements it: strongSwan's plugins `frodo` and `oqs`, or our "
     "provider, which has ML-KEM too: what became of Kyber."),
    (r"-  MODP_CUSTOM", "A method of strongSwan's own tests, which no peer can negotiate."),
    (r"-\[KNL\] creating rekey job",
     "The document waits for the timer, `--rekey` does not. The walkthrough's test has short "
     "timers too, and then this line is there."),
    (r"\+\[IKE\] remote host is behind NAT",
     "ESP in user space travels in UDP, for which a NAT is feigned."),
    (r"\+\[IKE\] got additional MOBIKE peer address",
     "What N(ADD_4_ADDR) in moon's answer says, in both; ours is logged."),
    (r"[-+]  (net|host): #\d, reqid \d, INSTALLED, TUNNEL",
     "`TUNNEL-in-UDP`: ESP in user space travels in UDP."),
    (r"\+\[NET\] received packet: .* \(1444 bytes\)",
     "The document has lost the line above the first fragment."),
)
ORDER = "A line that both have, one of them earlier: two things that one message brings about."
HEAD = """\
# The post-quantum walkthrough of the seed, beside ours

The document is *pq-strongswan* by Andreas Steffen (strongSwan 6.0beta, CC BY 4.0). Its two hosts,
configuration files and certificates are given to `cygnetd` and `swanctl` of this project, and its
commands are typed. A line that begins with a space is shown by both, one with `-` by the document
only, one with `+` by ours only. Of these, each has its reason below its section; the comparison
fails when one has none.

Before comparing, the numbers of threads are left out, and these are taken for equal: SPIs, times
and remaining days. What both show is printed as ours. Two kinds of lines come in any order and are
put into one: fragments, which overtook each other on their way to the document's carol, and what
start scripts print while the daemon logs what it was told. Left out are empty lines, ping's
statistics, all but the key exchange methods of `--list-algs`, and that moon may tell of her
addresses once more when a route has changed (MOBIKE).

Written by `scripts/seed-walkthrough` from a run; `tests/e2e/test_pq_walkthrough.py` checks it.
"""


def normal(line):
    """A line without what is random or depends on the moment."""
    line = re.sub(r"\b[0-9a-f]{16}(_[ir])", r"SPI\1", line)
    line = re.sub(r"\b[0-9a-f]{8}(_[io]|$|, )", r"SPI\1", line)
    line = re.sub(r" *\b\d+s\b", " Ns", line)
    line = re.sub(r"in \d+ days", "in N days", line)
    return re.sub(r"time=\d+(\.\d+)? ms", "time=N ms", line).rstrip()


def in_order(found):
    """Lines of a log, with received fragments in the order of their numbers."""
    out, at = [], 0
    while at < len(found):
        run = []
        while at + 3 <= len(found) and found[at + 2].startswith("[ENC] received fragment #"):
            run.append(found[at:at + 3])
            at += 3
        if not run:
            out.append(found[at])
            at += 1
            continue
        tails = [trio[2].split(",", 1)[1] for trio in run]
        run.sort(key=lambda trio: int(re.search("#([0-9]+)", trio[2])[1]))
        for trio, tail in zip(run, tails):
            out += [*trio[:2], trio[2].split(",")[0] + "," + tail]
    return out


def like(theirs, ours):
    """Ours, with the lines of theirs in the order in which they have them."""
    places = {normal(line): at for at, line in enumerate(theirs)}
    keys, last = [], -1
    for line in ours:
        last = places.get(normal(line), last)
        keys.append(last)
    return [line for _, line in sorted(zip(keys, ours), key=lambda pair: pair[0])]


def _shown(part, text):
    """The lines of a log or of a command's output that are compared."""
    if part.is_log:
        return in_order(_LOG.findall(_MOBIKE.sub("", text)))
    if part.step.endswith("list-algs"):
        text = re.search(r"^ke:\n(  .*\n)+", text, re.M)[0]
    if part.step.startswith("ping"):
        text = text.partition("\n\n")[0]
    return [line for line in text.splitlines() if line.strip()]


def _of_the_document():
    """The lines that the document has for each part."""
    text = DOCUMENT.read_text()
    at = text.index("Start up the IKEv2 Daemons\n\nOn VPN")
    for part in PARTS:
        begin = text.index(part.begin, at)
        at = text.index(part.end, begin)
        shown = text[begin:at]
        yield part, _shown(part, shown.partition("\n")[2])


def compare(theirs, ours):
    """Lines with ' ', '-' or '+' before them."""
    matcher = difflib.SequenceMatcher(None, [*map(normal, theirs)], [*map(normal, ours)],
                                      autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from (" " + line for line in ours[j1:j2])
        else:
            yield from ("-" + line for line in theirs[i1:i2])
            yield from ("+" + line for line in ours[j1:j2])


def reasons(lines):
    """Why these lines differ; AssertionError for one that has no reason."""
    found = []
    removed = {normal(line[1:]) for line in lines if line[0] == "-"}
    added = {normal(line[1:]) for line in lines if line[0] == "+"}
    for line in lines:
        if line[0] == " ":
            continue
        if normal(line[1:]) in removed & added:
            reason = ORDER
        else:
            reason = next((why for pattern, why in REASONS if re.match(pattern, line)), None)
        assert reason, f"the document and our transcript differ, and no reason is known: {line}"
        if reason not in found:
            found.append(reason)
    return found


def page(steps):
    """The page; steps are texts by name, as Walk makes them."""
    out = [HEAD]
    for part, theirs in _of_the_document():
        ours = _shown(part, steps[part.step])
        if part.step.endswith("start"):
            ours = [re.sub(r"(Linux [\d.]+)[^,]*", r"\1", line) for line in like(theirs, ours)]
        lines = [*compare(theirs, ours)]
        out.append(f"\n## {part.title}\n\n```diff\n {part.command}\n")
        out += [line.rstrip() + "\n" for line in lines]
        out.append("```\n")
        why = reasons(lines)
        out += ["\nDifferences:\n\n", *(f"- {reason}\n" for reason in why)] if why else \
            ["\nNo difference.\n"]
    return "".join(out)


def stable(text):
    """A page without what differs from run to run, or from machine to machine."""
    text = re.sub(r"\(cygnet .*\)", "(cygnet)", text)
    text = re.sub(r"(user-space datapath): .*", r"\1", text)
    return [normal(line) for line in text.splitlines()]
