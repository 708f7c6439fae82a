/* SPDX-License-Identifier: Apache-2.0
 * libc: the real calls, and what the wrappers share. */
#ifndef DICOMTLS_LIBC_H
#define DICOMTLS_LIBC_H

/* The fortified headers define some of the names as inline functions, and
 * 64-bit offsets rename others: here they must be plain. */
#undef _FORTIFY_SOURCE
#undef _FILE_OFFSET_BITS

#include <aio.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <syslog.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "conn/conn.h"
#include "conn/fdtab.h"

/* glibc's public names that no header declares. */
int __connect(int, const struct sockaddr *, socklen_t);
ssize_t __read(int, void *, size_t);
ssize_t __read_chk(int, void *, size_t, size_t);
ssize_t __recv_chk(int, void *, size_t, size_t, int);
ssize_t __recvfrom_chk(int, void *, size_t, size_t, int, struct sockaddr *,
    socklen_t *);
ssize_t __write(int, const void *, size_t);
ssize_t __send(int, const void *, size_t, int);
int __dprintf_chk(int, int, const char *, ...);
int __vdprintf_chk(int, int, const char *, va_list);
int __nanosleep(const struct timespec *, struct timespec *);
int __poll(struct pollfd *, nfds_t, int);
int __poll_chk(struct pollfd *, nfds_t, int, size_t);
int __ppoll_chk(struct pollfd *, nfds_t, const struct timespec *,
    const sigset_t *, size_t);
int __select(int, fd_set *, fd_set *, fd_set *, struct timeval *);
int __fcntl(int, int, ...);
int __close(int);
int __dup2(int, int);
pid_t __fork(void);

struct libc {			/* the real calls, found once */
#define CALL(name) __typeof__(name) *name;
#include "libc/calls.def"
#undef CALL
};

/* The real calls, looked up at the first use.  Never NULL. */
extern _Atomic(const struct libc *) libc_found;	/* libc()'s own */
__attribute__((cold))	/* or every wrapper saves registers for it */
const struct libc *libc_look_up(void);

static inline const struct libc *
libc(void)
{
	const struct libc *found = atomic_load_explicit(&libc_found,
	    memory_order_acquire);

	return found != NULL ? found : libc_look_up();
}

/* The engine library, loaded at the first use; NULL with the sentence in F. */
struct engine_ops;
const struct engine_ops *libc_engine(struct fail *f);

/* What every wrapper does --------------------------------------------------- */

#define INTERPOSE __attribute__((visibility("default")))

/* One call on a tracked descriptor. */
struct call {
	struct conn *conn;	/* with a reference */
	int fd;
	int error;		/* errno as it was */
	int cancel, outer;	/* cancellation, ours and an outer call's */
};

/*
 * Whether FD is tracked; if not, the real call is all there is to do.  If it
 * is, the thread is not cancelled until leave() (one that was cancelled
 * already ends here), and errno is kept.
 */
bool enter_tracked(struct call *call, int fd);

static inline bool
enter(struct call *call, int fd)
{
	return fdtab_tracked(fd) && enter_tracked(call, fd);
}

/* Gives the reference back and turns a result into what libc would return:
 * the only place where a tracked call sets errno. */
ssize_t leave(struct call *call, ssize_t result);

/* leave() for a call that has no meaning over TLS: EOPNOTSUPP, and a line in
 * the log that names WHAT it was. */
ssize_t leave_unsupported(struct call *call, const char *what);

/* The line of a connection for which there cannot be TLS, by the settings or
 * files of ours that F tells of.  PEER: NULL for a listener. */
void log_refusal(const struct fail *f, enum role role, const char *peer);

/* -1 with errno. */
int refuse(int error);

/* Around a wait inside a tracked call: cancellation as the program had it;
 * ABANDON(ARG) is the caller's to push as a clean-up. */
void cancel_allow(void);
void cancel_forbid(void);

extern const struct wire libc_wire;

/* Whether this process shares its memory with the one that owns the table (a
 * child of vfork): it must change nothing. */
bool is_vfork_child(void);

#endif
