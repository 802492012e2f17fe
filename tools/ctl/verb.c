/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/ctl/verb.h"

#include <string.h>

#include "tools/ctl/ctl.h"

#define END                         \
	{                           \
		NULL, 0, NULL, NULL \
	}

static const struct ctl_option initiate_options[] = {
	{"child", 'c', "<name>", "initiate a CHILD_SA configuration"},
	{"ike", 'i', "<name>", "initiate an IKE_SA, or name of child's parent"},
	{"timeout", 't', "<s>", "timeout in seconds before detaching"},
	{"loglevel", 'l', "<level>", "verbosity of redirected log"},
	END};

static const struct ctl_option terminate_options[] = {
	{"child", 'c', "<name>", "terminate by CHILD_SA name"},
	{"ike", 'i', "<name>", "terminate by IKE_SA name"},
	{"child-id", 'C', "<id>", "terminate by CHILD_SA unique identifier"},
	{"ike-id", 'I', "<id>", "terminate by IKE_SA unique identifier"},
	{"force", 'f', NULL, "terminate without waiting for the peer, unless timeout is set"},
	{"timeout", 't', "<s>", "timeout in seconds before detaching"},
	{"loglevel", 'l', "<level>", "verbosity of redirected log"},
	END};

static const struct ctl_option rekey_options[] = {
	{"child", 'c', "<name>", "rekey by CHILD_SA name"},
	{"ike", 'i', "<name>", "rekey by IKE_SA name"},
	{"child-id", 'C', "<id>", "rekey by CHILD_SA unique identifier"},
	{"ike-id", 'I', "<id>", "rekey by IKE_SA unique identifier"},
	{"reauth", 'a', NULL, "reauthenticate instead of rekey"},
	END};

static const struct ctl_option redirect_options[] = {
	{"ike", 'i', "<name>", "redirect by IKE_SA name"},
	{"ike-id", 'I', "<id>", "redirect by IKE_SA unique identifier"},
	{"peer-ip", 'p', "<ip>", "redirect by the peer's address, subnet or range"},
	{"peer-id", 'd', "<id>", "redirect by the peer's identity"},
	{"gateway", 'g', "<ip|fqdn>", "where to send the peer"},
	END};

static const struct ctl_option install_options[] = {
	{"child", 'c', "<name>", "CHILD_SA configuration"},
	{"ike", 'i', "<name>", "name of child's parent"},
	END};

static const struct ctl_option sa_options[] = {
	{"ike", 'i', "<name>", "filter IKE_SAs by name"},
	{"ike-id", 'I', "<id>", "filter IKE_SAs by unique identifier"},
	{"child", 'c', "<name>", "filter CHILD_SAs by name"},
	{"child-id", 'C', "<id>", "filter CHILD_SAs by unique identifier"},
	{"noblock", 'n', NULL, "don't wait for IKE_SAs in use"},
	END};

static const struct ctl_option trace_options[] = {
	{"ike", 'i', "<name>", "filter IKE_SAs by name"},
	{"ike-id", 'I', "<id>", "filter IKE_SAs by unique identifier"},
	{"child", 'c', "<name>", "filter CHILD_SAs by name"},
	{"child-id", 'C', "<id>", "filter CHILD_SAs by unique identifier"},
	{"svg", 's', "<file>", "write the picture to this file, as SVG"},
	END};

static const struct ctl_option policy_options[] = {
	{"child", 'c', "<name>", "filter policies by CHILD_SA configuration"},
	{"trap", 't', NULL, "list trap policies"},
	{"drop", 'd', NULL, "list drop policies"},
	{"pass", 'p', NULL, "list bypass policies"},
	END};

static const struct ctl_option conn_options[] = {
	{"ike", 'i', "<name>", "filter connections by name"}, END};

static const struct ctl_option cert_options[] = {
	{"subject", 's', "<dn/san>", "filter by certificate subject"},
	{"type", 't', "x509|x509_ac|x509_crl|ocsp_response|pubkey", "filter by certificate type"},
	{"flag", 'f', "none|ca|aa|ocsp|any", "filter by X.509 certificate flag"},
	{"pem", 'p', NULL, "print PEM encoding of certificate"},
	{"short", 'S', NULL, "omit some certificate details"},
	{"utc", 'U', NULL, "use UTC for time fields"},
	END};

static const struct ctl_option flush_options[] = {
	{"type", 't', "x509|x509_ac|x509_crl|ocsp_response|pubkey", "filter by certificate type"},
	END};

static const struct ctl_option pool_options[] = {{"leases", 'l', NULL, "list leases of each pool"},
						 {"name", 'n', "<name>", "filter pools by name"},
						 END};

static const struct ctl_option authority_options[] = {
	{"name", 'n', "<name>", "filter by authority name"}, END};

