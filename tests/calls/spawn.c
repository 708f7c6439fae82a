/* SPDX-License-Identifier: Apache-2.0
 * spawn: other programs started beside a connection, or given one. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

extern char **environ;

/* What a started program plays ----------------------------------------------- */

static int
program_echo(int fd)
{
	char buf[100];
	ssize_t n;

	actor("program");
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		must(write(fd, buf, (size_t)n));
	say_result("end", n);
	return 0;
}

/* Speaks first and leaves the closing to its end. */
static int
program_greet(int fd)
{
	char buf[10];

	actor("program");
	must(write(fd, "welcome", 7));
	say_bytes("read", buf, read(fd, buf, sizeof(buf)));
	must(write(fd, "goodbye", 7));
	return 0;
}

static int
program_accept(int lfd)
{
	return program_echo((int)must(accept(lfd, NULL, NULL)));
}

static int
program_write(int fd)
{
	(void)!send(fd, "over", 4, MSG_NOSIGNAL);
	return 0;
}

static int
program_idle(int fd)
{
	(void)fd;
	return 5;
}

int
program_main(const char *program, int fd)
{
	static const struct {
		const char *name;
		int (*play)(int fd);
	} programs[] = {
		{ "echo", program_echo }, { "greet", program_greet },
		{ "accept", program_accept }, { "write", program_write },
		{ "idle", program_idle },
	};
	size_t i;

	for (i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (strcmp(program, programs[i].name) == 0)
			return programs[i].play(fd);
	return 99;
}

/* Starting them ------------------------------------------------------------------ */

static pid_t
by_fork(const char *program, int fd)
{
	char **argv = again(program, fd);
	pid_t pid = (pid_t)must(fork());

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(98);
	}
	return pid;
}

static pid_t
by_vfork(const char *program, int fd)
{
	char **argv = again(program, fd);
	pid_t pid = vfork();

	if (pid == 0) {
		execve(argv[0], argv, environ);
		_exit(98);
	}
	return pid;
}

static pid_t
by_spawn(const char *program, int fd)
{
	char **argv = again(program, fd);
	pid_t pid = -1;

	errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, environ);
	return errno == 0 ? pid : -1;
}

static pid_t (*const starts[])(const char *program, int fd) = { by_fork,
	by_vfork, by_spawn };

static void
take(const char *what, int fd)
{
	char buf[100];

	say_bytes(what, buf, read(fd, buf, sizeof(buf)));
}

static void
still_talks(int fd[2])
{
	must(write(fd[0], "data", 4));
	take("server", fd[1]);
	must(write(fd[1], "back", 4));
	take("client", fd[0]);
}

/* A program that inherits a live connection and does not touch it. */
static void
beside(const struct given *g)
{
	int fd[2];

	pair(fd);
	reap("program", starts[g->n]("idle", fd[0]));
	still_talks(fd);
	reap("program", starts[g->n]("idle", fd[1]));
	still_talks(fd);
	must(close(fd[0]));
	say_rest("server", fd[1]);
}

/* Before the first word there is nothing that could be lost. */
static void
beside_cold(const struct given *g)
{
	int fd[2];

	pair_cold(fd);
	reap("program", starts[g->n]("idle", fd[0]));
	warm(fd);
	still_talks(fd);
	close_both(fd);
}

static void
shell(const struct given *g)
{
	int fd[2];
	FILE *f;

	pair(fd);
	if (g->n == 0) {
		say_result("system", WEXITSTATUS(system("exit 3")));
	} else {
		f = popen("echo word; exit 4", "r");
		say("popen %c", fgetc(f));
		while (fgetc(f) != EOF)
			;
		say_result("pclose", WEXITSTATUS(pclose(f)));
	}
	still_talks(fd);
	must(close(fd[0]));
	say_rest("server", fd[1]);
}

/* A vfork child shares our memory; what it closes is its own copy. */
static void
vfork_closes(const struct given *g)
{
	int fd[2], status;
	pid_t pid;

	(void)g;
	pair(fd);
	pid = vfork();
	if (pid == 0) {
		close(fd[0]);
		close(fd[1]);
		_exit(6);
	}
	waitpid(pid, &status, 0);
	say("child %d", WEXITSTATUS(status));
	still_talks(fd);
	must(close(fd[0]));
	say_rest("server", fd[1]);
}

/* As before exec: dup2 over descriptors, one of them a connection. */
static void
vfork_covers(const struct given *g)
{
	char **argv;
	int fd[2], null = open("/dev/null", O_RDWR);
	pid_t pid;

	(void)g;
	pair(fd);
	argv = again("idle", 0);
	pid = vfork();
	if (pid == 0) {
		dup2(null, fd[0]);
		dup2(fd[1], 0);
		closefrom(3);
		execv(argv[0], argv);
		_exit(98);
	}
	reap("program", pid);
	still_talks(fd);
	close_both(fd);
}

static void
spawn_with_actions(const struct given *g)
{
	posix_spawn_file_actions_t acts;
	char **argv = again("idle", 0);
	int fd[2];
	pid_t pid;

	(void)g;
	pair(fd);
	posix_spawn_file_actions_init(&acts);
	posix_spawn_file_actions_adddup2(&acts, fd[0], 0);
	posix_spawn_file_actions_addclose(&acts, fd[1]);
	errno = posix_spawn(&pid, argv[0], &acts, NULL, argv, environ);
	must(errno == 0 ? 0 : -1);
	reap("program", pid);
	still_talks(fd);
	close_both(fd);
}

