/* SPDX-License-Identifier: Apache-2.0
 * process: fork, exec and exit.  A session can have one owner: after a fork it
 * belongs to the process that uses it first. */
#include "libc/libc.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "base/log.h"
#include "conn/claims.h"
#include "libc/init.h"

static pid_t owner;		/* the process whose table this is */

/* A page that fork and clone hand down as zeros (madvise(2)), vfork as it is:
 * it tells of a process that was made without fork(). */
static atomic_int *witness;

void
process_init(void)
{
	void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE),
	    PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	owner = getpid();
	if (page == MAP_FAILED || madvise(page,
	    (size_t)sysconf(_SC_PAGESIZE), MADV_WIPEONFORK) < 0)
		return;
	witness = page;
	atomic_store(witness, 1);
}

bool
is_vfork_child(void)
{
	return owner != 0 && getpid() != owner &&
	    (witness == NULL || atomic_load(witness) != 0);
}

static void
disown(int fd, struct conn *c, void *arg)
{
	(void)fd;
	(void)arg;
	conn_disown(c);
}

void
process_check(void)
{
	if (witness == NULL || atomic_load_explicit(witness,
	    memory_order_relaxed) != 0)
		return;
	owner = getpid();
	atomic_store(witness, 1);
	fdtab_each(0, INT_MAX, disown, NULL);
}

/* fork -------------------------------------------------------------------------- */

/* The connections of the moment, each once, with a reference. */
struct snapshot {
	struct conn **conn;
	size_t n, room;
	struct claims *claims;	/* a shared word for each, or NULL */
};

static bool
has_conn(const struct snapshot *s, const struct conn *c)
{
	/* Descriptors of one connection are mostly neighbours. */
	size_t i = s->n;

	while (i-- > 0)
		if (s->conn[i] == c)
			return true;
	return false;
}

static void
add(int fd, struct conn *c, void *arg)
{
	struct snapshot *s = arg;
	struct conn **more;

	(void)fd;
	if (conn_descriptors(c) > 1 && has_conn(s, c))
		return;
	if (s->n == s->room) {
		more = realloc(s->conn, (s->room + 64) * 2 * sizeof *more);
		if (more == NULL)
			return;
		s->conn = more;
		s->room = (s->room + 64) * 2;
	}
	conn_hold(c);
	s->conn[s->n++] = c;
}

static pthread_mutex_t forking = PTHREAD_MUTEX_INITIALIZER;

static void
before_fork(struct snapshot *s)
{
	size_t i;

	pthread_mutex_lock(&forking);
	init_lock();
	fdtab_each(0, INT_MAX, add, s);
	if (s->n > 0)
		s->claims = claims_new(s->n);
	for (i = 0; i < s->n; i++)
		conn_before_fork(s->conn[i], s->claims, i);
	conn_freeze();
	names_freeze();
	stdio_freeze();
}

static void
after_fork(struct snapshot *s, bool child)
{
	size_t i;

	stdio_thaw();
	names_thaw();
	conn_thaw();
	if (child)
		fdtab_after_fork();
	for (i = 0; i < s->n; i++)
		conn_after_fork(s->conn[i], child);
	init_unlock();
	pthread_mutex_unlock(&forking);
	for (i = 0; i < s->n; i++)
		conn_release(s->conn[i]);
	claims_release(s->claims);
	free(s->conn);
}

static pid_t
fork_with(pid_t (*real)(void))
{
	struct snapshot s = { 0 };
	int saved = errno;
	pid_t pid;

	process_check();
	before_fork(&s);
	errno = saved;
	pid = real();
	saved = errno;
	if (pid == 0) {
		owner = getpid();
		if (witness != NULL)
			atomic_store(witness, 1);
	}
	after_fork(&s, pid == 0);
	errno = saved;
	return pid;
}

INTERPOSE pid_t
fork(void)
{
	return fork_with(libc()->fork);
}

INTERPOSE pid_t
__fork(void)
{
	return fork_with(libc()->fork);
}

/* Its fork is inside libc, and the parent never comes back. */
INTERPOSE int
daemon(int nochdir, int noclose)
{
	struct snapshot s = { 0 };
	int r, saved;

	process_check();
	before_fork(&s);
	r = libc()->daemon(nochdir, noclose);
	saved = errno;
	owner = getpid();
	if (witness != NULL)
		atomic_store(witness, 1);
	after_fork(&s, true);
	errno = saved;
	return r;
}

