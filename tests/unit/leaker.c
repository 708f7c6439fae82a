/* SPDX-License-Identifier: Apache-2.0
 * leaker: a program whose standard streams are a connection, as inetd's are,
 * and that says SECRET in ways in which libc writes by itself. */
#include <aio.h>
#include <err.h>
#include <errno.h>
#include <error.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

static void
by_aio(int fd)
{
	static char text[] = "SECRET by aio\n";
	struct aiocb cb = { .aio_fildes = fd, .aio_buf = text,
		.aio_nbytes = sizeof text - 1 };
	const struct aiocb *list[] = { &cb };

	if (aio_write(&cb) < 0)
		return;
	aio_suspend(list, 1, NULL);
}

static void
by_list(int fd)
{
	static char text[] = "SECRET by lio\n";
	struct aiocb cb = { .aio_fildes = fd, .aio_buf = text,
		.aio_nbytes = sizeof text - 1, .aio_lio_opcode = LIO_WRITE };
	struct aiocb *list[] = { &cb };

	lio_listio(LIO_WAIT, list, 1, NULL);
}

/* The number 1 comes back as a copy of the connection. */
static void
by_dupfd(int fd)
{
	int copy = dup(fd);

	close(1);
	if (fcntl(copy, F_DUPFD, 1) != 1)
		_exit(3);
	printf("SECRET by printf\n");
	fflush(stdout);
}

static void
by_getopt(void)
{
	char *argv[] = { (char *)"SECRET", (char *)"-x", NULL };

	optind = 1;
	getopt(2, argv, "a");
}

static void
by_siginfo(void)
{
	siginfo_t info = { .si_signo = SIGINT };

	psiginfo(&info, "SECRET by psiginfo");
}

int
main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char c;

	errno = ENOENT;
	if (strcmp(how, "perror") == 0)
		perror("SECRET by perror");
	else if (strcmp(how, "psignal") == 0)
		psignal(SIGINT, "SECRET by psignal");
	else if (strcmp(how, "psiginfo") == 0)
		by_siginfo();
	else if (strcmp(how, "warn") == 0)
		warn("SECRET by warn");
	else if (strcmp(how, "error") == 0)
		error(0, EIO, "SECRET by error");
	else if (strcmp(how, "getopt") == 0)
		by_getopt();
	else if (strcmp(how, "aio") == 0)
		by_aio(1);
	else if (strcmp(how, "lio") == 0)
		by_list(1);
	else if (strcmp(how, "dupfd") == 0)
		by_dupfd(0);
	else if (strcmp(how, "syslog") == 0) {
		openlog("SECRET", LOG_PERROR, LOG_USER);
		syslog(LOG_DEBUG, "by syslog");
	} else if (strcmp(how, "dprintf") == 0)
		dprintf(1, "SECRET by dprintf\n");
	else if (strcmp(how, "nothing") != 0)
		return 2;
	puts("done");
	fflush(stdout);
	return read(0, &c, 1) == 1 ? 0 : 4;
}
