/* SPDX-License-Identifier: Apache-2.0
 * check_conn: the byte stream that programs see, over real sockets. */
#include "wires.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/wait.h>

#include "conn/claims.h"

/* The retained byte -------------------------------------------------------------- */

/* Whatever is done in whatever order, and however the records come in: while
 * there is plaintext, the kernel says readable; when a read has said EAGAIN,
 * it does not. */
static void
random_walk(unsigned seed, int lowat)
{
	static unsigned char data[40000];
	unsigned char got[50000], next = 0, expect = 0;
	size_t records[4096], first = 0, n_records = 0, whole = 0, len, i;
	size_t readable = 0, on_way = 0, before, ends = 0;
	struct near n;
	struct far far;
	ssize_t r;
	int turn;

	wires_open(&n, &far, ROLE_SERVER);
	conn_set_lowat(n.c, lowat);
	for (turn = 0; turn < 400; turn++) {
		switch (rand_r(&seed) % 8) {
		case 0:		/* a record more, up to 16 KiB */
			if (readable + on_way > 60000)
				break;
			len = 1 + (size_t)rand_r(&seed) %
			    (rand_r(&seed) % 4 == 0 ? 16384 : 300);
			for (i = 0; i < len; i++)
				data[i] = next++;
			before = buf_len(&far.sink.in);
			far_write(&far, data, len);
			ends = ends + buf_len(&far.sink.in) - before;
			records[n_records++ % 4096] = len;
			records[n_records++ % 4096] = ends;
			on_way += len;
			break;
		case 1:		/* a part of what is on the way */
			far_push(&far, 1 + (size_t)rand_r(&seed) % 400);
			break;
		case 2:
			far_push(&far, 0);
			break;
		case 3:		/* a short read */
		case 4:		/* a long one */
			len = 1 + (size_t)rand_r(&seed) % (rand_r(&seed) % 3 ?
			    50 : sizeof got);
			r = near_recv(&n, got, len, MSG_DONTWAIT);
			if (r == -EAGAIN) {
				ck_assert_uint_lt(readable, (size_t)lowat);
				ck_assert_int_eq(kernel_says(n.fd, POLLIN),
				    0);
				break;
			}
			ck_assert_int_gt(r, 0);
			ck_assert_uint_eq((size_t)r, len < readable ? len :
			    readable);
			for (i = 0; i < (size_t)r; i++)
				ck_assert_uint_eq(got[i], expect++);
			readable -= (size_t)r;
			break;
		case 5:		/* a look at it */
			len = 1 + (size_t)rand_r(&seed) % sizeof got;
			r = near_recv(&n, got, len, MSG_DONTWAIT | MSG_PEEK);
			if (r == -EAGAIN)
				break;
			ck_assert_uint_eq((size_t)r, len < readable ? len :
			    readable);
			for (i = 0; i < (size_t)r; i++)
				ck_assert_uint_eq(got[i],
				    (unsigned char)(expect + i));
			break;
		case 6:
			ck_assert_uint_eq((size_t)conn_readable(n.c, n.fd),
			    readable);
			break;
		case 7:
			ck_assert_int_eq((near_poll(&n, POLLIN) & POLLIN) != 0,
			    readable >= (size_t)lowat);
			break;
		}
		/* Loopback delivers at once: what is whole is readable. */
		for (; first < n_records && records[(first + 1) % 4096] <=
		    ends - buf_len(&far.sink.in); first += 2) {
			whole = records[first % 4096];
			readable += whole;
			on_way -= whole;
		}
		if (readable >= (size_t)lowat)
			ck_assert_msg((kernel_says(n.fd, POLLIN) & POLLIN) !=
			    0, "turn %d: %zu bytes, and the kernel says no",
			    turn, readable);
	}
	near_close(&n);
	far_close(&far);
}

START_TEST(retained_byte)
{
	random_walk((unsigned)_i * 7919 + 1, 1);
}
END_TEST

START_TEST(retained_byte_lowat)
{
	random_walk((unsigned)_i * 104729 + 5, 100);
}
END_TEST

static int looks;		/* how often the kernel's queue was asked */

static ssize_t
counted_recv(int fd, void *buf, size_t len, int flags)
{
	looks++;
	return wires_recv(fd, buf, len, flags);
}

/* Full records in a long queue are read with one call each, those at its end
 * with two; and while there is more, the kernel says so. */
START_TEST(long_queue)
{
	enum { FULL = 16384, RECORDS = 6 };
	static unsigned char sent[FULL * RECORDS], got[FULL * RECORDS];
	static const size_t step[] = { FULL, 6, 777, 5 * FULL };
	struct wire counting = wires;
	size_t i, done = 0, want;
	struct near n;
	struct far far;
	ssize_t r;

	counting.recv = counted_recv;
	near_wire = &counting;
	wires_open(&n, &far, ROLE_SERVER);
	for (i = 0; i < sizeof sent; i++)
		sent[i] = (unsigned char)(i * 31 + i / 251);
	far_write(&far, sent, sizeof sent);
	far_push(&far, 0);
	looks = 0;
	while (done < sizeof sent) {
		ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
		want = sizeof sent - done < step[_i] ? sizeof sent - done :
		    step[_i];
		r = near_recv(&n, got + done, want, MSG_DONTWAIT);
		ck_assert_int_eq(r, want);
		done += (size_t)r;
	}
	ck_assert_mem_eq(got, sent, sizeof sent);
	ck_assert_int_le(looks, RECORDS + 2);
	near_wire = &wires;
	ck_assert_int_eq(near_recv(&n, got, 1, MSG_DONTWAIT), -EAGAIN);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), 0);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* A record in two parts, cut at every byte: nothing, then all. */
