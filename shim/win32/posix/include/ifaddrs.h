/* SPDX-License-Identifier: Apache-2.0
 * ifaddrs: getifaddrs(3) over GetAdaptersAddresses. */
#ifndef DICOMTLS_WIN32_IFADDRS_H
#define DICOMTLS_WIN32_IFADDRS_H

#include <net/if.h>
#include <sys/socket.h>

struct ifaddrs {
	struct ifaddrs *ifa_next;
	unsigned ifa_flags;
	struct sockaddr *ifa_addr;
};

/* As in getifaddrs(3), with these members alone. */
int getifaddrs(struct ifaddrs **all);
void freeifaddrs(struct ifaddrs *all);

#endif
