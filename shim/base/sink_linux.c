/* SPDX-License-Identifier: Apache-2.0
 * sink: where lines of the log go; Linux. */
#include "base/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

static struct {
	dev_t dev;		/* what descriptor 2 was at the start */
	ino_t ino;
} start;

static const int priorities[] = { LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

bool
sink_begin(void)
{
	socklen_t len = sizeof(int);
	int family = AF_UNSPEC;
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		return true;
	start.dev = st.st_dev;
	start.ino = st.st_ino;
	return getsockopt(STDERR_FILENO, SOL_SOCKET, SO_DOMAIN, &family,
	    &len) < 0 || (family != AF_INET && family != AF_INET6);
}

/* Raw system calls: in a preload library the names may be our own. */
static void
put_all(int fd, const char *text, size_t len)
{
	size_t done = 0;
	long n;

	while (done < len) {
		n = syscall(SYS_write, fd, text + done, len - done);
		if (n == 0 || (n < 0 && errno != EINTR))
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

/* A reader of our lines that went away must not kill the program. */
static void
put(int fd, const char *text, size_t len)
{
	static const struct timespec now;
	sigset_t pipe, old, pending;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	sigpending(&pending);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	put_all(fd, text, len);
	if (!sigismember(&pending, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &now) < 0 && errno == EINTR)
			continue;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/*
 * Is descriptor 2 still what it was (under systemd a socket of the journal's),
 * or at least no file and no connection of the program's?
 */
static bool
stderr_is_ours(void)
{
	struct stat st;

	if (fstat(STDERR_FILENO, &st) < 0)
		return false;
	return (st.st_dev == start.dev && st.st_ino == start.ino) ||
	    S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode);
}

void
sink_stderr(const char *text, size_t len)
{
	if (stderr_is_ours())
		put(STDERR_FILENO, text, len);
}

bool
sink_file(const char *path, const char *text, size_t len)
{
	long fd = syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return false;
	put((int)fd, text, len);
	syscall(SYS_close, (int)fd);
	return true;
}

void
sink_system(enum log_level level, const char *text, size_t len)
{
	syslog(priorities[level] | LOG_DAEMON, "dicomtls[%d] %.*s",
	    (int)getpid(), (int)len, text);
}
