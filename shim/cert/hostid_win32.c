/* SPDX-License-Identifier: Apache-2.0
 * hostid: what names this machine and this user; Windows, MachineGuid and
 * the SID. */
#include "cert/hostid.h"

#include <winsock2.h>
#include <windows.h>

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "win32/posix/owner.h"
#include "win32/posix/text.h"

/* A 32-bit program sees another registry unless it asks for this one. */
static int
machine_guid(wchar_t *out, DWORD size)
{
	return RegGetValueW(HKEY_LOCAL_MACHINE,
	    L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid",
	    RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, out, &size) ==
	    ERROR_SUCCESS ? 0 : -ENOENT;
}

int
hostid_machine(char out[HOSTID_SIZE], struct fail *f)
{
	wchar_t wide[64];
	char *text = NULL, *c;

	if (machine_guid(wide, sizeof wide) == 0)
		text = text_utf8(wide);
	if (text == NULL || strspn(text, "{}-0") == strlen(text) ||
	    strlen(text) >= HOSTID_SIZE) {
		free(text);
		fail_set(f, REASON_PASSWORD, "this host has no MachineGuid in "
		    "HKLM\\SOFTWARE\\Microsoft\\Cryptography, so the key's "
		    "password cannot be derived from it: set "
		    "DICOMTLS_KEY_PASSWORD_FILE");
		return -ENOENT;
	}
	for (c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	snprintf(out, HOSTID_SIZE, "%s", text);
	free(text);
	return 0;
}

int
hostid_user(char out[HOSTID_SIZE], struct fail *f)
{
	wchar_t *sid = owner_sid();

	if (sid == NULL) {
		fail_set(f, REASON_PASSWORD, "Windows does not tell the SID of "
		    "this user, so the key's password cannot be derived");
		return -ENOENT;
	}
	snprintf(out, HOSTID_SIZE, "%ls", sid);
	LocalFree(sid);
	return 0;
}
