/* SPDX-License-Identifier: Apache-2.0
 * meanwhile: what has to happen on one connection while the program waits
 * somewhere else, as the kernel would see to it over TCP. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

#include "calls.h"

static sem_t wanted;

/* Waits for another thread, not on any descriptor. */
static void
wait_for_other(const char *what, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	say("%s: %s", what, sem_timedwait(&wanted, &until) == 0 ? "heard" :
	    "nothing heard");
}

/* As FTP has it: the server sends a file on a connection of its own, closes
 * that and then says on the first one that it is done; the client waits for
 * this before it reads the file. */
static int control;

static void
give_file(int lfd)
{
	unsigned char *p = pattern(200000);
	struct timespec start;
	int fd = (int)must(accept(lfd, NULL, NULL));

	must(write_all(fd, p, 200000));
	start = now();
	must(close(fd));
	say_took("close", start, 2000);
	free(p);
}

static void
send_file(int lfd)
{
	give_file(lfd);
	say_result("done", write(control, "226", 3));
}

/* The client's full connection is read when its file has come. */
static void
read_late(int fd)
{
	char *to = malloc(8 << 20);

	wait_for_other("file", 8000);
	say("came %zd", read_all(fd, to, 8 << 20));
	free(to);
}

static void
wait_elsewhere(const struct given *g, int fd)
{
	struct pollfd p = { fd, POLLIN, 0 };
	char buf[10];

	if (g->n == 1)
		set_timeouts(fd, 8000);
	else if (g->n == 2)
		must(poll(&p, 1, 8000));
	say_bytes("said", buf, read(fd, buf, sizeof(buf)));
}

static void
file_beside(const struct given *g)
{
	int fd[2], lfd = listener(), data;
	struct side *s;

	pair(fd);
	control = fd[1];
	data = dial(port_of(lfd));
	s = side("server", send_file, lfd);
	wait_elsewhere(g, fd[0]);
	say_rest("file", data);
	side_end(s);
	close_both(fd);
	close(data);
	close(lfd);
}

/* The same while the client waits in a write, or in accept(). */
static void
send_file_first(int lfd)
{
	give_file(lfd);
	sem_post(&wanted);
}

static void
file_beside_write(const struct given *g)
{
	unsigned char *p = pattern(8 << 20);
	struct side *s, *r;
	int fd[2], lfd = listener(), data;

	(void)g;
	sem_init(&wanted, 0, 0);
	pair(fd);
	data = dial(port_of(lfd));
	s = side("server", send_file_first, lfd);
	r = side("reader", read_late, fd[1]);
	say("wrote %zd", write_all(fd[0], p, 8 << 20));
	say_rest("file", data);
	side_end(s);
	side_end(r);
	close_both(fd);
	close(data);
	close(lfd);
	free(p);
}

static int second;

static void
send_file_then_connect(int lfd)
{
	send_file_first(lfd);
	close(dial(second));
}

static void
file_beside_accept(const struct given *g)
{
	int lfd = listener(), other = listener(), data;
	struct side *s;

	(void)g;
	sem_init(&wanted, 0, 0);
	second = port_of(other);
	data = dial(port_of(lfd));
	s = side("server", send_file_then_connect, lfd);
	close((int)must(accept(other, NULL, NULL)));
	say_rest("file", data);
	side_end(s);
	close(data);
	close(lfd);
	close(other);
}

/* One thread has both ends, as in many a test of a program's own. */
static void
both_ends(const struct given *g)
{
	struct timespec start;
	int fd[2], by = g->n == 0;

	pair_cold(fd);
	g->mode->set(fd[by]);
	must(write(fd[by], "bye", 3));
	start = now();
	must(close(fd[by]));
	say_took("close", start, 2000);
	say_rest("other", fd[!by]);
	close(fd[!by]);
}

/* What was written reaches a peer that reads, whatever the writer does next;
 * here it waits for another thread. */
static void
hear_one(int fd)
{
	char buf[10];

	say_bytes("heard", buf, read(fd, buf, sizeof(buf)));
	sem_post(&wanted);
}

