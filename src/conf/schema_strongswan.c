/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/schema_strongswan.h"

#include <string.h>

#include "base/log.h"

#define BOOL	schema_type_bool
#define NUMBER	schema_type_number
#define REAL	schema_type_real
#define SECONDS schema_type_seconds
#define TEXT	schema_type_text
#define ENUM	schema_type_enum
#define LEVEL	schema_type_level

#define LATER		.state = SCHEMA_LATER
#define REFUSED(reason) .state = SCHEMA_REFUSED, .why = reason
#define IGNORED(reason) .state = SCHEMA_IGNORED, .why = reason

static const char ikev1[] = "IKEv1 is not implemented";
static const char no_plugins[] = "there are no plugins to load";
static const char other_plugins[] =
	"there is nothing like them here yet: attr, eap-radius, eap-tls, ha, revocation and so on";

/* strongSwan's plugins, but for those that have rows: a name not among them is a mistake. */
const char schema_strongswan_plugins[] =
	"acert addrblock aes aesni af-alg agent android-dns android-log attr attr-sql "
	"blowfish botan bypass-lan ccm certexpire chapoly cmac connmark constraints counters "
	"coupling ctr curl curve25519 des dhcp dnscert dnskey drbg duplicheck eap-aka "
	"eap-aka-3gpp eap-aka-3gpp2 eap-dynamic eap-gtc eap-identity eap-md5 eap-mschapv2 "
	"eap-peap eap-radius eap-sim eap-sim-file eap-sim-pcsc eap-simaka-pseudonym "
	"eap-simaka-reauth eap-simaka-sql eap-tls eap-tnc eap-ttls error-notify ext-auth farp "
	"files fips-prf forecast frodo gcm gcrypt gmp ha hmac imc-attestation imc-hcd imc-os "
	"imc-scanner imc-swima imc-test imv-attestation imv-hcd imv-os imv-scanner imv-swima "
	"imv-test ipseckey kdf kernel-iph kernel-pfkey kernel-pfroute kernel-wfp keychain "
	"ldap led load-tester lookip md4 md5 medcli medsrv mgf1 ml mysql newhope nonce ntru "
	"openssl openxpki oqs osx-attr p-cscf padlock pem pgp pkcs1 pkcs11 pkcs12 pkcs7 pkcs8 "
	"plain pubkey radattr random rc2 rdrand revocation selinux sha1 sha2 sha3 smp "
	"socket-dynamic socket-win soup sql sqlite sshkey stroke systime-fix test-vectors "
	"tnc-ifmap tnc-imc tnc-imv tnc-pdp tnc-tnccs tnccs-11 tnccs-20 tnccs-dynamic tpm uci "
	"unbound unity updown whitelist winhttp wolfssl x509 xauth-eap xauth-generic "
	"xauth-noauth xauth-pam xcbc";
static const char one_thread[] = "one thread owns all IKE SAs";
static const char debugging[] = "an aid of strongSwan's developers";
static const char tnc[] = "trusted network connect is not implemented";
static const char testing[] = "delays for tests are not implemented";
static const char tls[] = "there is no libtls: OpenSSL's own defaults hold";
static const char by_openssl[] = "left to OpenSSL";
static const char syslog_why[] = "there is no syslog sink: use filelog, or the journal by systemd";
static const char netlink[] = "of a plugin that is not there; charon.datapath decides";

static const struct schema_word datapath_words[] = {
	{"auto", 0, NULL}, {"user", 1, NULL}, {"xfrm", 2, NULL}, {0}};
static const struct schema_word precision_words[] = {{"ms", 0, NULL}, {"us", 1, NULL}, {0}};
static const struct schema_word rdn_words[] = {
	{"strict", 0, NULL}, {"reordered", 1, NULL}, {"relaxed", 2, NULL}, {0}};