START_TEST(split_at_every_byte)
{
	struct near n;
	struct far far;
	char got[64];
	size_t cut;

	wires_open(&n, &far, _i == 0 ? ROLE_SERVER : ROLE_CLIENT);
	for (cut = 1;; cut++) {
		far_write(&far, "0123456789", 10);
		if (cut >= buf_len(&far.sink.in))
			break;
		far_push(&far, cut);
		ck_assert_int_eq(near_recv(&n, got, 64, MSG_DONTWAIT),
		    -EAGAIN);
		ck_assert_int_eq(kernel_says(n.fd, POLLIN), 0);
		far_push(&far, 0);
		ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
		ck_assert_int_eq(near_poll(&n, POLLIN), POLLIN);
		ck_assert_int_eq(near_recv(&n, got, 64, MSG_DONTWAIT), 10);
		ck_assert_mem_eq(got, "0123456789", 10);
		ck_assert_int_eq(kernel_says(n.fd, POLLIN), 0);
	}
	near_close(&n);
	far_close(&far);
}
END_TEST

START_TEST(peek_keeps_readable)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "0123456789", 10);
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 10);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 10);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	far_write(&far, "abc", 3);
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 13);
	ck_assert_int_eq(near_recv(&n, got, 9, 0), 9);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 4);
	ck_assert_mem_eq(got, "9abc", 4);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), 0);
	near_close(&n);
	far_close(&far);
}
END_TEST

START_TEST(fionread_keeps_readable)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "0123456789", 10);
	far_write(&far, "abc", 3);
	far_push(&far, 0);
	ck_assert_int_eq(conn_readable(n.c, n.fd), 13);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	ck_assert_int_eq(near_recv(&n, got, 5, 0), 5);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	ck_assert_int_eq(conn_readable(n.c, n.fd), 8);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 8);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), 0);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Behind bytes that were looked at the end comes into sight as it should. */
START_TEST(end_behind_a_peek)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "0123456789", 10);
	ops->close(far.end.engine);
	far_push(&far, 0);
	if (_i == 1)
		shutdown(far.fd, SHUT_WR);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 10);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 10);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 0);
	ck_assert_int_eq(kernel_says(n.fd, POLLIN), POLLIN);
	near_close(&n);
	far_close(&far);
}
END_TEST

START_TEST(discard)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "0123456789", 10);
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, NULL, 4, MSG_TRUNC), 4);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 6);
	ck_assert_mem_eq(got, "456789", 6);
	near_close(&n);
	far_close(&far);
}
END_TEST

static void *
later(void *arg)
{
	struct far *far = arg;

	while (buf_len(&far->sink.in) > 0) {
		usleep(1500);
		far_push(far, 7);
	}
	return NULL;
}

START_TEST(wait_for_all)
{
	struct near n;
	struct far far;
	pthread_t t;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "0123456789", 10);
	far_write(&far, "abcdefghij", 10);
	pthread_create(&t, NULL, later, &far);
	if (_i != 0)
		ck_assert_int_eq(near_recv(&n, got, 20, MSG_WAITALL |
		    MSG_PEEK), 20);
	ck_assert_int_eq(near_recv(&n, got, 20, MSG_WAITALL), 20);
	ck_assert_mem_eq(got, "0123456789abcdefghij", 20);
	pthread_join(t, NULL);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Ends ---------------------------------------------------------------------------- */

/* close_notify alone, and with a FIN: 0 for good, readable for good. */
START_TEST(clean_end)
{
	struct near n;
	struct far far;
	char got[64];
	int i;

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "last", 4);
	ops->close(far.end.engine);
	far_push(&far, 0);
	if (_i == 1)
		shutdown(far.fd, SHUT_WR);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 4);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(kernel_says(n.fd, POLLIN) & POLLIN, POLLIN);
		ck_assert_int_eq(near_poll(&n, POLLIN) & POLLIN, POLLIN);
		ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	}
	/* The other direction is still there. */
	ck_assert_int_eq(near_send(&n, "answer", 6, 0), 6);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 6);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* A whole A-RELEASE-RQ in an association, and one that is cut (PS3.8, 9.3). */
