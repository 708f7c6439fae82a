/* SPDX-License-Identifier: Apache-2.0
 * inet: sockets by the name that POSIX gives their header. */
#ifndef DICOMTLS_WIN32_ARPA_INET_H
#define DICOMTLS_WIN32_ARPA_INET_H

#include <sys/socket.h>

#endif
