/* SPDX-License-Identifier: Apache-2.0
 * netdb: sockets by the name that POSIX gives their header. */
#ifndef DICOMTLS_WIN32_NETDB_H
#define DICOMTLS_WIN32_NETDB_H

#include <sys/socket.h>

#endif
