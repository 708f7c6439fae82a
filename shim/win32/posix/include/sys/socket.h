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

/*
 * Tools use sockets as POSIX's descriptors (DICOMTLS_POSIX_SOCKETS): an int
 * that close(2) takes too, errors in errno, times in a struct timeval.
 */
#ifdef DICOMTLS_POSIX_SOCKETS
#define SOCK_CLOEXEC 0x10000000
#define SOCK_NONBLOCK 0x20000000

int posix_socket(int family, int type, int protocol);
int posix_connect(int fd, const struct sockaddr *addr, int len);
int posix_setsockopt(int fd, int level, int name, const void *value,
    int len);
int posix_close(int fd);

#define socket posix_socket
#define connect posix_connect
#define setsockopt posix_setsockopt
#define close posix_close
#endif

#define SHUT_RD SD_RECEIVE
#define SHUT_WR SD_SEND
#define SHUT_RDWR SD_BOTH

#endif
