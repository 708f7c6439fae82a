/* SPDX-License-Identifier: Apache-2.0
 * names: this host's names and addresses, for a certificate. */
#include "cert/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool
names_is_address(const char *name)
{
	struct in6_addr six;
	struct in_addr four;

	return inet_pton(AF_INET, name, &four) == 1 ||
	    inet_pton(AF_INET6, name, &six) == 1;
}

/* RFC 1123 with the underscores that hosts do have, and a wildcard. */
static bool
is_dns_name(const char *name)
{
	const char *rest = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
	size_t len = strlen(name);

	return *rest != '\0' && len < 254 && *rest != '.' && *rest != '-' &&
	    strstr(rest, "..") == NULL && rest[strspn(rest,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789-_.")] == '\0';
}

int
names_add(struct names *n, const char *name)
{
	size_t i;

	if (!names_is_address(name) && !is_dns_name(name))
		return -EINVAL;
	for (i = 0; i < n->count; i++)
		if (strcasecmp(n->list[i], name) == 0)
			return 0;
	if (n->count == NAMES_MAX)
		return -ENOSPC;
	snprintf(n->list[n->count++], NAMES_SIZE, "%s", name);
	return 0;
}

static void
add_qualified(struct names *n, const char *host)
{
	struct addrinfo hints = { .ai_flags = AI_CANONNAME,
		.ai_socktype = SOCK_STREAM }, *found;
	const char *name;

	if (getaddrinfo(host, NULL, &hints, &found) != 0)
		return;
	name = found->ai_canonname;
	if (name != NULL && strcmp(name, "localhost") != 0 &&
	    names_add(n, name) == 0 && strlen(name) < sizeof n->cn)
		snprintf(n->cn, sizeof n->cn, "%s", name);
	freeaddrinfo(found);
}

static bool
useful(const struct ifaddrs *i)
{
	const struct sockaddr_in6 *six;

	if (i->ifa_addr == NULL || !(i->ifa_flags & IFF_UP))
		return false;
	six = (const struct sockaddr_in6 *)i->ifa_addr;
	return i->ifa_addr->sa_family == AF_INET ||
	    (i->ifa_addr->sa_family == AF_INET6 &&
	    !IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr));
}

static void
add_addresses(struct names *n)
{
	char text[INET6_ADDRSTRLEN];
	struct ifaddrs *all, *i;
	const void *addr;

	if (getifaddrs(&all) < 0)
		return;
	for (i = all; i != NULL; i = i->ifa_next) {
		if (!useful(i))
			continue;
		if (i->ifa_addr->sa_family == AF_INET)
			addr = &((struct sockaddr_in *)i->ifa_addr)->sin_addr;
		else
			addr =
			    &((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr;
		if (inet_ntop(i->ifa_addr->sa_family, addr, text,
		    sizeof text) != NULL)
			names_add(n, text);
	}
	freeifaddrs(all);
}

void
names_of_host(struct names *n, bool resolve)
{
	char host[NAMES_SIZE];

	*n = (struct names){ .count = 0 };
	if (gethostname(host, sizeof host - 1) < 0 || !is_dns_name(host))
		snprintf(host, sizeof host, "localhost");
	host[sizeof host - 1] = '\0';
	snprintf(n->cn, sizeof n->cn, "%.64s", host);
	names_add(n, host);
	if (resolve)
		add_qualified(n, host);
	names_add(n, "localhost");
	add_addresses(n);
}
