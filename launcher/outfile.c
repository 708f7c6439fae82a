/* SPDX-License-Identifier: Apache-2.0
 * outfile: files that appear whole, for their owner alone, and replace nothing
 * unasked. */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int
refuse(struct fail *f, const char *path, int error)
{
	fail_set(f, REASON_SYSTEM, "%s cannot be written: %s", path,
	    strerror(error));
	return -error;
}

static int
hold_existing(struct outfile *o, bool force, struct fail *f)
{
	struct stat st;

	if (stat(o->path, &st) < 0)
		return refuse(f, o->path, errno);
	if (S_ISDIR(st.st_mode))
		return refuse(f, o->path, EISDIR);
	o->stream = !S_ISREG(st.st_mode);
	if (o->stream || force)
		return 0;
	fail_set(f, REASON_SYSTEM, "%s exists already: name another file, or "
	    "replace it by --force", o->path);
	return -EEXIST;
}

int
outfile_hold(struct outfile *o, const char *path, bool force, struct fail *f)
{
	int fd;

	memset(o, 0, sizeof *o);
	if (strlen(path) >= sizeof o->path - 16)
		return refuse(f, path, ENAMETOOLONG);
	strcpy(o->path, path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return hold_existing(o, force, f);
	if (fd < 0)
		return refuse(f, path, errno);
	close(fd);
	o->held = true;
	return 0;
}

FILE *
outfile_open(struct outfile *o, struct fail *f)
{
	FILE *to;
	int fd;

	if (o->stream)
		fd = open(o->path, O_WRONLY | O_CLOEXEC);
	else {
		snprintf(o->made, sizeof o->made, "%.*s.XXXXXX",
		    (int)sizeof o->made - 8, o->path);
		fd = mkostemp(o->made, O_CLOEXEC);
	}
	to = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (to == NULL) {
		refuse(f, o->path, errno);
		if (fd >= 0)
			close(fd);
		else
			o->made[0] = '\0';
	}
	return to;
}

int
outfile_close(struct outfile *o, FILE *to, struct fail *f)
{
	int error = 0;

	if (fflush(to) != 0 || ferror(to))
		error = errno != 0 ? errno : EIO;
	if (fclose(to) != 0 && error == 0)
		error = errno;
	if (error == 0 && !o->stream)
		return outfile_take(o, o->made, f);
	return error != 0 ? refuse(f, o->path, error) : 0;
}

int
outfile_take(struct outfile *o, const char *from, struct fail *f)
{
	if (chmod(from, 0600) < 0 || rename(from, o->path) < 0)
		return refuse(f, o->path, errno);
	o->made[0] = '\0';
	o->held = false;
	return 0;
}

void
outfile_drop(struct outfile *o)
{
	if (o->made[0] != '\0')
		unlink(o->made);
	if (o->held)
		unlink(o->path);
	o->made[0] = '\0';
	o->held = false;
}
