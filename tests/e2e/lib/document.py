# SPDX-License-Identifier: Apache-2.0
"""The messages that the document of the seed shows, as carol sends and receives them."""
from .transcript import Message


def both(exchange, number, ask, answer):
    """A request that carol sent and its response; each is (payloads, size[, fragments, last])."""
    return [Message(True, exchange, "request", number, *ask),
            Message(False, exchange, "response", number, *answer)]


KE, MORE = "KE", "KE N(ADD_KE)"
# The first messages, and the second child.
CONNECT = [
    *both("IKE_SA_INIT", 0,
          ("SA KE No N(NATD_S_IP) N(NATD_D_IP) N(FRAG_SUP) N(HASH_ALG) N(REDIR_SUP) "
           "N(IKE_INT_SUP) V", 292),
          ("SA KE No N(NATD_S_IP) N(NATD_D_IP) CERTREQ N(FRAG_SUP) N(HASH_ALG) N(CHDLESS_SUP) "
           "N(IKE_INT_SUP) N(MULT_AUTH) V", 325)),
    *both("IKE_INTERMEDIATE", 1, (KE, 1264), (KE, 1168)),
    *both("IKE_INTERMEDIATE", 2, (KE, 3168, 3, 420), (KE, 3200, 3, 452)),
    *both("IKE_INTERMEDIATE", 3, (KE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("IKE_AUTH", 4,
          ("IDi CERT N(INIT_CONTACT) CERTREQ IDr AUTH CPRQ(ADDR DNS) SA TSi TSr N(MOBIKE_SUP) "
           "N(NO_ADD_ADDR) N(MULT_AUTH) N(EAP_ONLY) N(MSG_ID_SYN_SUP)", 9088, 7, 836),
          ("IDr CERT AUTH CPRP(ADDR) SA TSi TSr N(MOBIKE_SUP) N(ADD_4_ADDR)", 9008, 7, 756)),
]
HOST = [
    *both("CREATE_CHILD_SA", 5, ("SA No KE TSi TSr", 624), ("SA No KE TSi TSr N(ADD_KE)", 624)),
    *both("IKE_FOLLOWUP_KE", 6, (MORE, 15728, 12, 596), (MORE, 15840, 12, 708)),
    *both("IKE_FOLLOWUP_KE", 7, (MORE, 3168, 3, 420), (KE, 3200, 3, 452)),
]
REKEY_NET = [
    *both("CREATE_CHILD_SA", 8, ("N(REKEY_SA) SA No KE TSi TSr", 288),
          ("SA No KE TSi TSr N(ADD_KE)", 288)),
    *both("IKE_FOLLOWUP_KE", 9, (MORE, 1280), (MORE, 1184)),
    *both("IKE_FOLLOWUP_KE", 10, (MORE, 3168, 3, 420), (MORE, 3200, 3, 452)),
    *both("IKE_FOLLOWUP_KE", 11, (MORE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("INFORMATIONAL", 12, ("D", 80), ("D", 80)),
]
REKEY_HOST = [
    *both("CREATE_CHILD_SA", 13, ("N(REKEY_SA) SA No KE TSi TSr", 624),
          ("SA No KE TSi TSr N(ADD_KE)", 624)),
    *both("IKE_FOLLOWUP_KE", 14, (MORE, 15728, 12, 596), (MORE, 15840, 12, 708)),
    *both("IKE_FOLLOWUP_KE", 15, (MORE, 3168, 3, 420), (KE, 3200, 3, 452)),
    *both("INFORMATIONAL", 16, ("D", 80), ("D", 80)),
]
REKEY_IKE = [
    *both("CREATE_CHILD_SA", 17, ("SA No KE", 224), ("SA No KE N(ADD_KE)", 240)),
    *both("IKE_FOLLOWUP_KE", 18, (MORE, 1280), (MORE, 1184)),
    *both("IKE_FOLLOWUP_KE", 19, (MORE, 3168, 3, 420), (MORE, 3200, 3, 452)),
    *both("IKE_FOLLOWUP_KE", 20, (MORE, 4608, 4, 484), (KE, 9104, 7, 868)),
    *both("INFORMATIONAL", 21, ("D", 80), ("", 80)),
]

# What --list-conns prints.
MOON_CONNS = """\
rw: IKEv2, no reauthentication, rekeying every 14400s
  local:  %any
  remote: %any
  local public key authentication:
    id: moon.strongswan.org
    certs: C=CH, O=Cyber, CN=moon.strongswan.org
  remote public key authentication:
    cacerts: C=CH, O=Cyber, CN=Cyber Root CA
  net: TUNNEL, rekeying every 3600s
    local:  10.1.0.0/24
    remote: dynamic
  host: TUNNEL, rekeying every 3600s
    local:  dynamic
    remote: dynamic
"""
CAROL_CONNS = """\
home: IKEv2, no reauthentication, rekeying every 1800s
  local:  %any
  remote: 192.168.0.2
  local public key authentication:
    id: carol@strongswan.org
    certs: C=CH, O=Cyber, CN=carol@strongswan.org
  remote public key authentication:
    id: moon.strongswan.org
  net: TUNNEL, rekeying every 1200s
    local:  dynamic
    remote: 10.1.0.0/16
  host: TUNNEL, rekeying every 1200s
    local:  dynamic
    remote: dynamic
"""
