/* SPDX-License-Identifier: Apache-2.0
 * time: what Windows' C library leaves out. */
#ifndef DICOMTLS_WIN32_TIME_H
#define DICOMTLS_WIN32_TIME_H

#include_next <time.h>

#include <pthread_time.h>

time_t timegm(struct tm *tm);

#ifndef DICOMTLS_GMTIME_R
#define DICOMTLS_GMTIME_R
struct tm *posix_gmtime_r(const time_t *t, struct tm *tm);
struct tm *posix_localtime_r(const time_t *t, struct tm *tm);
#define gmtime_r posix_gmtime_r
#define localtime_r posix_localtime_r
#endif

#endif
