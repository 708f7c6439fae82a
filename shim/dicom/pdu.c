/* SPDX-License-Identifier: Apache-2.0
 * pdu: where a DICOM PDU begins and ends (PS3.8, 9.3), and the AE titles of an
 * A-ASSOCIATE-RQ. */
#include "dicom/pdu.h"

#include <string.h>

enum { ASSOCIATE_RQ = 1, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ,
	RELEASE_RP, ABORT };

/* A stream's first PDU; later ones may be any of the seven. */
static bool
may_begin(uint8_t type)
{
	return type == ASSOCIATE_RQ || type == ASSOCIATE_AC ||
	    type == ASSOCIATE_RJ || type == ABORT;
}

static bool
valid(const struct pdu *p)
{
	uint8_t type = p->head[0];

	return p->begun ? type >= ASSOCIATE_RQ && type <= ABORT :
	    may_begin(type);
}

static uint32_t
number(const uint8_t d[4])
{
	return (uint32_t)d[0] << 24 | (uint32_t)d[1] << 16 |
	    (uint32_t)d[2] << 8 | d[3];
}

static void
header_done(struct pdu *p)
{
	p->left = number(p->head + 2);
	p->have = 0;
	p->seen = 0;
	p->begun = true;
}

static void
note_item(struct pdu *p, const uint8_t *d, size_t len)
{
	size_t n = sizeof p->item - p->seen;

	n = len < n ? len : n;
	memcpy(p->item + p->seen, d, n);
	p->seen += (uint8_t)n;
}

void
pdu_feed(struct pdu *p, const void *data, size_t len)
{
	const uint8_t *d = data;
	size_t n;

	while (len > 0 && !p->other) {
		if (p->left > 0) {
			n = len < p->left ? len : p->left;
			note_item(p, d, n);
			p->left -= (uint32_t)n;
			d += n;
			len -= n;
			continue;
		}
		p->head[p->have++] = *d++;
		len--;
		if (!valid(p))
			p->other = true;
		else if (p->have == sizeof p->head)
			header_done(p);
	}
}

size_t
pdu_begun(const struct pdu *p)
{
	if (p->other || p->left == 0)
		return p->other ? 0 : p->have;
	return sizeof p->head + (number(p->head + 2) - p->left);
}

static bool
is_fragment(const struct pdu *p)
{
	return p->head[0] == P_DATA && p->seen == sizeof p->item &&
	    (uint64_t)number(p->item) + 4 == number(p->head + 2) &&
	    (p->item[5] & 2) == 0;
}

bool
pdu_needs_more(const struct pdu *p, size_t len)
{
	if (p->other || !p->begun)
		return false;
	if (pdu_inside(p))
		return len <= pdu_begun(p);
	return is_fragment(p) && len <= sizeof p->head +
	    (size_t)number(p->head + 2);
}

static void
copy_title(char title[17], const uint8_t *from)
{
	size_t i, begin = 0, end = 16;

	while (end > 0 && (from[end - 1] == ' ' || from[end - 1] == '\0'))
		end--;
	while (begin < end && from[begin] == ' ')
		begin++;
	for (i = begin; i < end; i++)
		title[i - begin] =
		    from[i] >= 0x20 && from[i] < 0x7f ? (char)from[i] : '?';
	title[end - begin] = '\0';
}

bool
pdu_titles(const void *data, size_t len, char called[17], char calling[17])
{
	const uint8_t *d = data;

	if (len < 42 || d[0] != ASSOCIATE_RQ)
		return false;
	copy_title(called, d + 10);
	copy_title(calling, d + 26);
	return true;
}
