/* SPDX-License-Identifier: Apache-2.0
 * runner: plays each case twice, several at a time, in a folder of its own. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record.h"
#include "runner.h"

/* A case that is being played. */
struct job {
	pid_t pid;		/* 0: free */
	const struct play *play;
	int which;		/* SIDE_PLAIN or SIDE_SHIM */
	struct timespec start;
	struct outcome plain;	/* of the first side, while the second runs */
	bool hung;
	char record[64], errors[64];
};

struct run {
	const struct options *opt;
	char folder[32];
	struct job *jobs;
	int passed, failed, known;
};

static const char *
preload(void)
{
	const char *named = getenv("DICOMTLS_TEST_SHIM");

	return named != NULL ? named : TEST_SHIM;
}

/* The environment of the program under test: nothing of ours, or all of it. */
static void
set_environment(const struct run *r, const struct job *j)
{
	char text[4200];
	char *more;

	unsetenv("LD_PRELOAD");
	sanitizer_options();
	setenv("CALLS_RECORD", j->record, 1);
	if (j->which == SIDE_PLAIN || r->opt->plain_twice)
		return;
	sanitizer_preload(text, sizeof(text), preload());
	setenv("LD_PRELOAD", text, 1);
	snprintf(text, sizeof(text), "%d-%d", PORT_FIRST, PORT_LAST);
	setenv("DICOMTLS_CONNECT", text, 1);
	setenv("DICOMTLS_LISTEN", text, 1);
	snprintf(text, sizeof(text), "%s/etc", r->folder);
	setenv("DICOMTLS_DIR", text, 1);
	setenv("DICOMTLS_LOG_LEVEL", r->opt->debug ? "debug" : "warn", 1);
	if (j->play->family->env != NULL) {
		more = strdup(j->play->family->env);
		putenv(more);
	}
}

static void
job_main(const struct run *r, struct job *j)
{
	int err = open(j->errors, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	signal(SIGTERM, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	set_environment(r, j);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	closefrom(3);
	execl("/proc/self/exe", "calls", "--play", j->play->name,
	    (char *)NULL);
	_exit(127);
}

static int
job_start(const struct run *r, struct job *j)
{
	int fd = open(j->record, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 || ftruncate(fd, sizeof(struct record)) == -1)
		return -1;
	close(fd);
	j->hung = false;
	j->start = now();
	j->pid = fork();
	if (j->pid == 0)
		job_main(r, j);
	setpgid(j->pid, j->pid);
	return j->pid == -1 ? -1 : 0;
}

static void
finish(struct run *r, struct job *j, struct outcome *shim)
{
	switch (judge(j->play, &j->plain, shim, r->opt)) {
	case PASSED: r->passed++; break;
	case KNOWN: r->known++; break;
	case FAILED: r->failed++; break;
	}
	outcome_free(&j->plain);
	outcome_free(shim);
}

/* Whatever the case left running goes with it. */
static int
job_ended(struct run *r, struct job *j, int status)
{
	struct outcome o;

	kill(-j->pid, SIGKILL);
	j->pid = 0;
	o = outcome_read(j->record, j->errors, status, j->hung);
	if (j->which == SIDE_SHIM) {
		finish(r, j, &o);
		return 0;
	}
	j->plain = o;
	j->which = SIDE_SHIM;
	return job_start(r, j);
}

static int
job_begin(struct run *r, struct job *j, const struct play *p)
{
	j->play = p;
	j->which = SIDE_PLAIN;
	if (p->family->expect == NULL)
		return job_start(r, j);
	j->plain = outcome_expected(p->family);
	j->which = SIDE_SHIM;
	return job_start(r, j);
}

static struct job *
job_find(struct run *r, pid_t pid)
{
	int i;

	for (i = 0; i < r->opt->jobs; i++)
		if (r->jobs[i].pid == pid)
			return &r->jobs[i];
	return NULL;
}

static void
guard(struct run *r)
{
	struct job *j;

	for (j = r->jobs; j < r->jobs + r->opt->jobs; j++)
		if (j->pid != 0 && !j->hung &&
		    ms_since(j->start) > r->opt->guard * 1000L) {
			j->hung = true;
			kill(-j->pid, SIGKILL);
		}
}

/* Waits for one job's end; a case whose peers the guard must end, too. */
static int
wait_one(struct run *r)
{
	struct job *j;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) == 0) {
		guard(r);
		pause_ms(2);
	}
	j = pid == -1 ? NULL : job_find(r, pid);
	return j == NULL ? -1 : job_ended(r, j, status);
}

static int
drain(struct run *r)
{
	int i;

	for (i = 0; i < r->opt->jobs; i++)
		while (r->jobs[i].pid != 0)
			if (wait_one(r) == -1)
				return -1;
	return 0;
}

static int
play_all(struct run *r, const struct play *plays, size_t n)
{
	struct job *j;
	size_t i;
	int times;

	for (times = 0; times < r->opt->repeat; times++)
		for (i = 0; i < n; i++) {
			if (r->opt->plain_twice && plays[i].family->expect)
				continue;
			while ((j = job_find(r, 0)) == NULL)
				if (wait_one(r) == -1)
					return -1;
			if (job_begin(r, j, &plays[i]) == -1)
				return -1;
		}
	return drain(r);
}

static int
remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/* Who ends the runner ends its cases. */
static struct run *running;

static void
end_jobs(int sig)
{
	int i;

	for (i = 0; i < running->opt->jobs; i++)
		if (running->jobs[i].pid > 0)
			kill(-running->jobs[i].pid, SIGKILL);
	nftw(running->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
end_with_jobs(struct run *r)
{
	running = r;
	signal(SIGTERM, end_jobs);
	signal(SIGINT, end_jobs);
	signal(SIGHUP, end_jobs);
}

int
run_all(const struct play *plays, size_t n, const struct options *opt)
{
	struct run r = { .opt = opt, .folder = "/tmp/dicomtls-calls.XXXXXX" };
	struct timespec start = now();
	int i, rc = -1;

	if (mkdtemp(r.folder) == NULL)
		return -1;
	r.jobs = calloc((size_t)opt->jobs, sizeof(*r.jobs));
	for (i = 0; i < opt->jobs; i++) {
		snprintf(r.jobs[i].record, sizeof(r.jobs[i].record),
		    "%s/%d.record", r.folder, i);
		snprintf(r.jobs[i].errors, sizeof(r.jobs[i].errors),
		    "%s/%d.errors", r.folder, i);
	}
	end_with_jobs(&r);
	if (play_all(&r, plays, n) == -1)
		perror("calls");
	else
		rc = r.failed;
	printf("calls: %d passed, %d failed, %d differ as documented (%ld s)\n",
	    r.passed, r.failed, r.known, ms_since(start) / 1000);
	nftw(r.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(r.jobs);
	return rc;
}
