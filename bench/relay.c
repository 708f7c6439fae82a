/* SPDX-License-Identifier: Apache-2.0
 * relay: a link with a delay, that counts the TLS records it carries.
 *
 *	relay LISTEN CONNECT MILLISECONDS
 *
 * Every byte is passed on MILLISECONDS after it came, in both directions.  At
 * SIGTERM it writes to standard output how many bytes and TLS records (RFC
 * 8446, 5.1) of application data it passed.  Many connections, one thread. */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, QUEUE = 64, PAIRS = 64 };

struct piece {
	int64_t due;		/* nanoseconds */
	size_t from, len;
	unsigned char data[PIECE];
};

/* One direction: a ring of pieces, and where in a TLS record it is. */
struct flow {
	int in, out;
	bool ended, passed_end;
	unsigned first, count;
	unsigned char head[5];
	size_t head_len, body;
	struct piece piece[QUEUE];
};

static struct flow *flows[2 * PAIRS];
static int nflows;
static int64_t delay;
static unsigned long long bytes, records;
static volatile sig_atomic_t stop;

static void
on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void
count(struct flow *f, const unsigned char *d, size_t len)
{
	size_t n;

	bytes += len;
	while (len > 0) {
		if (f->body > 0) {
			n = f->body < len ? f->body : len;
			f->body -= n;
			d += n;
			len -= n;
			continue;
		}
		f->head[f->head_len++] = *d++;
		len--;
		if (f->head[0] < 20 || f->head[0] > 23) {
			f->body = SIZE_MAX;	/* not TLS: nothing to count */
			continue;
		}
		if (f->head_len < 5)
			continue;
		records += f->head[0] == 23;
		f->body = (size_t)f->head[3] << 8 | f->head[4];
		f->head_len = 0;
	}
}

static void
take(struct flow *f)
{
	struct piece *p = &f->piece[(f->first + f->count) % QUEUE];
	ssize_t n = recv(f->in, p->data, PIECE, MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		f->ended = true;
		return;
	}
	count(f, p->data, (size_t)n);
	p->due = now() + delay;
	p->from = 0;
	p->len = (size_t)n;
	f->count++;
}

static void
give(struct flow *f)
{
	struct piece *p;
	ssize_t n;

	while (f->count > 0) {
		p = &f->piece[f->first];
		if (p->due > now())
			return;
		n = send(f->out, p->data + p->from, p->len, MSG_DONTWAIT |
		    MSG_NOSIGNAL);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n < 0)
			f->ended = true;
		n = n < 0 ? (ssize_t)p->len : n;
		p->from += (size_t)n;
		p->len -= (size_t)n;
		if (p->len > 0)
			continue;
		f->first = (f->first + 1) % QUEUE;
		f->count--;
	}
	if (f->ended && !f->passed_end) {
		shutdown(f->out, SHUT_WR);
		f->passed_end = true;
	}
}

static void
add(int in, int out)
{
	struct flow *f = calloc(1, sizeof *f);
	int on = 1;

	if (f == NULL)
		err(1, "memory");
	f->in = in;
	f->out = out;
	setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	flows[nflows++] = f;
}

static void
greet(int listener, const struct sockaddr_in *to)
{
	int a = accept(listener, NULL, NULL), b;

	if (a < 0)
		return;
	b = socket(AF_INET, SOCK_STREAM, 0);
	if (nflows == 2 * PAIRS || b < 0 || connect(b,
	    (const struct sockaddr *)to, sizeof *to) < 0) {
		close(a);
		close(b);
		return;
	}
	add(a, b);
	add(b, a);
}

/* A pair whose both directions are over leaves; it is two neighbours. */
static void
sweep(void)
{
	int i;

	for (i = 0; i < nflows; i += 2) {
		if (!flows[i]->passed_end || !flows[i + 1]->passed_end)
			continue;
		close(flows[i]->in);
		close(flows[i]->out);
		free(flows[i]);
		free(flows[i + 1]);
		nflows -= 2;
		flows[i] = flows[nflows];
		flows[i + 1] = flows[nflows + 1];
		i -= 2;
	}
}

static void
loop(int listener, const struct sockaddr_in *to)
{
	struct pollfd p[2 * PAIRS + 1];
	struct timespec t;
	int64_t least;
	int i, n;

	while (!stop) {
		least = 1000000000;
		for (i = 0; i < nflows; i++) {
			struct flow *f = flows[i];

			give(f);
			p[i] = (struct pollfd){ f->ended || f->count == QUEUE ?
			    -1 : f->in, POLLIN, 0 };
			if (f->count > 0 && f->piece[f->first].due - now() <
			    least)
				least = f->piece[f->first].due - now();
		}
		sweep();
		n = nflows;
		p[i] = (struct pollfd){ listener, POLLIN, 0 };
		if (n != i)
			continue;
		/* What the receiver did not take is tried again soon. */
		least = least < 50000 ? 50000 : least;
		t = (struct timespec){ least / 1000000000, least % 1000000000 };
		ppoll(p, (nfds_t)n + 1, &t, NULL);
		for (i = 0; i < n; i++)
			if (p[i].revents != 0)
				take(flows[i]);
		if (p[n].revents != 0)
			greet(listener, to);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in at = { .sin_family = AF_INET }, to = at;
	int s = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	if (argc != 4)
		errx(2, "usage: relay LISTEN CONNECT MILLISECONDS");
	at.sin_addr.s_addr = to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	at.sin_port = htons((uint16_t)atoi(argv[1]));
	to.sin_port = htons((uint16_t)atoi(argv[2]));
	delay = atoi(argv[3]) * 1000000LL;
	signal(SIGTERM, on_term);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(s, (struct sockaddr *)&at, sizeof at) < 0 || listen(s, 64) < 0)
		err(1, "port %s", argv[1]);
	loop(s, &to);
	printf("%llu %llu\n", bytes, records);
	return 0;
}
