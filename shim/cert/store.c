/* SPDX-License-Identifier: Apache-2.0
 * store: changing several files of a folder as one step. */
#include "cert/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK ".lock"
#define JOURNAL ".commit"
#define WAIT_MS 30000
#define POLL_MS 10

/* A journal line with this in front tells of a removal. */
#define DROP '-'

static int
failed(const struct store *s, struct fail *f, const char *verb,
    const char *name)
{
	int error = errno;

	fail_set(f, REASON_CERTIFICATE, "cannot %s %s/%s: %s%s", verb,
	    s->path, name, strerror(error),
	    error == EROFS || error == EACCES ?
	    " (run dicomtls-certtool generate once as a user who may write "
	    "there, or set DICOMTLS_DIR)" : "");
	return -error;
}

static void
staged_name(char out[STORE_NAME + 8], const char *name)
{
	snprintf(out, STORE_NAME + 8, ".%s.new", name);
}

/* Names come back from a file: nothing that leaves the folder. */
static bool
name_ok(const char *name)
{
	return *name != '\0' && *name != '.' && strchr(name, '/') == NULL &&
	    strlen(name) < STORE_NAME - 1;
}

static int
apply_one(const struct store *s, const char *line, struct fail *f)
{
	char staged[STORE_NAME + 8];

	if (line[0] == DROP) {
		if (unlinkat(s->dir, line + 1, 0) < 0 && errno != ENOENT)
			return failed(s, f, "remove", line + 1);
		return 0;
	}
	staged_name(staged, line);
	if (renameat(s->dir, staged, s->dir, line) < 0 && errno != ENOENT)
		return failed(s, f, "replace", line);
	/* Two links to one file: rename(2) leaves both. */
	unlinkat(s->dir, staged, 0);
	return 0;
}

static int
apply(struct store *s, struct fail *f)
{
	size_t i;
	int rc;

	for (i = 0; i < s->count; i++) {
		rc = apply_one(s, s->names[i], f);
		if (rc < 0)
			return rc;
	}
	fsync(s->dir);
	if (unlinkat(s->dir, JOURNAL, 0) < 0 && errno != ENOENT)
		return failed(s, f, "remove", JOURNAL);
	s->count = 0;
	return 0;
}

static int
stage_name(struct store *s, const char *name, char mark, struct fail *f)
{
	if (!name_ok(name) || s->count == STORE_FILES) {
		fail_set(f, REASON_INTERNAL, "\"%s\" is no name for a file of "
		    "%s, or there are too many", name, s->path);
		return -EINVAL;
	}
	snprintf(s->names[s->count++], STORE_NAME, "%s%s",
	    mark ? (char[]){ mark, '\0' } : "", name);
	return 0;
}

static int
read_journal(struct store *s, int fd, struct fail *f)
{
	char text[STORE_FILES * STORE_NAME + 1], *line, *rest = text;
	ssize_t n = read(fd, text, sizeof text - 1);
	int rc;

	if (n < 0)
		return failed(s, f, "read", JOURNAL);
	text[n] = '\0';
	while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
		rc = stage_name(s, line + (*line == DROP),
		    *line == DROP ? DROP : 0, f);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int
finish_interrupted(struct store *s, struct fail *f)
{
	int fd, rc;

	fd = openat(s->dir, JOURNAL, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : failed(s, f, "read", JOURNAL);
	rc = read_journal(s, fd, f);
	close(fd);
	return rc < 0 ? rc : apply(s, f);
}

static bool
is_staged(const char *name)
{
	size_t len = strlen(name);

	return name[0] == '.' && len > 5 &&
	    strcmp(name + len - 4, ".new") == 0;
}

static void
remove_leftovers(const struct store *s)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	fd = openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(dir)) != NULL)
		if (is_staged(entry->d_name))
			unlinkat(s->dir, entry->d_name, 0);
	closedir(dir);
}

static int
make_folders(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	char *slash;

	if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
		return -ENAMETOOLONG;
	for (slash = strchr(part + 1, '/'); slash != NULL;
	    slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(part, mode) < 0 && errno != EEXIST)
			return -errno;
		*slash = '/';
	}
	return mkdir(part, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* A parent that exists gives EEXIST, EACCES or EROFS: look first. */
static int
open_folder(struct store *s, struct fail *f)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, rc;

	s->dir = open(s->path, flags);
	if (s->dir < 0 && errno == ENOENT) {
		rc = make_folders(s->path, geteuid() == 0 ? 0755 : 0700);
		s->dir = rc < 0 ? -1 : open(s->path, flags);
		if (rc < 0)
			errno = -rc;
	}
	if (s->dir >= 0)
		return 0;
	rc = -errno;
	fail_set(f, REASON_CERTIFICATE, "the folder %s cannot be %s: %s (set "
	    "DICOMTLS_DIR to one that can)", s->path,
	    rc == -ENOTDIR ? "opened" : "made or opened", strerror(-rc));
	return rc;
}

