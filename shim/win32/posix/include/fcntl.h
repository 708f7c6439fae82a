/* SPDX-License-Identifier: Apache-2.0
 * fcntl: open(2) with paths in UTF-8 and beside a folder. */
#ifndef DICOMTLS_WIN32_FCNTL_H
#define DICOMTLS_WIN32_FCNTL_H

#include_next <fcntl.h>

#define O_CLOEXEC 0x01000000
#define O_NOFOLLOW 0x02000000
#define O_DIRECTORY 0x04000000
#define O_NOCTTY 0
#define O_NONBLOCK 0

#define AT_FDCWD (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define RENAME_NOREPLACE 1

/* As in Linux's manual.  A new file whose MODE gives others no rights has an
 * ACL of its own: this user, SYSTEM, the Administrators. */
int posix_open(const char *path, int flags, ...);
int openat(int dir, const char *name, int flags, ...);
int renameat2(int olddir, const char *from, int newdir, const char *to,
    unsigned flags);

#undef open
#define open posix_open

#endif
