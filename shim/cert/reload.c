/* SPDX-License-Identifier: Apache-2.0
 * reload: an identity whose files change while the program runs, or whose
 * certificate comes to its end. */
#include "cert/reload.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cert/describe.h"

static long long
nanoseconds(struct timespec ts)
{
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void
stamp_file(const char *path, struct reload_file *file)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return;
	file->dev = st.st_dev;
	file->ino = st.st_ino;
	file->size = (unsigned long long)st.st_size;
	file->mtime = nanoseconds(st.st_mtim);
	file->ctime = nanoseconds(st.st_ctim);
}

void
reload_stamp(const struct tlsconf *conf, struct reload_stamp *st)
{
	memset(st, 0, sizeof *st);
	stamp_file(conf->cert, &st->file[0]);
	stamp_file(conf->key, &st->file[1]);
}

bool
reload_same(const struct reload_stamp *a, const struct reload_stamp *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

int
reload_identity(const struct tlsconf *conf, struct identity *id,
    struct reload_stamp *st)
{
	struct reload_stamp now;
	struct identity fresh;
	struct fail f = { 0 };
	int rc;

	reload_stamp(conf, &now);
	if (reload_same(&now, st))
		return 0;
	*st = now;
	rc = identity_look(conf, &fresh, &f);
	if (rc < 0) {
		log_error("the changed certificate files are not used, the "
		    "ones of before stay in use: %s", f.text);
		return rc;
	}
	identity_free(id);
	*id = fresh;
	log_info("took the changed certificate %s into use", conf->cert);
	return 1;
}

/* 0: nothing to say; 1, 2, 3: less than 60, 30, 7 days; 4: over. */
static int
step_of(int days)
{
	static const int steps[] = RELOAD_WARN_DAYS;
	int step = 0;

	while (step < 4 && days < steps[step])
		step++;
	return step;
}

void
reload_warn_expiry(const struct identity *id, const char *path, int *said)
{
	int days = describe_days(id->cert), step = step_of(days);
	char when[40], cure[320];

	if (describe_begin(id->cert) > time(NULL) && *said == 0) {
		describe_time(describe_begin(id->cert), when, sizeof when);
		log_warn("our certificate %s is not valid before %s: is this "
		    "host's clock right?", path, when);
		*said = -1;
	}
	if (step == 0 || step <= *said)
		return;
	*said = step;
	describe_time(describe_end(id->cert), when, sizeof when);
	describe_renewal(id->cert, cure, sizeof cure);
	if (step == 4)
		log_error("our certificate %s ended on %s: peers that verify "
		    "refuse it; %s", path, when, cure);
	else
		log_warn("our certificate %s ends in %d day%s, on %s: %s",
		    path, days, days == 1 ? "" : "s", when, cure);
}