START_TEST(end_without_close_notify)
{
	static const unsigned char pdus[] = { 1, 0, 0, 0, 0, 4, 9, 9, 9, 9,
		5, 0, 0, 0, 0, 4, 0, 0, 0, 0 };
	size_t len = (size_t)_i + 1;
	bool whole = len == 10 || len == 20;
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, pdus, len);
	far_push(&far, 0);
	shutdown(far.fd, SHUT_WR);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_WAITALL),
	    (ssize_t)len);
	if (!whole)
		ck_assert_int_eq(near_recv(&n, got, 64, 0), -ECONNRESET);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	ck_assert_int_eq(wires_said("inside a PDU"), !whole);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* A record of which the tail never came is no clean end either. */
START_TEST(end_in_a_record)
{
	struct near n;
	struct far far;
	char got[64];
	ssize_t r;

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "\1\0\0\0\0\4\1\2\3\4", 10);
	far_push(&far, buf_len(&far.sink.in) - 1);
	shutdown(far.fd, SHUT_WR);
	r = near_recv(&n, got, 64, 0);
	ck_assert_int_eq(r, -ECONNRESET);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	near_close(&n);
	far_close(&far);
}
END_TEST

static void
reset_by(int fd)
{
	struct linger l = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	close(fd);
}

START_TEST(reset)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "data", 4);
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_PEEK), 4);
	reset_by(far.fd);
	far.fd = -1;
	ck_assert_int_ne(near_poll(&n, POLLIN) & POLLIN, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 4);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), -ECONNRESET);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	near_close(&n);
	ops->destroy(far.end.engine);
	buf_free(&far.sink.in);
}
END_TEST

/* One bit turned on the way: an error, never the byte, and the peer is told. */
START_TEST(tampered)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "data", 4);
	buf_head(&far.sink.in)[10] ^= 4;
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), -ECONNRESET);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	ck_assert_int_eq(near_send(&n, "x", 1, 0), -EPIPE);
	ck_assert_int_eq(wires_said("damaged or tampered"), 1);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), -ECONNRESET);
	ck_assert_int_eq(far.end.fail.reason, REASON_REFUSED);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Output ---------------------------------------------------------------------------- */

/* How many records are on the wire now; their plaintext to DATA. */
static int
records(struct far *far, char *data, size_t size, size_t *len)
{
	unsigned char raw[70000];
	ssize_t n = recv(far->fd, raw, sizeof raw, MSG_PEEK | MSG_DONTWAIT);
	ssize_t at = 0, r;
	int count = 0;

	while (at + 5 <= n) {
		at += 5 + raw[at + 3] * 256 + raw[at + 4];
		count++;
	}
	for (*len = 0; (r = ops->read(far->end.engine, data + *len,
	    size - *len)) > 0; *len += (size_t)r)
		;
	return count;
}

/* A PDU in two writes, cut at every byte: one record. */
START_TEST(pdu_joined)
{
	static const char pdu[] = "\1\0\0\0\0\12abcdefghij";
	struct near n;
	struct far far;
	char got[64];
	size_t len, cut = (size_t)_i + 1;

	wires_open(&n, &far, ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, pdu, cut, 0), (ssize_t)cut);
	ck_assert_int_eq(records(&far, got, 64, &len), 0);
	ck_assert_int_eq(near_send(&n, pdu + cut, 16 - cut, 0),
	    (ssize_t)(16 - cut));
	ck_assert_int_eq(records(&far, got, 64, &len), 1);
	ck_assert_uint_eq(len, 16);
	ck_assert_mem_eq(got, pdu, 16);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* What is held goes out before the program waits, by whatever call. */
START_TEST(held_goes_out)
{
	struct near n;
	struct far far;
	char got[64];
	struct pollfd wait[CONN_SETTLE];
	size_t len;
	int k;

	wires_open(&n, &far, ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, "\1\0\0\0\0\12ab", 8, 0), 8);
	ck_assert(conn_unsettled());
	if (_i == 0)
		near_poll(&n, POLLIN);
	else if (_i == 1)
		near_recv(&n, got, 64, MSG_DONTWAIT);
	else if (_i == 2)
		conn_settle_all(wait, &k);
	else if (_i == 3)
		conn_shutdown(n.c, n.fd, SHUT_WR);
	else
		conn_flush(n.c, n.fd);
	ck_assert_int_ge(records(&far, got, 64, &len), 1);
	ck_assert_uint_eq(len, 8);
	near_close(&n);
	far_close(&far);
}
END_TEST

START_TEST(nothing_held_of_other_protocols)
{
	struct near n;
	struct far far;
	char got[64];
	size_t len;

	if (_i == 1)
		conf.nodelay = false;
	wires_open(&n, &far, ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, _i == 1 ? "\1\0\0" : "GET", 3, 0), 3);
	ck_assert_int_eq(records(&far, got, 64, &len), 1);
	ck_assert_uint_eq(len, 3);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Before the handshake's end writes return as TCP's would. */