static int
check_folder(const struct store *s, struct fail *f)
{
	struct stat st;

	if (fstat(s->dir, &st) < 0)
		return failed(s, f, "look at", "");
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		fail_set(f, REASON_CERTIFICATE, "the folder %s belongs to "
		    "user %u, so user %u makes no files there: set "
		    "DICOMTLS_DIR, or run as its owner", s->path,
		    (unsigned)st.st_uid, (unsigned)geteuid());
		return -EPERM;
	}
	if ((st.st_mode & S_IWOTH) && !(st.st_mode & S_ISVTX)) {
		fail_set(f, REASON_CERTIFICATE, "everybody may write to the "
		    "folder %s, so no key is made there: chmod o-w it",
		    s->path);
		return -EPERM;
	}
	return 0;
}

static int
wait_lock(const struct store *s, struct fail *f)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int waited;

	for (waited = 0; flock(s->lock, LOCK_EX | LOCK_NB) < 0;
	    waited += POLL_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return failed(s, f, "lock", LOCK);
		if (waited >= WAIT_MS) {
			fail_set(f, REASON_CERTIFICATE, "another process "
			    "holds %s/" LOCK " for more than %d s", s->path,
			    WAIT_MS / 1000);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int
take_lock(struct store *s, struct fail *f)
{
	s->lock = openat(s->dir, LOCK,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (s->lock < 0)
		return failed(s, f, "open", LOCK);
	return wait_lock(s, f);
}

int
store_open(struct store *s, const char *path, struct fail *f)
{
	int rc;

	*s = (struct store){ .path = path, .dir = -1, .lock = -1 };
	rc = open_folder(s, f);
	if (rc == 0)
		rc = check_folder(s, f);
	if (rc == 0)
		rc = take_lock(s, f);
	if (rc == 0)
		rc = finish_interrupted(s, f);
	if (rc < 0) {
		s->count = 0;
		store_close(s);
		return rc;
	}
	remove_leftovers(s);
	return 0;
}

bool
store_interrupted(const char *path)
{
	char journal[PATH_MAX];
	struct stat st;

	return snprintf(journal, sizeof journal, "%s/" JOURNAL, path) <
	    (int)sizeof journal && lstat(journal, &st) == 0;
}

bool
store_has(const struct store *s, const char *name)
{
	struct stat st;

	return fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int
write_all(int fd, const unsigned char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n < 0 && errno != EINTR)
			return -errno;
		data += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
write_file(const struct store *s, const char *name, const void *data,
    size_t len, mode_t mode, struct fail *f)
{
	int fd, rc;

	fd = openat(s->dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return failed(s, f, "create", name);
	rc = write_all(fd, data, len);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0) {
		unlinkat(s->dir, name, 0);
		errno = -rc;
		failed(s, f, "write", name);
	}
	return rc;
}

int
store_put(struct store *s, const char *name, const void *data, size_t len,
    mode_t mode, struct fail *f)
{
	char staged[STORE_NAME + 8];
	int rc;

	rc = stage_name(s, name, 0, f);
	if (rc < 0)
		return rc;
	staged_name(staged, name);
	return write_file(s, staged, data, len, mode, f);
}

int
store_keep(struct store *s, const char *name, struct fail *f)
{
	char bak[STORE_NAME + 8], staged[STORE_NAME + 16];
	int rc;

	if (!store_has(s, name))
		return 0;
	snprintf(bak, sizeof bak, "%s.bak", name);
	rc = stage_name(s, bak, 0, f);
	if (rc < 0)
		return rc;
	snprintf(staged, sizeof staged, ".%s.new", bak);
	if (linkat(s->dir, name, s->dir, staged, 0) < 0)
		return failed(s, f, "keep a link to", name);
	return 0;
}

int
store_drop(struct store *s, const char *name, struct fail *f)
{
	return stage_name(s, name, DROP, f);
}

static int
write_journal(const struct store *s, struct fail *f)
{
	char text[STORE_FILES * STORE_NAME + 1] = "";
	size_t i, len = 0;
	int rc;

	for (i = 0; i < s->count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "%s\n",
		    s->names[i]);
	rc = write_file(s, JOURNAL ".new", text, len, 0600, f);
	if (rc < 0)
		return rc;
	/* The staged files' names have to be on the disk before it. */
	if (fsync(s->dir) < 0 ||
	    renameat(s->dir, JOURNAL ".new", s->dir, JOURNAL) < 0)
		return failed(s, f, "create", JOURNAL);
	fsync(s->dir);
	return 0;
}

int
store_commit(struct store *s, struct fail *f)
{
	int rc = 0;

	if (s->count == 0)
		return 0;
	if (s->count > 1)
		rc = write_journal(s, f);
	return rc < 0 ? rc : apply(s, f);
}

void
store_close(struct store *s)
{
	char staged[STORE_NAME + 8];
	size_t i;

	/* With the journal in place these are no longer ours to remove. */
	if (s->count > 0 && s->dir >= 0 &&
	    faccessat(s->dir, JOURNAL, F_OK, 0) < 0) {
		for (i = 0; i < s->count; i++) {
			staged_name(staged, s->names[i]);
			unlinkat(s->dir, staged, 0);
		}
		unlinkat(s->dir, JOURNAL ".new", 0);
	}
	if (s->lock >= 0) {
		flock(s->lock, LOCK_UN);
		close(s->lock);
	}
	if (s->dir >= 0)
		close(s->dir);
	*s = (struct store){ .dir = -1, .lock = -1 };
}
