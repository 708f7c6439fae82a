/* SPDX-License-Identifier: Apache-2.0
 * sides: threads, processes and programs that play the other side. */
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "calls.h"

struct side {
	pthread_t thread;
	const char *name;
	void (*play)(int fd);
	int fd;
};

static void *
side_main(void *arg)
{
	struct side *s = arg;

	actor(s->name);
	s->play(s->fd);
	return NULL;
}

struct side *
side(const char *name, void (*play)(int fd), int fd)
{
	struct side *s = malloc(sizeof(*s));

	*s = (struct side){ .name = name, .play = play, .fd = fd };
	errno = pthread_create(&s->thread, NULL, side_main, s);
	if (errno != 0)
		broken("pthread_create");
	return s;
}

void
side_end(struct side *s)
{
	pthread_join(s->thread, NULL);
	free(s);
}

pid_t
child(const char *name, void (*play)(int fd), int fd)
{
	pid_t pid = (pid_t)must(fork());

	if (pid == 0) {
		actor(name);
		play(fd);
		exit(0);
	}
	return pid;
}

void
reap(const char *name, pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			broken("waitpid");
	if (WIFSIGNALED(status))
		say("%s killed by %s", name, sigabbrev_np(WTERMSIG(status)));
	else
		say("%s exit %d", name, WEXITSTATUS(status));
}

char **
again(const char *program, int fd)
{
	static char number[16], name[64], self[] = "/proc/self/exe",
	    option[] = "--program";
	static char *argv[] = { self, option, name, number, NULL };

	snprintf(name, sizeof(name), "%s", program);
	snprintf(number, sizeof(number), "%d", fd);
	return argv;
}

static pid_t
peer_start(const char *script, const char *port, int out)
{
	pid_t pid = (pid_t)must(fork());

	if (pid != 0)
		return pid;
	unsetenv("LD_PRELOAD");
	if (out != -1)
		dup2(out, STDOUT_FILENO);
	execl(TEST_PEER, TEST_PEER, script, port, (char *)NULL);
	broken(TEST_PEER);
}

int
peer_listen(const char *script, pid_t *pid)
{
	char text[16] = "";
	int out[2];

	must(pipe(out));
	*pid = peer_start(script, "0", out[1]);
	close(out[1]);
	if (read(out[0], text, sizeof(text) - 1) <= 0)
		broken("the TLS peer's port");
	close(out[0]);
	return atoi(text);
}

pid_t
peer_connect(const char *script, int port)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", port);
	return peer_start(script, text, -1);
}

void
peer_client(const struct given *g)
{
	pid_t pid;
	int fd = dial(peer_listen(g->family->script, &pid));

	g->family->wire(fd);
	reap("peer", pid);
}

void
peer_server(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t pid = peer_connect(g->family->script, port_of(lfd));

	fd = (int)must(accept(lfd, NULL, NULL));
	close(lfd);
	g->family->wire(fd);
	reap("peer", pid);
}

static volatile sig_atomic_t counted;

static void
count(int sig)
{
	(void)sig;
	counted = counted + 1;
}

void
count_signal(int sig, int flags)
{
	struct sigaction sa = { .sa_handler = count, .sa_flags = flags };

	must(sigaction(sig, &sa, NULL));
	counted = 0;
}

int
signals(void)
{
	return counted;
}

void
timer_signal(int ms)
{
	static timer_t timer;
	static bool made;
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID };
	struct itimerspec every = { { ms / 1000, ms % 1000 * 1000000L },
	    { ms / 1000, ms % 1000 * 1000000L } };

	ev.sigev_signo = SIGUSR1;
	ev._sigev_un._tid = gettid();
	if (!made)
		must(timer_create(CLOCK_MONOTONIC, &ev, &timer));
	made = true;
	must(timer_settime(timer, 0, &every, NULL));
}
