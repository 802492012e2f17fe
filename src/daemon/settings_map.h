/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAEMON_SETTINGS_MAP_H
#define DAEMON_SETTINGS_MAP_H

struct ike_settings;
struct log;
struct settings;

/*
 * What strongswan.conf says about the engine. Ports are those of the file; the caller puts in those
 * of the sockets. A server of charon.dns1 and the like that is no address is logged, and left out.
 */
void settings_map_engine(const struct settings *s, struct log *log, struct ike_settings *out);
/* Directory of the key log, or NULL if it is off (charon.plugins.save-keys). */
const char *settings_map_keylog(const struct settings *s);
/* The next option that differs and needs a restart to take effect, counting from *at = 0; NULL at
 * the end. */
const char *settings_map_restart(const struct settings *a, const struct settings *b, unsigned *at);

#endif