static void
write_and_wait(const struct given *g)
{
	struct side *s;
	int fd[2], by = g->n != 0;

	sem_init(&wanted, 0, 0);
	pair_cold(fd);
	if (strcmp(g->mode->name, "nonblocking") != 0)
		g->mode->set(fd[by]);
	s = side("other", hear_one, fd[!by]);
	say_result("wrote", g->tx->send(fd[by], "hello", 5, 0));
	wait_for_other("answer", 4000);
	if (g->n == 2)
		say_result("wrote", g->tx->send(fd[by], "more", 4, 0));
	close(fd[by]);
	side_end(s);
	close(fd[!by]);
}

/* The same where the writer sleeps for a while, and nobody else of its process
 * is there to go on. */
static void
hear_early(int fd)
{
	struct timespec start = now();
	char buf[10];

	say_bytes("heard", buf, read(fd, buf, sizeof(buf)));
	say("early %d", ms_since(start) < 800);
}

static void
doze(int how)
{
	struct timespec t = { 1, 1000 }, until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	switch (how) {
	case 0: say_result("slept", nanosleep(&t, NULL)); break;
	case 1: say_result("slept", clock_nanosleep(CLOCK_MONOTONIC, 0, &t,
	    NULL)); break;
	case 2: say_result("slept", clock_nanosleep(CLOCK_MONOTONIC,
	    TIMER_ABSTIME, &until, NULL)); break;
	case 3: say_result("slept", sleep(1)); break;
	case 4: say_result("slept", usleep(1000500)); break;
	default: say_result("slept", thrd_sleep(&t, NULL)); break;
	}
}

static void
write_and_sleep(const struct given *g)
{
	struct timespec start;
	int fd[2];
	pid_t pid;

	pair_cold(fd);
	pid = child("server", hear_early, fd[1]);
	must(close(fd[1]));
	set_nonblocking(fd[0]);
	start = now();
	must(write(fd[0], "hello", 5));
	doze(g->n);
	say("long enough %d, not too long %d", ms_since(start) >= 1000,
	    ms_since(start) < 4000);
	reap("server", pid);
	close(fd[0]);
}

/* A signal ends a sleep, and the rest is told. */
static void
woken_from_sleep(const struct given *g)
{
	struct timespec t = { 3, 0 }, rest = { 0, 0 };
	int fd[2];

	pair_cold(fd);
	set_nonblocking(fd[0]);
	must(write(fd[0], "hello", 5));
	count_signal(SIGUSR1, SA_RESTART);
	timer_signal(100);
	if (g->n == 0)
		say_result("slept", nanosleep(&t, &rest));
	else if (g->n == 1)
		say("slept %d", clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &rest));
	else if (g->n == 2)
		say("slept %d", clock_nanosleep(CLOCK_MONOTONIC,
		    TIMER_ABSTIME, &(struct timespec){ INT32_MAX, 0 }, NULL));
	else if (g->n == 3)
		say("slept, but for %u", sleep(3));
	else if (g->n == 4)
		say_result("slept", usleep(3000000));
	else
		say("slept %d", thrd_sleep(&t, &rest));
	say("rest %d", (int)rest.tv_sec);
	say("bad time %d", clock_nanosleep(CLOCK_MONOTONIC, 0,
	    &(struct timespec){ 0, -1 }, NULL));
	close_both(fd);
}

/* A handshake is no input: who waits for an answer is not woken by it.  The
 * server is another process: two threads at one handshake may get in each
 * other's way. */
static int word[2];

static void
answer_late(int fd)
{
	char buf[10];

	say_bytes("heard", buf, read(fd, buf, sizeof(buf)));
	must(read(word[0], buf, 1));
	say_result("answered", write(fd, "answer", 6));
}

static void
not_woken(const struct given *g)
{
	struct watch *w;
	char buf[10];
	pid_t pid;
	int fd[2];

	must(pipe(word));
	pair_cold(fd);
	pid = child("server", answer_late, fd[1]);
	must(close(fd[1]));
	set_nonblocking(fd[0]);
	must(write(fd[0], "hello", 5));
	w = watch(g, fd[0], POLLIN);
	say_watch(w, "no answer yet", 150);
	must(write(word[1], "!", 1));
	say_watch(w, "answer", 5000);
	say_bytes("answer", buf, read(fd[0], buf, sizeof(buf)));
	watch_end(w);
	reap("server", pid);
	close(fd[0]);
	close_both(word);
}