static const struct schema_row rows[] = {
	/* Cygnet's own */
	{"charon.datapath", &ENUM, "auto", .words = datapath_words,
	 .meaning =
		 "where ESP is done: xfrm (kernel), user (TUN); auto: the kernel, if it has ESP"},
	{"charon.leases.database", &TEXT, "/var/lib/cygnet/leases.db",
	 .meaning = "file that keeps leases over restarts; empty: kept in memory only"},

	/* Sockets and messages */
	{"charon.port", &NUMBER, "500", .max = 65535, .meaning = "UDP port; 0: any"},
	{"charon.port_nat_t", &NUMBER, "4500", .max = 65535,
	 .meaning = "UDP port of encapsulated traffic; 0: any"},
	{"charon.fragment_size", &NUMBER, "1280", .max = 65535,
	 .meaning = "largest IP packet an IKE message may need before it is fragmented; 0: the "
		    "least the address family guarantees"},
	{"charon.fragment_size_v4", &NUMBER, "1280", .max = 65535,
	 .meaning = "the same for IPv4; default: fragment_size"},
	{"charon.fragment_size_v6", &NUMBER, "1280", .max = 65535,
	 .meaning = "the same for IPv6; default: fragment_size"},
	{"charon.max_packet", &NUMBER, "10000", .min = 1280, .max = 1 << 20,
	 .meaning = "largest IKE message that is put together again, in bytes"},
	{"charon.interfaces_use", &TEXT,
	 .meaning = "the only interfaces whose addresses are used, by commas"},
	{"charon.interfaces_ignore", &TEXT,
	 .meaning = "interfaces whose addresses are not used, by commas; not with interfaces_use"},
	{"charon.keep_alive", &SECONDS, "20s", .meaning = "interval of NAT keepalives; 0: none"},
	{"charon.keep_alive_dpd_margin", &SECONDS, "0s",
	 .meaning =
		 "a keepalive that is later than this, as after a sleep, becomes a DPD; 0: none"},
	{"charon.send_vendor_id", &BOOL, "no", .meaning = "send strongSwan's vendor ID"},
	{"charon.accept_private_algs", &BOOL, "no",
	 .meaning = "private algorithm numbers also for peers without that vendor ID"},
	{"charon.prefer_configured_proposals", &BOOL, "yes",
	 .meaning = "own order of proposals decides; no: the peer's"},
	{"charon.signature_authentication", &BOOL, "yes", .meaning = "RFC 7427"},
	{"charon.signature_authentication_constraints", &BOOL, "yes",
	 .meaning = "constraints on the chain in auth also bind IKE signatures"},
	{"charon.rsa_pss", &BOOL, "no", .meaning = "prefer RSA-PSS signatures"},
	{"charon.rsa_pss_trailerfield", &BOOL, "no", IGNORED(by_openssl),
	 .meaning = "encode the trailer field of RSA-PSS"},
	{"charon.rdn_matching", &ENUM, "strict", .words = rdn_words,
	 REFUSED("only strict matching of names is implemented"),
	 .meaning = "how the parts of distinguished names are compared"},
	{"charon.multiple_authentication", &BOOL, "yes",
	 .meaning = "take part in several rounds of authentication (RFC 4739)"},
	{"charon.follow_redirects", &BOOL, "yes",
	 .meaning = "announce RFC 5685, and go to another gateway when told to"},
	{"charon.force_eap_only_authentication", &BOOL, "no",
	 REFUSED("EAP-only authentication cannot be forced yet"),
	 .meaning = "EAP without a certificate, though not offered"},
	{"charon.hash_and_url", &BOOL, "no",
	 REFUSED("hash-and-URL certificates are not implemented"),
	 .meaning = "send certificates as hash and URL"},
	{"charon.initiator_only", &BOOL, "no", .meaning = "answer no IKE_SA_INIT request"},

	/* Retransmissions and lifetimes */
	{"charon.retransmit_tries", &NUMBER, "5", .max = 100,
	 .meaning = "resends before giving up"},
	{"charon.retransmit_timeout", &REAL, "4.0", .meaning = "wait before the first, seconds"},
	{"charon.retransmit_base", &REAL, "1.8", .meaning = "factor from one wait to the next"},
	{"charon.retransmit_jitter", &NUMBER, "0", .max = 20,
	 .meaning = "percentage taken off waits at random"},
	{"charon.retransmit_limit", &SECONDS, "0", .meaning = "longest wait; 0: none"},
	{"charon.retry_initiate_interval", &SECONDS, "0s",
	 .meaning = "try again when a name in remote_addrs is of no use; 0: never"},
	{"charon.half_open_timeout", &SECONDS, "30s",
	 .meaning = "time for a peer to finish connecting"},
	{"charon.delete_rekeyed", &BOOL, "no", IGNORED(ikev1),
	 .meaning = "delete rekeyed CHILD SAs of IKEv1 at once"},
	{"charon.delete_rekeyed_delay", &SECONDS, "5s",
	 .meaning = "the old inbound SA is kept this long after a rekey"},
	{"charon.make_before_break", &BOOL, "yes",
	 .meaning = "reauthenticate with the new SA before the old one goes"},
	{"charon.close_ike_on_child_failure", &BOOL, "no",
	 .meaning = "close an IKE SA of ours if its first child fails"},
	{"charon.inactivity_close_ike", &BOOL, "no",
	 .meaning = "close the IKE SA when its only child was inactive"},
	{"charon.reuse_ikesa", &BOOL, "yes", .meaning = "a new child joins an IKE SA there is"},
	{"charon.check_current_path", &BOOL, "no",
	 .meaning = "MOBIKE: after changes of addresses or routes, check with a DPD whether the "
		    "path still works"},
	{"charon.prefer_best_path", &BOOL, "no",
	 .meaning = "MOBIKE: move to the path that routing prefers, even if the one in use works"},
	{"charon.prefer_temporary_addrs", &BOOL, "no",
	 REFUSED("the kernel chooses the source address"),
	 .meaning = "prefer temporary IPv6 addresses"},

	/* Admission */
	{"charon.dos_protection", &BOOL, "yes", .meaning = "cookies and blocking, as follows"},
	{"charon.cookie_threshold", &NUMBER, "30", .max = UINT32_MAX,
	 .meaning = "half-open SAs from which on cookies are asked for"},
	{"charon.cookie_threshold_ip", &NUMBER, "3", .max = UINT32_MAX,
	 .meaning = "the same for one address"},
	{"charon.block_threshold", &NUMBER, "5", .max = UINT32_MAX,
	 .meaning = "half-open SAs of one address from which on it is ignored"},
	{"charon.init_limit_half_open", &NUMBER, "0", .max = UINT32_MAX,
	 .meaning = "half-open SAs from which on IKE_SA_INITs are dropped; 0: never"},
	{"charon.init_limit_job_load", &NUMBER, "0", .max = UINT32_MAX, IGNORED(one_thread),
	 .meaning = "queued jobs from which on IKE_SA_INITs are dropped"},
	{"charon.ikesa_limit", &NUMBER, "0", .max = UINT32_MAX,
	 .meaning = "most IKE SAs; 0: no limit"},

	/* Network */
	{"charon.install_routes", &BOOL, "yes", .meaning = "routes for tunnelled networks"},
	{"charon.install_virtual_ip", &BOOL, "yes", .meaning = "put virtual IPs on an interface"},
	{"charon.install_virtual_ip_on", &TEXT,
	 .meaning = "that interface, with the kernel's ESP; default: the loopback device"},
	{"charon.routing_table", &NUMBER, "220", .max = UINT32_MAX,
	 .meaning = "routing table of installed routes"},
	{"charon.routing_table_prio", &NUMBER, "220", .max = UINT32_MAX,
	 .meaning = "priority of the rule for that table"},
	{"charon.ignore_routing_tables", &TEXT,
	 REFUSED("routes are looked up by the kernel, in all tables"),
	 .meaning = "tables to leave out"},
	{"charon.process_route", &BOOL, "yes", IGNORED("routes are looked up by the kernel"),
	 .meaning = "react to changes of routes"},
	{"charon.ignore_acquire_ts", &BOOL, "no",
	 .meaning = "do not offer the packet that set off a trap"},
	{"charon.replay_window", &NUMBER, "32", .max = 65536,
	 REFUSED("set replay_window of the child"), .meaning = "default of replay_window"},
	{"charon.reqid_base", &NUMBER, "1", .min = 1, .max = UINT32_MAX,
	 .meaning = "first request id that is chosen"},
	{"charon.spi_min", &NUMBER, "0xc0000000", .max = UINT32_MAX, LATER, .meaning = "least SPI"},
	{"charon.spi_max", &NUMBER, "0xcfffffff", .max = UINT32_MAX, LATER,
	 .meaning = "largest SPI"},
	{"charon.spi_label", &NUMBER, "0", .max = UINT64_MAX - 1,
	 REFUSED("labels in IKE SPIs are not implemented"), .meaning = "bits put into IKE SPIs"},
	{"charon.spi_mask", &NUMBER, "0", .max = UINT64_MAX - 1,
	 REFUSED("labels in IKE SPIs are not implemented"), .meaning = "which bits"},
	{"charon.dns1", &TEXT, .meaning = "DNS server for peers with virtual IPs"},
	{"charon.dns2", &TEXT, .meaning = "a second one"},
	{"charon.nbns1", &TEXT, .meaning = "WINS server for peers with virtual IPs"},
	{"charon.nbns2", &TEXT, .meaning = "a second one"},

	/* The process */
	{"charon.start-scripts.<name>", &TEXT, .meaning = "command to run once the daemon is up"},
	{"charon.stop-scripts.<name>", &TEXT, .meaning = "command to run before it stops"},
	{"charon.threads", &NUMBER, "16", .min = 1, .max = 1024,
	 .meaning = "threads for slow work: key exchange, signatures, lookups"},
	{"charon.user", &TEXT, REFUSED("the systemd unit drops privileges instead"),
	 .meaning = "user to run as"},
	{"charon.group", &TEXT, REFUSED("the systemd unit drops privileges instead"),
	 .meaning = "group to run as"},
	{"charon.load", &TEXT, IGNORED(no_plugins), .meaning = "plugins to load"},
	{"charon.load_modular", &BOOL, "no", IGNORED(no_plugins), .meaning = "plugins by section"},
	{"charon.dlopen_use_rtld_now", &BOOL, "no", IGNORED(no_plugins),
	 .meaning = "how plugins are linked"},
	{"charon.integrity_test", &BOOL, "no", IGNORED(no_plugins),
	 .meaning = "check sums of plugins"},
	{"charon.ikesa_table_size", &NUMBER, "1", .max = UINT32_MAX,
	 IGNORED("the table grows by itself"), .meaning = "size of the table of IKE SAs"},
	{"charon.ikesa_table_segments", &NUMBER, "1", .max = UINT32_MAX, IGNORED(one_thread),
	 .meaning = "locks of that table"},
	{"charon.processor.priority_threads.<name>", &NUMBER, "0", .max = 1024, IGNORED(one_thread),
	 .meaning = "threads reserved for a priority"},
	{"charon.host_resolver.max_threads", &NUMBER, "3", .max = 1024, IGNORED(one_thread),
	 .meaning = "threads for name lookups"},
	{"charon.host_resolver.min_threads", &NUMBER, "0", .max = 1024, IGNORED(one_thread),
	 .meaning = "of them kept"},
	{"charon.flush_auth_cfg", &BOOL, "no", IGNORED("memory is freed as soon as it may be"),
	 .meaning = "free authentication data after connecting"},

	/* Logs */
	{"charon.filelog.<name>.path", &TEXT, .meaning = "file, stdout or stderr"},
	{"charon.filelog.<name>.default", &LEVEL, "1", .meaning = "level of groups not named"},
	{"charon.filelog.<name>.<group>", &LEVEL, "1", .meaning = "level of a group, as ike = 2"},
	{"charon.filelog.<name>.append", &BOOL, "yes", .meaning = "append to the file"},
	{"charon.filelog.<name>.flush_line", &BOOL, "no", .meaning = "write every line at once"},
	{"charon.filelog.<name>.ike_name", &BOOL, "no",
	 .meaning = "name and number of the connection in lines"},
	{"charon.filelog.<name>.log_level", &BOOL, "no", .meaning = "the level in lines"},
	{"charon.filelog.<name>.time_format", &TEXT, .meaning = "strftime(3) format of the time"},
	{"charon.filelog.<name>.time_precision", &ENUM, .words = precision_words,
	 .meaning = "ms or us after the time"},
	{"charon.filelog.<name>.time_add_ms", &BOOL, "no", .meaning = "as time_precision = ms"},
	{"charon.filelog.<name>.json", &BOOL, "no", REFUSED("lines are text"),
	 .meaning = "lines as JSON"},
	{"charon.syslog.identifier", &TEXT, IGNORED(syslog_why), .meaning = "name in syslog"},
	{"charon.syslog.<name>.default", &LEVEL, "1", IGNORED(syslog_why), .meaning = "level"},
	{"charon.syslog.<name>.<group>", &LEVEL, "1", IGNORED(syslog_why),
	 .meaning = "level of a group"},
	{"charon.syslog.<name>.ike_name", &BOOL, "no", IGNORED(syslog_why),
	 .meaning = "connection in lines"},
	{"charon.syslog.<name>.log_level", &BOOL, "no", IGNORED(syslog_why),
	 .meaning = "level in lines"},
	{"charon.syslog.<name>.map_level", &TEXT, "-1", IGNORED(syslog_why),
	 .meaning = "levels of syslog"},
	{"charon.journal.default", &LEVEL, "1", IGNORED(syslog_why), .meaning = "level"},
	{"charon.journal.<group>", &LEVEL, "1", IGNORED(syslog_why), .meaning = "level of a group"},

	/* Certificates */
	{"charon.cert_cache", &BOOL, "yes", IGNORED(by_openssl),
	 .meaning = "remember which certificate signed which"},
	{"charon.cache_crls", &BOOL, "no", REFUSED("fetched CRLs are not kept on disk"),
	 .meaning = "keep fetched CRLs in /etc/swanctl/x509crl"},
	{"charon.ocsp_nonce_len", &NUMBER, "32", .max = 32, IGNORED(by_openssl),
	 .meaning = "length of OCSP nonces"},
	{"charon.reject_trusted_end_entity", &BOOL, "no",
	 REFUSED("trusted end-entity certificates are accepted"),
	 .meaning = "refuse peers whose certificate is loaded here"},
	{"charon.x509.enforce_critical", &BOOL, "yes",
	 REFUSED("unknown critical extensions are "
		 "always refused"),
	 .meaning = "refuse unknown critical extensions"},

	/* Plugins that have a counterpart here */
	{"charon.plugins.vici.load", &BOOL, "yes", IGNORED(no_plugins),
	 .meaning = "load the plugin"},
	{"charon.plugins.vici.socket", &TEXT, "unix:///var/run/charon.vici",
	 .meaning = "socket of the control interface"},
	{"charon.plugins.save-keys.load", &BOOL, "no",
	 .meaning = "write keys for Wireshark; whoever reads them reads all traffic"},
	{"charon.plugins.save-keys.ike", &BOOL, "no", .meaning = "those of IKE SAs"},
	{"charon.plugins.save-keys.esp", &BOOL, "no", .meaning = "those of ESP SAs"},
	{"charon.plugins.save-keys.wireshark_keys", &TEXT,
	 .meaning = "directory of the key tables"},
	{"charon.plugins.resolve.load", &BOOL, "yes",
	 .meaning = "install DNS servers that peers assign"},
	{"charon.plugins.resolve.file", &TEXT, "/etc/resolv.conf",
	 .meaning = "the file they are written to"},
	{"charon.plugins.resolve.resolvconf.path", &TEXT,
	 .meaning = "program they are given to instead; default: /sbin/resolvconf, if it is there"},
	{"charon.plugins.kernel-libipsec.allow_peer_ts", &BOOL, "no",
	 IGNORED("they are always allowed"),
	 .meaning = "selectors that hold the peer's own address, in user space"},
	{"charon.plugins.kernel-libipsec.raw_esp", &BOOL, "no",
	 REFUSED("the user datapath sends ESP in UDP"), .meaning = "ESP without UDP"},
	{"charon.plugins.kernel-libipsec.fwmark", &TEXT,
	 REFUSED("marking of packets is not implemented"), .meaning = "mark of ESP packets"},
	{"charon.plugins.kernel-libipsec.load", &BOOL, "yes", IGNORED("charon.datapath decides"),
	 .meaning = "load the plugin"},
	{"charon.plugins.socket-default.fwmark", &TEXT,
	 REFUSED("marking of packets is not implemented"), .meaning = "mark of IKE packets"},
	{"charon.plugins.socket-default.set_source", &BOOL, "yes",
	 IGNORED("the source address is always set"), .meaning = "set the source address"},
	{"charon.plugins.socket-default.set_sourceif", &BOOL, "no",
	 REFUSED("the kernel chooses the interface"), .meaning = "set the source interface"},
	{"charon.plugins.socket-default.use_ipv4", &BOOL, "yes", .meaning = "listen on IPv4"},
	{"charon.plugins.socket-default.use_ipv6", &BOOL, "yes", .meaning = "listen on IPv6"},
	{"charon.plugins.socket-default.load", &BOOL, "yes", IGNORED(no_plugins),
	 .meaning = "load the plugin"},
	{"charon.plugins.kernel-netlink.mtu", &NUMBER, "0", .max = 65535,
	 .meaning = "MTU of the tunnel device; 0: 1400"},
	{"charon.plugins.kernel-netlink.mss", &NUMBER, "0", .max = 65535, LATER,
	 .meaning = "MSS of installed routes; 0: the kernel's"},
	{"charon.plugins.kernel-netlink.fwmark", &TEXT,
	 REFUSED("marking of packets is not implemented"), .meaning = "mark of the routing rule"},
	{"charon.plugins.kernel-netlink.**", NULL, IGNORED(netlink), .meaning = "anything else"},
	{"charon.plugins.<plugin>.**", NULL, IGNORED(other_plugins), .meaning = "other plugins"},

	/* What belongs to features we do not have */
	{"charon.max_ikev1_exchanges", &NUMBER, "3", .max = 1024, IGNORED(ikev1),
	 .meaning = "IKEv1 exchanges at a time"},
	{"charon.accept_unencrypted_mainmode_messages", &BOOL, "no", IGNORED(ikev1),
	 .meaning = "IKEv1 main mode"},
	{"charon.i_dont_care_about_security_and_use_aggressive_mode_psk", &BOOL, "no",
	 IGNORED(ikev1), .meaning = "IKEv1 aggressive mode"},
	{"charon.cisco_unity", &BOOL, "no", IGNORED(ikev1), .meaning = "IKEv1 extension"},
	{"charon.cisco_flexvpn", &BOOL, "no", REFUSED("the vendor ID is not sent"),
	 .meaning = "send the FlexVPN vendor ID"},
	{"charon.dh_exponent_ansi_x9_42", &BOOL, "yes", IGNORED(by_openssl),
	 .meaning = "length of MODP exponents"},
	{"charon.send_delay", &NUMBER, "0", .max = UINT32_MAX, REFUSED(testing),
	 .meaning = "delay of sent messages, ms"},
	{"charon.send_delay_type", &NUMBER, "0", .max = 255, IGNORED(testing),
	 .meaning = "which exchange"},
	{"charon.send_delay_request", &BOOL, "yes", IGNORED(testing), .meaning = "requests"},
	{"charon.send_delay_response", &BOOL, "yes", IGNORED(testing), .meaning = "responses"},
	{"charon.receive_delay", &NUMBER, "0", .max = UINT32_MAX, REFUSED(testing),
	 .meaning = "delay of received messages, ms"},
	{"charon.receive_delay_type", &NUMBER, "0", .max = 255, IGNORED(testing),
	 .meaning = "which exchange"},
	{"charon.receive_delay_request", &BOOL, "yes", IGNORED(testing), .meaning = "requests"},
	{"charon.receive_delay_response", &BOOL, "yes", IGNORED(testing), .meaning = "responses"},
	{"charon.crypto_test.**", NULL, IGNORED(debugging), .meaning = "tests of algorithms"},
	{"charon.leak_detective.**", NULL, IGNORED(debugging), .meaning = "search for leaks"},
	{"charon.tls.**", NULL, IGNORED(tls), .meaning = "TLS of EAP methods"},
	{"charon.tnc.**", NULL, IGNORED(tnc), .meaning = "TNC"},
	{"charon.imcv.**", NULL, IGNORED(tnc), .meaning = "TNC"},
};