static const struct ctl_option counter_options[] = {
	{"name", 'n', "<name>", "connection name, omit for global counters"},
	{"all", 'a', NULL, "get/reset counters for all tracked connections"},
	{"reset", 'R', NULL, "reset the counters"},
	END};

static const struct ctl_option version_options[] = {{"daemon", 'd', NULL, "query daemon version"},
						    END};

static const struct ctl_option creds_options[] = {
	{"clear", 'c', NULL, "clear previously loaded credentials"},
	{"noprompt", 'n', NULL, "do not prompt for passwords"},
	{"file", 'f', "<path>", "custom path to swanctl.conf"},
	END};

static const struct ctl_option all_options[] = {
	{"clear", 'c', NULL, "clear previously loaded credentials"},
	{"noprompt", 'n', NULL, "do not prompt for passwords"},
	{"file", 'f', "<path>", "custom path to swanctl.conf"},
	{"dry-run", 'd', NULL, "show what would change, and change nothing"},
	END};

static const struct ctl_option file_options[] = {
	{"file", 'f', "<path>", "custom path to swanctl.conf"}, END};

static const struct ctl_verb verbs[] = {
	{"counters", 'C', "counters", NULL, "list or reset IKE event counters", counter_options,
	 read_counters, false},
	{"initiate", 'i', "up", "CHILD", "initiate a connection", initiate_options, act_initiate,
	 false},
	{"terminate", 't', "down", "NAME", "terminate a connection", terminate_options,
	 act_terminate, false},
	{"rekey", 'R', NULL, NULL, "rekey an SA", rekey_options, act_plain, false},
	{"redirect", 'd', NULL, NULL, "redirect an IKE_SA", redirect_options, act_plain, false},
	{"uninstall", 'U', NULL, NULL, "uninstall a trap or shunt policy", install_options,
	 act_plain, false},
	{"install", 'p', NULL, NULL, "install a trap or shunt policy", install_options, act_plain,
	 false},
	{"list-sas", 'l', "status", NULL, "list currently active IKE_SAs", sa_options, read_sas,
	 false},
	{NULL, 0, "trace", NULL, "show the exchanges of IKE_SAs: sizes, packets and times",
	 trace_options, trace_run, false},
	{"list-pols", 'P', "policies", NULL, "list currently installed policies", policy_options,
	 read_policies, false},
	{"monitor-sa", 'm', "monitor", NULL, "monitor for IKE_SA and CHILD_SA changes", NULL,
	 read_monitor, false},
	{"list-authorities", 'B', "authorities", NULL, "list loaded authority configurations",
	 authority_options, read_authorities, false},
	{"list-conns", 'L', "conns", NULL, "list loaded configurations", conn_options, read_conns,
	 false},
	{"list-certs", 'x', "certs", NULL, "list stored certificates", cert_options, read_certs,
	 false},
	{"list-pools", 'A', "pools", NULL, "list loaded pool configurations", pool_options,
	 read_pools, false},
	{"list-algs", 'g', "algs", NULL, "show loaded algorithms", NULL, read_algorithms, false},
	{"flush-certs", 'f', NULL, NULL, "flush cached certificates", flush_options, act_plain,
	 false},
	{"load-all", 'q', "load", NULL, "load credentials, authorities, pools and connections",
	 all_options, load_all, false},
	{"load-authorities", 'b', NULL, NULL, "(re-)load authority configuration", file_options,
	 load_authorities, false},
	{"load-conns", 'c', NULL, NULL, "(re-)load connection configuration", file_options,
	 load_conns, false},
	{"load-creds", 's', NULL, NULL, "(re-)load credentials", creds_options, load_creds, false},
	{"load-pools", 'a', NULL, NULL, "(re-)load pool configuration", file_options, load_pools,
	 false},
	{"log", 'T', "log", NULL, "trace logging output", NULL, read_log, false},
	{"version", 'V', "version", NULL, "show version information", version_options, read_version,
	 true},
	{"stats", 'S', "stats", NULL, "show daemon stats information", NULL, read_stats, false},
	{"reload-settings", 'r', "reload", NULL, "reload daemon strongswan.conf", NULL, act_plain,
	 false},
};

const struct ctl_verb *verb_at(size_t index)
{
	return index < sizeof(verbs) / sizeof(verbs[0]) ? &verbs[index] : NULL;
}

const struct ctl_verb *verb_find(const char *name, bool plain)
{
	const struct ctl_verb *v;

	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		const char *candidate = plain ? v->plain : v->name;

		if (candidate && strcmp(candidate, name) == 0)
			return v;
	}
	return NULL;
}

const struct ctl_verb *verb_find_letter(char letter)
{
	const struct ctl_verb *v;

	for (size_t i = 0; (v = verb_at(i)) != NULL; i++) {
		if (v->letter == letter)
			return v;
	}
	return NULL;
}
