/* SPDX-License-Identifier: Apache-2.0
 * check_pdu: where PDUs begin and end, however the stream is cut. */
#include "unit.h"

#include "dicom/pdu.h"

/* An association from A-ASSOCIATE-RQ to A-RELEASE-RQ (PS3.8, 9.3). */
static const unsigned char stream[] = {
	1, 0, 0, 0, 0, 5, 'a', 'b', 'c', 'd', 'e',
	4, 0, 0, 0, 0, 2, 1, 2,
	4, 0, 0, 0, 0, 0,
	5, 0, 0, 0, 0, 4, 0, 0, 0, 0,
};
static const size_t ends[] = { 0, 11, 19, 25, 35 };

static bool
is_end(size_t at)
{
	size_t i;

	for (i = 0; i < sizeof ends / sizeof ends[0]; i++)
		if (ends[i] == at)
			return true;
	return false;
}

START_TEST(every_cut)
{
	size_t a, b;

	for (a = 0; a <= sizeof stream; a++)
		for (b = a; b <= sizeof stream; b++) {
			struct pdu p = { 0 };

			pdu_feed(&p, stream, a);
			ck_assert_int_eq(pdu_inside(&p), !is_end(a));
			pdu_feed(&p, stream + a, b - a);
			ck_assert_int_eq(pdu_inside(&p), !is_end(b));
			pdu_feed(&p, stream + b, sizeof stream - b);
			ck_assert(!pdu_inside(&p));
			ck_assert(!p.other);
		}
}
END_TEST

START_TEST(byte_by_byte)
{
	struct pdu p = { 0 };
	size_t i;

	for (i = 0; i < sizeof stream; i++) {
		ck_assert_int_eq(pdu_inside(&p), !is_end(i));
		pdu_feed(&p, stream + i, 1);
	}
	ck_assert(!pdu_inside(&p));
}
END_TEST

/* _i: the first byte. */
START_TEST(first_pdu)
{
	unsigned char d[6] = { (unsigned char)_i, 0, 0, 0, 0, 1 };
	struct pdu p = { 0 };
	bool dicom = _i == 1 || _i == 2 || _i == 3 || _i == 7;

	pdu_feed(&p, d, 6);
	ck_assert_int_eq(p.other, !dicom);
	ck_assert_int_eq(pdu_inside(&p), dicom);
}
END_TEST

START_TEST(later_pdu)
{
	unsigned char d[6] = { (unsigned char)_i, 0, 0, 0, 0, 1 };
	struct pdu p = { 0 };
	bool dicom = _i >= 1 && _i <= 7;

	pdu_feed(&p, stream, 11);
	pdu_feed(&p, d, 6);
	ck_assert_int_eq(p.other, !dicom);
	ck_assert_int_eq(pdu_inside(&p), dicom);
	/* What left the track once does not come back. */
	if (!dicom)
		pdu_feed(&p, stream, 3);
	ck_assert_int_eq(pdu_inside(&p), dicom);
}
END_TEST

START_TEST(largest)
{
	static const unsigned char head[] = { 1, 0, 255, 255, 255, 255 };
	static unsigned char body[1 << 20];
	struct pdu p = { 0 };
	int i;

	pdu_feed(&p, head, 6);
	for (i = 0; i < 4095; i++)
		pdu_feed(&p, body, sizeof body);
	ck_assert(pdu_inside(&p));
	ck_assert_uint_eq(p.left, (1 << 20) - 1);
	pdu_feed(&p, body, sizeof body - 1);
	ck_assert(!pdu_inside(&p));
}
END_TEST

static void
request(unsigned char rq[74], const char *called, const char *calling)
{
	memset(rq, 0, 74);
	rq[0] = 1;
	rq[5] = 68;
	rq[7] = 1;
	memcpy(rq + 10, called, 16);
	memcpy(rq + 26, calling, 16);
}

START_TEST(titles)
{
	char called[17], calling[17];
	unsigned char rq[74];
	size_t len;

	request(rq, "PACS            ", "  STORE SCU     ");
	ck_assert(pdu_titles(rq, sizeof rq, called, calling));
	ck_assert_str_eq(called, "PACS");
	ck_assert_str_eq(calling, "STORE SCU");
	for (len = 0; len < 42; len++)
		ck_assert(!pdu_titles(rq, len, called, calling));
	ck_assert(pdu_titles(rq, 42, called, calling));
	rq[0] = 2;
	ck_assert(!pdu_titles(rq, sizeof rq, called, calling));
}
END_TEST

START_TEST(odd_titles)
{
	char called[17], calling[17];
	unsigned char rq[74];

	request(rq, "ABCDEFGHIJKLMNOP", "                ");
	ck_assert(pdu_titles(rq, sizeof rq, called, calling));
	ck_assert_str_eq(called, "ABCDEFGHIJKLMNOP");
	ck_assert_str_eq(calling, "");
	request(rq, "A\nB\x1b[2J\x7f\xff\0\0\0\0\0\0", "X\0\0\0\0\0\0\0\0\0\0"
	    "\0\0\0\0\0");
	ck_assert(pdu_titles(rq, sizeof rq, called, calling));
	ck_assert_str_eq(called, "A?B?[2J??");
	ck_assert_str_eq(calling, "X");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("pdu");

	tcase_add_test(tc, every_cut);
	tcase_add_test(tc, byte_by_byte);
	tcase_add_loop_test(tc, first_pdu, 0, 256);
	tcase_add_loop_test(tc, later_pdu, 0, 256);
	tcase_add_test(tc, largest);
	tcase_add_test(tc, titles);
	tcase_add_test(tc, odd_titles);
	return unit_run(tc);
}
