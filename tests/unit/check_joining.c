/* SPDX-License-Identifier: Apache-2.0
 * check_joining: what is of use to the peer goes out at once, and what is not
 * waits for the rest no longer than the program itself goes on. */
#include "unit.h"

#include "dicom/pdu.h"
#include "wires.h"

enum { BODY = 40, WHOLE = 6 + BODY };

static const unsigned char greeting[] = { 1, 0, 0, 0, 0, 2, 'x', 'y' };

/* A P-DATA-TF with one item, whose message control header is CONTROL. */
static void
data_pdu(unsigned char pdu[WHOLE], unsigned char control)
{
	memset(pdu, 0x55, WHOLE);
	memcpy(pdu, "\4\0\0\0\0\x28\0\0\0\x24\1", 11);
	pdu[11] = control;
}

/* What is known ------------------------------------------------------------------ */

static void
feed_greeting(struct pdu *p)
{
	memset(p, 0, sizeof *p);
	ck_assert(!pdu_needs_more(p, 0));
	pdu_feed(p, greeting, sizeof greeting);
	ck_assert(!pdu_needs_more(p, 0));
	ck_assert_uint_eq(pdu_begun(p), 0);
}

/* PS3.8, E.2: bit 0 command, bit 1 last fragment. */
START_TEST(control_header)
{
	bool last = (_i & 2) != 0;
	unsigned char pdu[WHOLE];
	struct pdu p;
	size_t cut;

	data_pdu(pdu, (unsigned char)_i);
	for (cut = 1; cut < WHOLE; cut++) {
		feed_greeting(&p);
		pdu_feed(&p, pdu, cut);
		ck_assert_uint_eq(pdu_begun(&p), cut);
		ck_assert(pdu_needs_more(&p, cut));
		ck_assert(!pdu_needs_more(&p, cut + 1));
		pdu_feed(&p, pdu + cut, WHOLE - cut);
		ck_assert_uint_eq(pdu_begun(&p), 0);
		ck_assert_int_eq(pdu_needs_more(&p, WHOLE), !last);
		ck_assert(!pdu_needs_more(&p, WHOLE + 1));
	}
}
END_TEST

/* Two items in one PDU, an item that is longer than its PDU, none at all. */
START_TEST(odd_items)
{
	static const unsigned char lengths[] = { 0x10, 0x25, 0, 0x23 };
	unsigned char pdu[WHOLE];
	struct pdu p;

	data_pdu(pdu, 0);
	pdu[9] = lengths[_i];
	feed_greeting(&p);
	pdu_feed(&p, pdu, WHOLE);
	ck_assert(!pdu_needs_more(&p, 0));
	pdu_feed(&p, "\4\0\0\0\0\0", 6);
	ck_assert(!pdu_needs_more(&p, 0));
}
END_TEST

START_TEST(other_protocol)
{
	struct pdu p = { 0 };

	pdu_feed(&p, "GET / HTTP/1.0", 14);
	ck_assert(!pdu_needs_more(&p, 0));
	ck_assert_uint_eq(pdu_begun(&p), 0);
}
END_TEST

/* What goes out ------------------------------------------------------------------- */

static size_t
far_read(struct far *far, void *data, size_t size)
{
	size_t len = 0;
	ssize_t r;

	while ((r = ops->read(far->end.engine, (char *)data + len,
	    size - len)) > 0)
		len += (size_t)r;
	return len;
}

/* An association on which nothing waits for an acknowledgement. */
static void
associated(struct near *n, struct far *far)
{
	char got[64];

	wires_open(n, far, ROLE_CLIENT);
	ck_assert_int_eq(near_send(n, greeting, sizeof greeting, 0),
	    sizeof greeting);
	ck_assert_uint_eq(far_read(far, got, sizeof got), sizeof greeting);
	far_write(far, "\2\0\0\0\0\0", 6);
	far_push(far, 0);
	ck_assert_int_eq(near_recv(n, got, sizeof got, 0), 6);
}

