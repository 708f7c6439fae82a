/* SPDX-License-Identifier: Apache-2.0
 * place: paths of settings; one source file per system. */
#ifndef DICOMTLS_PLACE_H
#define DICOMTLS_PLACE_H

#include <stdbool.h>

#include "policy/pool.h"

/* Whether PATH means the same file from every folder. */
bool place_is_absolute(const char *path);

/* PATH seen from the folder of this moment, PATH itself if that is unknown;
 * NULL without memory.  Folders are parted by "/". */
const char *place_absolute(struct pool *pool, const char *path);

/* What conf_default_dir() gives. */
const char *place_default_dir(struct pool *pool);

#endif
