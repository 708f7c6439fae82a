/* SPDX-License-Identifier: Apache-2.0
 * calls: what the battery's cases are made of.
 *
 * A case plays one or both sides of a TCP conversation on a configured port
 * and says what it saw.  The runner plays it twice, over plain TCP and under
 * the preload library, and compares what was said. */
#ifndef DICOMTLS_TEST_CALLS_H
#define DICOMTLS_TEST_CALLS_H

#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <netinet/in.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* The ports that both roles are configured for: below the kernel's own. */
enum { PORT_FIRST = 20000, PORT_LAST = 29999 };

/* Cases ------------------------------------------------------------------ */

/* A way to receive: each call of libc, reduced to recv()'s form. */
struct receiver {
	const char *name;
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	bool flags;		/* takes MSG_ flags */
};

struct sender {
	const char *name;
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	bool flags;
};

/* Whether calls block: "blocking", "nonblocking", "timeout" (both 250 ms). */
struct mode {
	const char *name;
	void (*set)(int fd);
};

struct watch;

/* A way to wait for readiness. */
struct waiter {
	const char *name;
	int (*wait)(struct watch *w, int ms);
	int epoll_flags;	/* of epoll_ctl(); 0 for level-triggered */
	bool epoll;
};

/* What one case of a family is given: a value of each of its axes. */
struct given {
	const struct receiver *rx;
	const struct sender *tx;
	const struct mode *mode;
	const struct waiter *waiter;
	const char *word;	/* of the family's own words */
	int n;			/* the word's index */
	const struct family *family;
};

enum {
	BY_RECEIVER = 1,
	BY_SENDER = 2,
	BY_MODE = 4,
	BY_WAITER = 8,
	FLAGS_ONLY = 16		/* receivers and senders that take flags */
};

/* One behaviour; each combination of its axes is a case. */
struct family {
	const char *name;		/* NULL ends a table */
	void (*play)(const struct given *g);
	int axes;
	const char *const *words;	/* NULL-terminated, or NULL */
	const char *env;		/* one more setting, or NULL */

	/* Against a peer that itself speaks TLS: see wire.c. */
	const char *script;		/* what the peer does (peer.c) */
	void (*wire)(int fd);		/* what the case does meanwhile */
	const char *expect;		/* what is seen; NULL: as over TCP */
};

/*
 * A family with EXPECT is played under the preload library only, and its
 * lines must be these: each ends in \n; first the case's own, then the peer's,
 * which begin with "peer: ".
 */

extern const struct family open_cases[], receive_cases[], flag_cases[],
    send_cases[], ready_cases[], edge_cases[], life_cases[], fork_cases[],
    spawn_cases[], option_cases[], end_cases[], stdio_cases[], thread_cases[],
    pdu_cases[], signal_cases[], flaw_cases[], wire_cases[],
    start_cases[], fortified_cases[], idle_cases[], meanwhile_cases[];

extern const struct receiver receivers[];	/* end: name NULL */
extern const struct sender senders[];
extern const struct mode modes[];
extern const struct waiter waiters[];

/* A difference that TLS makes unavoidable; a row of dicomtls(7). */
struct known {
	const char *name;	/* pattern, fnmatch(3) */
	const char *plain;	/* the line over TCP, "" if there is none */
	const char *shim;	/* the line in its place, "" if none */
	const char *reason;
};
extern const struct known known_differences[];

/* Saying what was seen (record.c) ----------------------------------------- */

/* Opens the record that the environment names; every program does. */
void record_open(void);

/* The actor of this thread's lines, "main" at first.  Not copied. */
void actor(const char *name);

/* One line.  Async-signal-safe enough for handlers: no locks, no malloc. */
void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "WHAT = n", or "WHAT = -1 ENAME" from errno. */
void say_result(const char *what, ssize_t n);

/* The same with the bytes: as text when short, else length and checksum. */
void say_bytes(const char *what, const void *buf, ssize_t n);

/* "WHAT: IN|OUT"; REVENTS as of poll(). */
void say_events(const char *what, int revents);

/* A step that no case is about failed: the case is broken, in either run. */
void broken(const char *what) __attribute__((noreturn));
#define must(call) must_be((ssize_t)(call), #call)
ssize_t must_be(ssize_t n, const char *what);

/* Time ---------------------------------------------------------------------- */

struct timespec now(void);
long ms_since(struct timespec start);
void pause_ms(int ms);

/* "WHAT: at once" or "after the time-out" of MS, with room for a busy host. */
void say_took(const char *what, struct timespec start, int ms);

/* Sockets (sockets.c) -------------------------------------------------------- */

/* A listening socket on a free configured port of 127.0.0.1. */
int listener(void);
int listener_of(int family, int type, int backlog);

/* The same on a port that no rule names. */
int plain_listener(void);

int port_of(int fd);
struct sockaddr_in loopback(int port);

/* A socket connected to PORT; the other one blocks in accept(). */
int dial(int port);

/* A connection, [0] the client's end, [1] the server's: nothing sent yet.
 * TCP_NODELAY is on, or Nagle's algorithm would decide what is seen. */
void pair_cold(int fd[2]);

/* The same after one byte went each way: the handshake is over, so that one
 * thread can play both ends. */
void pair(int fd[2]);
void warm(int fd[2]);

void set_nonblocking(int fd);
void set_timeouts(int fd, int ms);
void close_both(int fd[2]);

/* Everything up to LEN bytes or the end of the stream; blocking or not. */
ssize_t read_all(int fd, void *buf, size_t len);
ssize_t write_all(int fd, const void *buf, size_t len);

/* Up to the end: how many bytes and their checksum; then the last result. */
void say_rest(const char *what, int fd);

/* LEN bytes that differ from place to place, the same in each run. */
unsigned char *pattern(size_t len);

/* Reset instead of FIN. */
void reset(int fd);

/* Waits until SO_ERROR or data tells that the peer's FIN or RST came. */
void wait_until_gone(int fd);

/* Other sides (sides.c) -------------------------------------------------------- */

/* A thread that plays NAME on FD. */
struct side;
struct side *side(const char *name, void (*play)(int fd), int fd);
void side_end(struct side *s);

/* A forked process; reap() says how it ended and closes nothing. */
pid_t child(const char *name, void (*play)(int fd), int fd);
void reap(const char *name, pid_t pid);

/* This test program anew, playing PROGRAM (spawn.c) with its descriptor FD. */
char **again(const char *program, int fd);
int program_main(const char *program, int fd);

/* Starts the TLS peer without the preload library; SCRIPT is peer.c's.  It
 * listens and the result is its port, or it connects to PORT.  */
int peer_listen(const char *script, pid_t *pid);
pid_t peer_connect(const char *script, int port);

/* Plays of families that have a script: we are its client, or its server. */
void peer_client(const struct given *g);
void peer_server(const struct given *g);

/* Waiting (ways.c) -------------------------------------------------------------- */

/* Waits for EVENTS (POLLIN, POLLOUT, POLLRDHUP) on FD as G's waiter does. */
struct watch *watch(const struct given *g, int fd, int events);

/* What came within MS: poll's bits, 0 for nothing. */
int watch_wait(struct watch *w, int ms);
void say_watch(struct watch *w, const char *what, int ms);
void watch_end(struct watch *w);

/* SIGPIPE and friends (sides.c) ---------------------------------------------------- */

/* Counts a signal; FLAGS of sigaction. */
void count_signal(int sig, int flags);
int signals(void);

/* Sends SIG to the calling thread every MS from now on / no more. */
void timer_signal(int ms);

#endif
