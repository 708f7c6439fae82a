/* SPDX-License-Identifier: Apache-2.0
 * byname: calls that look names up and connect inside of Windows, where no hook
 * sees it: refused, if it would be to a configured port. */
#include "win32/hooks.h"

#include <stdlib.h>

#include "base/log.h"
#include "win32/gate.h"
#include "win32/posix/text.h"

static bool
names_are_plain(SOCKET s, const char *node, const char *service)
{
	const struct tlsconf *conf;
	ADDRINFOA *all, *ai;
	bool plain = true;
	char name[256];

	if (!gate_any(ROLE_CLIENT))
		return true;
	if (hook_getaddrinfo(node, service, NULL, &all) != 0)
		return false;
	for (ai = all; ai != NULL && plain; ai = ai->ai_next)
		plain = gate_outgoing(s, ai->ai_addr, (int)ai->ai_addrlen,
		    &conf, name, sizeof name) == VERDICT_PLAIN;
	freeaddrinfo(all);
	return plain;
}

static BOOL
cannot(const char *call)
{
	log_error("%s to a configured port cannot be upgraded and is refused: "
	    "the program has to use connect, WSAConnect or ConnectEx", call);
	WSASetLastError(WSAEOPNOTSUPP);
	return FALSE;
}

BOOL WSAAPI
hook_WSAConnectByNameA(SOCKET s, LPSTR node, LPSTR service, LPDWORD local_len,
    LPSOCKADDR local, LPDWORD remote_len, LPSOCKADDR remote,
    const PTIMEVAL timeout, LPWSAOVERLAPPED reserved)
{
	if (!names_are_plain(s, node, service))
		return cannot("WSAConnectByName");
	return real.WSAConnectByNameA(s, node, service, local_len, local,
	    remote_len, remote, timeout, reserved);
}

BOOL WSAAPI
hook_WSAConnectByNameW(SOCKET s, LPWSTR node, LPWSTR service, LPDWORD local_len,
    LPSOCKADDR local, LPDWORD remote_len, LPSOCKADDR remote,
    const PTIMEVAL timeout, LPWSAOVERLAPPED reserved)
{
	char *n = node != NULL ? text_utf8(node) : NULL;
	char *p = service != NULL ? text_utf8(service) : NULL;
	bool plain = names_are_plain(s, n, p);

	free(n);
	free(p);
	if (!plain)
		return cannot("WSAConnectByName");
	return real.WSAConnectByNameW(s, node, service, local_len, local,
	    remote_len, remote, timeout, reserved);
}

BOOL WSAAPI
hook_WSAConnectByList(SOCKET s, PSOCKET_ADDRESS_LIST list, LPDWORD local_len,
    LPSOCKADDR local, LPDWORD remote_len, LPSOCKADDR remote,
    const PTIMEVAL timeout, LPWSAOVERLAPPED reserved)
{
	const struct tlsconf *conf;
	char name[256];
	int i;

	for (i = 0; list != NULL && i < list->iAddressCount; i++)
		if (gate_outgoing(s, list->Address[i].lpSockaddr,
		    list->Address[i].iSockaddrLength, &conf, name,
		    sizeof name) != VERDICT_PLAIN)
			return cannot("WSAConnectByList");
	return real.WSAConnectByList(s, list, local_len, local, remote_len,
	    remote, timeout, reserved);
}
