/* SPDX-License-Identifier: Apache-2.0
 * sockets: listeners, connections and bytes for the cases. */
#include <sys/ioctl.h>
#include <sys/time.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

static int
bind_free(int fd, int family)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in in;
	struct timespec t = now();
	int span = PORT_LAST - PORT_FIRST, tries;
	unsigned port = (unsigned)getpid() * 61u + (unsigned)t.tv_nsec / 1000u;

	for (tries = 0; tries < span; tries++, port += 7) {
		in = loopback(PORT_FIRST + (int)(port % (unsigned)span));
		in6.sin6_addr = in6addr_loopback;
		in6.sin6_port = in.sin_port;
		if (family == AF_INET6 &&
		    bind(fd, (struct sockaddr *)&in6, sizeof(in6)) == 0)
			return 0;
		if (family == AF_INET &&
		    bind(fd, (struct sockaddr *)&in, sizeof(in)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			break;
	}
	return -1;
}

int
listener_of(int family, int type, int backlog)
{
	int fd = (int)must(socket(family, type, 0));

	must(bind_free(fd, family));
	must(listen(fd, backlog));
	return fd;
}

int
listener(void)
{
	return listener_of(AF_INET, SOCK_STREAM, 64);
}

int
plain_listener(void)
{
	struct sockaddr_in in = loopback(0);
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));

	must(bind(fd, (struct sockaddr *)&in, sizeof(in)));
	must(listen(fd, 64));
	return fd;
}

int
port_of(int fd)
{
	struct sockaddr_in6 in;
	socklen_t len = sizeof(in);

	must(getsockname(fd, (struct sockaddr *)&in, &len));
	return ntohs(in.sin6_port);
}

struct sockaddr_in
loopback(int port)
{
	struct sockaddr_in in = { .sin_family = AF_INET };

	in.sin_port = htons((uint16_t)port);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return in;
}

int
dial(int port)
{
	struct sockaddr_in in = loopback(port);
	int fd = (int)must(socket(AF_INET, SOCK_STREAM, 0));

	must(connect(fd, (struct sockaddr *)&in, sizeof(in)));
	return fd;
}

void
pair_cold(int fd[2])
{
	int lfd = listener(), on = 1;

	fd[0] = dial(port_of(lfd));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	must(setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	must(setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
	close(lfd);
}

static void *
answer(void *arg)
{
	int fd = *(int *)arg;
	char c;

	if (read_all(fd, &c, 1) != 1)
		broken("the server's first read");
	if (write(fd, "s", 1) != 1)
		broken("the server's first write");
	return NULL;
}

void
warm(int fd[2])
{
	pthread_t server;
	char c;

	pthread_create(&server, NULL, answer, &fd[1]);
	must(write(fd[0], "c", 1));
	if (read_all(fd[0], &c, 1) != 1)
		broken("the client's first read");
	pthread_join(server, NULL);
}

void
pair(int fd[2])
{
	pair_cold(fd);
	warm(fd);
}

void
set_nonblocking(int fd)
{
	must(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK));
}

void
set_timeouts(int fd, int ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };

	must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t)));
	must(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t)));
}

void
close_both(int fd[2])
{
	must(close(fd[0]));
	must(close(fd[1]));
}

/* Whether a call that failed only wanted more time, and that has come. */
static int
wait_for(int fd, short events)
{
	struct pollfd p = { fd, events, 0 };

	return errno == EAGAIN && poll(&p, 1, 60000) == 1 ? 0 : -1;
}

ssize_t
read_all(int fd, void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = read(fd, (char *)buf + done, len - done);
		if (n == 0 || (n == -1 && wait_for(fd, POLLIN) == -1))
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

ssize_t
write_all(int fd, const void *buf, size_t len)
{
	size_t done = 0;
	ssize_t n;

	while (done < len) {
		n = write(fd, (const char *)buf + done, len - done);
		if (n == -1 && wait_for(fd, POLLOUT) == -1)
			break;
		if (n > 0)
			done += (size_t)n;
	}
	return (ssize_t)done;
}

void
say_rest(const char *what, int fd)
{
	size_t room = 32 << 20, got = 0;
	char *buf = malloc(room);
	ssize_t n;

	do {
		n = read(fd, buf + got, room - got);
		got += n > 0 ? (size_t)n : 0;
	} while (n > 0 || (n == -1 && wait_for(fd, POLLIN) == 0));
	say_bytes(what, buf, (ssize_t)got);
	say_result("then", n);
	free(buf);
}

unsigned char *
pattern(size_t len)
{
	unsigned char *p = malloc(len + 1);
	uint32_t x = 1;
	size_t i;

	for (i = 0; i < len; i++) {
		x = x * 1664525u + 1013904223u;
		p[i] = (unsigned char)(x >> 24);
	}
	return p;
}

void
reset(int fd)
{
	struct linger l = { 1, 0 };

	must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof(l)));
	must(close(fd));
}

void
wait_until_gone(int fd)
{
	struct pollfd p = { fd, POLLRDHUP, 0 };

	if (poll(&p, 1, 10000) != 1)
		broken("waiting for the peer's end");
}