START_TEST(queue_before_handshake)
{
	static char data[300000];
	static char got[300000];
	struct near n;
	struct far far;
	size_t i, len = 0;
	ssize_t r;

	for (i = 0; i < sizeof data; i++)
		data[i] = (char)(i * 31 / 7);
	wires_begin(&n, &far, ROLE_CLIENT);
	fcntl(n.fd, F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(near_send(&n, data, 1000, 0), 1000);
	r = near_send(&n, data + 1000, sizeof data - 1000, 0);
	ck_assert_int_gt(r, 200000);
	ck_assert_int_lt(r, (ssize_t)sizeof data - 1000);
	ck_assert_int_eq(near_send(&n, data, 1000, 0), -EAGAIN);
	ck_assert_int_eq(near_poll(&n, POLLOUT) & POLLOUT, 0);
	for (i = 0; i < 200 && len < (size_t)r + 1000; i++) {
		near_poll(&n, POLLIN);
		if (ops->handshake(far.end.engine) == 0)
			while ((r = ops->read(far.end.engine, got + len,
			    sizeof got - len)) > 0)
				len += (size_t)r;
		far_push(&far, 0);
		r = 0;
		if (len >= 262144)
			break;
	}
	ck_assert_uint_eq(len, 262144);
	ck_assert_mem_eq(got, data, len);
	ck_assert_int_eq(near_poll(&n, POLLOUT) & POLLOUT, POLLOUT);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* No byte of the program's is on the wire before TLS is up. */
START_TEST(nothing_plain_before_handshake)
{
	unsigned char raw[4096];
	struct near n;
	struct far far;
	ssize_t len;

	wires_begin(&n, &far, _i == 0 ? ROLE_CLIENT : ROLE_SERVER);
	ck_assert_int_eq(near_send(&n, "SECRET PATIENT", 14, 0), 14);
	near_poll(&n, POLLIN);
	conn_flush(n.c, n.fd);
	len = recv(far.fd, raw, sizeof raw, MSG_DONTWAIT);
	if (len > 0)
		ck_assert_ptr_null(memmem(raw, (size_t)len, "SECRET", 6));
	if (len > 0)
		ck_assert_uint_eq(raw[0], 0x16);
	shutdown(far.fd, SHUT_WR);
	near_close(&n);
	len = recv(far.fd, raw, sizeof raw, 0);
	ck_assert_int_le(len, 0);
	far_close(&far);
}
END_TEST

struct reader {
	struct far *far;
	size_t want;
	atomic_size_t have;
	unsigned char next;
	bool equal;
};

static void *
slow_reader(void *arg)
{
	struct reader *r = arg;
	unsigned char got[5000];
	struct pollfd p = { r->far->fd, POLLIN, 0 };
	ssize_t n, i;

	r->equal = true;
	while (r->have < r->want) {
		n = ops->read(r->far->end.engine, got, sizeof got);
		if (n == -EAGAIN)
			poll(&p, 1, 5000);
		else if (n <= 0)
			break;
		for (i = 0; i < n; i++)
			r->equal &= got[i] == r->next++;
		r->have += n > 0 ? (size_t)n : 0;
	}
	return NULL;
}

static size_t
boundless_room(int fd, size_t *buffer)
{
	(void)wires_room(fd, buffer);
	return 1 << 30;
}

/* A tiny send buffer and a tiny window: every byte once, in order.  _i: with
 * poll; blocking; with poll, and a kernel that once told of room it had not. */
START_TEST(tiny_buffers)
{
	struct wire boasting = wires;
	static unsigned char data[600000];
	struct reader reader;
	struct near n;
	struct far far;
	struct pollfd p;
	pthread_t t;
	size_t i, done = 0;
	ssize_t r, first = 0;
	int size = 4608, fds[2];

	for (i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)i;
	wires_tcp(fds);
	setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	boasting.room = boundless_room;
	near_wire = _i == 2 ? &boasting : &wires;
	near_make(&n, fds[1], ROLE_SERVER);
	far_make(&far, fds[0], ROLE_CLIENT);
	wires_shake(&n, &far);
	reader = (struct reader){ &far, sizeof data, 0, 0, false };
	pthread_create(&t, NULL, slow_reader, &reader);
	if (_i != 1)
		fcntl(n.fd, F_SETFL, O_NONBLOCK);
	p = (struct pollfd){ n.fd, POLLOUT, 0 };
	while (done < sizeof data) {
		r = near_send(&n, data + done, sizeof data - done, 0);
		if (r == -EAGAIN && _i != 1) {
			ck_assert_int_eq(poll(&p, 1, 5000), 1);
			continue;
		}
		ck_assert_int_gt(r, 0);
		if (_i == 2 && done > 0)	/* it was refused once */
			ck_assert_int_lt(r, first);
		first = done == 0 ? r : first;
		done += (size_t)r;
	}
	/* What the kernel did not take yet must go out by a wait for input. */
	for (i = 0; i < 500 && reader.have < sizeof data; i++) {
		near_poll(&n, POLLIN);
		usleep(10000);
	}
	pthread_join(t, NULL);
	ck_assert_uint_eq(reader.have, sizeof data);
	ck_assert(reader.equal);
	near_close(&n);
	far_close(&far);
	near_wire = &wires;
}
END_TEST

START_TEST(send_timeout)
{
	static char data[3000000];
	struct timeval tv = { 0, 200000 };
	struct near n;
	struct far far;
	ssize_t r = 0, all = 0;
	long begin;
	int i;

	wires_open(&n, &far, ROLE_SERVER);
	setsockopt(n.fd, SOL_SOCKET, SO_SNDTIMEO, &tv, sizeof tv);
	for (i = 0; i < 20 && r >= 0; i++) {
		begin = now_ms();
		r = near_send(&n, data, sizeof data, 0);
		all += r > 0 ? r : 0;
	}
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_ge(now_ms() - begin, 150);
	ck_assert_int_lt(now_ms() - begin, 2000);
	ck_assert_int_gt(all, 100000);
	reset_by(far.fd);
	far.fd = -1;
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Closing ---------------------------------------------------------------------------- */

START_TEST(close_says_goodbye)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, _i == 0 ? ROLE_CLIENT : ROLE_SERVER);
	ck_assert_int_eq(near_send(&n, "\1\0\0\0\0\12held", 10, 0), 10);
	near_close(&n);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 10);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 0);
	far_close(&far);
}
END_TEST

