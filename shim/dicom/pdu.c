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

static void
header_done(struct pdu *p)
{
	p->left = (uint32_t)p->head[2] << 24 | (uint32_t)p->head[3] << 16 |
	    (uint32_t)p->head[4] << 8 | p->head[5];
	p->have = 0;
	p->begun = true;
}

void
pdu_feed(struct pdu *p, const void *data, size_t len)
{
	const uint8_t *d = data;
	size_t n;

	while (len > 0 && !p->other) {
		if (p->left > 0) {
			n = len < p->left ? len : p->left;
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
