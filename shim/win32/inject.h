/* SPDX-License-Identifier: Apache-2.0
 * inject: the DLL gets into a process that has not begun. */
#ifndef DICOMTLS_INJECT_H
#define DICOMTLS_INJECT_H

#include <winsock2.h>
#include <windows.h>

#include "base/fail.h"

/*
 * Loads the DLL at PATH into PROCESS, whose first thread is suspended and has
 * not run.  0 once its hooks are in place; -ENOEXEC for a process of another
 * machine type, or another -errno, with the sentence in F: then the process
 * may not run.
 */
int inject_dll(HANDLE process, const wchar_t *path, struct fail *f);

#endif
