/* SPDX-License-Identifier: Apache-2.0
 * errno: what Windows' list of errors leaves out. */
#ifndef DICOMTLS_WIN32_ERRNO_H
#define DICOMTLS_WIN32_ERRNO_H

#include_next <errno.h>

#ifndef EKEYREJECTED
#define EKEYREJECTED 2129
#endif
#ifndef ESHUTDOWN
#define ESHUTDOWN 2108
#endif

#endif
