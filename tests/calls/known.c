/* SPDX-License-Identifier: Apache-2.0
 * known: the differences that TLS makes unavoidable.  Each is a row of
 * dicomtls(7). */
#include <stddef.h>

#include "calls.h"

const struct known known_differences[] = {
	{ NULL, NULL, NULL, NULL }
};
