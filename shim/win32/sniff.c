/* SPDX-License-Identifier: Apache-2.0
 * sniff: whether a peer's first bytes are TLS, and the sentence if not. */
#include "win32/sniff.h"

#include <errno.h>
#include <stdbool.h>

#include "dicom/pdu.h"

/* A TLS record, or the ClientHello that SSL 2 had and old clients still send
 * (RFC 5246, E.2). */
static bool
looks_like_tls(enum role role, const unsigned char *d, size_t len)
{
	if (d[0] >= 20 && d[0] <= 24)
		return len < 2 || d[1] == 3;
	return role == ROLE_SERVER && (d[0] & 0x80) != 0 &&
	    (len < 3 || d[2] == 1);
}

int
sniff_first(enum role role, const char *peer, int port,
    const unsigned char *d, size_t len, struct fail *f)
{
	char called[17], calling[17];

	if (looks_like_tls(role, d, len))
		return 0;
	if (role == ROLE_CLIENT)
		fail_set(f, REASON_PEER_PLAIN, "%s answered without TLS "
		    "(first byte 0x%02x): switch TLS on there, or take that "
		    "port out of DICOMTLS_CONNECT", peer, d[0]);
	else if (pdu_titles(d, len, called, calling))
		fail_set(f, REASON_PEER_PLAIN, "%s (AE %s to %s) spoke plain "
		    "DICOM on TLS port %d: switch TLS on there", peer,
		    calling, called, port);
	else
		fail_set(f, REASON_PEER_PLAIN, "%s spoke without TLS on TLS "
		    "port %d (first byte 0x%02x): switch TLS on there", peer,
		    port, d[0]);
	return -EPROTO;
}
