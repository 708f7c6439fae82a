/* SPDX-License-Identifier: Apache-2.0
 * process: the end of this process, and the begin of others. */
#ifndef DICOMTLS_PROCESS_H
#define DICOMTLS_PROCESS_H

#include "win32/hooks.h"

/* SELF is this DLL, which children get too.  Once. */
void process_init(HMODULE self);

#endif
