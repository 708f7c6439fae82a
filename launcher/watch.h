/* SPDX-License-Identifier: Apache-2.0
 * watch: lives with a program until it and all it started have ended. */
#ifndef DICOMTLS_WATCH_H
#define DICOMTLS_WATCH_H

#include <signal.h>
#include <sys/types.h>

#include "record.h"

struct watch {
	struct record *record;	/* dumpcap is our child too */
	const char *name;	/* of the program, for sentences */
	pid_t program;		/* 0: it has ended */
	int signals;		/* signalfd(2) */
	sigset_t before;	/* what was blocked before us */
	struct sigaction child, pipe;	/* what SIGCHLD and SIGPIPE did */
	bool shown;		/* a line of progress stands on the terminal */
	int status;		/* the program's */
};

/*
 * From now on signals come to us in words, and what the program leaves behind
 * becomes our child.  0 or -errno.
 */
int watch_begin(struct watch *w);

/* In a child that is to become the program: as before watch_begin. */
void watch_leave(const struct watch *w);

/*
 * Waits for W->program and all that it started; passes on the signals that we
 * get; tells how far the recording is when standard error is a terminal.  The
 * program's exit status.
 */
int watch_wait(struct watch *w);

#endif
