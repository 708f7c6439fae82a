/* SPDX-License-Identifier: Apache-2.0
 * pdus: a server and a client of many associations in one process each, of
 * PDUs that are all headers (PS3.8, 9.3.1) and no meaning.
 *
 *	pdus serve PORT			answers each PDU with its like
 *	pdus hold PORT IDLE ROUNDS	IDLE associations that say one PDU each,
 *					then one more, busy for ROUNDS PDUs
 *	pdus rate PORT COUNT		associations of three PDUs, one by one
 *
 * hold and rate write nanoseconds per round or per association to standard
 * output; hold says "idle" first and goes on when a line comes in. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HEADER = 6, SMALL = 200, LARGE = 16384, EVENTS = 256, FILES = 100000,
	P_DATA = 4 };

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static struct sockaddr_in
address(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(port)),
	};
}

/* TCP_NODELAY=1 in the environment does what it does for DCMTK. */
static void
set_nodelay(int fd)
{
	const char *s = getenv("TCP_NODELAY");
	int on = s != NULL && atoi(s) == 1;

	if (on)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void
give(int fd, const unsigned char *data, size_t len)
{
	if (write(fd, data, len) != (ssize_t)len)
		err(1, "write");
}

/* Data goes out as many programs write it: a header, then the rest. */
static void
give_pdu(int fd, const unsigned char *pdu, size_t len)
{
	size_t first = pdu[0] == P_DATA && len > 2 * HEADER ? 2 * HEADER : len;

	give(fd, pdu, first);
	if (first < len)
		give(fd, pdu + first, len - first);
}

/* What came of a PDU that is not whole yet, by descriptor. */
static struct part {
	unsigned char *data;
	size_t len;
} part[FILES];

static size_t
length(const struct part *p)
{
	uint32_t len;

	if (p->len < HEADER)
		return HEADER;
	memcpy(&len, p->data + 2, sizeof len);
	if (ntohl(len) > LARGE - HEADER)
		errx(1, "a PDU is too long");
	return ntohl(len) + HEADER;
}

/* Answers what came in; false when the association is over.  The clients
 * here wait for each answer, so that no two PDUs come at once. */
static bool
answer(int fd)
{
	struct part *p = &part[fd];
	ssize_t n = -1;

	if (p->data == NULL && (p->data = malloc(LARGE)) == NULL)
		err(1, "memory");
	while (p->len < LARGE && (n = read(fd, p->data + p->len,
	    LARGE - p->len)) > 0) {
		p->len += (size_t)n;
		if (p->len < HEADER || p->len < length(p))
			continue;
		give_pdu(fd, p->data, p->len);
		p->len = 0;
	}
	if (p->len == 0) {
		free(p->data);
		p->data = NULL;
	}
	return n < 0 && errno == EAGAIN;
}

static void
meet(int ep, int listener)
{
	struct epoll_event e = { .events = EPOLLIN };
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		e.data.fd = fd;
		if (fd >= FILES || epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) < 0)
			err(1, "descriptor %d", fd);
		set_nodelay(fd);
	}
}

static void
serve(const char *port)
{
	struct sockaddr_in at = address(port);
	struct epoll_event e = { .events = EPOLLIN }, got[EVENTS];
	int s = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, i, n;
	int ep = epoll_create1(0);

	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(s, (struct sockaddr *)&at, sizeof at) < 0 ||
	    listen(s, 4096) < 0)
		err(1, "port %s", port);
	e.data.fd = s;
	epoll_ctl(ep, EPOLL_CTL_ADD, s, &e);
	for (;;) {
		n = epoll_wait(ep, got, EVENTS, -1);
		for (i = 0; i < n; i++) {
			if (got[i].data.fd == s)
				meet(ep, s);
			else if (!answer(got[i].data.fd))
				close(got[i].data.fd);
		}
	}
}

static int
associate(const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (const struct sockaddr *)to, sizeof *to) < 0)
		err(1, "connect");
	set_nodelay(fd);
	return fd;
}

/* One PDU of TYPE with LEN bytes there, and its answer back. */
static void
talk(int fd, unsigned char type, size_t len)
{
	static unsigned char pdu[LARGE], back[LARGE];
	uint32_t rest = htonl((uint32_t)len - HEADER);
	size_t got = 0;
	ssize_t n;

	pdu[0] = type;
	memcpy(pdu + 2, &rest, sizeof rest);
	give_pdu(fd, pdu, len);
	for (; got < len; got += (size_t)n)
		if ((n = read(fd, back, len - got)) <= 0)
			err(1, "read");
}

static void
hold(const char *port, int idle, int rounds)
{
	struct sockaddr_in to = address(port);
	int64_t begin;
	char line[8];
	int fd, i;

	for (i = 0; i < idle; i++)
		talk(associate(&to), 1, SMALL);
	printf("idle\n");
	fflush(stdout);
	if (fgets(line, sizeof line, stdin) == NULL)
		return;
	fd = associate(&to);
	talk(fd, 1, SMALL);
	begin = now();
	for (i = 0; i < rounds; i++)
		talk(fd, P_DATA, LARGE);
	printf("%lld\n", (long long)(now() - begin) / (rounds > 0 ? rounds : 1));
}

static void
rate(const char *port, int count)
{
	struct sockaddr_in to = address(port);
	int64_t begin = now();
	int fd, i;

	for (i = 0; i < count; i++) {
		fd = associate(&to);
		talk(fd, 1, SMALL);
		talk(fd, P_DATA, SMALL / 2);
		talk(fd, 5, HEADER + 4);
		close(fd);
	}
	printf("%lld\n", (long long)(now() - begin) / (count > 0 ? count : 1));
}

int
main(int argc, char **argv)
{
	struct rlimit many = { FILES, FILES };

	if (setrlimit(RLIMIT_NOFILE, &many) < 0) {
		getrlimit(RLIMIT_NOFILE, &many);
		many.rlim_cur = many.rlim_max;
		setrlimit(RLIMIT_NOFILE, &many);
	}
	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve(argv[2]);
	else if (argc == 5 && strcmp(argv[1], "hold") == 0)
		hold(argv[2], atoi(argv[3]), atoi(argv[4]));
	else if (argc == 4 && strcmp(argv[1], "rate") == 0)
		rate(argv[2], atoi(argv[3]));
	else
		errx(2, "usage: pdus serve PORT | hold PORT IDLE ROUNDS | "
		    "rate PORT COUNT");
	return 0;
}
