/* SPDX-License-Identifier: Apache-2.0
 * file: flock(2) over LockFileEx. */
#ifndef DICOMTLS_WIN32_SYS_FILE_H
#define DICOMTLS_WIN32_SYS_FILE_H

#define LOCK_EX 2
#define LOCK_NB 4
#define LOCK_UN 8

int flock(int fd, int operation);

#endif
