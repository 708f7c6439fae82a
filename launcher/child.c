/* SPDX-License-Identifier: Apache-2.0
 * child: other programs' output. */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static void
become(char *const argv[], const char *const set[], int to, bool errors)
{
	int null = open("/dev/null", O_RDWR);

	for (; set != NULL && *set != NULL; set++)
		putenv((char *)*set);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(errors ? to : null, STDERR_FILENO) < 0 ||
	    dup2(to, STDOUT_FILENO) < 0)
		_exit(127);
	execvp(argv[0], argv);
	_exit(127);
}

static void
drain(int fd, char *out, size_t size)
{
	char rest[4096];
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (len < size - 1)
			n = read(fd, out + len, size - 1 - len);
		else
			n = read(fd, rest, sizeof rest);
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0 && len < size - 1)
			len += (size_t)n;
	}
	out[len] = '\0';
}

int
child_output(char *const argv[], const char *const set[], bool errors,
    char *out, size_t size)
{
	int p[2], status = 0;
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0)
		become(argv, set, p[1], errors);
	close(p[1]);
	if (pid > 0)
		drain(p[0], out, size);
	close(p[0]);
	if (pid < 0)
		return -errno;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}