/* Unread bytes would make the kernel reset the connection, and cost the peer
 * what it has not read yet. */
START_TEST(close_with_noise_unread)
{
	static unsigned char data[3000000];
	struct reader reader;
	struct near n;
	struct far far;
	pthread_t t;
	size_t i;

	for (i = 0; i < sizeof data; i++)
		data[i] = (unsigned char)i;
	wires_open(&n, &far, ROLE_SERVER);
	ops->close(far.end.engine);
	far_push(&far, _i == 0 ? 0 : 5);	/* whole, and half */
	reader = (struct reader){ &far, sizeof data, 0, 0, false };
	pthread_create(&t, NULL, slow_reader, &reader);
	ck_assert_int_eq(near_send(&n, data, sizeof data, 0),
	    (ssize_t)sizeof data);
	near_close(&n);
	pthread_join(t, NULL);
	ck_assert_uint_eq(reader.have, sizeof data);
	ck_assert(reader.equal);
	far_close(&far);
}
END_TEST

/* The peer takes nothing more: the close gives up after its limit. */
START_TEST(close_is_limited)
{
	static char data[8000000];
	struct near n;
	struct far far;
	long begin;

	wires_open(&n, &far, ROLE_SERVER);
	fcntl(n.fd, F_SETFL, O_NONBLOCK);
	while (near_send(&n, data, sizeof data, 0) > 0)
		;
	begin = now_ms();
	near_close(&n);
	ck_assert_int_lt(now_ms() - begin, 12000);
	far_close(&far);
}
END_TEST

START_TEST(shutdown_both_ways)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	ck_assert_int_eq(near_send(&n, "question", 8, 0), 8);
	ck_assert_int_eq(conn_shutdown(n.c, n.fd, SHUT_WR), 0);
	ck_assert_int_eq(near_send(&n, "x", 1, 0), -EPIPE);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 8);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 0);
	far_write(&far, "answer", 6);
	far_push(&far, 0);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 6);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Plain, slow and silent peers --------------------------------------------------------- */

static const unsigned char associate_rq[] =
    "\1\0\0\0\0\104\0\1\0\0PACS            STORESCU        "
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

START_TEST(plain_client)
{
	struct near n;
	int fds[2];
	char got[64];

	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_SERVER);
	ck_assert_int_eq(send(fds[0], associate_rq, 74, 0), 74);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), -ECONNRESET);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), 0);
	ck_assert_int_eq(near_send(&n, "x", 1, 0), -EPIPE);
	near_close(&n);
	ck_assert_int_eq(recv(fds[0], got, 64, 0), 0);
	ck_assert_int_eq(wires_said("10.1.2.3:40000 (AE STORESCU to PACS) "
	    "spoke plain DICOM on TLS port 2762: switch TLS on there"), 1);
	close(fds[0]);
}
END_TEST

START_TEST(plain_server)
{
	struct near n;
	int fds[2];
	char got[64];

	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, associate_rq, 74, 0), 74);
	ck_assert_int_eq(send(fds[0], "\7\0\0\0\0\4\0\0\0\0", 10, 0), 10);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), -ECONNRESET);
	ck_assert_int_eq(wires_said("10.1.2.3:40000 answered without TLS "
	    "(first byte 0x07): switch TLS on there"), 1);
	near_close(&n);
	close(fds[0]);
}
END_TEST

static void *
drip(void *arg)
{
	int fd = *(int *)arg;
	/* A hello that never ends. */
	unsigned char head[] = { 0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3 };
	size_t i;

	for (i = 0; i < 100; i++) {
		if (send(fd, i < sizeof head ? head + i : head, 1,
		    MSG_NOSIGNAL) != 1)
			break;
		usleep(100000);
	}
	return NULL;
}

/* _i & 1: one byte at a time, or silence.  _i / 2: a server that blocks, that
 * polls, that sleeps in epoll_wait. */
