/* SPDX-License-Identifier: Apache-2.0
 * stat: stat(2): whose a file is and who may read it, by its ACL. */
#ifndef DICOMTLS_WIN32_SYS_STAT_H
#define DICOMTLS_WIN32_SYS_STAT_H

#include_next <sys/stat.h>

#include <stddef.h>
#include <sys/types.h>
#include <time.h>

typedef unsigned uid_t;

/*
 * st_uid: POSIX_ME for this user's, 0 for SYSTEM's and the Administrators',
 * else POSIX_OTHER.  st_mode: the rights of Everyone, Users and Authenticated
 * Users are those of "others" and, for want of one, of the group.
 */
enum { POSIX_ME = 1000, POSIX_OTHER = 1001 };

struct posix_stat {
	unsigned long long st_dev, st_ino;
	unsigned st_mode;
	uid_t st_uid;
	long long st_size;
	time_t st_mtime;
	struct timespec st_mtim, st_ctim;
};

int posix_stat(const char *path, struct posix_stat *st);
int posix_lstat(const char *path, struct posix_stat *st);
int posix_fstat(int fd, struct posix_stat *st);
int posix_fstatat(int dir, const char *name, struct posix_stat *st,
    int flags);
int posix_mkdir(const char *path, unsigned mode);
int posix_fchmod(int fd, unsigned mode);

#undef stat
#undef fstat
#define stat posix_stat
#define lstat posix_lstat
#define fstat posix_fstat
#define fstatat posix_fstatat
#define mkdir posix_mkdir
#define fchmod posix_fchmod

#ifndef S_IRGRP
#define S_IRGRP 0040
#define S_IWGRP 0020
#define S_IXGRP 0010
#define S_IROTH 0004
#define S_IWOTH 0002
#define S_IXOTH 0001
#endif
#ifndef S_ISVTX
#define S_ISVTX 01000
#endif
#ifndef S_ISSOCK
#define S_ISSOCK(m) 0
#endif
#ifndef S_ISLNK
#define S_IFLNK 0120000
#define S_ISLNK(m) (((m) & 0170000) == S_IFLNK)
#endif

#endif
