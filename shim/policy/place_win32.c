/* SPDX-License-Identifier: Apache-2.0
 * place: paths of settings; Windows. */
#include "policy/place.h"

#include <string.h>
#include <unistd.h>

#include "policy/conf.h"
#include "win32/posix/owner.h"

bool
place_is_absolute(const char *path)
{
	return *path == '/' || *path == '\\' ||
	    (*path != '\0' && path[1] == ':');
}

static const char *
slashes(char *path)
{
	char *c;

	for (c = path; c != NULL && *c != '\0'; c++)
		if (*c == '\\')
			*c = '/';
	return path;
}

const char *
place_absolute(struct pool *pool, const char *path)
{
	char here[4096];

	if (place_is_absolute(path) || getcwd(here, sizeof here) == NULL)
		return slashes(pool_dup(pool, path));
	return slashes(pool_printf(pool, "%s/%s", here, path));
}

/* Services have no profile that anybody looks into. */
const char *
place_default_dir(struct pool *pool)
{
	const char *base = conf_env(owner_is_service() ? "ProgramData" :
	    "APPDATA");

	if (base == NULL)
		return NULL;
	return slashes(pool_printf(pool, "%s/dicomtls", base));
}
