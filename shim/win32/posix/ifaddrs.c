/* SPDX-License-Identifier: Apache-2.0
 * ifaddrs: getifaddrs(3) over GetAdaptersAddresses. */
#include <ifaddrs.h>

#include <iphlpapi.h>

#include <errno.h>
#include <stdlib.h>

#define WHAT (GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | \
	GAA_FLAG_SKIP_DNS_SERVER)

/* Allocated; NULL with errno. */
static IP_ADAPTER_ADDRESSES *
adapters(void)
{
	IP_ADAPTER_ADDRESSES *all = NULL, *more;
	ULONG size = 16384, error;

	do {
		more = realloc(all, size);
		if (more == NULL) {
			free(all);
			errno = ENOMEM;
			return NULL;
		}
		all = more;
		error = GetAdaptersAddresses(AF_UNSPEC, WHAT, NULL, all, &size);
	} while (error == ERROR_BUFFER_OVERFLOW);
	if (error == NO_ERROR)
		return all;
	free(all);
	errno = EIO;
	return NULL;
}

/* One allocation holds both. */
struct pair {
	struct ifaddrs i;
	struct sockaddr_storage addr;
};

static int
add(struct ifaddrs **list, const IP_ADAPTER_ADDRESSES *a,
    const SOCKET_ADDRESS *addr)
{
	struct pair *p = calloc(1, sizeof *p);

	if (p == NULL || (size_t)addr->iSockaddrLength > sizeof p->addr) {
		free(p);
		return -1;
	}
	memcpy(&p->addr, addr->lpSockaddr, (size_t)addr->iSockaddrLength);
	p->i.ifa_addr = (struct sockaddr *)&p->addr;
	p->i.ifa_flags = a->OperStatus == IfOperStatusUp ? IFF_UP : 0;
	p->i.ifa_next = *list;
	*list = &p->i;
	return 0;
}

int
getifaddrs(struct ifaddrs **list)
{
	IP_ADAPTER_ADDRESSES *all = adapters(), *a;
	IP_ADAPTER_UNICAST_ADDRESS *u;

	*list = NULL;
	if (all == NULL)
		return -1;
	for (a = all; a != NULL; a = a->Next)
		for (u = a->FirstUnicastAddress; u != NULL; u = u->Next)
			add(list, a, &u->Address);
	free(all);
	return 0;
}

void
freeifaddrs(struct ifaddrs *list)
{
	struct ifaddrs *next;

	for (; list != NULL; list = next) {
		next = list->ifa_next;
		free(list);
	}
}