/* A whole PDU does not wait for the one that begins in the same write. */
START_TEST(whole_before_half)
{
	unsigned char two[2 * WHOLE], got[4 * WHOLE];
	size_t cut = WHOLE + (size_t)_i;
	struct near n;
	struct far far;

	data_pdu(two, 2);
	data_pdu(two + WHOLE, 2);
	associated(&n, &far);
	ck_assert_int_eq(near_send(&n, two, cut, 0), (ssize_t)cut);
	ck_assert_uint_eq(far_read(&far, got, sizeof got), WHOLE);
	ck_assert_int_eq(near_send(&n, two + cut, sizeof two - cut, 0),
	    (ssize_t)(sizeof two - cut));
	ck_assert_uint_eq(far_read(&far, got + WHOLE, WHOLE), WHOLE);
	ck_assert_mem_eq(got, two, sizeof two);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* The kernel keeps a fragment, until the program turns to something else. */
START_TEST(fragment)
{
	unsigned char pdu[WHOLE], got[2 * WHOLE];
	struct near n;
	struct far far;

	data_pdu(pdu, 0);
	associated(&n, &far);
	ck_assert_int_eq(near_send(&n, pdu, WHOLE, 0), WHOLE);
	ck_assert_int_eq(kernel_says(far.fd, POLLIN), 0);
	if (_i == 0)
		near_poll(&n, POLLIN);
	else if (_i == 1)
		conn_flush(n.c, n.fd);
	else if (_i == 2)
		near_recv(&n, got, sizeof got, MSG_DONTWAIT);
	else
		conn_shutdown(n.c, n.fd, SHUT_WR);
	ck_assert_int_eq(kernel_says(far.fd, POLLIN) & POLLIN, POLLIN);
	ck_assert_uint_eq(far_read(&far, got, sizeof got), WHOLE);
	ck_assert_mem_eq(got, pdu, WHOLE);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* Even if it does nothing: for a fifth of a second (tcp(7)). */
START_TEST(fragment_alone)
{
	unsigned char pdu[WHOLE], got[2 * WHOLE];
	struct pollfd p = { .events = POLLIN };
	struct near n;
	struct far far;

	data_pdu(pdu, 0);
	associated(&n, &far);
	ck_assert_int_eq(near_send(&n, pdu, WHOLE, 0), WHOLE);
	p.fd = far.fd;
	ck_assert_int_eq(poll(&p, 1, 2000), 1);
	ck_assert_uint_eq(far_read(&far, got, sizeof got), WHOLE);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* The last fragment takes all before it along, in their order. */
START_TEST(message)
{
	unsigned char sent[20 * WHOLE], got[21 * WHOLE];
	struct near n;
	struct far far;
	size_t i;

	associated(&n, &far);
	for (i = 0; i < 20; i++) {
		data_pdu(sent + i * WHOLE, i < 19 ? 0 : 2);
		sent[i * WHOLE + 20] = (unsigned char)i;
		ck_assert_int_eq(near_send(&n, sent + i * WHOLE, WHOLE, 0),
		    WHOLE);
	}
	ck_assert_uint_eq(far_read(&far, got, sizeof got), sizeof sent);
	ck_assert_mem_eq(got, sent, sizeof sent);
	near_close(&n);
	far_close(&far);
}
END_TEST

/* DICOMTLS_NODELAY=no: nothing is joined, nothing is kept. */
START_TEST(left_alone)
{
	unsigned char pdu[WHOLE], got[2 * WHOLE];
	struct near n;
	struct far far;

	conf.nodelay = false;
	data_pdu(pdu, 0);
	associated(&n, &far);
	ck_assert_int_eq(near_send(&n, pdu, 10, 0), 10);
	ck_assert_uint_eq(far_read(&far, got, sizeof got), 10);
	ck_assert_int_eq(near_send(&n, pdu + 10, WHOLE - 10, 0), WHOLE - 10);
	ck_assert_uint_eq(far_read(&far, got, sizeof got), WHOLE - 10);
	near_close(&n);
	far_close(&far);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("joining");

	tcase_add_checked_fixture(tc, wires_setup, unit_clean);
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, control_header, 0, 4);
	tcase_add_loop_test(tc, odd_items, 0, 4);
	tcase_add_test(tc, other_protocol);
	tcase_add_loop_test(tc, whole_before_half, 1, WHOLE);
	tcase_add_loop_test(tc, fragment, 0, 4);
	tcase_add_test(tc, fragment_alone);
	tcase_add_test(tc, message);
	tcase_add_test(tc, left_alone);
	return unit_run(tc);
}
