/* SPDX-License-Identifier: Apache-2.0
 * preload: where our libraries are, and LD_PRELOAD. */
#include "preload.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "child.h"

/* ld.so(8): entries are apart by colons or blanks, and nothing quotes them. */
#define SEPARATORS ": \t\n"

/* FOLDER/.libs/LIBRARY, if FOLDER is where libtool builds it. */
static bool
built_in(const char *folder, const char *library, char *path, size_t size)
{
	/* libtool's own file is never in a folder of installed programs. */
	snprintf(path, size, "%s/libdicomtls.la", folder);
	if (access(path, F_OK) < 0)
		return false;
	return (size_t)snprintf(path, size, "%s/.libs/%s", folder, library) <
	    size && access(path, R_OK) == 0;
}

/* In the build folder this launcher stands in, or in the one above. */
static bool
built_beside(const char *library, char *path, size_t size)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	char *slash;
	int i;

	self[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2 && (slash = strrchr(self, '/')) != NULL; i++) {
		*slash = '\0';
		if (built_in(self, library, path, size))
			return true;
	}
	return false;
}

int
preload_find(const char *library, char *path, size_t size, struct fail *f)
{
	if (!built_beside(library, path, size))
		snprintf(path, size, "%s/%s", PKGLIBDIR, library);
	if (access(path, R_OK) < 0) {
		fail_set(f, REASON_SYSTEM, "%s cannot be read (%s): install "
		    "dicomtls again", path, strerror(errno));
		return -ENOENT;
	}
	if (path[strcspn(path, SEPARATORS)] != '\0') {
		fail_set(f, REASON_SYSTEM, "LD_PRELOAD cannot hold the path "
		    "\"%s\" because of its blank or colon: move it to another "
		    "folder", path);
		return -EINVAL;
	}
	return 0;
}

/* "… cannot be preloaded (file too short): ignored." */
static void
blame(const char *binary, const char *library, const char *said,
    struct fail *f)
{
	const char *why = strstr(said, "cannot be preloaded (");
	struct statvfs fs;

	why = why != NULL ? strchr(why, '(') + 1 : "";
	if (statvfs(library, &fs) == 0 && (fs.f_flag & ST_NOEXEC) != 0)
		fail_set(f, REASON_SYSTEM, "%s lies on a file system that is "
		    "mounted noexec, so nothing can be loaded from it: mount "
		    "it without noexec, or install dicomtls elsewhere",
		    library);
	else if (*why != '\0')
		fail_set(f, REASON_SYSTEM, "the loader does not take %s "
		    "(%.*s): it is damaged or for another machine, install "
		    "dicomtls again", library, (int)strcspn(why, ")"), why);
	else
		fail_set(f, REASON_SYSTEM, "the loader of %s does not take "
		    "%s: one of them is damaged, or a security rule (SELinux, "
		    "AppArmor, seccomp) keeps it out", binary, library);
}

int
preload_try(const char *binary, const char *library, char *out, size_t size,
    struct fail *f)
{
	char *argv[] = { (char *)binary, NULL };
	char set[PATH_MAX + 16], wanted[PATH_MAX + 8];
	const char *const sets[] = { set, "LD_TRACE_LOADED_OBJECTS=1", NULL };

	snprintf(set, sizeof set, "LD_PRELOAD=%s", library);
	snprintf(wanted, sizeof wanted, "\t%s (0x", library);
	out[0] = '\0';
	child_output(argv, sets, true, out, size);
	if (strstr(out, wanted) != NULL)
		return 0;
	blame(binary, library, out, f);
	return -ENOEXEC;
}

int
preload_ready(const char *binary, char *path, size_t size, struct fail *f)
{
	enum { LIST = 1 << 16 };
	char *out = malloc(LIST);
	int rv;

	if (out == NULL) {
		fail_set(f, REASON_SYSTEM, "there is no memory");
		return -ENOMEM;
	}
	rv = preload_find(PRELOAD_LIBRARY, path, size, f);
	if (rv == 0)
		rv = preload_try(binary, path, out, LIST, f);
	free(out);
	return rv;
}

int
preload_reachable(const char *library, struct fail *f)
{
	char path[PATH_MAX], *slash;
	mode_t needed = S_IROTH;
	struct stat st;

	snprintf(path, sizeof path, "%s", library);
	for (;;) {
		if (stat(path, &st) < 0 || (st.st_mode & needed) == 0)
			break;
		needed = S_IXOTH;
		slash = strrchr(path, '/');
		if (slash == NULL || slash == path)
			return 0;
		*slash = '\0';
	}
	fail_set(f, REASON_SYSTEM, "not every user may read %s (see %s): a "
	    "program that runs as another user would start without it, in "
	    "plaintext; install dicomtls where all can read", library, path);
	return -EACCES;
}

static bool
has(const char *list, const char *path)
{
	size_t len = strlen(path), n;

	while (*list != '\0') {
		n = strcspn(list, SEPARATORS);
		if (n == len && strncmp(list, path, n) == 0)
			return true;
		list += n + strspn(list + n, SEPARATORS);
	}
	return false;
}

char *
preload_add(const char *path, const char *old)
{
	char *value;

	if (old == NULL)
		return strdup(path);
	if (has(old, path))
		return strdup(old);
	return asprintf(&value, "%s:%s", path, old) < 0 ? NULL : value;
}

char *
preload_remove(const char *path, const char *old)
{
	char *value = calloc(1, strlen(old) + 1), *end = value;
	size_t n, len = strlen(path);

	while (value != NULL && *old != '\0') {
		n = strcspn(old, SEPARATORS);
		if (n > 0 && (n != len || strncmp(old, path, n) != 0)) {
			if (end != value)
				*end++ = ':';
			memcpy(end, old, n);
			end += n;
		}
		old += n + strspn(old + n, SEPARATORS);
	}
	return value;
}
