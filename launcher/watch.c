/* SPDX-License-Identifier: Apache-2.0
 * watch: lives with a program until it and all it started have ended. */
#include "watch.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "command.h"

enum { QUIET_SECONDS = 5 };	/* short runs need no progress */

static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1,
	SIGUSR2 };

int
watch_begin(struct watch *w)
{
	struct sigaction wait = { .sa_handler = SIG_DFL };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t ours;
	size_t i;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	for (i = 0; i < sizeof passed_on / sizeof passed_on[0]; i++)
		sigaddset(&ours, passed_on[i]);
	/* A SIGCHLD that is ignored would take the exit statuses with it. */
	sigaction(SIGCHLD, &wait, &w->child);
	/* Whoever reads what we say may go: the recording is still kept. */
	sigaction(SIGPIPE, &ignore, &w->pipe);
	sigprocmask(SIG_BLOCK, &ours, &w->before);
	w->signals = signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signals < 0)
		return -errno;
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return 0;
}

void
watch_leave(const struct watch *w)
{
	sigaction(SIGCHLD, &w->child, NULL);
	sigaction(SIGPIPE, &w->pipe, NULL);
	sigprocmask(SIG_SETMASK, &w->before, NULL);
}

/* Signals ----------------------------------------------------------------- */

/* The parent of a process (proc(5), /proc/PID/stat), or 0. */
static pid_t
parent_of(const char *pid)
{
	char path[300], line[512], *end;
	FILE *f;
	int parent = 0;

	snprintf(path, sizeof path, "/proc/%s/stat", pid);
	f = fopen(path, "r");
	if (f != NULL && fgets(line, sizeof line, f) != NULL) {
		end = strrchr(line, ')');
		if (end != NULL && sscanf(end, ") %*c %d", &parent) != 1)
			parent = 0;
	}
	if (f != NULL)
		fclose(f);
	return parent;
}

/* To what the program left behind; the terminal has told those of our group
 * already. */
static void
tell_children(const struct watch *w, int signal, bool by_terminal)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	pid_t pid;

	while (proc != NULL && (e = readdir(proc)) != NULL) {
		pid = (pid_t)atoi(e->d_name);
		if (pid <= 0 || parent_of(e->d_name) != getpid() ||
		    pid == w->record->tool.pid || pid == w->program)
			continue;
		if (!by_terminal || getpgid(pid) != getpgrp())
			kill(pid, signal);
	}
	if (proc != NULL)
		closedir(proc);
}

static void
pass_on(const struct watch *w, const struct signalfd_siginfo *s)
{
	int signal = (int)s->ssi_signo;
	/* A terminal that goes tells the leader of its session alone. */
	bool by_terminal = s->ssi_code == SI_KERNEL &&
	    (signal != SIGHUP || getsid(0) != getpid());

	if (w->program != 0 && !by_terminal)
		kill(w->program, signal);
	if (w->program == 0)
		tell_children(w, signal, by_terminal);
}

static void
take_signals(const struct watch *w)
{
	struct signalfd_siginfo s;

	while (read(w->signals, &s, sizeof s) == sizeof s)
		if (s.ssi_signo != SIGCHLD)
			pass_on(w, &s);
}

/* Progress ---------------------------------------------------------------- */

static void
progress(struct watch *w, time_t begun)
{
	long long size = record_size(w->record);

	if (!isatty(STDERR_FILENO) || time(NULL) - begun < QUIET_SECONDS)
		return;
	fprintf(stderr, "\rdicomtls: %lu packets, %lld kB\033[K",
	    w->record->packets, size / 1000);
	w->shown = true;
}

static void
progress_end(struct watch *w)
{
	if (w->shown)
		fputc('\n', stderr);
	w->shown = false;
}

/* Children ---------------------------------------------------------------- */

static void
record_died(struct watch *w, int status)
{
	record_ended(w->record, status);
	progress_end(w);
	say("the recording has ended before the program, which goes on: "
	    "dumpcap %s %d", status > 128 ? "was ended by signal" :
	    "ended with status", status > 128 ? status - 128 : status);
}

/* Takes in who has ended.  Whether somebody but dumpcap is left. */
static bool
reap(struct watch *w)
{
	int word;
	pid_t pid;

	while ((pid = waitpid(-1, &word, WNOHANG)) > 0) {
		if (pid == w->program) {
			w->program = 0;
			w->status = tool_status(word);
		} else if (pid == w->record->tool.pid)
			record_died(w, tool_status(word));
	}
	return pid == 0;
}

/* Whether a child is left that is not dumpcap. */
static bool
others(const struct watch *w)
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	bool found = false;

	while (proc != NULL && !found && (e = readdir(proc)) != NULL)
		found = atoi(e->d_name) > 0 &&
		    atoi(e->d_name) != w->record->tool.pid &&
		    parent_of(e->d_name) == getpid();
	if (proc != NULL)
		closedir(proc);
	return found;
}

int
watch_wait(struct watch *w)
{
	struct pollfd p[2] = { { .fd = w->signals, .events = POLLIN } };
	time_t begun = time(NULL), ended = 0;
	bool left = true, told = false;

	while (left) {
		p[1] = (struct pollfd){ .fd = w->record->tool.fd,
			.events = POLLIN };
		poll(p, 2, 1000);
		record_hear(w->record);
		take_signals(w);
		left = reap(w) && (w->program != 0 || others(w));
		if (w->program == 0 && ended == 0)
			ended = time(NULL);
		/* What only takes its leave is not worth a word. */
		if (left && ended != 0 && time(NULL) > ended + 1 && !told) {
			progress_end(w);
			say("%s went to the background: the recording goes on "
			    "until it ends; Ctrl-C ends both", w->name);
			told = true;
		}
		progress(w, begun);
	}
	progress_end(w);
	return w->status;
}
