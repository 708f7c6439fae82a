/* SPDX-License-Identifier: Apache-2.0
 * dial: connect() and its kin. */
#ifndef DICOMTLS_DIAL_H
#define DICOMTLS_DIAL_H

#include "win32/hooks.h"

/* What ConnectEx got besides the address, and the real one. */
struct connect_ex {
	LPFN_CONNECTEX connect;
	void *buf;
	DWORD len;
	DWORD *sent;
	OVERLAPPED *ov;
};

/* ConnectEx: upgraded if the settings say so. */
BOOL dial_overlapped(SOCKET s, const struct sockaddr *addr, int len,
    const struct connect_ex *ex);

#endif
