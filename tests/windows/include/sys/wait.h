/* SPDX-License-Identifier: Apache-2.0
 * wait: for the unit tests, whose cases with processes do not run here. */
#ifndef DICOMTLS_TEST_WINDOWS_WAIT_H
#define DICOMTLS_TEST_WINDOWS_WAIT_H

#include <sys/types.h>

#define WEXITSTATUS(status) (((status) >> 8) & 0xff)

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);

#endif
