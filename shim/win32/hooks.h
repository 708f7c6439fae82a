/* SPDX-License-Identifier: Apache-2.0
 * hooks: the real functions of Windows' and ours in their place. */
#ifndef DICOMTLS_HOOKS_H
#define DICOMTLS_HOOKS_H

#include <winsock2.h>
#include <ws2tcpip.h>
#include <mswsock.h>
#include <windows.h>

#undef near
#undef far
#undef small

#include <stdbool.h>

#include "base/fail.h"

/* The real functions, found when the DLL is loaded. */
struct real {
#define CALL(name) __typeof__(name) *name;
#include "win32/calls.def"
#undef CALL
};

extern struct real real;

/* The hooks, each beside its kin. */
#define CALL(name) extern __typeof__(name) hook_##name;
#include "win32/calls.def"
#undef CALL

/*
 * Finds the real functions and puts the hooks into the import tables of all
 * modules there are and will be; GetProcAddress and delayed imports give the
 * hooks too.  0, or -errno with the sentence in F: then the process may not
 * go on.  In DllMain, once.
 */
int hooks_install(struct fail *f);

/* The hook for the address of a real function, or that address itself. */
void *hooks_swap(void *address);

#endif
