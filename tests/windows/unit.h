/* SPDX-License-Identifier: Apache-2.0
 * unit: what the unit tests need of POSIX, for those that run under Wine.
 * Included in front of them by the compiler's -include. */
#ifndef DICOMTLS_TEST_WINDOWS_UNIT_H
#define DICOMTLS_TEST_WINDOWS_UNIT_H

#include <sys/socket.h>

#include <check.h>
#include <direct.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#undef near
#undef far
#undef small

/* mkdtemp(3), rand_r(3), unsetenv(3), clearenv(3). */
char *mkdtemp(char *pattern);
int rand_r(unsigned *seed);
int unsetenv(const char *name);
int clearenv(void);

/* Knows "rm -rf 'FOLDER'" and "ls -A FOLDER | wc -l >FILE". */
int unit_system(const char *command);
#define system unit_system

/*
 * Adds the rounds from START to END of the case T; what cannot run here is said,
 * with the reason.  UNIT_CASES=list names them all; UNIT_CASES=NAME.ROUND adds
 * that one alone, because without fork() it finds what others have left in
 * memory.  More than a few rounds are one.
 */
void unit_add(TCase *tc, const TTest *t, int start, int end);

#undef tcase_add_test
#undef tcase_add_loop_test
#define tcase_add_test(tc, t) unit_add(tc, t, 0, 1)
#define tcase_add_loop_test(tc, t, start, end) unit_add(tc, t, start, end)

/* Only cases that do not run call these: they end the program. */
pid_t unit_fork(void);
#define fork unit_fork
int seteuid(uid_t id);
int mkfifo(const char *path, unsigned mode);
int chown(const char *path, uid_t user, uid_t group);
int socketpair(int family, int type, int protocol, int s[2]);
int pipe(int fd[2]);
int pause(void);
unsigned alarm(unsigned seconds);
int kill(pid_t pid, int signal);
int sigpending(_sigset_t *set);
int sigismember(const _sigset_t *set, int signal);

#define sigset_t _sigset_t
#define MSG_DONTWAIT 0
#ifndef SIGPIPE
#define SIGPIPE 13
#endif
#ifndef SIGKILL
#define SIGKILL 9
#endif

#endif
