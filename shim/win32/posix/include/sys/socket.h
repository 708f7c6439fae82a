/* SPDX-License-Identifier: Apache-2.0
 * socket: sockets by the name that POSIX gives their header. */
#ifndef DICOMTLS_WIN32_SYS_SOCKET_H
#define DICOMTLS_WIN32_SYS_SOCKET_H

#include <winsock2.h>
#include <ws2tcpip.h>

/* Words that windows.h takes from everybody. */
#undef near
#undef far
#undef small
#undef interface

#include <sys/types.h>

typedef unsigned short sa_family_t;
typedef unsigned short in_port_t;

#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH

#endif
