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

#include "base/buf.h"
#include "cert/files.h"

#define LOCK ".lock"
#define JOURNAL ".commit"
#define WAIT_MS 30000
#define POLL_MS 10

/* A journal line with this in front tells of a removal. */
#define DROP '-'

static int
failed_by(const struct store *s, struct fail *f, const char *verb,
    const char *name, int error)
{
	fail_set(f, REASON_CERTIFICATE, "cannot %s %s/%s: %s%s", verb,
	    s->path, name, strerror(error),
	    error == EROFS || error == EACCES ?
	    " (somebody who may write there has to do it once, or set "
	    "DICOMTLS_DIR to another folder)" : "");
	return -error;
}

static int
failed(const struct store *s, struct fail *f, const char *verb,
    const char *name)
{
	return failed_by(s, f, verb, name, errno);
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
		/* We ask for none such: it comes from the journal. */
		fail_set(f, REASON_CERTIFICATE, "%s/" JOURNAL ", which lists "
		    "the files of a change that was cut off, is damaged at "
		    "\"%s\": remove it, then see with dicomtls-certtool check "
		    "whether certificate and key still fit", s->path, name);
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
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, rc = 0;

	s->dir = open(s->path, flags);
	if (s->dir < 0 && errno == ENOENT) {
		rc = make_folders(s->path, geteuid() == 0 ? 0755 : 0700);
		s->dir = rc < 0 ? -1 : open(s->path, flags);
	}
	if (s->dir >= 0)
		return 0;
	rc = rc < 0 ? rc : -errno;
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

/* Whoever held the lock may have removed its file since: it locks nothing. */
static bool
lock_is_there(const struct store *s, int fd)
{
	struct stat ours, there;

	return fstat(fd, &ours) == 0 &&
	    fstatat(s->dir, LOCK, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	    ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

/* 1: the lock is ours; 0: somebody else has it; or -errno. */
static int
try_lock(struct store *s, struct fail *f)
{
	int fd, rc = 0;

	fd = openat(s->dir, LOCK,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
	if (fd < 0)
		return failed(s, f, "open", LOCK);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		rc = lock_is_there(s, fd);
	else if (errno != EWOULDBLOCK && errno != EINTR)
		rc = failed(s, f, "lock", LOCK);
	if (rc == 1)
		s->lock = fd;
	else
		close(fd);
	return rc;
}

static int
take_lock(struct store *s, struct fail *f)
{
	const struct timespec pause = { 0, POLL_MS * 1000000L };
	int rc, waited;

	for (waited = 0; (rc = try_lock(s, f)) == 0; waited += POLL_MS) {
		if (waited >= WAIT_MS) {
			fail_set(f, REASON_CERTIFICATE, "another process "
			    "holds %s/" LOCK " for more than %d s", s->path,
			    WAIT_MS / 1000);
			return -ETIMEDOUT;
		}
		nanosleep(&pause, NULL);
	}
	return rc < 0 ? rc : 0;
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
write_file(const struct store *s, const char *name, const void *data,
    size_t len, mode_t mode, struct fail *f)
{
	int rc = files_create(s->dir, name, data, len, mode);

	return rc < 0 ? failed_by(s, f, "write", name, -rc) : 0;
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

/* For folders without hard links. */
static int
copy_file(const struct store *s, const char *name, const char *to,
    struct fail *f)
{
	struct buf data = { 0 };
	char path[PATH_MAX];
	int rc;

	rc = files_join(path, sizeof path, s->path, name);
	if (rc == 0)
		rc = files_read(path, "the old file", FILES_OWN, &data,
		    REASON_CERTIFICATE, f);
	if (rc == 0)
		rc = write_file(s, to, buf_head(&data), buf_len(&data), 0600,
		    f);
	buf_free(&data);
	return rc;
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
	if (linkat(s->dir, name, s->dir, staged, 0) == 0)
		return 0;
	return copy_file(s, name, staged, f);
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
		unlinkat(s->dir, LOCK, 0);
		flock(s->lock, LOCK_UN);
		close(s->lock);
	}
	if (s->dir >= 0)
		close(s->dir);
	*s = (struct store){ .dir = -1, .lock = -1 };
}
