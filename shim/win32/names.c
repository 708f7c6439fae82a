/* SPDX-License-Identifier: Apache-2.0
 * names: the host names that the program asked for, so that rules, SNI and the
 * name check can use what the user typed. */
#include "win32/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "win32/gate.h"
#include "win32/posix/text.h"

/* A ring: the newest name of an address counts. */
enum { NAMES = 256 };

static struct {
	unsigned char addr[16];	/* IPv4 mapped into IPv6 */
	char name[256];
} ring[NAMES];
static unsigned next;
static SRWLOCK lock = SRWLOCK_INIT;

static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

static bool
key_of(const struct sockaddr *sa, unsigned char key[16])
{
	if (sa->sa_family == AF_INET6) {
		memcpy(key, &((const struct sockaddr_in6 *)sa)->sin6_addr, 16);
	} else if (sa->sa_family == AF_INET) {
		memcpy(key, mapped, 12);
		memcpy(key + 12, &((const struct sockaddr_in *)sa)->sin_addr,
		    4);
	} else {
		return false;
	}
	return true;
}

static void
put(const unsigned char key[16], const char *name)
{
	AcquireSRWLockExclusive(&lock);
	memcpy(ring[next % NAMES].addr, key, 16);
	snprintf(ring[next % NAMES].name, sizeof ring[0].name, "%s", name);
	next++;
	ReleaseSRWLockExclusive(&lock);
}

void
names_find(const struct sockaddr *addr, char *buf, size_t size)
{
	unsigned char key[16];
	unsigned i;

	*buf = '\0';
	if (!key_of(addr, key))
		return;
	AcquireSRWLockShared(&lock);
	for (i = 1; i <= NAMES && i <= next && *buf == '\0'; i++)
		if (memcmp(ring[(next - i) % NAMES].addr, key, 16) == 0)
			snprintf(buf, size, "%s",
			    ring[(next - i) % NAMES].name);
	ReleaseSRWLockShared(&lock);
}

static bool
is_wanted(const char *name)
{
	unsigned char buf[16];

	return name != NULL && gate_any(ROLE_CLIENT) &&
	    inet_pton(AF_INET, name, buf) != 1 &&
	    inet_pton(AF_INET6, name, buf) != 1;
}

INT WSAAPI
hook_getaddrinfo(PCSTR node, PCSTR service, const ADDRINFOA *hints,
    PADDRINFOA *res)
{
	INT r = real.getaddrinfo(node, service, hints, res);
	unsigned char key[16];
	ADDRINFOA *ai;

	if (r == 0 && is_wanted(node))
		for (ai = *res; ai != NULL; ai = ai->ai_next)
			if (key_of(ai->ai_addr, key))
				put(key, node);
	return r;
}

INT WSAAPI
hook_GetAddrInfoW(PCWSTR node, PCWSTR service, const ADDRINFOW *hints,
    PADDRINFOW *res)
{
	INT r = real.GetAddrInfoW(node, service, hints, res);
	char *name = r == 0 && node != NULL ? text_utf8(node) : NULL;
	unsigned char key[16];
	ADDRINFOW *ai;

	if (is_wanted(name))
		for (ai = *res; ai != NULL; ai = ai->ai_next)
			if (key_of(ai->ai_addr, key))
				put(key, name);
	free(name);
	return r;
}

struct hostent *WSAAPI
hook_gethostbyname(const char *name)
{
	struct hostent *h = real.gethostbyname(name);
	unsigned char key[16];
	int i;

	if (h == NULL || h->h_addrtype != AF_INET || !is_wanted(name))
		return h;
	memcpy(key, mapped, 12);
	for (i = 0; h->h_addr_list[i] != NULL; i++) {
		memcpy(key + 12, h->h_addr_list[i], 4);
		put(key, name);
	}
	return h;
}