/* exit -------------------------------------------------------------------------- */

static void
finish(int fd, struct conn *c, void *arg)
{
	(void)arg;
	conn_finish_for_good(c, fd);
}

/* The kernel will close the descriptors without us. */
static void
finish_all(void)
{
	if (!fdtab_used() || is_vfork_child())
		return;
	process_check();
	fdtab_each(0, INT_MAX, finish, NULL);
}

/* libc flushes its streams after this, too late for ours. */
static void
finish_exit(void)
{
	stdio_flush();
	finish_all();
}

/* Registered after OpenSSL's own, so that it runs before it. */
void
process_at_exit(void)
{
	static bool registered;

	if (!registered)
		atexit(finish_exit);
	registered = true;
}

INTERPOSE void
_exit(int status)
{
	finish_all();
	libc()->_exit(status);
	__builtin_unreachable();
}

INTERPOSE void
_Exit(int status)
{
	finish_all();
	libc()->_Exit(status);
	__builtin_unreachable();
}

INTERPOSE void
quick_exit(int status)
{
	finish_all();
	libc()->quick_exit(status);
	__builtin_unreachable();
}

/* exec -------------------------------------------------------------------------- */

static void
leave_to_kernel(int fd, struct conn *c, void *arg)
{
	int flags = libc()->fcntl(fd, F_GETFD);

	(void)arg;
	conn_flush(c, fd);
	if (flags >= 0 && (flags & FD_CLOEXEC) == 0)
		conn_warn_exec(c, fd);
}

/* What the program wrote goes out although the next one knows nothing. */
static void
before_exec(void)
{
	int saved = errno;

	if (fdtab_used() && !is_vfork_child()) {
		process_check();
		fdtab_each(0, INT_MAX, leave_to_kernel, NULL);
	}
	errno = saved;
}

INTERPOSE int
execve(const char *path, char *const argv[], char *const envp[])
{
	before_exec();
	return libc()->execve(path, argv, envp);
}

INTERPOSE int
execv(const char *path, char *const argv[])
{
	before_exec();
	return libc()->execv(path, argv);
}

INTERPOSE int
execvp(const char *file, char *const argv[])
{
	before_exec();
	return libc()->execvp(file, argv);
}

INTERPOSE int
execvpe(const char *file, char *const argv[], char *const envp[])
{
	before_exec();
	return libc()->execvpe(file, argv, envp);
}

INTERPOSE int
fexecve(int fd, char *const argv[], char *const envp[])
{
	before_exec();
	return libc()->fexecve(fd, argv, envp);
}

INTERPOSE int
execveat(int dir, const char *path, char *const argv[], char *const envp[],
    int flags)
{
	before_exec();
	return libc()->execveat(dir, path, argv, envp, flags);
}

/* The listed forms collect their arguments on the stack: no malloc between
 * fork and exec. */
static int
count_args(va_list ap)
{
	int n = 1;

	while (va_arg(ap, char *) != NULL)
		n++;
	return n;
}

#define COLLECT(first, argv)						\
	va_list ap;							\
	int n, i;							\
									\
	va_start(ap, first);						\
	n = count_args(ap);						\
	va_end(ap);							\
	char **argv = __builtin_alloca(((size_t)n + 1) * sizeof *argv);	\
	argv[0] = (char *)first;					\
	va_start(ap, first);						\
	for (i = 1; i <= n; i++)					\
		argv[i] = va_arg(ap, char *)

INTERPOSE int
execl(const char *path, const char *arg, ...)
{
	COLLECT(arg, argv);
	va_end(ap);
	return execv(path, argv);
}

INTERPOSE int
execlp(const char *file, const char *arg, ...)
{
	COLLECT(arg, argv);
	va_end(ap);
	return execvp(file, argv);
}

INTERPOSE int
execle(const char *path, const char *arg, ...)
{
	char *const *envp;

	COLLECT(arg, argv);
	envp = va_arg(ap, char *const *);
	va_end(ap);
	return execve(path, argv, envp);
}