START_TEST(hostile_client)
{
	struct pollfd wait[CONN_SETTLE], p;
	struct near n;
	pthread_t t;
	int fds[2], ms, k;
	ssize_t r = -EAGAIN;
	long begin = now_ms();
	char got[64];

	conf.handshake_timeout = 1;
	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_SERVER);
	if (_i & 1)
		pthread_create(&t, NULL, drip, &fds[0]);
	if (_i / 2 == 0)
		r = near_recv(&n, got, 64, 0);
	for (; r == -EAGAIN && now_ms() - begin < 3000;) {
		p = (struct pollfd){ n.fd, POLLIN, 0 };
		if (_i / 2 == 1)
			conn_poll(n.c, n.fd, POLLIN, &p.events, &ms);
		else
			ms = conn_settle_all(wait, &k);
		/* Until it is cut off there is a limit, then readiness. */
		if (ms < 0)
			ck_assert_int_ne(kernel_says(n.fd, POLLIN), 0);
		poll(&p, 1, ms < 0 ? 1000 : ms);
		if (_i / 2 == 1 && (conn_polled(n.c, n.fd, POLLIN,
		    p.revents) & POLLIN) == 0)
			continue;
		if (p.revents != 0)
			r = near_recv(&n, got, 64, MSG_DONTWAIT);
	}
	ck_assert_int_eq(r, -ETIMEDOUT);
	ck_assert_int_ge(now_ms() - begin, 900);
	ck_assert_int_lt(now_ms() - begin, 1800);
	ck_assert_int_eq(wires_said(" 1 s: it may "), 1);
	ck_assert_int_eq(wires_said("DICOMTLS_HANDSHAKE_TIMEOUT"), 1);
	near_close(&n);
	if (_i & 1)
		pthread_join(t, NULL);
	close(fds[0]);
}
END_TEST

START_TEST(silent_server)
{
	struct near n;
	int fds[2];
	long begin = now_ms();
	char got[64];

	conf.handshake_timeout = 1;
	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, "x", 1, 0), 1);
	ck_assert_int_lt(now_ms() - begin, 500);
	ck_assert_int_eq(near_recv(&n, got, 64, 0), -ETIMEDOUT);
	ck_assert_int_ge(now_ms() - begin, 900);
	ck_assert_int_lt(now_ms() - begin, 1800);
	near_close(&n);
	close(fds[0]);
}
END_TEST

/* Ownership ---------------------------------------------------------------------------- */

static pid_t
fork_with(struct near *n, struct claims *claims)
{
	pid_t pid;

	conn_before_fork(n->c, claims, 0);
	conn_freeze();
	pid = fork();
	conn_thaw();
	conn_after_fork(n->c, pid == 0);
	claims_release(claims);
	return pid;
}

static int
ended_with(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* The first to use it owns it; the other gets EIO, and its close is the
 * kernel's alone. */
START_TEST(one_owner)
{
	struct near n;
	struct far far;
	char got[64];
	pid_t pid;

	wires_open(&n, &far, ROLE_SERVER);
	ck_assert_int_eq(near_send(&n, "before", 6, 0), 6);
	pid = fork_with(&n, claims_new(1));
	if (pid == 0) {
		if (near_send(&n, "child", 5, 0) != 5)
			_exit(1);
		_exit(0);
	}
	ck_assert_int_eq(ended_with(pid), 0);
	ck_assert(conn_unclaimed(n.c));
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_DONTWAIT), -EIO);
	ck_assert_int_eq(near_send(&n, "parent", 6, 0), -EIO);
	ck_assert_int_eq(wires_said("another process owns this TLS session"),
	    1);
	near_close(&n);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 6);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 5);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), -ENODATA);
	far_close(&far);
}
END_TEST

/* Who only closes says no goodbye, and takes nothing from the other. */
START_TEST(closing_is_not_owning)
{
	struct near n;
	struct far far;
	char got[64];
	pid_t pid;

	wires_open(&n, &far, ROLE_SERVER);
	far_write(&far, "for the child", 13);
	far_push(&far, 0);
	pid = fork_with(&n, claims_new(1));
	if (pid == 0) {
		usleep(200000);
		if (near_recv(&n, got, 64, 0) != 13 ||
		    near_send(&n, "thanks", 6, 0) != 6)
			_exit(1);
		near_close(&n);
		_exit(0);
	}
	near_close(&n);
	ck_assert_int_eq(ended_with(pid), 0);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 6);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 0);
	far_close(&far);
}
END_TEST

START_TEST(no_word_no_child)
{
	struct near n;
	struct far far;
	char got[64];
	pid_t pid;

	wires_open(&n, &far, ROLE_SERVER);
	pid = fork_with(&n, NULL);
	if (pid == 0)
		_exit(near_send(&n, "child", 5, 0) == -EIO ? 0 : 1);
	ck_assert_int_eq(ended_with(pid), 0);
	ck_assert_int_eq(near_send(&n, "parent", 6, 0), 6);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 6);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* In the middle of the handshake, as well as before it. */
