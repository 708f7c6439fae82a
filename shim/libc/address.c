/* SPDX-License-Identifier: Apache-2.0
 * address: of sockets, IPv4 and IPv6. */
#include "libc/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool
address_is_inet(const struct sockaddr *addr, socklen_t len)
{
	return addr != NULL && len >= sizeof addr->sa_family &&
	    (addr->sa_family == AF_INET || addr->sa_family == AF_INET6);
}

int
address_port(const struct sockaddr *addr)
{
	return ntohs(addr->sa_family == AF_INET ?
	    ((const struct sockaddr_in *)addr)->sin_port :
	    ((const struct sockaddr_in6 *)addr)->sin6_port);
}

void
address_format(const struct sockaddr *addr, char *buf, size_t size)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	char host[INET6_ADDRSTRLEN] = "?";

	if (addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)addr)->
		    sin_addr, host, sizeof host);
	else if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host,
		    sizeof host);
	else
		inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof host);
	snprintf(buf, size, strchr(host, ':') != NULL ? "[%s]:%d" : "%s:%d",
	    host, address_port(addr));
}
