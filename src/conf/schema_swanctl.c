/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema_swanctl.h"

#include "conf/conn.h"
#include "wire/ike.h"

#define FIELD(s, member) \
	.offset = offsetof(struct s, member), .size = sizeof(((struct s *)0)->member)
#define CONN(member)  FIELD(conf_conn, member)
#define AUTH(member)  FIELD(conf_auth, member)
#define CHILD(member) FIELD(conf_child, member)
#define MARK(member)                                   \
	.offset = offsetof(struct conf_child, member), \
	.size = 2 * sizeof(((struct conf_child *)0)->member)
#define LATER		 .state = SCHEMA_LATER
#define LATER_AS(reason) .state = SCHEMA_LATER, .why = reason
#define REFUSED(reason)	 .state = SCHEMA_REFUSED, .why = reason, .check_only = true
#define IGNORED(reason)	 .state = SCHEMA_IGNORED, .why = reason
#define ROWS(array)	 .rows = array, .n_rows = sizeof(array) / sizeof((array)[0])

/* Masks are kept in the field after the mark's (schema_type_mark). */
#define MASK_FOLLOWS(mark)                                                           \
	_Static_assert(offsetof(struct conf_child, mark##_mask) ==                   \
			       offsetof(struct conf_child, mark) + sizeof(uint32_t), \
		       "the mask must follow the mark")
MASK_FOLLOWS(mark_in);
MASK_FOLLOWS(mark_out);
MASK_FOLLOWS(set_mark_in);
MASK_FOLLOWS(set_mark_out);

static const char ikev1[] = "IKEv1 is not implemented";
static const char pkcs11[] = "keys on PKCS#11 tokens are not implemented";
static const char mediation[] = "the mediation extension is not implemented";
static const char no_fetching[] = "certificate status is not fetched yet, put CRLs into x509crl";

static const struct schema_word version_words[] = {
	{"0", 0, NULL}, {"1", 1, ikev1}, {"2", 2, NULL}, {0}};
static const struct schema_word frag_words[] = {{"yes", CONF_FRAG_YES, NULL},
						{"accept", CONF_FRAG_ACCEPT, NULL},
						{"no", CONF_FRAG_NO, NULL},
						{"force", CONF_FRAG_FORCE, NULL},
						{"true", CONF_FRAG_YES, NULL},
						{"enabled", CONF_FRAG_YES, NULL},
						{"1", CONF_FRAG_YES, NULL},
						{"false", CONF_FRAG_NO, NULL},
						{"disabled", CONF_FRAG_NO, NULL},
						{"0", CONF_FRAG_NO, NULL},
						{0}};
static const struct schema_word pq_words[] = {{"prefer", CONF_PQ_PREFER, NULL},
					      {"require", CONF_PQ_REQUIRE, NULL},
					      {"off", CONF_PQ_OFF, NULL},
					      {0}};
static const struct schema_word childless_words[] = {{"allow", CONF_CHILDLESS_ALLOW, NULL},
						     {"prefer", CONF_CHILDLESS_PREFER, NULL},
						     {"force", CONF_CHILDLESS_FORCE, NULL},
						     {"never", CONF_CHILDLESS_NEVER, NULL},
						     {0}};
static const struct schema_word send_cert_words[] = {
	{"ifasked", CONF_CERT_IFASKED, NULL}, {"always", CONF_CERT_ALWAYS, NULL},
	{"yes", CONF_CERT_ALWAYS, NULL},      {"never", CONF_CERT_NEVER, NULL},
	{"no", CONF_CERT_NEVER, NULL},	      {0}};
static const char ocsp_in_ike[] = "OCSP inside IKE (RFC 4806) is not implemented";
static const struct schema_word ocsp_words[] = {{"reply", 0, NULL},
						{"never", 1, NULL},
						{"request", 2, ocsp_in_ike},
						{"both", 3, ocsp_in_ike},
						{0}};
static const struct schema_word unique_words[] = {{"no", CONF_UNIQUE_NO, NULL},
						  {"never", CONF_UNIQUE_NEVER, NULL},
						  {"keep", CONF_UNIQUE_KEEP, NULL},
						  {"replace", CONF_UNIQUE_REPLACE, NULL},
						  {0}};
static const struct schema_word revocation_words[] = {{"relaxed", CONF_REVOCATION_RELAXED, NULL},
						      {"ifuri", CONF_REVOCATION_IFURI, NULL},
						      {"strict", CONF_REVOCATION_STRICT, NULL},
						      {0}};
static const struct schema_word mode_words[] = {
	{"tunnel", CONF_MODE_TUNNEL, NULL},
	{"transport", CONF_MODE_TRANSPORT, NULL},
	{"pass", CONF_MODE_PASS, NULL},
	{"drop", CONF_MODE_DROP, NULL},
	{"beet", 0, "BEET mode is not implemented"},
	{"iptfs", 0, "IP-TFS is not implemented"},
	{"transport_proxy", 0, "MIPv6 proxy mode is not implemented"},
	{0}};
static const struct schema_word action_words[] = {
	{"none", CONF_ACTION_NONE, NULL},
	{"trap", CONF_ACTION_TRAP, NULL},
	{"start", CONF_ACTION_START, NULL},
	{"trap|start", CONF_ACTION_TRAP | CONF_ACTION_START, NULL},
	{"start|trap", CONF_ACTION_TRAP | CONF_ACTION_START, NULL},
	{"clear", CONF_ACTION_NONE, NULL},
	{"route", CONF_ACTION_TRAP, NULL},
	{"restart", CONF_ACTION_START, NULL},
	{0}};
static const struct schema_word dpd_words[] = {
	{"clear", CONF_ACTION_NONE, NULL},    {"trap", CONF_ACTION_TRAP, NULL},
	{"restart", CONF_ACTION_START, NULL}, {"none", CONF_ACTION_NONE, NULL},
	{"hold", CONF_ACTION_TRAP, NULL},     {"route", CONF_ACTION_TRAP, NULL},
	{"start", CONF_ACTION_START, NULL},   {0}};
static const struct schema_word hw_words[] = {{"no", 0, NULL},	 {"crypto", 1, NULL},
					      {"yes", 1, NULL},	 {"packet", 2, NULL},
					      {"auto", 3, NULL}, {0}};
static const struct schema_word label_words[] = {
	{"system", 0, NULL}, {"simple", 1, NULL}, {"selinux", 2, NULL}, {0}};
static const struct schema_word per_cpu_words[] = {
	{"no", 0, NULL}, {"yes", 1, NULL}, {"encap", 2, NULL}, {0}};
static const struct schema_word copy_dscp_words[] = {{"out", CONF_DSCP_OUT, NULL},
						     {"in", CONF_DSCP_IN, NULL},
						     {"yes", CONF_DSCP_OUT | CONF_DSCP_IN, NULL},
						     {"no", CONF_DSCP_NO, NULL},
						     {0}};

static const struct schema_row conn_rows[] = {
	{"version", &schema_type_enum, "0", .words = version_words, CONN(version),
	 .meaning = "0: any version (2 is used), 2: IKEv2"},
	{"local_addrs", &schema_type_addrs, "%any", CONN(local_addrs),
	 .meaning = "own addresses, names, subnets or ranges"},
	{"remote_addrs", &schema_type_addrs, "%any", CONN(remote_addrs),
	 .meaning = "the peer's; single addresses and names are called, one after the other"},
	{"local_port", &schema_type_number, "500", .max = 65535, CONN(local_port),
	 .meaning = "own UDP port: charon.port or charon.port_nat_t"},
	{"remote_port", &schema_type_number, "500", .max = 65535, CONN(remote_port),
	 .meaning = "the peer's UDP port; another than 500 means UDP encapsulation"},
	{"proposals", &schema_type_proposals, "default", .min = PROTO_IKE, CONN(ike),
	 .meaning = "IKE algorithms, in order of preference"},
	{"pq", &schema_type_enum, "prefer", .words = pq_words, CONN(pq),
	 .meaning = "post-quantum key exchange: prefer (as proposals say; the default ones begin "
		    "with ML-KEM), require (nothing else is offered or accepted), off"},
	{"vips", &schema_type_vips, .def = NULL, CONN(vips),
	 .meaning = "virtual addresses to ask for; 0.0.0.0 or :: for any"},
	{"aggressive", &schema_type_bool, "no", REFUSED(ikev1), .meaning = "IKEv1 aggressive mode"},
	{"pull", &schema_type_bool, "yes", REFUSED(ikev1), .meaning = "IKEv1 mode config"},
	{"dscp", &schema_type_dscp, "000000", REFUSED("marking of IKE packets is not implemented"),
	 .meaning = "DSCP of IKE packets"},
	{"encap", &schema_type_bool, "no", CONN(encap),
	 .meaning = "UDP encapsulation even without NAT"},
	{"mobike", &schema_type_bool, "yes", CONN(mobike),
	 .meaning = "RFC 4555: follow changes of addresses and NATs, own ones and the peer's"},
	{"dpd_delay", &schema_type_seconds, "0s", CONN(dpd_delay),
	 .meaning = "silence after which the peer is asked for a sign of life; 0: never"},
	{"dpd_timeout", &schema_type_seconds, "0s", CONN(dpd_timeout),
	 IGNORED("of IKEv1; IKEv2 gives up by retransmissions"), .meaning = "IKEv1 DPD timeout"},
	{"fragmentation", &schema_type_enum, "yes", .words = frag_words, CONN(fragmentation),
	 .meaning = "RFC 7383: yes, accept, no, force"},
	{"childless", &schema_type_enum, "allow", .words = childless_words, CONN(childless),
	 .meaning = "IKE_SAs without a child in IKE_AUTH (RFC 6023): allow them, prefer or force "
		    "them, never accept one"},
	{"send_certreq", &schema_type_bool, "yes", CONN(send_certreq),
	 .meaning = "send certificate requests"},
	{"send_cert", &schema_type_enum, "ifasked", .words = send_cert_words, CONN(send_cert),
	 .meaning = "send certificates: ifasked, always, never"},
	{"ocsp", &schema_type_enum, "reply", .words = ocsp_words, .check_only = true,
	 IGNORED("not implemented"), .meaning = "OCSP inside IKE (RFC 4806)"},
	{"ppk_id", &schema_type_text, CONN(ppk_id),
	 .meaning = "identity of the postquantum preshared key (RFC 8784); for a responder a "
		    "pattern of those that it takes"},
	{"ppk_required", &schema_type_bool, "no", CONN(ppk_required),
	 .meaning = "refuse peers without PPK"},
	{"keyingtries", &schema_type_number, "1", .max = UINT32_MAX, CONN(keyingtries),
	 .meaning = "rounds of retransmissions for the first connect; 0: for ever"},
	{"unique", &schema_type_enum, "no", .words = unique_words, CONN(unique),
	 .meaning = "a second connection of the same peer: no, never, keep, replace"},
	{"reauth_time", &schema_type_seconds, "0s", .derived = true, CONN(reauth_time),
	 .meaning = "authenticate anew, by another IKE_SA, after this time; 0: never"},
	{"rekey_time", &schema_type_seconds, "4h", .derived = true, CONN(rekey_time),
	 .meaning = "new keys for the IKE_SA after this time; 0: never"},
	{"over_time", &schema_type_seconds, "10%", .derived = true, CONN(over_time),
	 .meaning = "closed this long after rekey_time or reauth_time; default: 10 % of the "
		    "longer"},
	{"rand_time", &schema_type_seconds, "over_time", .derived = true, CONN(rand_time),
	 .meaning = "up to this much is taken off rekey_time and reauth_time at random"},
	{"pools", &schema_type_list, .def = NULL, CONN(pools),
	 .meaning = "pools that virtual addresses come from"},
	{"if_id_in", &schema_type_if_id, "0", CONN(if_id_in),
	 .meaning = "XFRM interface id of children that have none, inbound, or %unique; "
		    "kernel datapath only"},
	{"if_id_out", &schema_type_if_id, "0", CONN(if_id_out), .meaning = "outbound"},
	{"mediation", &schema_type_bool, "no", REFUSED(mediation), .meaning = "mediation server"},
	{"mediated_by", &schema_type_text, REFUSED(mediation), .meaning = "mediation connection"},
	{"mediation_peer", &schema_type_text, REFUSED(mediation), .meaning = "mediation identity"},
};
const struct schema_table schema_swanctl_conn = {.path = "connections.<conn>",
						 ROWS(conn_rows),
						 .sections = {"children", "local*", "remote*"}};

static const struct schema_row local_rows[] = {
	{"round", &schema_type_number, "0", .max = 1000, AUTH(round),
	 .meaning = "order of authentication rounds (RFC 4739); else their order in the file"},
	{"certs", &schema_type_blobs, .def = NULL, AUTH(certs), .meaning = "own certificates"},
	{"pubkeys", &schema_type_blobs, .def = NULL, AUTH(pubkeys), LATER,
	 .meaning = "own raw public keys"},
	{"auth", &schema_type_auth, "pubkey",
	 .meaning =
		 "pubkey, psk or any; pubkey or key types with constraints, as in rsa-3072-sha256 "
		 "or ike:pubkey-sha512; EAP is refused so far"},
	{"id", &schema_type_text, .def = NULL, AUTH(id),
	 .meaning = "own identity; default: subject of the certificate, or address"},
	{"eap_id", &schema_type_text, .def = NULL, AUTH(eap_id), LATER,
	 .meaning = "identity inside EAP; default: id"},
	{"aaa_id", &schema_type_text, .def = NULL, AUTH(aaa_id), LATER,
	 .meaning = "identity the EAP server must have; default: the peer's"},
	{"xauth_id", &schema_type_text, REFUSED(ikev1), .meaning = "IKEv1 XAuth user"},
};
const struct schema_table schema_swanctl_local = {
	.path = "connections.<conn>.local<suffix>", ROWS(local_rows), .sections = {"cert*"}};

static const struct schema_row remote_rows[] = {
	{"round", &schema_type_number, "0", .max = 1000, AUTH(round),
	 .meaning = "order of authentication rounds"},
	{"id", &schema_type_text, "%any", AUTH(id),
	 .meaning = "identity the peer must have; wildcards allowed"},
	{"eap_id", &schema_type_text, .def = NULL, AUTH(eap_id), LATER,
	 .meaning = "identity inside EAP; %any: ask for it; default: id"},
	{"groups", &schema_type_list, .def = NULL, AUTH(groups), LATER,
	 .meaning = "the peer must be in one of these groups"},
	{"cert_policy", &schema_type_list, .def = NULL, AUTH(cert_policy), LATER,
	 .meaning = "policy OIDs the peer's certificate must have"},
	{"certs", &schema_type_blobs, .def = NULL, AUTH(certs),
	 .meaning = "the only certificates the peer may have"},
	{"cacerts", &schema_type_blobs, .def = NULL, AUTH(cacerts),
	 .meaning = "the only CAs that may have issued the peer's certificate"},
	{"ca_id", &schema_type_text, .def = NULL, AUTH(ca_id),
	 .meaning = "subject of an intermediate CA that must be in the chain"},
	{"pubkeys", &schema_type_blobs, .def = NULL, AUTH(pubkeys), LATER,
	 .meaning = "the only raw public keys the peer may have"},
	{"revocation", &schema_type_enum, "relaxed", .words = revocation_words, AUTH(revocation),
	 .meaning = "relaxed, ifuri, strict: by the CRLs that are loaded (x509crl)"},
	{"auth", &schema_type_auth, "pubkey", .meaning = "as in local"},
	{"xauth_id", &schema_type_text, REFUSED(ikev1), .meaning = "IKEv1 XAuth user"},
};
const struct schema_table schema_swanctl_remote = {.path = "connections.<conn>.remote<suffix>",
						   ROWS(remote_rows),
						   .sections = {"cert*", "cacert*"}};

static const struct schema_row cert_rows[] = {
	{"file", &schema_type_text, .def = NULL, FIELD(schema_swanctl_cert_file, file),
	 .meaning = "absolute path of the certificate"},
	{"handle", &schema_type_text, REFUSED(pkcs11), .meaning = "object on a token"},
	{"slot", &schema_type_text, REFUSED(pkcs11), .meaning = "slot of the token"},
	{"module", &schema_type_text, REFUSED(pkcs11), .meaning = "PKCS#11 module"},
};
const struct schema_table schema_swanctl_cert = {
	.path = "connections.<conn>.local|remote<suffix>.cert|cacert<suffix>", ROWS(cert_rows)};

static const struct schema_row child_rows[] = {
	{"esp_proposals", &schema_type_proposals, "default", .min = PROTO_ESP, CHILD(esp),
	 .meaning = "ESP algorithms, in order of preference"},
	{"ah_proposals", &schema_type_text, REFUSED("AH is not implemented, use esp_proposals"),
	 .meaning = "AH algorithms"},
	{"sha256_96", &schema_type_bool, "no", CHILD(sha256_96),
	 .meaning = "HMAC-SHA-256 truncated to 96 bits for old peers; kernel datapath only"},
	{"local_ts", &schema_type_ts, "dynamic", CHILD(local_ts),
	 .count_offset = offsetof(struct conf_child, n_local_ts),
	 .meaning = "own traffic: net[protocol/port]; dynamic: the virtual or outer address"},
	{"remote_ts", &schema_type_ts, "dynamic", CHILD(remote_ts),
	 .count_offset = offsetof(struct conf_child, n_remote_ts), .meaning = "the peer's traffic"},
	{"rekey_time", &schema_type_seconds, "1h", .derived = true, CHILD(rekey_time),
	 .meaning = "new keys after this time; 0: never; default 1h, or life_time / 1.1"},
	{"life_time", &schema_type_seconds, "66m", .derived = true, CHILD(life_time),
	 .meaning = "closed after this time; default 110 % of rekey_time"},
	{"rand_time", &schema_type_seconds, "life_time - rekey_time", .derived = true,
	 CHILD(rand_time), .meaning = "up to this much is taken off rekey_time at random"},
	{"rekey_bytes", &schema_type_bytes, "0", .derived = true, CHILD(rekey_bytes),
	 .meaning = "new keys after this volume"},
	{"life_bytes", &schema_type_bytes, "110 % of rekey_bytes", .derived = true,
	 CHILD(life_bytes), .meaning = "closed after this volume"},
	{"rand_bytes", &schema_type_bytes, "life_bytes - rekey_bytes", .derived = true,
	 CHILD(rand_bytes), .meaning = "randomness of rekey_bytes"},
	{"rekey_packets", &schema_type_number, "0", .max = UINT64_MAX - 1, .derived = true,
	 CHILD(rekey_packets), .meaning = "new keys after this many packets"},
	{"life_packets", &schema_type_number, "110 % of rekey_packets", .max = UINT64_MAX - 1,
	 .derived = true, CHILD(life_packets), .meaning = "closed after this many packets"},
	{"rand_packets", &schema_type_number, "life_packets - rekey_packets", .max = UINT64_MAX - 1,
	 .derived = true, CHILD(rand_packets), .meaning = "randomness of rekey_packets"},
	{"updown", &schema_type_text, .def = NULL, CHILD(updown),
	 .meaning = "script to run when the child comes and goes"},
	{"hostaccess", &schema_type_bool, "no", CHILD(hostaccess),
	 .meaning = "tells the updown script to open the host itself"},
	{"mode", &schema_type_enum, "tunnel", .words = mode_words, CHILD(mode),
	 .meaning =
		 "tunnel; transport, kernel datapath only; pass, drop: what becomes of "
		 "traffic that takes no tunnel; in user space they are routes: outbound only, by "
		 "the addresses of remote_ts alone"},
	{"policies", &schema_type_bool, "yes", CHILD(policies),
	 .meaning = "install policies; no: only the SAs, kernel datapath only"},
	{"policies_fwd_out", &schema_type_bool, "no", CHILD(policies_fwd_out),
	 .meaning = "outbound forward policies; kernel datapath only"},
	{"dpd_action", &schema_type_enum, "clear", .words = dpd_words, CHILD(dpd_action),
	 .meaning = "when the peer is gone: clear, trap, restart"},
	{"ipcomp", &schema_type_bool, "no", REFUSED("IPComp is not implemented"),
	 .meaning = "compression"},
	{"inactivity", &schema_type_seconds, "0s", CHILD(inactivity),
	 .meaning = "close after this time without traffic; 0: never"},
	{"reqid", &schema_type_number, "0", .max = UINT32_MAX, CHILD(reqid),
	 .meaning = "fixed request id; 0: one is chosen"},
	{"priority", &schema_type_number, "0", .max = UINT32_MAX, CHILD(priority),
	 .meaning = "priority of policies, smaller ones go first; 0: by their width"},
	{"interface", &schema_type_text, .def = NULL, CHILD(interface),
	 .meaning = "interface the policies are limited to; kernel datapath only"},
	{"mark_in", &schema_type_mark, "0/0x00000000", MARK(mark_in),
	 .meaning =
		 "mark/mask of inbound policies, or %unique; kernel datapath only, as all marks"},
	{"mark_in_sa", &schema_type_bool, "no", CHILD(mark_in_sa),
	 .meaning = "mark_in for the inbound SA too"},
	{"mark_out", &schema_type_mark, "0/0x00000000", MARK(mark_out),
	 .meaning = "mark/mask of outbound policies and SA, or %unique"},
	{"set_mark_in", &schema_type_mark, "0/0x00000000", .max = true, MARK(set_mark_in),
	 .meaning = "mark/mask put on packets after decryption; %same: the value of mark_in"},
	{"set_mark_out", &schema_type_mark, "0/0x00000000", .max = true, MARK(set_mark_out),
	 .meaning = "mark/mask put on packets after encryption; %same: the value of mark_out"},
	{"if_id_in", &schema_type_if_id, "0", CHILD(if_id_in),
	 .meaning = "XFRM interface id, inbound, or %unique; 0: the connection's; kernel "
		    "datapath only"},
	{"if_id_out", &schema_type_if_id, "0", CHILD(if_id_out), .meaning = "outbound"},
	{"label", &schema_type_text, REFUSED("security labels are not implemented"),
	 .meaning = "security label (RFC 9478)"},
	{"label_mode", &schema_type_enum, "system", .words = label_words,
	 REFUSED("security labels are not implemented"), .meaning = "use of the label"},
	{"tfc_padding", &schema_type_tfc, "0", CHILD(tfc),
	 .meaning = "pad packets to so many bytes, or to the mtu; kernel datapath only"},
	{"replay_window", &schema_type_number, "32", .max = 4096, CHILD(replay_window),
	 .meaning = "packets, 4096 at most; 0: no replay protection"},
	{"hw_offload", &schema_type_enum, "no", .words = hw_words,
	 REFUSED("hardware offload is not implemented"), .meaning = "no, crypto, packet, auto"},
	{"per_cpu_sas", &schema_type_enum, "no", .words = per_cpu_words,
	 REFUSED("SAs per CPU (RFC 9611) are not implemented"), .meaning = "no, yes, encap"},
	{"copy_df", &schema_type_bool, "yes", CHILD(copy_df),
	 .meaning = "copy the DF bit to the outer header, which user space leaves without; no: "
		    "kernel datapath only"},
	{"copy_ecn", &schema_type_bool, "yes", CHILD(copy_ecn),
	 .meaning = "copy the ECN bits in both directions; no: kernel datapath only"},
	{"copy_dscp", &schema_type_enum, "out", .words = copy_dscp_words, CHILD(copy_dscp),
	 .meaning = "copy the DSCP: out, in, yes, no; all but out: kernel datapath only"},
	{"icmp", &schema_type_bool, "no", REFUSED("forwarding of ICMP errors is not implemented"),
	 .meaning = "forward matching ICMP errors"},
	{"start_action", &schema_type_enum, "none", .words = action_words, CHILD(start_action),
	 .meaning = "when loaded: none, trap (wait for a packet), start, trap|start"},
	{"close_action", &schema_type_enum, "none", .words = action_words, CHILD(close_action),
	 .meaning = "when the peer closes the child: as start_action"},
};
const struct schema_table schema_swanctl_child = {.path = "connections.<conn>.children.<child>",
						  ROWS(child_rows)};

static const struct schema_row pool_rows[] = {
	{"addrs", &schema_type_text, .def = NULL, FIELD(conf_pool, addrs),
	 .meaning = "a subnet, which may name its first address (10.3.0.10/24), or from-to"},
};
/* The attributes of a pool are no rows of this table: conf_pool.c has theirs. */
const struct schema_table schema_swanctl_pool = {.path = "pools.<name>", ROWS(pool_rows)};

static const struct schema_row authority_rows[] = {
	{"cacert", &schema_type_text, .check_only = true,
	 .meaning = "CA certificate in x509ca, which becomes a trust anchor"},
	{"file", &schema_type_text, .check_only = true, .meaning = "or its absolute path"},
	{"handle", &schema_type_text, REFUSED(pkcs11), .meaning = "object on a token"},
	{"slot", &schema_type_text, REFUSED(pkcs11), .meaning = "slot of the token"},
	{"module", &schema_type_text, REFUSED(pkcs11), .meaning = "PKCS#11 module"},
	{"crl_uris", &schema_type_list, IGNORED(no_fetching), .check_only = true,
	 .meaning = "where CRLs are"},
	{"ocsp_uris", &schema_type_list, IGNORED(no_fetching), .check_only = true,
	 .meaning = "OCSP responders"},
	{"cert_uri_base", &schema_type_text,
	 REFUSED("hash-and-URL certificates are not implemented"),
	 .meaning = "base of hash-and-URL certificates"},
};
const struct schema_table schema_swanctl_authority = {.path = "authorities.<name>",
						      ROWS(authority_rows)};

static const struct schema_row secret_rows[] = {
	{"secret", &schema_type_secret, .def = NULL, FIELD(conf_secret, secret),
	 .meaning = "text, 0xHEX or 0sBASE64; those of eap, xauth and ntlm wait for their use"},
	{"id*", &schema_type_texts, .def = NULL, FIELD(conf_secret, ids),
	 .meaning = "whose it is; none: anybody's"},
};
const struct schema_table schema_swanctl_secret = {.path = "secrets.eap|xauth|ntlm|ike|ppk<suffix>",
						   ROWS(secret_rows)};

static const struct schema_row key_rows[] = {
	{"file", &schema_type_text, .def = NULL, FIELD(conf_secret, file),
	 .meaning = "file name of the key"},
	{"secret", &schema_type_secret, .def = NULL, FIELD(conf_secret, secret),
	 .meaning = "its passphrase"},
};
const struct schema_table schema_swanctl_key = {
	.path = "secrets.private|rsa|ecdsa|pkcs8|pkcs12<suffix>", ROWS(key_rows)};

static const struct schema_row token_rows[] = {
	{"handle", &schema_type_text, REFUSED(pkcs11), .meaning = "key on the token"},
	{"slot", &schema_type_text, REFUSED(pkcs11), .meaning = "slot of the token"},
	{"module", &schema_type_text, REFUSED(pkcs11), .meaning = "PKCS#11 module"},
	{"pin", &schema_type_secret, REFUSED(pkcs11), .meaning = "PIN of the token"},
};
const struct schema_table schema_swanctl_token = {.path = "secrets.token<suffix>",
						  ROWS(token_rows)};

const struct schema_table *const schema_swanctl_tables[] = {&schema_swanctl_conn,
							    &schema_swanctl_local,
							    &schema_swanctl_remote,
							    &schema_swanctl_cert,
							    &schema_swanctl_child,
							    &schema_swanctl_pool,
							    &schema_swanctl_authority,
							    &schema_swanctl_secret,
							    &schema_swanctl_key,
							    &schema_swanctl_token,
							    NULL};