/* Who has written all that is taken before the handshake's end learns of that
 * end, also if another thread brought it about. */
static atomic_bool all_there;

static void
look_after(int fd)
{
	(void)fd;
	while (!atomic_load(&all_there))
		poll(NULL, 0, 5);
}

static void
drink(int fd)
{
	pause_ms(50);
	say_rest("came", fd);
	atomic_store(&all_there, true);
}

static void
full_queue(const struct given *g)
{
	unsigned char *p = pattern(1 << 20);
	struct side *s[4];
	struct timespec start;
	int fd[2], i;

	pair_cold(fd);
	set_timeouts(fd[0], 10000);
	if (g->n == 1)
		set_nonblocking(fd[0]);
	s[0] = side("server", drink, fd[1]);
	for (i = 1; i < 4; i++)
		s[i] = side("helper", look_after, -1);
	start = now();
	say("wrote %zd", write_all(fd[0], p, 1 << 20));
	say_took("it", start, 2000);
	must(shutdown(fd[0], SHUT_WR));
	for (i = 0; i < 4; i++)
		side_end(s[i]);
	close_both(fd);
	free(p);
}

/* A peer that never answers does not hold up the one who writes. */
static void
write_to_mute(const struct given *g)
{
	struct timespec start;
	int fd[2], i;

	(void)g;
	pair_cold(fd);
	start = now();
	for (i = 0; i < 10; i++)
		must(write(fd[0], "hello", 5));
	say_took("ten writes", start, 500);
	close_both(fd);
}

/* The peer closed before our first word: TCP takes that word. */
static void
write_to_gone(const struct given *g)
{
	char buf[10];
	int fd[2];

	count_signal(SIGPIPE, SA_RESTART);
	pair_cold(fd);
	close(fd[1]);
	pause_ms(30);
	g->mode->set(fd[0]);
	say_result("first", g->tx->send(fd[0], "hello", 5, 0));
	pause_ms(30);
	say_result("second", g->tx->send(fd[0], "hello", 5, 0));
	say("signals %d", signals());
	say_bytes("read", buf, read(fd[0], buf, sizeof(buf)));
	close(fd[0]);
}

static const char *const elsewheres[] = { "read", "timeout", "poll", NULL };
static const char *const ends[] = { "server", "client", NULL };
static const char *const firsts[] = { "client", "server", "client-again",
	NULL };
static const char *const queues[] = { "blocking", "nonblocking", NULL };
static const char *const sleeps[] = { "nanosleep", "clock_nanosleep",
	"absolute", "sleep", "usleep", "thrd_sleep", NULL };

const struct family meanwhile_cases[] = {
	{ .name = "meanwhile.file-beside", .play = file_beside,
	    .words = elsewheres },
	{ .name = "meanwhile.file-beside-write", .play = file_beside_write },
	{ .name = "meanwhile.file-beside-accept",
	    .play = file_beside_accept },
	{ .name = "meanwhile.both-ends", .play = both_ends,
	    .axes = BY_MODE, .words = ends },
	{ .name = "meanwhile.write-and-wait", .play = write_and_wait,
	    .axes = BY_SENDER | BY_MODE, .words = firsts },
	{ .name = "meanwhile.write-and-sleep", .play = write_and_sleep,
	    .words = sleeps },
	{ .name = "meanwhile.woken-from-sleep", .play = woken_from_sleep,
	    .words = sleeps },
	{ .name = "meanwhile.not-woken", .play = not_woken,
	    .axes = BY_WAITER },
	{ .name = "meanwhile.full-queue", .play = full_queue,
	    .words = queues },
	{ .name = "meanwhile.write-to-mute", .play = write_to_mute },
	{ .name = "meanwhile.write-to-gone", .play = write_to_gone,
	    .axes = BY_SENDER | BY_MODE },
	{ .name = NULL }
};
