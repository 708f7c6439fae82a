/* SPDX-License-Identifier: Apache-2.0
 * in: sockets by the name that POSIX gives their header. */
#ifndef DICOMTLS_WIN32_NETINET_IN_H
#define DICOMTLS_WIN32_NETINET_IN_H

#include <sys/socket.h>

#endif
