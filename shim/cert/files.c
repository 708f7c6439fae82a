/* SPDX-License-Identifier: Apache-2.0
 * files: reading the files of an identity, with a sentence for each that is
 * not what it should be. */
#include "cert/files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

struct reading {
	const char *path, *what;
	int flags;
	enum reason reason;
	struct fail *f;
};

static int
cannot_open(const struct reading *r, int error)
{
	if (error == ELOOP && (r->flags & FILES_OWN))
		fail_set(r->f, r->reason, "%s %s is a symbolic link, which is "
		    "not followed in the folder of our own files: put the "
		    "file itself there, or name its path in the settings",
		    r->what, r->path);
	else if (error == ENOENT)
		fail_set(r->f, r->reason, "%s %s is missing: bring it "
		    "back, or correct its path in the settings", r->what,
		    r->path);
	else if (error == EACCES)
		fail_set(r->f, r->reason, "%s %s cannot be read by user %u: "
		    "permission denied: make that user its owner, or start "
		    "the program as its owner", r->what, r->path,
		    (unsigned)geteuid());
	else
		fail_set(r->f, r->reason, "%s %s cannot be opened: %s",
		    r->what, r->path, strerror(error));
	return -error;
}

static const char *
kind_of(mode_t mode)
{
	return S_ISDIR(mode) ? "a folder" : S_ISFIFO(mode) ? "a FIFO" :
	    S_ISSOCK(mode) ? "a socket" : "a device";
}

static int
check_owner(const struct reading *r, const struct stat *st)
{
	if (st->st_uid == geteuid() || st->st_uid == 0)
		return 0;
	if (!(r->flags & FILES_OWN)) {
		log_warn("%s %s belongs to user %u, who can change it under "
		    "us (we run as user %u)", r->what, r->path,
		    (unsigned)st->st_uid, (unsigned)geteuid());
		return 0;
	}
	fail_set(r->f, r->reason, "%s %s belongs to user %u, not to user %u "
	    "or root, and is refused: change its owner, or set DICOMTLS_DIR "
	    "to a folder of your own", r->what, r->path,
	    (unsigned)st->st_uid, (unsigned)geteuid());
	return -EPERM;
}

static int
check_kind(const struct reading *r, const struct stat *st)
{
	if (!S_ISREG(st->st_mode)) {
		fail_set(r->f, r->reason, "%s %s is %s, not a file", r->what,
		    r->path, kind_of(st->st_mode));
		return -EINVAL;
	}
	if (st->st_size > FILES_MAX) {
		fail_set(r->f, r->reason, "%s %s has %lld bytes, more than "
		    "the %d that we read: it is some other file", r->what,
		    r->path, (long long)st->st_size, FILES_MAX);
		return -EFBIG;
	}
	if (st->st_size == 0) {
		fail_set(r->f, r->reason, "%s %s is empty", r->what, r->path);
		return -ENODATA;
	}
	return 0;
}

static void
warn_readable(const char *path, const char *what, const struct stat *st)
{
	if (st->st_mode & (S_IRGRP | S_IROTH))
		log_warn("%s %s can be read by %s: chmod 600 it", what, path,
		    st->st_mode & S_IROTH ? "everybody" : "its group");
}

void
files_warn_readable(const char *path, const char *what)
{
	struct stat st;

	if (stat(path, &st) == 0)
		warn_readable(path, what, &st);
}

/* Up to FILES_MAX bytes, for a file may grow while it is read. */
static int
take(const struct reading *r, int fd, struct buf *out)
{
	size_t done = 0;
	unsigned char *to;
	ssize_t n;

	while (done < FILES_MAX) {
		to = buf_room(out, 16384);
		if (to == NULL)
			return -ENOMEM;
		n = read(fd, to, 16384);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR) {
			fail_set(r->f, r->reason, "%s %s cannot be read: %s",
			    r->what, r->path, strerror(errno));
			return -errno;
		}
		if (n > 0) {
			buf_added(out, (size_t)n);
			done += (size_t)n;
		}
	}
	return 0;
}

static int
read_checked(const struct reading *r, int fd, struct buf *out)
{
	struct stat st;
	int rc;

	if (fstat(fd, &st) < 0)
		return cannot_open(r, errno);
	rc = check_kind(r, &st);
	if (rc == 0)
		rc = check_owner(r, &st);
	if (rc < 0)
		return rc;
	if (r->flags & FILES_SECRET)
		warn_readable(r->path, r->what, &st);
	return take(r, fd, out);
}

int
files_read(const char *path, const char *what, int flags, struct buf *out,
    enum reason reason, struct fail *f)
{
	struct reading r = { path, what, flags, reason, f };
	struct buf in = { 0 };
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK |
	    (flags & FILES_OWN ? O_NOFOLLOW : 0));
	if (fd < 0)
		return cannot_open(&r, errno);
	rc = read_checked(&r, fd, &in);
	close(fd);
	if (rc == 0)
		rc = buf_append(out, buf_head(&in), buf_len(&in));
	buf_free(&in);
	return rc;
}

static int
put_all(int fd, const unsigned char *data, size_t len)
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

int
files_create(int dir, const char *name, const void *data, size_t len,
    unsigned mode)
{
	int fd, rc;

	fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	rc = put_all(fd, data, len);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		unlinkat(dir, name, 0);
	return rc;
}

/* FAT, on a stick for another machine, knows no RENAME_NOREPLACE. */
static int
into_place(const char *from, const char *to, bool replace)
{
	if (replace)
		return rename(from, to) < 0 ? -errno : 0;
	if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (files_there(to))
		return -EEXIST;
	return rename(from, to) < 0 ? -errno : 0;
}

int
files_write(const char *path, const struct buf *data, unsigned mode,
    bool replace, struct fail *f)
{
	char beside[PATH_MAX];
	int rc = 0;

	if (snprintf(beside, sizeof beside, "%s.new", path) >=
	    (int)sizeof beside)
		rc = -ENAMETOOLONG;
	if (rc == 0)
		rc = files_create(AT_FDCWD, beside, buf_head(data),
		    buf_len(data), mode);
	if (rc == 0) {
		rc = into_place(beside, path, replace);
		if (rc < 0)
			unlink(beside);
	}
	if (rc == -EEXIST)
		fail_set(f, REASON_SYSTEM, "%s exists already, and is not "
		    "overwritten without --force", path);
	else if (rc < 0)
		fail_set(f, REASON_SYSTEM, "%s cannot be written: %s", path,
		    strerror(-rc));
	return rc;
}

bool
files_there(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

int
files_join(char *out, size_t size, const char *dir, const char *name)
{
	int n = snprintf(out, size, "%s/%s", dir, name);

	return n >= 0 && (size_t)n < size ? 0 : -ENAMETOOLONG;
}
