/* SPDX-License-Identifier: Apache-2.0
 * tool: Wireshark's programs as children that are listened to. */
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What was blocked or ignored for us would stay so over exec. */
static void
settle_signals(const struct tool_how *how)
{
	static const int changed[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT,
		SIGPIPE, SIGCHLD };
	sigset_t none;
	size_t i;

	for (i = 0; i < sizeof changed / sizeof changed[0]; i++)
		signal(changed[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (how->apart) {
		setpgid(0, 0);
		prctl(PR_SET_PDEATHSIG, SIGINT);
	}
}

static void
become(const char *const argv[], const struct tool_how *how, int to)
{
	int null = open("/dev/null", O_RDWR);
	int errors = null;

	umask(077);
	settle_signals(how);
	if (how->folder != NULL && chdir(how->folder) < 0)
		_exit(TOOL_UNFIT);
	if (how->errors != NULL)
		errors = open(how->errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	/* A full disk is no reason not to start: it has no voice then. */
	if (errors < 0)
		errors = null;
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(how->listen == STDOUT_FILENO ? to : null,
	    STDOUT_FILENO) < 0 ||
	    dup2(how->listen == STDERR_FILENO ? to : errors,
	    STDERR_FILENO) < 0)
		_exit(TOOL_UNFIT);
	/* Its words are read by us, and the user's own settings of Wireshark
	 * would change what it shows. */
	setenv("LC_ALL", "C.UTF-8", 1);
	if (how->folder != NULL)
		setenv("WIRESHARK_CONFIG_DIR", how->folder, 1);
	execvp(argv[0], (char *const *)argv);
	_exit(errno == ENOENT ? TOOL_ABSENT : TOOL_UNFIT);
}

int
tool_start(struct tool *t, const char *const argv[],
    const struct tool_how *how)
{
	int p[2], rv;

	*t = (struct tool){ 0, -1 };
	if (pipe2(p, O_CLOEXEC) < 0)
		return -errno;
	t->pid = fork();
	rv = t->pid < 0 ? -errno : 0;
	if (t->pid == 0)
		become(argv, how, p[1]);
	close(p[1]);
	if (rv < 0 || how->listen < 0)
		close(p[0]);
	else
		t->fd = p[0];
	if (rv < 0)
		t->pid = 0;
	return rv;
}

int
tool_end(struct tool *t)
{
	int word = 0;

	if (t->fd >= 0)
		close(t->fd);
	while (waitpid(t->pid, &word, 0) < 0 && errno == EINTR)
		continue;
	*t = (struct tool){ 0, -1 };
	return tool_status(word);
}

int
tool_status(int word)
{
	return WIFEXITED(word) ? WEXITSTATUS(word) : 128 + WTERMSIG(word);
}
