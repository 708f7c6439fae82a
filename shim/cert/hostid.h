/* SPDX-License-Identifier: Apache-2.0
 * hostid: what names this machine and this user; one source file per system. */
#ifndef DICOMTLS_HOSTID_H
#define DICOMTLS_HOSTID_H

#include <stddef.h>

#include "base/fail.h"

#define HOSTID_SIZE 192		/* bytes, room for a SID as text and more */

/*
 * The machine's id as text.  Linux: the 32 lower-case hexadecimal digits of
 * machine-id(5), else of D-Bus's file.  Windows: MachineGuid of
 * HKLM\SOFTWARE\Microsoft\Cryptography in lower case.  0, or -ENOENT with the
 * sentence in F when the machine has none that is usable.
 */
int hostid_machine(char out[HOSTID_SIZE], struct fail *f);

/*
 * The user as text.  Linux: the effective user id in decimal.  Windows: the
 * user's SID ("S-1-5-…").  0 or -errno.
 */
int hostid_user(char out[HOSTID_SIZE], struct fail *f);

#endif
