/* SPDX-License-Identifier: Apache-2.0
 * stdio: streams on tracked descriptors.  libc's own streams read and write by
 * themselves, where nothing can be interposed. */
#include "libc/libc.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdint.h>

#include "libc/init.h"

/* Which streams are ours ------------------------------------------------------- */

/* Those beyond are not flushed at exit (the program has so many streams on
 * sockets at once that it closes them by itself). */
enum { STREAMS = 64 };

static FILE *streams[STREAMS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void
remember(FILE *f)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < STREAMS; i++)
		if (streams[i] == NULL) {
			streams[i] = f;
			break;
		}
	pthread_mutex_unlock(&lock);
}

static void
forget(int fd)
{
	int i;

	pthread_mutex_lock(&lock);
	for (i = 0; i < STREAMS; i++)
		if (streams[i] != NULL && streams[i]->_fileno == fd)
			streams[i] = NULL;
	pthread_mutex_unlock(&lock);
}

void
stdio_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
stdio_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

void
stdio_flush(void)
{
	int i;

	for (i = 0; i < STREAMS; i++)
		if (streams[i] != NULL)
			fflush(streams[i]);
}

/* A stream of our own ---------------------------------------------------------- */

static ssize_t
cookie_read(void *cookie, char *buf, size_t len)
{
	return read((int)(intptr_t)cookie, buf, len);
}

/* A short count means an error to a stream. */
static ssize_t
cookie_write(void *cookie, const char *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write((int)(intptr_t)cookie, buf + done, len - done);
		if (n < 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

static int
cookie_seek(void *cookie, off64_t *pos, int whence)
{
	(void)cookie;
	(void)pos;
	(void)whence;
	return refuse(ESPIPE);
}

static int
cookie_close(void *cookie)
{
	int fd = (int)(intptr_t)cookie;

	forget(fd);
	return close(fd);
}

/* fileno() reads _fileno, which fopencookie leaves at -2. */
static FILE *
open_cookie(int fd, const char *mode)
{
	const cookie_io_functions_t calls = { cookie_read, cookie_write,
		cookie_seek, cookie_close };
	FILE *f = fopencookie((void *)(intptr_t)fd, mode, calls);

	if (f == NULL)
		return NULL;
	f->_fileno = fd;
	remember(f);
	return f;
}

/* Also one that is not connected yet: it may be, when it is written to. */
static bool
may_be_upgraded(int fd)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof addr;
	int saved = errno;
	bool is = fdtab_tracked(fd);

	if (!is && getsockname(fd, (struct sockaddr *)&addr, &len) == 0)
		is = addr.ss_family == AF_INET || addr.ss_family == AF_INET6;
	errno = saved;
	return is;
}

INTERPOSE FILE *
fdopen(int fd, const char *mode)
{
	if (!may_be_upgraded(fd))
		return libc()->fdopen(fd, mode);
	return open_cookie(fd, mode);
}

/* The standard streams --------------------------------------------------------- */

/*
 * printf must reach the peer through TLS, and whoever kept the old stream
 * (C++'s cout) must not reach it at all.
 */
void
stdio_guard(int fd)
{
	FILE **std[] = { &stdin, &stdout, &stderr }, *old, *f;

	if (fd < 0 || fd > 2)
		return;
	old = *std[fd];
	if (old == NULL || fileno_unlocked(old) != fd)
		return;
	f = open_cookie(fd, fd == 0 ? "r" : "w");
	if (f == NULL)
		abort();	/* no memory: no plaintext either */
	setvbuf(f, NULL, fd == 2 ? _IONBF : _IOFBF, BUFSIZ);
	if (fd != 0)
		fflush_unlocked(old);
	old->_fileno = -1;
	*std[fd] = f;
}

/* Formatted output --------------------------------------------------------------- */

static int
print(int fd, const char *fmt, va_list ap)
{
	char *text;
	int len = vasprintf(&text, fmt, ap);
	ssize_t n = 0;

	if (len < 0)
		return -1;
	if (len > 0)
		n = cookie_write((void *)(intptr_t)fd, text, (size_t)len);
	free(text);
	return n == len ? len : -1;
}

INTERPOSE int
vdprintf(int fd, const char *restrict fmt, va_list ap)
{
	if (!fdtab_tracked(fd))
		return libc()->vdprintf(fd, fmt, ap);
	return print(fd, fmt, ap);
}

INTERPOSE int
dprintf(int fd, const char *restrict fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vdprintf(fd, fmt, ap);
	va_end(ap);
	return r;
}

INTERPOSE int
__vdprintf_chk(int fd, int flag, const char *fmt, va_list ap)
{
	if (!fdtab_tracked(fd))
		return libc()->__vdprintf_chk(fd, flag, fmt, ap);
	return print(fd, fmt, ap);
}

INTERPOSE int
__dprintf_chk(int fd, int flag, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = __vdprintf_chk(fd, flag, fmt, ap);
	va_end(ap);
	return r;
}