START_TEST(child_shakes_hands)
{
	struct near n;
	struct far far;
	char got[64];
	pid_t pid;
	int i, r;

	wires_begin(&n, &far, ROLE_SERVER);
	if (_i == 1) {
		ops->handshake(far.end.engine);
		far_push(&far, 100);
		near_poll(&n, POLLIN);
	}
	pid = fork_with(&n, claims_new(1));
	if (pid == 0) {
		if (near_recv(&n, got, 64, 0) != 5 ||
		    near_send(&n, "world", 5, 0) != 5)
			_exit(1);
		near_close(&n);
		_exit(0);
	}
	near_close(&n);
	for (i = 0; i < 500 && (r = ops->handshake(far.end.engine)) != 0;
	    i++) {
		ck_assert_int_eq(r, -EAGAIN);
		far_push(&far, 0);
		usleep(2000);
	}
	far_write(&far, "hello", 5);
	far_push(&far, 0);
	ck_assert_int_eq(ended_with(pid), 0);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 5);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), 0);
	far_close(&far);
}
END_TEST

START_TEST(disowned)
{
	struct near n;
	struct far far;
	char got[64];

	wires_open(&n, &far, ROLE_SERVER);
	conn_disown(n.c);
	ck_assert_int_eq(near_send(&n, "x", 1, 0), -EIO);
	ck_assert_int_eq(near_recv(&n, got, 64, MSG_DONTWAIT), -EIO);
	near_close(&n);
	ck_assert_int_eq(ops->read(far.end.engine, got, 64), -ENODATA);
	far_close(&far);
}
END_TEST

/* Threads ------------------------------------------------------------------------------- */

enum { BULK = 2000000 };

static unsigned char bulk[BULK];

static void *
sender(void *arg)
{
	struct near *n = arg;
	size_t done = 0;
	ssize_t r;

	while (done < BULK) {
		r = near_send(n, bulk + done, BULK - done < 30000 ?
		    BULK - done : 30000, 0);
		if (r <= 0)
			return (void *)1;
		done += (size_t)r;
	}
	return NULL;
}

static void *
receiver(void *arg)
{
	unsigned char got[9000];
	struct near *n = arg;
	size_t have = 0;
	ssize_t r, i;

	while (have < BULK) {
		r = near_recv(n, got, sizeof got, 0);
		if (r <= 0)
			return (void *)1;
		for (i = 0; i < r; i++)
			if (got[i] != (unsigned char)((have + (size_t)i) / 3))
				return (void *)2;
		have += (size_t)r;
	}
	return NULL;
}

/* Two connections with each other, each read and written by two threads, from
 * the first byte on. */
START_TEST(full_duplex)
{
	struct near a, b;
	pthread_t t[4];
	void *bad;
	int fds[2], i;

	for (i = 0; i < BULK; i++)
		bulk[i] = (unsigned char)(i / 3);
	wires_tcp(fds);
	near_make(&a, fds[0], ROLE_CLIENT);
	near_make(&b, fds[1], ROLE_SERVER);
	pthread_create(&t[0], NULL, sender, &a);
	pthread_create(&t[1], NULL, receiver, &a);
	pthread_create(&t[2], NULL, sender, &b);
	pthread_create(&t[3], NULL, receiver, &b);
	for (i = 0; i < 4; i++) {
		pthread_join(t[i], &bad);
		ck_assert_ptr_null(bad);
	}
	near_close(&a);
	near_close(&b);
}
END_TEST

static void *
blocked(void *arg)
{
	static char got[64];

	return (void *)near_recv(arg, got, 64, 0);
}

/* Another thread closes what one reads from, and the number is a file's by
 * then: no byte may be taken from that. */
START_TEST(closed_under_a_reader)
{
	struct near n;
	struct far far;
	pthread_t t;
	void *r;
	int p[2];
	char c[8];

	wires_open(&n, &far, ROLE_SERVER);
	conn_hold(n.c);
	pthread_create(&t, NULL, blocked, &n);
	usleep(100000);
	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(write(p[1], "precious", 8), 8);
	{
		struct conn *c_ = fdtab_begin_close(n.fd);

		ck_assert_int_eq(conn_closed(c_, n.fd), 0);
		conn_finish(c_, n.fd, -1);
		conn_release(c_);
		ck_assert_int_eq(dup2(p[0], n.fd), n.fd);
		fdtab_end_close(n.fd);
	}
	far_write(&far, "late", 4);
	far_push(&far, 0);
	shutdown(far.fd, SHUT_WR);
	pthread_join(t, &r);
	ck_assert_int_le((ssize_t)r, 4);
	ck_assert_int_eq(read(p[0], c, 8), 8);
	conn_release(n.c);
	conn_release(n.c);
	far_close(&far);
}
END_TEST

/* The program's own TLS ------------------------------------------------------------------ */

