/* SPDX-License-Identifier: Apache-2.0
 * names: the host names that the program asked for, so that rules, SNI and the
 * name check can use what the user typed. */
#include "libc/libc.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>

#include "libc/init.h"

/* A ring: the newest name of an address counts. */
enum { NAMES = 256 };

static struct {
	unsigned char addr[16];	/* IPv4 mapped into IPv6 */
	char name[256];
} ring[NAMES];
static unsigned next;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool
key_of(const struct sockaddr *sa, unsigned char key[16])
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

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

static bool
is_address(const char *name)
{
	unsigned char buf[16];

	return inet_pton(AF_INET, name, buf) == 1 ||
	    inet_pton(AF_INET6, name, buf) == 1;
}

void
names_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
names_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static void
put(const unsigned char key[16], const char *name)
{
	pthread_mutex_lock(&lock);
	memcpy(ring[next % NAMES].addr, key, 16);
	snprintf(ring[next % NAMES].name, sizeof ring[0].name, "%s", name);
	next++;
	pthread_mutex_unlock(&lock);
}

const char *
names_find(const struct sockaddr *addr, char *buf, size_t size)
{
	unsigned char key[16];
	const char *found = NULL;
	unsigned i;

	if (!key_of(addr, key))
		return NULL;
	pthread_mutex_lock(&lock);
	for (i = 1; i <= NAMES && i <= next && found == NULL; i++)
		if (memcmp(ring[(next - i) % NAMES].addr, key, 16) == 0) {
			snprintf(buf, size, "%s",
			    ring[(next - i) % NAMES].name);
			found = buf;
		}
	pthread_mutex_unlock(&lock);
	return found;
}

static bool
is_wanted(const char *name)
{
	return name != NULL && !is_address(name) &&
	    policy_any(init_policy(), ROLE_CLIENT);
}

static void
remember(const char *name, const struct addrinfo *ai)
{
	unsigned char key[16];
	int saved = errno;

	if (is_wanted(name))
		for (; ai != NULL; ai = ai->ai_next)
			if (ai->ai_socktype != SOCK_DGRAM &&
			    ai->ai_socktype != SOCK_RAW &&
			    key_of(ai->ai_addr, key))
				put(key, name);
	errno = saved;
}

static void
remember_host(const char *name, const struct hostent *h)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char key[16];
	int saved = errno, i;

	if (h == NULL || !is_wanted(name))
		return;
	for (i = 0; h->h_addr_list[i] != NULL; i++) {
		if (h->h_length == 4)
			memcpy(key, mapped, 12);
		memcpy(key + 16 - h->h_length, h->h_addr_list[i],
		    (size_t)h->h_length);
		put(key, name);
	}
	errno = saved;
}

INTERPOSE int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict res)
{
	int r = libc()->getaddrinfo(node, service, hints, res);

	if (r == 0)
		remember(node, *res);
	return r;
}

INTERPOSE struct hostent *
gethostbyname(const char *name)
{
	struct hostent *h = libc()->gethostbyname(name);

	remember_host(name, h);
	return h;
}

INTERPOSE struct hostent *
gethostbyname2(const char *name, int family)
{
	struct hostent *h = libc()->gethostbyname2(name, family);

	remember_host(name, h);
	return h;
}

INTERPOSE int
gethostbyname_r(const char *restrict name, struct hostent *restrict h,
    char *restrict buf, size_t size, struct hostent **restrict result,
    int *restrict error)
{
	int r = libc()->gethostbyname_r(name, h, buf, size, result, error);

	remember_host(name, r == 0 ? *result : NULL);
	return r;
}

INTERPOSE int
gethostbyname2_r(const char *restrict name, int family,
    struct hostent *restrict h, char *restrict buf, size_t size,
    struct hostent **restrict result, int *restrict error)
{
	int r = libc()->gethostbyname2_r(name, family, h, buf, size, result,
	    error);

	remember_host(name, r == 0 ? *result : NULL);
	return r;
}