const struct schema_table schema_strongswan = {
	.path = "", .rows = rows, .n_rows = sizeof(rows) / sizeof(rows[0])};

const char *const schema_strongswan_foreign[] = {
	"aikgen",	  "attest",	   "charon-cmd",    "charon-nm",     "charon-svc",
	"charon-systemd", "checksum",	   "conftest",	    "dumm",	     "imv_policy_manager",
	"libimcv",	  "libipsec",	   "libstrongswan", "libtls",	     "libtnccs",
	"manager",	  "medcli",	   "medsrv",	    "openac",	     "pki",
	"pool",		  "pt-tls-client", "scepclient",    "sec-updater",   "starter",
	"stroke",	  "sw-collector",  "swanctl",	    "tpm_extendpcr", NULL};

static bool is_plugin(const char *part, size_t len)
{
	const char *at = schema_strongswan_plugins;

	for (size_t n; (n = strcspn(at, " ")) != 0; at += n + (at[n] == ' ')) {
		if (n == len && strncmp(at, part, len) == 0)
			return true;
	}
	return false;
}

static bool part_matches(const char *pattern, size_t pattern_len, const char *part, size_t len)
{
	enum log_group group;
	char name[8];

	if (pattern_len == 6 && strncmp(pattern, "<name>", 6) == 0)
		return true;
	if (pattern_len == 8 && strncmp(pattern, "<plugin>", 8) == 0)
		return is_plugin(part, len);
	if (pattern_len != 7 || strncmp(pattern, "<group>", 7) != 0)
		return pattern_len == len && strncmp(pattern, part, len) == 0;
	if (len >= sizeof(name))
		return false;
	memcpy(name, part, len);
	name[len] = '\0';
	return log_group_parse(name, &group) == 0;
}

bool schema_strongswan_matches(const char *pattern, const char *path)
{
	for (;;) {
		size_t pattern_len = strcspn(pattern, "."), len = strcspn(path, ".");

		if (strcmp(pattern, "**") == 0)
			return true;
		if (!part_matches(pattern, pattern_len, path, len))
			return false;
		if (!pattern[pattern_len] || !path[len])
			return !pattern[pattern_len] && !path[len];
		pattern += pattern_len + 1;
		path += len + 1;
	}
}
