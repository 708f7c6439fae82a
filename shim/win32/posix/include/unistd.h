/* SPDX-License-Identifier: Apache-2.0
 * unistd: what Windows' C library leaves out. */
#ifndef DICOMTLS_WIN32_UNISTD_H
#define DICOMTLS_WIN32_UNISTD_H

#include_next <unistd.h>

#include <sys/stat.h>

int renameat(int olddir, const char *from, int newdir, const char *to);
int linkat(int olddir, const char *from, int newdir, const char *to,
    int flags);
int unlinkat(int dir, const char *name, int flags);
int faccessat(int dir, const char *name, int mode, int flags);
int posix_unlink(const char *path);
int fsync(int fd);
uid_t geteuid(void);
uid_t getuid(void);

char *posix_getcwd(char *buf, size_t size);

#define getcwd posix_getcwd
#define unlink posix_unlink

#endif
