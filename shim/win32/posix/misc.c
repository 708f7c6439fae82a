/* SPDX-License-Identifier: Apache-2.0
 * misc: small calls that Windows' C library leaves out. */
#include <winsock2.h>
#include <windows.h>

#include <errno.h>
#include <io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "win32/posix/text.h"

char *
strsep(char **rest, const char *delimiters)
{
	char *token = *rest;

	if (token == NULL)
		return NULL;
	*rest = token + strcspn(token, delimiters);
	if (**rest == '\0')
		*rest = NULL;
	else
		*(*rest)++ = '\0';
	return token;
}

char *
strndup(const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *copy = malloc(n + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

void *
memmem(const void *in, size_t in_len, const void *what, size_t len)
{
	const char *p = in, *end = p + in_len;

	for (; len > 0 && len <= (size_t)(end - p); p++) {
		p = memchr(p, *(const char *)what, (size_t)(end - p) - len + 1);
		if (p == NULL)
			return NULL;
		if (memcmp(p, what, len) == 0)
			return (void *)p;
	}
	return NULL;
}

char *
strcasestr(const char *in, const char *what)
{
	size_t len = strlen(what);

	for (; *in != '\0'; in++)
		if (_strnicmp(in, what, len) == 0)
			return (char *)in;
	return len == 0 ? (char *)in : NULL;
}

char *
stpcpy(char *to, const char *from)
{
	size_t len = strlen(from);

	memcpy(to, from, len + 1);
	return to + len;
}

void
explicit_bzero(void *p, size_t len)
{
	SecureZeroMemory(p, len);
}

#undef strerror
const char *
posix_strerror(int error)
{
	static const struct {
		int number;
		const char *text;
	} more[] = {
		{ ECONNRESET, "Connection reset by peer" },
		{ ECONNREFUSED, "Connection refused" },
		{ ECONNABORTED, "Software caused connection abort" },
		{ ETIMEDOUT, "Connection timed out" },
		{ ENETUNREACH, "Network is unreachable" },
		{ EHOSTUNREACH, "No route to host" },
		{ EADDRNOTAVAIL, "Cannot assign requested address" },
		{ ENOTCONN, "Transport endpoint is not connected" },
		{ ELOOP, "Too many levels of symbolic links" },
		{ EWOULDBLOCK, "Resource temporarily unavailable" },
		{ ENODATA, "No data available" },
		{ EKEYREJECTED, "Key was rejected" },
	};
	size_t i;

	for (i = 0; i < sizeof more / sizeof more[0]; i++)
		if (more[i].number == error)
			return more[i].text;
	return strerror(error);
}

time_t
timegm(struct tm *tm)
{
	return _mkgmtime(tm);
}

struct tm *
posix_gmtime_r(const time_t *t, struct tm *tm)
{
	return gmtime_s(tm, t) == 0 ? tm : NULL;
}

struct tm *
posix_localtime_r(const time_t *t, struct tm *tm)
{
	return localtime_s(tm, t) == 0 ? tm : NULL;
}

/* The first byte stands for the file. */
int
flock(int fd, int operation)
{
	HANDLE h = (HANDLE)_get_osfhandle(fd);
	OVERLAPPED at = { 0 };
	DWORD flags = LOCKFILE_EXCLUSIVE_LOCK;
	BOOL done;

	if (operation & LOCK_NB)
		flags |= LOCKFILE_FAIL_IMMEDIATELY;
	if (operation & LOCK_UN)
		done = UnlockFileEx(h, 0, 1, 0, &at);
	else
		done = LockFileEx(h, flags, 0, 1, 0, &at);
	if (done)
		return 0;
	errno = text_errno(GetLastError());
	return -1;
}

uid_t
geteuid(void)
{
	return POSIX_ME;
}

uid_t
getuid(void)
{
	return POSIX_ME;
}
