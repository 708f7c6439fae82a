/* SPDX-License-Identifier: Apache-2.0
 * tool: Wireshark's programs as children that are listened to. */
#ifndef DICOMTLS_TOOL_H
#define DICOMTLS_TOOL_H

#include <stdbool.h>
#include <sys/types.h>

/* Exit statuses of a tool that could not be executed. */
enum { TOOL_UNFIT = 126, TOOL_ABSENT = 127 };

struct tool {
	pid_t pid;		/* 0: none runs */
	int fd;			/* where its output can be read, or -1 */
};

struct tool_how {
	int listen;		/* STDOUT_FILENO, STDERR_FILENO; -1: neither */
	const char *folder;	/* to run in, or NULL */
	const char *errors;	/* file in it for standard error, or NULL */
	bool apart;		/* the terminal's signals are not for it, and
				   it ends when we are killed */
};

/*
 * Starts ARGV, found along PATH, with standard input from /dev/null, signals
 * as a shell would leave them and files for nobody else.  0 or -errno; a
 * program that cannot be executed ends with TOOL_UNFIT or TOOL_ABSENT.
 */
int tool_start(struct tool *t, const char *const argv[],
    const struct tool_how *how);

/* Closes T->fd and waits for its end.  The exit status; 128 + N after a
 * signal N. */
int tool_end(struct tool *t);

/* The exit status out of waitpid(2)'s word. */
int tool_status(int word);

#endif
