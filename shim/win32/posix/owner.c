/* SPDX-License-Identifier: Apache-2.0
 * owner: who owns a file and who may use it, by Windows' ACLs. */
#include "win32/posix/owner.h"

#include <aclapi.h>
#include <sddl.h>

#include <errno.h>
#include <stdlib.h>
#include <wchar.h>

/* What POSIX calls others, and root. */
static const WELL_KNOWN_SID_TYPE others[] = { WinWorldSid,
	WinAuthenticatedUserSid, WinBuiltinUsersSid };
static const WELL_KNOWN_SID_TYPE roots[] = { WinLocalSystemSid,
	WinBuiltinAdministratorsSid };
static const WELL_KNOWN_SID_TYPE services[] = { WinLocalSystemSid,
	WinLocalServiceSid, WinNetworkServiceSid };

#define COUNT(a) (sizeof (a) / sizeof (a)[0])

/* Allocated; NULL if unknown. */
static TOKEN_USER *
this_user(void)
{
	TOKEN_USER *user = NULL;
	HANDLE token;
	DWORD len = 0;

	if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
		return NULL;
	GetTokenInformation(token, TokenUser, NULL, 0, &len);
	user = malloc(len);
	if (user != NULL && !GetTokenInformation(token, TokenUser, user, len,
	    &len)) {
		free(user);
		user = NULL;
	}
	CloseHandle(token);
	return user;
}

static int
is_one_of(PSID sid, const WELL_KNOWN_SID_TYPE *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (IsWellKnownSid(sid, list[i]))
			return 1;
	return 0;
}

wchar_t *
owner_sid(void)
{
	TOKEN_USER *user = this_user();
	wchar_t *text = NULL;

	if (user != NULL)
		ConvertSidToStringSidW(user->User.Sid, &text);
	free(user);
	return text;
}

int
owner_is_service(void)
{
	TOKEN_USER *user = this_user();
	int is = user != NULL && is_one_of(user->User.Sid, services,
	    COUNT(services));

	free(user);
	return is;
}

static uid_t
uid_of(PSID sid)
{
	TOKEN_USER *user = this_user();
	uid_t uid = POSIX_OTHER;

	if (user != NULL && EqualSid(user->User.Sid, sid))
		uid = POSIX_ME;
	else if (is_one_of(sid, roots, COUNT(roots)))
		uid = 0;
	free(user);
	return uid;
}

static void
add_rights(const ACCESS_ALLOWED_ACE *ace, struct posix_stat *st)
{
	if (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE ||
	    (ace->Header.AceFlags & INHERIT_ONLY_ACE) ||
	    !is_one_of((PSID)&ace->SidStart, others, COUNT(others)))
		return;
	if (ace->Mask & (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL))
		st->st_mode |= S_IRGRP | S_IROTH;
	if (ace->Mask & (FILE_WRITE_DATA | FILE_APPEND_DATA | GENERIC_WRITE |
	    GENERIC_ALL))
		st->st_mode |= S_IWGRP | S_IWOTH;
}

void
owner_look(HANDLE h, struct posix_stat *st)
{
	PSECURITY_DESCRIPTOR sd = NULL;
	PSID sid = NULL;
	PACL acl = NULL;
	void *ace;
	DWORD i;

	st->st_uid = POSIX_ME;
	if (GetSecurityInfo(h, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION |
	    DACL_SECURITY_INFORMATION, &sid, NULL, &acl, NULL, &sd) !=
	    ERROR_SUCCESS)
		return;
	if (sid != NULL)
		st->st_uid = uid_of(sid);
	for (i = 0; acl != NULL && i < acl->AceCount; i++)
		if (GetAce(acl, i, &ace))
			add_rights(ace, st);
	LocalFree(sd);
}

int
owner_private(SECURITY_ATTRIBUTES *sa, int folder)
{
	const wchar_t *flags = folder ? L"OICI" : L"";
	wchar_t *sid = owner_sid(), text[512];

	*sa = (SECURITY_ATTRIBUTES){ .nLength = sizeof *sa };
	if (sid == NULL)
		return -1;
	_snwprintf(text, COUNT(text), L"D:P(A;%ls;FA;;;SY)(A;%ls;FA;;;BA)"
	    L"(A;%ls;FA;;;%ls)", flags, flags, flags, sid);
	LocalFree(sid);
	return ConvertStringSecurityDescriptorToSecurityDescriptorW(text,
	    SDDL_REVISION_1, &sa->lpSecurityDescriptor, NULL) ? 0 : -1;
}
