/* SPDX-License-Identifier: Apache-2.0
 * open: connect, accept, bind and listen, and what they tell. */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/un.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"

int __connect(int fd, const struct sockaddr *addr, socklen_t len);

static int
connect_to(int fd, int port)
{
	struct sockaddr_in in = loopback(port);

	return connect(fd, (struct sockaddr *)&in, sizeof(in));
}

static int
tcp(void)
{
	return (int)must(socket(AF_INET, SOCK_STREAM, 0));
}

static void
say_error(int fd)
{
	int err = -1;
	socklen_t len = sizeof(err);

	say_result("getsockopt", getsockopt(fd, SOL_SOCKET, SO_ERROR, &err,
	    &len));
	say("error %d length %u", err, len);
}

/* A few words each way show that a connection works. */
static void
greet(int fd[2])
{
	char buf[10];

	warm(fd);
	must(write(fd[0], "hello", 5));
	say_bytes("server", buf, read(fd[1], buf, 10));
	must(write(fd[1], "hi", 2));
	say_bytes("client", buf, read(fd[0], buf, 10));
	close_both(fd);
}

static void
blocking(const struct given *g)
{
	int lfd = listener(), fd[2] = { tcp() };

	(void)g;
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	say_error(fd[0]);
	say_result("again", connect_to(fd[0], port_of(lfd)));
	fd[1] = accept(lfd, NULL, NULL);
	say("accepted %d", fd[1] > 2);
	greet(fd);
}

