/* SPDX-License-Identifier: Apache-2.0
 * capture: runs a program as run does, and records its configured ports. */
#include "capture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "become.h"
#include "command.h"
#include "options.h"
#include "policy/conf.h"
#include "preload.h"
#include "record.h"
#include "run.h"
#include "target.h"
#include "watch.h"
#include "workdir.h"

enum { OPT_WRITE, OPT_INTERFACE, OPT_SUMMARY, OPT_PICTURE, OPT_REDACT,
	OPT_NO_SECRETS, OPT_FORCE, OPT_READ, OPTS };

static const struct command_option options[] = {
	[OPT_WRITE] = { "write", 'w', "FILE",
	    "the recording (default: dicomtls-PROGRAM-TIME.pcapng)" },
	[OPT_INTERFACE] = { "interface", 'i', "NAME",
	    "what to record on (default: any, which is all)" },
	[OPT_SUMMARY] = { "summary", 0, "FILE",
	    "the ladder of messages as text (default: standard error)" },
	[OPT_PICTURE] = { "picture", 0, "FILE",
	    "the same as SVG (default: beside the recording)" },
	[OPT_REDACT] = { "redact", 0, NULL,
	    "leave patients out of summary and picture" },
	[OPT_NO_SECRETS] = { "no-secrets", 0, NULL,
	    "a recording that nobody can decrypt" },
	[OPT_FORCE] = { "force", 0, NULL, "replace files that exist" },
	[OPT_READ] = { "read", 'r', "FILE",
	    "record nothing: summary and picture of that recording" },
	[OPTS] = { 0 },
};

void
capture_wrong(struct capture *c, const struct fail *f)
{
	say("%s", f->text);
	c->bad = true;
}

/* Preparation ------------------------------------------------------------- */

static void
add_range(struct ports *p, uint16_t low, uint16_t high)
{
	size_t i;

	for (i = 0; i < p->count; i++)
		if (p->range[i].low <= low && p->range[i].high >= high)
			return;
	/* More than anybody has: everything, then. */
	if (p->count == LADDER_PORTS) {
		p->count = 0;
		low = 1;
		high = UINT16_MAX;
	}
	p->range[p->count].low = low;
	p->range[p->count++].high = high;
}

/* The configured ports.  Without any there is nothing to record. */
static int
find_ports(struct capture *c)
{
	uint16_t low, high;
	size_t i;

	for (i = 0; policy_ports(c->policy, i, &low, &high); i++)
		add_range(&c->ports, low, high);
	if (c->ports.count > 0)
		return 0;
	say("no port is configured for TLS, so there is nothing to record: "
	    "name one by -c or -l");
	return EXIT_USAGE;
}

