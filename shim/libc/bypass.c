/* SPDX-License-Identifier: Apache-2.0
 * bypass: calls by which libc itself would write to a descriptor, or a thread
 * of its own. */
#include "libc/libc.h"


#include "base/log.h"

/* Asynchronous I/O ------------------------------------------------------------- */

/* libc's threads would read and write past TLS; programs fall back. */
static int
not_here(int fd)
{
	int saved = errno;
	bool is = fdtab_tracked_now(fd);

	if (is)
		log_warn("asynchronous I/O (aio) on a TLS connection is "
		    "refused: it would not pass by here");
	errno = is ? ENOSYS : saved;
	return is ? -1 : 0;
}

INTERPOSE int
aio_read(struct aiocb *cb)
{
	return not_here(cb->aio_fildes) < 0 ? -1 : libc()->aio_read(cb);
}

INTERPOSE int
aio_read64(struct aiocb64 *cb)
{
	return not_here(cb->aio_fildes) < 0 ? -1 : libc()->aio_read64(cb);
}

INTERPOSE int
aio_write(struct aiocb *cb)
{
	return not_here(cb->aio_fildes) < 0 ? -1 : libc()->aio_write(cb);
}

INTERPOSE int
aio_write64(struct aiocb64 *cb)
{
	return not_here(cb->aio_fildes) < 0 ? -1 : libc()->aio_write64(cb);
}

INTERPOSE int
lio_listio(int mode, struct aiocb *const *restrict list, int n,
    struct sigevent *restrict event)
{
	int i;

	for (i = 0; i < n; i++)
		if (list[i] != NULL && not_here(list[i]->aio_fildes) < 0)
			return -1;
	return libc()->lio_listio(mode, list, n, event);
}

INTERPOSE int
lio_listio64(int mode, struct aiocb64 *const *restrict list, int n,
    struct sigevent *restrict event)
{
	int i;

	for (i = 0; i < n; i++)
		if (list[i] != NULL && not_here(list[i]->aio_fildes) < 0)
			return -1;
	return libc()->lio_listio64(mode, list, n, event);
}

/* Messages --------------------------------------------------------------------- */

/* LOG_PERROR writes to descriptor 2 itself. */
INTERPOSE void
openlog(const char *ident, int option, int facility)
{
	if (fdtab_tracked_now(STDERR_FILENO))
		option &= ~LOG_PERROR;
	libc()->openlog(ident, option, facility);
}

/* So does this; its simpler twin uses the stream. */
INTERPOSE void
psiginfo(const siginfo_t *info, const char *text)
{
	if (fdtab_tracked_now(STDERR_FILENO))
		psignal(info->si_signo, text);
	else
		libc()->psiginfo(info, text);
}
