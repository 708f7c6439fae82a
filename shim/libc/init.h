/* SPDX-License-Identifier: Apache-2.0
 * init: the process: settings, start, fork, exit. */
#ifndef DICOMTLS_INIT_H
#define DICOMTLS_INIT_H

#include "policy/policy.h"

/* The settings of this process, read at the first use. */
const struct policy *init_policy(void);

/* One thread at a time makes contexts and sessions; fork() waits for it. */
void init_lock(void);
void init_unlock(void);

/* open.c: takes over a connected socket that this process was given (by exec
 * or in a message) if it is on a configured port. */
void open_adopt(int fd);

/* Whether connect() from FD to ADDR would be upgraded or refused. */
bool open_would_upgrade(int fd, const struct sockaddr *addr, socklen_t len);

/* stdio.c: a tracked descriptor 0, 1 or 2 must not be written to by the
 * standard streams, which do not come by here. */
void stdio_guard(int fd);

/* Writes out what our streams still hold. */
void stdio_flush(void);

/* names.c: the name that was asked for before ADDR was used, or NULL. */
const char *names_find(const struct sockaddr *addr, char *buf, size_t size);

/* names.c, stdio.c: their locks, held over fork(). */
void names_freeze(void);
void names_thaw(void);
void stdio_freeze(void);
void stdio_thaw(void);

/* process.c: a process that was made behind our back owns no session. */
void process_check(void);
void process_init(void);

/* Once the first context is made: sessions are ended at exit. */
void process_at_exit(void);

#endif