/* "dicomtls-storescu-20261124-180726.pcapng" */
static void
default_name(const struct capture *c, char *name, size_t size)
{
	time_t now = time(NULL);
	struct tm tm;
	char *s;

	snprintf(name, size, "dicomtls-%.100s-", c->program);
	for (s = name; *s != '\0'; s++)
		if (strspn(s, "-._0123456789abcdefghijklmnopqrstuvwxyz"
		    "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 0)
			*s = '_';
	if (localtime_r(&now, &tm) != NULL)
		strftime(s, size - (size_t)(s - name),
		    "%Y%m%d-%H%M%S.pcapng", &tm);
}

/* The recording's name, with another ending. */
static void
beside(const char *recording, char *name, size_t size)
{
	size_t len = strlen(recording);

	if (len > 7 && strcmp(recording + len - 7, ".pcapng") == 0)
		len -= 7;
	snprintf(name, size, "%.*s.svg", (int)len, recording);
}

static int
hold_summary(struct capture *c, const char *const values[], struct fail *f)
{
	return values[OPT_SUMMARY] == NULL ? 0 :
	    outfile_hold(&c->summary, values[OPT_SUMMARY], c->force, f);
}

/* --force would let one replace the other. */
static int
check_names(const struct capture *c, struct fail *f)
{
	if (strcmp(c->recording.path, c->picture.path) != 0 &&
	    strcmp(c->recording.path, c->summary.path) != 0)
		return 0;
	fail_set(f, REASON_SYSTEM, "%s cannot be the recording and something "
	    "else: name another file", c->recording.path);
	return -EINVAL;
}

/* Holds the names of all files, so that nothing is run in vain. */
static int
hold_files(struct capture *c, const char *const values[])
{
	char name[PATH_MAX], picture[PATH_MAX];
	struct fail f = { 0 };
	int rv;

	if (values[OPT_WRITE] != NULL)
		snprintf(name, sizeof name, "%s", values[OPT_WRITE]);
	else
		default_name(c, name, sizeof name);
	beside(name, picture, sizeof picture);
	rv = outfile_hold(&c->recording, name, c->force, &f);
	if (rv == 0 && c->recording.stream) {
		fail_set(&f, REASON_SYSTEM, "%s is no regular file: a "
		    "recording has to be one", name);
		rv = -EINVAL;
	}
	if (rv == 0)
		rv = outfile_hold(&c->picture, values[OPT_PICTURE] != NULL ?
		    values[OPT_PICTURE] : picture, c->force, &f);
	if (rv == 0)
		rv = hold_summary(c, values, &f);
	if (rv == 0)
		rv = check_names(c, &f);
	if (rv == 0)
		rv = workdir_make(c->folder, sizeof c->folder, name, &f);
	if (rv < 0)
		say("%s", f.text);
	return rv < 0 ? EXIT_WRONG : 0;
}

static bool
has_editcap(void)
{
	const char *const argv[] = { "editcap", "--version", NULL };
	struct tool t;

	return tool_start(&t, argv, &(struct tool_how){ .listen = -1 }) == 0 &&
	    tool_end(&t) == 0;
}

/* What can be known to fail does so before anything is run. */
static int
check_tools(const struct capture *c)
{
	char path[PATH_MAX];
	struct fail f = { 0 };
	struct target t;
	int rv;

	if (preload_find(PRELOAD_LIBRARY, path, sizeof path, &f) < 0) {
		say("%s", f.text);
		return EXIT_UNFIT;
	}
	rv = target_find(c->argv[c->first], &t, &f);
	if (rv != 0) {
		say("%s", f.text);
		return rv;
	}
	if (c->secrets && !has_editcap()) {
		say("editcap, which puts the secrets into the recording, is "
		    "not installed: install it (Debian's package "
		    "wireshark-common), or go without them by --no-secrets");
		return EXIT_WRONG;
	}
	return 0;
}

/* The secrets go to us, whoever else was to get them. */
static void
tell_of_keylog(const struct capture *c)
{
	const struct value *v = conf_value(policy_conf(c->policy), NULL,
	    SETTING_KEYLOG);

	if (v != NULL)
		say("the secrets of this run go into the recording, not to %s "
		    "(%s)", v->text, v->origin);
}

/* The run ----------------------------------------------------------------- */

static void
become_program(const struct capture *c, const struct watch *w)
{
	char keys[PATH_MAX + 16];
	int rv;

	watch_leave(w);
	rv = run_prepare(c->policy);
	snprintf(keys, sizeof keys, "%s/keys.log", c->folder);
	if (rv == 0 && setenv(conf_row(SETTING_KEYLOG)->variable, keys,
	    1) < 0) {
		say("there is no memory");
		rv = EXIT_UNFIT;
	}
	if (rv == 0)
		rv = become(c->first, c->argv);
	_exit(rv);
}

static long long
size_of(const struct capture *c, const char *name)
{
	char path[PATH_MAX + 32];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", c->folder, name);
	return stat(path, &st) == 0 ? (long long)st.st_size : -1;
}

/*
 * Puts the secrets into a copy of the recording, whole.pcapng.  A recording
 * that ends inside a packet is copied up to there, which editcap calls an
 * error.
 */
static bool
inject(struct capture *c)
{
	const char *const argv[] = { "editcap", "--inject-secrets", "tls,keys.log",
		RECORD_FILE, "whole.pcapng", NULL };
	struct tool_how how = { .listen = -1, .folder = c->folder,
		.errors = "editcap.err", .apart = true };
	struct tool t;
	int rv = tool_start(&t, argv, &how);

	if (rv == 0)
		rv = tool_end(&t);
	return rv == 0 || (c->bad &&
	    size_of(c, "whole.pcapng") >= size_of(c, RECORD_FILE));
}

/* Puts the recording in place.  Whether the secrets are in it. */
static bool
keep_recording(struct capture *c)
{
	bool keys = size_of(c, "keys.log") > 0;
	bool injected = c->secrets && keys && inject(c);
	char path[PATH_MAX + 32];
	struct fail f = { 0 };

	if (c->secrets && keys && !injected) {
		say("the secrets could not be put into the recording (is the "
		    "disk full?): it is kept without them");
		c->bad = true;
	}
	snprintf(path, sizeof path, "%s/%s", c->folder, injected ?
	    "whole.pcapng" : RECORD_FILE);
	if (outfile_take(&c->recording, path, &f) < 0)
		capture_wrong(c, &f);
	return injected;
}

static void
after(struct capture *c, struct record *r)
{
	bool keys, secrets;
	unsigned long lost;
	struct fail f = { 0 };

	if (record_stop(r, &f) < 0)
		capture_wrong(c, &f);
	lost = record_lost(r);
	if (lost > 0) {
		say("%lu packets were lost: the recording has holes", lost);
		c->bad = true;
	}
	if (size_of(c, RECORD_FILE) <= 0) {
		say("nothing was recorded");
		c->bad = true;
		return;
	}
	keys = size_of(c, "keys.log") > 0;
	secrets = keep_recording(c);
	capture_summary(c, c->recording.path, keys && !secrets);
	capture_tell(c, secrets, r->packets);
}

/* Runs the program between the beginning and the end of a recording. */
static int
run_recorded(struct capture *c, struct watch *w)
{
	struct record r;
	struct fail f = { 0 };
	int status;

	if (record_start(&r, c->interface, &c->ports, c->folder, &f) < 0) {
		say("%s", f.text);
		return EXIT_WRONG;
	}
	w->record = &r;
	w->program = fork();
	if (w->program == 0)
		become_program(c, w);
	if (w->program < 0) {
		say("%s cannot be run: %s", c->program, strerror(errno));
		record_stop(&r, NULL);
		return EXIT_UNFIT;
	}
	status = watch_wait(w);
	after(c, &r);
	return status != 0 || !c->bad ? status : EXIT_WRONG;
}

static int
record_program(struct capture *c, const char *const values[])
{
	const char *slash = strrchr(c->argv[c->first], '/');
	struct watch w = { .program = 0 };
	int rv;

	c->program = slash != NULL ? slash + 1 : c->argv[c->first];
	w.name = c->program;
	rv = check_tools(c);
	if (rv != 0)
		return rv;
	/* From here on no signal may end us, or files would be left. */
	if (watch_begin(&w) < 0) {
		say("signals cannot be taken: %s", strerror(errno));
		return EXIT_WRONG;
	}
	rv = hold_files(c, values);
	if (rv == 0) {
		tell_of_keylog(c);
		rv = run_recorded(c, &w);
	}
	return rv;
}

/* A recording that is there already --------------------------------------- */

static int
read_recording(struct capture *c, const char *const values[])
{
	const char *temporary = conf_env("TMPDIR");
	char path[PATH_MAX], beside_it[PATH_MAX];
	struct fail f = { 0 };
	int rv = 0;

	if (realpath(values[OPT_READ], path) == NULL) {
		say("%s: %s", values[OPT_READ], strerror(errno));
		return EXIT_WRONG;
	}
	if (values[OPT_PICTURE] != NULL)
		rv = outfile_hold(&c->picture, values[OPT_PICTURE], c->force,
		    &f);
	if (rv == 0)
		rv = hold_summary(c, values, &f);
	snprintf(beside_it, sizeof beside_it, "%.*s/", PATH_MAX - 8,
	    temporary != NULL ? temporary : "/tmp");
	if (rv == 0)
		rv = workdir_make(c->folder, sizeof c->folder, beside_it, &f);
	if (rv < 0) {
		say("%s", f.text);
		return EXIT_WRONG;
	}
	capture_summary(c, path, false);
	return c->bad ? EXIT_WRONG : EXIT_GOOD;
}

/* ------------------------------------------------------------------------- */

static int
perform(struct capture *c, const char *const values[])
{
	int rv;

	if (policy_error(c->policy) != NULL) {
		say("%s", policy_error(c->policy)->text);
		return EXIT_USAGE;
	}
	rv = find_ports(c);
	if (rv == 0)
		rv = values[OPT_READ] != NULL ? read_recording(c, values) :
		    record_program(c, values);
	outfile_drop(&c->recording);
	outfile_drop(&c->picture);
	outfile_drop(&c->summary);
	workdir_remove(c->folder);
	return rv;
}

static int
capture(const struct command *self, int argc, char **argv)
{
	const char *values[OPTS] = { NULL };
	int rv, first = options_parse(self, argc, argv, values);
	struct policy *policy;
	struct capture c = {
		.interface = values[OPT_INTERFACE] != NULL ?
		    values[OPT_INTERFACE] : "any",
		.secrets = values[OPT_NO_SECRETS] == NULL,
		.redact = values[OPT_REDACT] != NULL,
		.force = values[OPT_FORCE] != NULL,
		.wanted = values[OPT_SUMMARY] != NULL ||
		    values[OPT_PICTURE] != NULL || values[OPT_READ] != NULL,
		.terminal = values[OPT_READ] != NULL ? stdout : stderr,
		.argv = argv, .first = first,
	};

	if ((first == argc) == (values[OPT_READ] == NULL))
		options_usage(self);
	policy = policy_load();
	if (policy == NULL) {
		say("there is no memory");
		return EXIT_UNFIT;
	}
	c.policy = policy;
	rv = perform(&c, values);
	policy_free(policy);
	return rv;
}

const struct command capture_command = {
	.name = "capture",
	.operands = "[OPTION ...] [--] PROGRAM [ARGUMENT ...]",
	.summary = "Runs a program as run does, and records what it says",
	.text = "Records the configured ports while the program runs, puts "
	    "the secrets into the\nrecording, and makes a summary and a "
	    "picture of the messages: TCP, TLS, DICOM.\nThe recording holds "
	    "patient data in readable form.  Ctrl-C ends program and\n"
	    "recording.  The exit status is the program's own, or 1 if that "
	    "is 0 and the\nrecording failed; see also run.",
	.options = options,
	.settings = true,
	.run = capture,
};
