/* SPDX-License-Identifier: Apache-2.0
 * workdir: a private folder for what a recording needs on the way. */
#include "workdir.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* In FOLDER/any.pem. */
static int
make_key(const char *folder)
{
	char path[PATH_MAX + 16];
	EVP_PKEY *key = EVP_RSA_gen(2048);
	FILE *to;
	int rv = -EIO;

	snprintf(path, sizeof path, "%s/any.pem", folder);
	to = fopen(path, "wxe");
	if (to != NULL && key != NULL &&
	    PEM_write_PrivateKey(to, key, NULL, NULL, 0, NULL, NULL) == 1)
		rv = 0;
	if (to != NULL && fclose(to) != 0)
		rv = -errno;
	EVP_PKEY_free(key);
	return rv;
}

int
workdir_make(char *folder, size_t size, const char *path, struct fail *f)
{
	const char *slash = strrchr(path, '/');
	char name[PATH_MAX], whole[PATH_MAX];
	int rv;

	folder[0] = '\0';
	snprintf(name, sizeof name, "%.*s.dicomtls-XXXXXX", slash != NULL ?
	    (int)(slash + 1 - path) : 0, path);
	if (mkdtemp(name) == NULL || realpath(name, whole) == NULL) {
		rv = -errno;
		fail_set(f, REASON_SYSTEM, "no folder can be made beside %s: "
		    "%s", path, strerror(-rv));
		return rv;
	}
	if (strlen(whole) + 32 > size || (rv = make_key(whole)) < 0) {
		rv = strlen(whole) + 32 > size ? -ENAMETOOLONG : rv;
		fail_set(f, REASON_SYSTEM, "nothing can be written beside "
		    "%s: %s", path, strerror(-rv));
		workdir_remove(whole);
		return rv;
	}
	strcpy(folder, whole);
	return 0;
}

void
workdir_remove(const char *folder)
{
	DIR *dir = *folder != '\0' ? opendir(folder) : NULL;
	const struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	rmdir(folder);
}