START_TEST(own_tls_passes)
{
	static const unsigned char hello[] = { 0x16, 3, 1, 2, 0, 1, 0, 1 };
	bool closing = false;
	struct near n;
	int fds[2];
	char got[8];

	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, hello, 8, 0), CONN_PASSES);
	ck_assert(conn_passes(n.c));
	ck_assert_ptr_null(fdtab_hold(n.fd, &closing));
	ck_assert_int_eq(wires_said("speaks TLS by itself"), 1);
	/* A thread that was on its way in must not begin a handshake. */
	ck_assert_int_eq(near_recv(&n, got, 8, MSG_DONTWAIT), CONN_PASSES);
	ck_assert_int_eq(recv(fds[0], got, 8, MSG_DONTWAIT), -1);
	near_close(&n);
	close(fds[0]);
}
END_TEST

/* What only looks a little like TLS does not go out as it is. */
START_TEST(not_quite_tls)
{
	static const char *const begin[] = {
		"\x16\3\1", "\x16\3\1\0\0\1", "\x16\3\1\2\0\0",
		"\x16\3\1\2\0\2\0\0", "\x16\3\5\2\0\1\0\0",
		"\x16\3\1\xff\xff\1\0\0", "\x17\3\3\0\20\1\0\0",
	};
	static const size_t len[] = { 3, 6, 6, 8, 8, 8, 8 };
	struct near n;
	int fds[2];
	unsigned char got[8];

	wires_tcp(fds);
	near_make(&n, fds[1], ROLE_CLIENT);
	ck_assert_int_eq(near_send(&n, begin[_i], len[_i], 0),
	    (ssize_t)len[_i]);
	ck_assert(!conn_passes(n.c));
	shutdown(fds[0], SHUT_WR);
	near_close(&n);
	close(fds[0]);
	(void)got;
}
END_TEST

/* Refused from the start ------------------------------------------------------------------ */

START_TEST(without_engine)
{
	struct fail f = { REASON_ENGINE, "no engine" };
	struct conn_args args = { .wire = &wires, .role = ROLE_SERVER,
		.peer = "10.1.2.3:4", .why = &f };
	struct near n;
	int fds[2];
	char got[8];

	wires_tcp(fds);
	args.fd = n.fd = fds[1];
	n.c = conn_new(&args);
	ck_assert_int_eq(fdtab_set(n.fd, n.c), 0);
	ck_assert_int_eq(near_poll(&n, POLLIN | POLLOUT) & POLLOUT, POLLOUT);
	ck_assert_int_eq(near_send(&n, "secret", 6, 0), -EACCES);
	ck_assert_int_eq(near_send(&n, "secret", 6, 0), -EPIPE);
	ck_assert_int_eq(near_recv(&n, got, 8, MSG_DONTWAIT), 0);
	near_close(&n);
	ck_assert_int_eq(recv(fds[0], got, 8, 0), 0);
	close(fds[0]);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("conn");

	tcase_add_checked_fixture(tc, wires_setup, unit_clean);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc, retained_byte, 0, 25);
	tcase_add_loop_test(tc, retained_byte_lowat, 0, 25);
	tcase_add_loop_test(tc, long_queue, 0, 4);
	tcase_add_loop_test(tc, split_at_every_byte, 0, 2);
	tcase_add_test(tc, peek_keeps_readable);
	tcase_add_test(tc, fionread_keeps_readable);
	tcase_add_loop_test(tc, end_behind_a_peek, 0, 2);
	tcase_add_test(tc, discard);
	tcase_add_loop_test(tc, wait_for_all, 0, 2);
	tcase_add_loop_test(tc, clean_end, 0, 2);
	tcase_add_loop_test(tc, end_without_close_notify, 0, 20);
	tcase_add_test(tc, end_in_a_record);
	tcase_add_test(tc, reset);
	tcase_add_test(tc, tampered);
	tcase_add_loop_test(tc, pdu_joined, 0, 15);
	tcase_add_loop_test(tc, held_goes_out, 0, 5);
	tcase_add_loop_test(tc, nothing_held_of_other_protocols, 0, 2);
	tcase_add_test(tc, queue_before_handshake);
	tcase_add_loop_test(tc, nothing_plain_before_handshake, 0, 2);
	tcase_add_loop_test(tc, tiny_buffers, 0, 3);
	tcase_add_test(tc, send_timeout);
	tcase_add_loop_test(tc, close_says_goodbye, 0, 2);
	tcase_add_loop_test(tc, close_with_noise_unread, 0, 2);
	tcase_add_test(tc, close_is_limited);
	tcase_add_test(tc, shutdown_both_ways);
	tcase_add_test(tc, plain_client);
	tcase_add_test(tc, plain_server);
	tcase_add_loop_test(tc, hostile_client, 0, 6);
	tcase_add_test(tc, silent_server);
	tcase_add_test(tc, one_owner);
	tcase_add_test(tc, closing_is_not_owning);
	tcase_add_test(tc, no_word_no_child);
	tcase_add_loop_test(tc, child_shakes_hands, 0, 2);
	tcase_add_test(tc, disowned);
	tcase_add_test(tc, full_duplex);
	tcase_add_test(tc, closed_under_a_reader);
	tcase_add_test(tc, own_tls_passes);
	tcase_add_loop_test(tc, not_quite_tls, 0, 7);
	tcase_add_test(tc, without_engine);
	return unit_run(tc);
}
