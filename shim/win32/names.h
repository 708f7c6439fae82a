/* SPDX-License-Identifier: Apache-2.0
 * names: the host names that the program asked for, so that rules, SNI and the
 * name check can use what the user typed. */
#ifndef DICOMTLS_NAMES_WIN32_H
#define DICOMTLS_NAMES_WIN32_H

#include "win32/hooks.h"

/* The newest name by which ADDR was found, into BUF; "" if there is none. */
void names_find(const struct sockaddr *addr, char *buf, size_t size);

#endif
