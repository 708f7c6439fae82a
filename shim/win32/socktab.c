/* SPDX-License-Identifier: Apache-2.0
 * socktab: what is remembered of the program's sockets. */
#include "win32/socktab.h"

#include <stdlib.h>

enum { BUCKETS = 1024 };

static struct sock *table[BUCKETS];
static SRWLOCK lock = SRWLOCK_INIT;
static volatile LONG accepting;

/* Handles are multiples of four. */
static struct sock **
bucket(SOCKET s)
{
	return &table[(s >> 2) % BUCKETS];
}

static struct sock *
find(SOCKET s)
{
	struct sock *k;

	for (k = *bucket(s); k != NULL; k = k->next)
		if (k->handle == s) {
			sock_hold(k);
			return k;
		}
	return NULL;
}

struct sock *
sock_find(SOCKET s)
{
	struct sock *k;

	AcquireSRWLockShared(&lock);
	k = find(s);
	ReleaseSRWLockShared(&lock);
	return k;
}

static struct sock *
new_sock(SOCKET s)
{
	struct sock *k = calloc(1, sizeof *k);

	if (k == NULL)
		return NULL;
	k->handle = s;
	k->refs = 1;
	k->accepted = INVALID_SOCKET;
	k->listener = INVALID_SOCKET;
	InitializeCriticalSection(&k->lock);
	return k;
}

struct sock *
sock_get(SOCKET s)
{
	struct sock *k;

	AcquireSRWLockExclusive(&lock);
	k = find(s);
	if (k == NULL && (k = new_sock(s)) != NULL) {
		k->next = *bucket(s);
		*bucket(s) = k;
		sock_hold(k);
	}
	ReleaseSRWLockExclusive(&lock);
	return k;
}

void
sock_hold(struct sock *k)
{
	InterlockedIncrement(&k->refs);
}

void
sock_release(struct sock *k)
{
	if (k == NULL || InterlockedDecrement(&k->refs) > 0)
		return;
	relay_release(k->relay);
	DeleteCriticalSection(&k->lock);
	free(k);
}

void
sock_forget(SOCKET s)
{
	struct sock **at, *k;

	AcquireSRWLockExclusive(&lock);
	for (at = bucket(s); *at != NULL && (*at)->handle != s;
	    at = &(*at)->next)
		continue;
	k = *at;
	if (k != NULL)
		*at = k->next;
	ReleaseSRWLockExclusive(&lock);
	sock_release(k);
}

void
sock_each_relayed(void (*fn)(struct sock *k))
{
	struct sock *k;
	size_t i;

	AcquireSRWLockShared(&lock);
	for (i = 0; i < BUCKETS; i++)
		for (k = table[i]; k != NULL; k = k->next)
			if (k->relay != NULL)
				fn(k);
	ReleaseSRWLockShared(&lock);
}

bool
sock_any_accepting(void)
{
	return accepting != 0;
}

void
sock_count_accepting(int change)
{
	InterlockedExchangeAdd(&accepting, change);
}
