/* SPDX-License-Identifier: Apache-2.0 */
#include "conf/conn.h"

#include <string.h>

#include "conf/schema_swanctl.h"

bool conf_child_equal(const struct conf_child *a, const struct conf_child *b)
{
	return strcmp(a->name, b->name) == 0 && schema_equal(&schema_swanctl_child, a, b);
}
