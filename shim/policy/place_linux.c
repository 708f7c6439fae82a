/* SPDX-License-Identifier: Apache-2.0
 * place: paths of settings; Linux. */
#include "policy/place.h"

#include <unistd.h>

#include "policy/conf.h"

bool
place_is_absolute(const char *path)
{
	return *path == '/';
}

const char *
place_absolute(struct pool *pool, const char *path)
{
	char here[4096];

	if (place_is_absolute(path) || getcwd(here, sizeof here) == NULL)
		return path;
	return pool_printf(pool, "%s/%s", here, path);
}

const char *
place_default_dir(struct pool *pool)
{
	const char *s;

	if (geteuid() == 0)
		return "/etc/dicomtls";
	s = conf_env("XDG_CONFIG_HOME");
	if (s != NULL && *s == '/')
		return pool_printf(pool, "%s/dicomtls", s);
	s = conf_env("HOME");
	if (s != NULL)
		return pool_printf(pool, "%s/.config/dicomtls", s);
	return NULL;
}
