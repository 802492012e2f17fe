# SPDX-License-Identifier: Apache-2.0
"""swanctl.conf and strongswan.conf from nested dictionaries; the configurations of the tests."""
import copy
import re


def render(tree, depth=0):
    """Write a nested dictionary in the syntax of strongswan.conf; None leaves its key out."""
    out, pad = [], "   " * depth
    for key, value in tree.items():
        if isinstance(value, dict):
            out.append(f"{pad}{key} {{\n{render(value, depth + 1)}{pad}}}\n")
        elif value is not None:
            out.append(f"{pad}{key} = {_quoted(value)}\n")
    return "".join(out)


def _quoted(value):
    text = ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return text if re.fullmatch(r"[\w.,:/%@*+ -]+", text) else f'"{text}"'


def merge(base, *overs):
    """A deep copy of base with each of overs laid on top; None removes a key."""
    result = copy.deepcopy(base)
    for over in overs:
        for key, value in over.items():
            if isinstance(value, dict) and isinstance(result.get(key), dict):
                result[key] = merge(result[key], value)
            elif value is None:
                result.pop(key, None)
            else:
                result[key] = copy.deepcopy(value)
    return result


IKE = "aes256-sha256-x25519"
ESP = "aes256-sha256"
CAROL = "carol@strongswan.org"
MOON = "moon.strongswan.org"

# The daemon's settings of most tests: the seed's, with short retransmission timers.
SETTINGS = {
    "charon": {
        "filelog": {"stderr": {"default": 1}},
        "send_vendor_id": True,
        "fragment_size": 1480,
        "max_packet": 30000,
        "retransmit_tries": 3,
        "retransmit_timeout": 1.0,
        "retransmit_base": 1.3,
    },
}


def home(moon_addr="192.168.0.2", **over):
    """carol's connection `home` as in the seed, with classical proposals and certificates."""
    conn = {
        "remote_addrs": moon_addr,
        "vips": "0.0.0.0",
        "local": {"auth": "pubkey", "certs": "carolCert.pem", "id": CAROL},
        "remote": {"auth": "pubkey", "id": MOON},
        "children": {
            "net": {"remote_ts": "10.1.0.0/16", "esp_proposals": ESP, "rekey_time": "20m"},
            "host": {"esp_proposals": ESP + "-modp3072", "rekey_time": "20m"},
        },
        "version": 2,
        "proposals": IKE,
        "rekey_time": "30m",
    }
    return {"connections": {"home": merge(conn, over)}}


def rw(pool="10.3.0.0/24", **over):
    """moon's connection `rw` and its pool as in the seed, with classical proposals."""
    conn = {
        "pools": "rw_pool",
        "local": {"auth": "pubkey", "certs": "moonCert.pem", "id": MOON},
        "remote": {"auth": "pubkey", "cacerts": "caCert.pem"},
        "children": {
            "net": {"local_ts": "10.1.0.0/24", "esp_proposals": ESP},
            "host": {"esp_proposals": ESP + "-modp3072"},
        },
        "version": 2,
        "proposals": IKE + "-modp3072",
    }
    return {"connections": {"rw": merge(conn, over)}, "pools": {"rw_pool": {"addrs": pool}}}


PSK = "psk with spaces, and 32+ characters in all"


def psk_home(moon_addr="192.168.0.2", secret=PSK, **over):
    """home() with a pre-shared key instead of certificates."""
    tree = home(moon_addr, local={"auth": "psk", "certs": None}, remote={"auth": "psk"})
    tree["connections"]["home"] = merge(tree["connections"]["home"], over)
    return merge(tree, {"secrets": {"ike-moon": {"id": MOON, "secret": secret}}})


def psk_rw(secret=PSK, pool="10.3.0.0/24", **over):
    """rw() with a pre-shared key instead of certificates."""
    tree = rw(pool, local={"auth": "psk", "certs": None}, remote={"auth": "psk", "cacerts": None})
    tree["connections"]["rw"] = merge(tree["connections"]["rw"], over)
    return merge(tree, {"secrets": {"ike-carol": {"id": CAROL, "secret": secret}}})
