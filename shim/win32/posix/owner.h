/* SPDX-License-Identifier: Apache-2.0
 * owner: who owns a file and who may use it, by Windows' ACLs. */
#ifndef DICOMTLS_OWNER_H
#define DICOMTLS_OWNER_H

#include <winsock2.h>
#include <windows.h>

#include <sys/stat.h>

/* This user's SID as text ("S-1-5-…"), for LocalFree.  NULL if unknown. */
wchar_t *owner_sid(void);

/* Whether this user is one of the system's own: SYSTEM, LOCAL SERVICE,
 * NETWORK SERVICE. */
int owner_is_service(void);

/* Fills the owner and the rights of others (see sys/stat.h) from H's ACL;
 * what cannot be found out counts as ours and closed. */
void owner_look(HANDLE h, struct posix_stat *st);

/* The security of a new file or FOLDER that is this user's, SYSTEM's and the
 * Administrators' alone; SA->lpSecurityDescriptor is for LocalFree.  0, or -1
 * when there is none: then nothing may be made. */
int owner_private(SECURITY_ATTRIBUTES *sa, int folder);

#endif
