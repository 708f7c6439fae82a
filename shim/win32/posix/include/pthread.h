/* SPDX-License-Identifier: Apache-2.0
 * pthread: winpthreads linked in, into a DLL too. */
#ifndef DICOMTLS_WIN32_PTHREAD_H
#define DICOMTLS_WIN32_PTHREAD_H

#pragma push_macro("DLL_EXPORT")
#undef DLL_EXPORT
#include_next <pthread.h>
#pragma pop_macro("DLL_EXPORT")

#endif
