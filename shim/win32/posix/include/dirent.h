/* SPDX-License-Identifier: Apache-2.0
 * dirent: readdir(3) with names in UTF-8. */
#ifndef DICOMTLS_WIN32_DIRENT_H
#define DICOMTLS_WIN32_DIRENT_H

typedef struct posix_dir DIR;

struct dirent {
	char d_name[780];	/* 260 characters of UTF-16 and a NUL */
};

DIR *fdopendir(int fd);
DIR *opendir(const char *path);
struct dirent *readdir(DIR *dir);
int closedir(DIR *dir);

#endif