static void
alias(const struct given *g)
{
	int lfd = listener(), fd[2] = { tcp() };
	struct sockaddr_in in = loopback(port_of(lfd));

	(void)g;
	say_result("__connect", __connect(fd[0], (struct sockaddr *)&in,
	    sizeof(in)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
}

static void
nonblocking(const struct given *g)
{
	int lfd = listener(), fd[2] = { tcp() };
	struct pollfd p = { fd[0], POLLOUT, 0 };

	(void)g;
	set_nonblocking(fd[0]);
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	say_result("poll", poll(&p, 1, 5000));
	say_events("of kind", p.revents);
	say_error(fd[0]);
	say_result("again", connect_to(fd[0], port_of(lfd)));
	say_result("and again", connect_to(fd[0], port_of(lfd)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	fcntl(fd[0], F_SETFL, 0);
	greet(fd);
}

/* A full backlog leaves a connection in the making. */
static void
in_the_making(const struct given *g)
{
	int lfd = listener_of(AF_INET, SOCK_STREAM, 0), fd, i;
	struct pollfd p;
	char c;

	(void)g;
	for (i = 0; i < 4; i++) {
		fd = tcp();
		set_nonblocking(fd);
		(void)!connect_to(fd, port_of(lfd));
		pause_ms(10);
	}
	say_result("again", connect_to(fd, port_of(lfd)));
	say_result("read", read(fd, &c, 1));
	say_result("write", write(fd, "x", 1));
	p = (struct pollfd){ fd, POLLIN | POLLOUT, 0 };
	say_result("poll", poll(&p, 1, 50));
	say_error(fd);
	say_result("shutdown", shutdown(fd, SHUT_WR));
	close(fd);
}

static void
refused(const struct given *g)
{
	int lfd = listener(), port = port_of(lfd), fd = tcp();
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };
	char c;

	close(lfd);
	if (g->n == 1)
		set_nonblocking(fd);
	say_result("connect", connect_to(fd, port));
	say_result("poll", poll(&p, 1, 5000));
	say_events("of kind", p.revents);
	say_error(fd);
	say_result("read", read(fd, &c, 1));
	signal(SIGPIPE, SIG_IGN);
	say_result("write", write(fd, &c, 1));
	close(fd);
}

/* A non-blocking attempt fails later; the next ones are decided about anew:
 * Linux takes one of them to forget the first. */
static void
retried_later(const struct given *g)
{
	int lfd = listener(), port = port_of(lfd), fd[2] = { tcp() };
	struct pollfd p = { fd[0], POLLOUT, 0 };

	(void)g;
	close(lfd);
	set_nonblocking(fd[0]);
	say_result("connect", connect_to(fd[0], port));
	must(poll(&p, 1, 5000));
	say_error(fd[0]);
	say_result("read", read(fd[0], &port, 1));
	lfd = listener();
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	must(poll(&p, 1, 5000));
	must(fcntl(fd[0], F_SETFL, 0));
	greet(fd);
}

/* The same descriptor tries again, this time with success. */
static void
retried(const struct given *g)
{
	int lfd = listener(), port = port_of(lfd), fd[2] = { tcp() };

	(void)g;
	close(lfd);
	say_result("connect", connect_to(fd[0], port));
	lfd = listener();
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
}

static void
dissolved(const struct given *g)
{
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	int fd[2], lfd = listener();
	char c;

	(void)g;
	pair(fd);
	say_result("dissolve", connect(fd[0], &none, sizeof(none)));
	say_result("write", send(fd[0], "x", 1, MSG_NOSIGNAL));
	say_result("server", read(fd[1], &c, 1));
	close(fd[1]);
	say_result("connect", connect_to(fd[0], port_of(lfd)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
}

static void
bad_targets(const struct given *g)
{
	struct sockaddr_in in = loopback(PORT_FIRST);
	int fd = tcp(), six = (int)must(socket(AF_INET6, SOCK_STREAM, 0));

	(void)g;
	say_result("short", connect(fd, (struct sockaddr *)&in, 4));
	say_result("NULL", connect(fd, NULL, sizeof(in)));
	say_result("wrong family", connect(six, (struct sockaddr *)&in,
	    sizeof(in)));
	in.sin_family = 77;
	say_result("no family", connect(fd, (struct sockaddr *)&in,
	    sizeof(in)));
	say_result("no descriptor", connect_to(-1, PORT_FIRST));
	say_result("no socket", connect_to(STDIN_FILENO, PORT_FIRST));
	say_result("accept", accept(fd, NULL, NULL));
	say_result("accept nothing", accept(-1, NULL, NULL));
	say_result("accept no socket", accept(STDIN_FILENO, NULL, NULL));
	say_result("listen", listen(-1, 5));
	say_result("bind", bind(fd, (struct sockaddr *)&in, 3));
}

/* Peers see the program's own address. */
static void
addresses(const struct given *g)
{
	struct sockaddr_in in = loopback(0), from, own;
	socklen_t len = sizeof(from);
	int lfd = listener(), fd[2] = { tcp() };

	(void)g;
	must(bind(fd[0], (struct sockaddr *)&in, sizeof(in)));
	must(connect_to(fd[0], port_of(lfd)));
	fd[1] = (int)must(accept(lfd, (struct sockaddr *)&from, &len));
	say("length %u family %d", len, from.sin_family);
	say("the client's port: %d", ntohs(from.sin_port) == port_of(fd[0]));
	len = sizeof(own);
	must(getpeername(fd[0], (struct sockaddr *)&own, &len));
	say("the server's port: %d", ntohs(own.sin_port) == port_of(lfd));
	say("the local port: %d", port_of(fd[1]) == port_of(lfd));
	greet(fd);
}

static void
accept_forms(const struct given *g)
{
	struct sockaddr_in from;
	socklen_t len = 4;
	int lfd = listener(), c[4], s, i;

	(void)g;
	for (i = 0; i < 4; i++)
		c[i] = dial(port_of(lfd));
	s = (int)must(accept4(lfd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
	say("flags %#x %#x", (unsigned)fcntl(s, F_GETFL),
	    (unsigned)fcntl(s, F_GETFD));
	s = (int)must(accept4(lfd, NULL, NULL, 0));
	say("flags %#x %#x", (unsigned)fcntl(s, F_GETFL),
	    (unsigned)fcntl(s, F_GETFD));
	s = (int)must(accept(lfd, (struct sockaddr *)&from, &len));
	say("address length %u", len);
	say_result("unknown flag", accept4(lfd, NULL, NULL, 0x40));
	say_result("bad address", accept(lfd, (struct sockaddr *)1, &len));
	set_nonblocking(lfd);
	say_result("nobody", accept(lfd, NULL, NULL));
	set_timeouts(lfd, 200);
	fcntl(lfd, F_SETFL, 0);
	say_result("nobody in time", accept(lfd, NULL, NULL));
	for (i = 0; i < 4; i++)
		close(c[i]);
}

static void
over_ipv6(const struct given *g)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
	    .sin6_addr = in6addr_loopback };
	int lfd = listener_of(AF_INET6, SOCK_STREAM, 5), fd[2];

	(void)g;
	in6.sin6_port = htons((uint16_t)port_of(lfd));
	fd[0] = (int)must(socket(AF_INET6, SOCK_STREAM, 0));
	say_result("connect", connect(fd[0], (struct sockaddr *)&in6,
	    sizeof(in6)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
}

/* An IPv6 socket that speaks IPv4: ::ffff:127.0.0.1. */
static void
mapped(const struct given *g)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	int lfd = listener(), fd[2];

	(void)g;
	inet_pton(AF_INET6, "::ffff:127.0.0.1", &in6.sin6_addr);
	in6.sin6_port = htons((uint16_t)port_of(lfd));
	fd[0] = (int)must(socket(AF_INET6, SOCK_STREAM, 0));
	say_result("connect", connect(fd[0], (struct sockaddr *)&in6,
	    sizeof(in6)));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
}

static void
many_clients(const struct given *g)
{
	int lfd = listener(), fd[20][2], i;
	char buf[10];

	(void)g;
	for (i = 0; i < 20; i++)
		fd[i][0] = dial(port_of(lfd));
	for (i = 0; i < 20; i++)
		fd[i][1] = (int)must(accept(lfd, NULL, NULL));
	for (i = 19; i >= 0; i--)
		warm(fd[i]);
	for (i = 0; i < 20; i++) {
		must(write(fd[i][0], &i, 1));
		must(read(fd[i][1], buf, 1));
		say("client %d", buf[0]);
		close_both(fd[i]);
	}
}

/* The client is gone before accept() looks. */
static void
gone_before_accept(const struct given *g)
{
	int lfd = listener(), fd = dial(port_of(lfd)), s;
	char c;

	if (g->n == 0)
		close(fd);
	else
		reset(fd);
	pause_ms(20);
	s = accept(lfd, NULL, NULL);
	say("accepted %d", s > 2);
	say_result("read", read(s, &c, 1));
	say_result("read", read(s, &c, 1));
	say_result("close", close(s));
}

/* Other kinds of sockets on the same numbers are none of ours. */
static void
datagrams(const struct given *g)
{
	int s = (int)must(socket(AF_INET, SOCK_DGRAM, 0)), c;
	struct sockaddr_in in;
	char buf[10];
	int port;

	(void)g;
	for (port = PORT_LAST; port > PORT_FIRST; port--) {
		in = loopback(port);
		if (bind(s, (struct sockaddr *)&in, sizeof(in)) == 0)
			break;
	}
	c = (int)must(socket(AF_INET, SOCK_DGRAM, 0));
	say_result("connect", connect(c, (struct sockaddr *)&in, sizeof(in)));
	say_result("write", write(c, "one", 3));
	say_result("send", send(c, "two!", 4, 0));
	say_result("empty", send(c, "", 0, 0));
	say_bytes("read", buf, read(s, buf, 10));
	say_result("short", recv(s, buf, 2, MSG_TRUNC));
	say_result("empty", recv(s, buf, 10, 0));
	close(s);
	close(c);
}

static void
local_sockets(const struct given *g)
{
	char buf[10];
	int fd[2];

	(void)g;
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	say_result("write", write(fd[0], "data", 4));
	say_bytes("read", buf, read(fd[1], buf, 10));
	close_both(fd);
}

static void
plain_port(const struct given *g)
{
	int lfd = plain_listener(), fd[2];
	char buf[10];

	(void)g;
	fd[0] = dial(port_of(lfd));
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	must(write(fd[0], "data", 4));
	say_bytes("read", buf, recv(fd[1], buf, 10, MSG_OOB * 0));
	say_result("urgent", send(fd[0], "!", 1, MSG_OOB));
	say_bytes("urgent", buf, recv(fd[1], buf, 1, MSG_OOB));
	close_both(fd);
}

/* One that listens on two ports, one of them configured. */
static void
both_kinds(const struct given *g)
{
	int ours = listener(), plain = plain_listener(), a[2], b[2];

	(void)g;
	a[0] = dial(port_of(ours));
	b[0] = dial(port_of(plain));
	a[1] = (int)must(accept(ours, NULL, NULL));
	b[1] = (int)must(accept(plain, NULL, NULL));
	greet(a);
	greet(b);
}

/* The first bytes ride in the SYN; under TLS they may not. */
static void
hear_all(int fd)
{
	say_rest("heard", fd);
}

static void
fast_open(const struct given *g)
{
	int lfd = listener(), fd[2] = { tcp() }, one = 1;
	struct sockaddr_in in = loopback(port_of(lfd));
	struct side *s;

	if (g->n == 0) {
		say_result("sendto", sendto(fd[0], "fast", 4, MSG_FASTOPEN,
		    (struct sockaddr *)&in, sizeof(in)));
	} else {
		say_result("option", setsockopt(fd[0], IPPROTO_TCP,
		    TCP_FASTOPEN_CONNECT, &one, sizeof(one)));
		say_result("connect", connect(fd[0], (struct sockaddr *)&in,
		    sizeof(in)));
		say_result("write", write(fd[0], "fast", 4));
	}
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	s = side("server", hear_all, fd[1]);
	must(shutdown(fd[0], SHUT_WR));
	side_end(s);
	close_both(fd);
}

static void
names(const struct given *g)
{
	struct addrinfo hints = { .ai_family = AF_INET,
	    .ai_socktype = SOCK_STREAM }, *list;
	int lfd = listener(), fd[2] = { tcp() };
	char port[8];

	(void)g;
	snprintf(port, sizeof(port), "%d", port_of(lfd));
	say_result("getaddrinfo", getaddrinfo("localhost", port, &hints,
	    &list));
	say_result("connect", connect(fd[0], list->ai_addr,
	    list->ai_addrlen));
	freeaddrinfo(list);
	fd[1] = (int)must(accept(lfd, NULL, NULL));
	greet(fd);
	say_result("no such name", getaddrinfo("no.such.name.invalid", "1",
	    &hints, &list) != 0);
	say("by name %d", gethostbyname("localhost") != NULL);
}

static const char *const blockings[] = { "blocking", "nonblocking", NULL };
static const char *const gone[] = { "closed", "reset", NULL };
static const char *const fast[] = { "sendto", "option", NULL };

const struct family open_cases[] = {
	{ .name = "open.blocking", .play = blocking },
	{ .name = "open.alias", .play = alias },
	{ .name = "open.nonblocking", .play = nonblocking },
	{ .name = "open.in-the-making", .play = in_the_making },
	{ .name = "open.refused", .play = refused, .words = blockings },
	{ .name = "open.retried-later", .play = retried_later },
	{ .name = "open.retried", .play = retried },
	{ .name = "open.dissolved", .play = dissolved },
	{ .name = "open.bad-targets", .play = bad_targets },
	{ .name = "open.addresses", .play = addresses },
	{ .name = "open.accept-forms", .play = accept_forms },
	{ .name = "open.over-ipv6", .play = over_ipv6 },
	{ .name = "open.mapped", .play = mapped },
	{ .name = "open.many-clients", .play = many_clients },
	{ .name = "open.gone-before-accept", .play = gone_before_accept,
	    .words = gone },
	{ .name = "open.datagrams", .play = datagrams },
	{ .name = "open.local-sockets", .play = local_sockets },
	{ .name = "open.plain-port", .play = plain_port },
	{ .name = "open.both-kinds", .play = both_kinds },
	{ .name = "open.fast-open", .play = fast_open, .words = fast },
	{ .name = "open.names", .play = names },
	{ .name = NULL }
};
