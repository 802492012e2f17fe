/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONF_SCHEMA_SWANCTL_H
#define CONF_SCHEMA_SWANCTL_H

#include "conf/schema.h"

/* The options of swanctl.conf. */
extern const struct schema_table schema_swanctl_conn;  /* struct conf_conn */
extern const struct schema_table schema_swanctl_local; /* struct conf_auth */
extern const struct schema_table schema_swanctl_remote;
extern const struct schema_table schema_swanctl_cert;  /* struct schema_swanctl_cert_file */
extern const struct schema_table schema_swanctl_child; /* struct conf_child */
extern const struct schema_table schema_swanctl_pool;  /* struct conf_pool, attributes apart */
extern const struct schema_table schema_swanctl_authority;
extern const struct schema_table schema_swanctl_secret; /* struct conf_secret */
extern const struct schema_table schema_swanctl_key;	/* the passphrase of a private key */
extern const struct schema_table schema_swanctl_token;

/* What a cert<suffix> sub-section names. */
struct schema_swanctl_cert_file {
	char *file;
};

/* All of them, for the documentation; ends with NULL. */
extern const struct schema_table *const schema_swanctl_tables[];

#endif
