/* SPDX-License-Identifier: Apache-2.0
 * address: of sockets, IPv4 and IPv6. */
#ifndef DICOMTLS_ADDRESS_H
#define DICOMTLS_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage storage;
	};
	socklen_t len;
};

/* Whether it is IPv4 or IPv6; NULL is neither.  The others want one that is. */
bool address_is_inet(const struct sockaddr *addr, socklen_t len);
int address_port(const struct sockaddr *addr);

/* "10.1.2.3:104", "[fd00::1]:104"; mapped addresses as IPv4. */
void address_format(const struct sockaddr *addr, char *buf, size_t size);

#endif