/* inetd: the program gets a fresh connection as its descriptor. */
static void
talk(int port)
{
	int fd = dial(port), i;

	for (i = 0; i < 3; i++) {
		must(write(fd, "word", 4));
		take("answer", fd);
	}
	must(shutdown(fd, SHUT_WR));
	say_rest("rest", fd);
	must(close(fd));
}

static void
inetd(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t client = child("client", talk, port_of(lfd)), pid;

	fd = (int)must(accept(lfd, NULL, NULL));
	pid = starts[g->n]("echo", fd);
	must(close(fd));
	reap("client", client);
	reap("program", pid);
}

static void
hear(int port)
{
	int fd = dial(port);

	take("greeting", fd);
	must(write(fd, "thanks", 6));
	say_rest("rest", fd);
	must(close(fd));
}

static void
inetd_greets(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t client = child("client", hear, port_of(lfd)), pid;

	fd = (int)must(accept(lfd, NULL, NULL));
	pid = starts[g->n]("greet", fd);
	must(close(fd));
	reap("client", client);
	reap("program", pid);
}

/* As inetd does it: the connection on 0, 1 and 2. */
static void
inetd_on_stdin(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t client = child("client", talk, port_of(lfd)), pid;
	char **argv = again("echo", 0);

	(void)g;
	fd = (int)must(accept(lfd, NULL, NULL));
	pid = (pid_t)must(fork());
	if (pid == 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
		closefrom(3);
		execv(argv[0], argv);
		_exit(98);
	}
	must(close(fd));
	reap("client", client);
	reap("program", pid);
}

/* A client connection given to another program before its first word. */
static void
client_handed_on(const struct given *g)
{
	int fd[2];
	pid_t pid;

	pair_cold(fd);
	pid = starts[g->n]("greet", fd[0]);
	must(close(fd[0]));
	take("server", fd[1]);
	must(write(fd[1], "thanks", 6));
	say_rest("server", fd[1]);
	reap("program", pid);
}

/* A listening socket given to another program, as systemd does. */
static void
listener_handed_on(const struct given *g)
{
	int lfd = listener();
	pid_t client = child("client", talk, port_of(lfd)), pid;

	pid = starts[g->n]("accept", lfd);
	must(close(lfd));
	reap("client", client);
	reap("program", pid);
}

/* Closed by exec; the connection is the other process's alone. */
static void
close_on_exec(const struct given *g)
{
	int fd[2];

	pair(fd);
	must(fcntl(fd[0], F_SETFD, FD_CLOEXEC));
	must(fcntl(fd[1], F_SETFD, FD_CLOEXEC));
	reap("program", starts[g->n]("idle", fd[0]));
	still_talks(fd);
	close_both(fd);
}

/* The image is replaced and the connection closed by that: the peer must see
 * an end, after all that was written. */
static void
exec_ends(int port)
{
	int fd = dial(port);
	char **argv, c;

	must(fcntl(fd, F_SETFD, FD_CLOEXEC));
	must(write(fd, "c", 1));
	must(read(fd, &c, 1));
	must(write(fd, "last words", 10));
	argv = again("idle", -1);
	execv(argv[0], argv);
}

static void
exec_closes(const struct given *g)
{
	int lfd = listener(), fd;
	pid_t client = child("client", exec_ends, port_of(lfd));
	char c;

	(void)g;
	fd = (int)must(accept(lfd, NULL, NULL));
	must(read(fd, &c, 1));
	must(write(fd, "s", 1));
	say_rest("server", fd);
	reap("client", client);
}

/* After the handshake a session cannot be given to another program. */
static void
handed_on_late(const struct given *g)
{
	int fd[2];

	pid_t pid;

	(void)g;
	pair(fd);
	pid = by_fork("write", fd[0]);
	take("server", fd[1]);
	close_both(fd);
	reap("program", pid);
}

static void
exec_fails(const struct given *g)
{
	char *argv[] = { (char[]){ "none" }, NULL };
	int fd[2];

	(void)g;
	pair(fd);
	say_result("execv", execv("/no/such/program", argv));
	say_result("execvp", execvp("no-such-program", argv));
	still_talks(fd);
	close_both(fd);
}

static const char *const how[] = { "fork", "vfork", "posix_spawn", NULL };
static const char *const shells[] = { "system", "popen", NULL };

const struct family spawn_cases[] = {
	{ .name = "spawn.beside", .play = beside, .words = how },
	{ .name = "spawn.beside-cold", .play = beside_cold, .words = how },
	{ .name = "spawn.shell", .play = shell, .words = shells },
	{ .name = "spawn.vfork-closes", .play = vfork_closes },
	{ .name = "spawn.vfork-covers", .play = vfork_covers },
	{ .name = "spawn.with-actions", .play = spawn_with_actions },
	{ .name = "spawn.inetd", .play = inetd, .words = how },
	{ .name = "spawn.inetd-greets", .play = inetd_greets, .words = how },
	{ .name = "spawn.inetd-on-stdin", .play = inetd_on_stdin },
	{ .name = "spawn.client-handed-on", .play = client_handed_on,
	    .words = how },
	{ .name = "spawn.listener-handed-on", .play = listener_handed_on,
	    .words = how },
	{ .name = "spawn.close-on-exec", .play = close_on_exec,
	    .words = how },
	{ .name = "spawn.exec-closes", .play = exec_closes },
	{ .name = "spawn.handed-on-late", .play = handed_on_late },
	{ .name = "spawn.exec-fails", .play = exec_fails },
	{ .name = NULL }
};
