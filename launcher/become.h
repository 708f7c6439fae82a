/* SPDX-License-Identifier: Apache-2.0
 * become: running a program with our library in it; one file per system. */
#ifndef DICOMTLS_BECOME_H
#define DICOMTLS_BECOME_H

/* Finds what has to get into the program.  0, or an exit status (said). */
int become_prepare(void);

/*
 * Runs argv[FIRST] with the words behind it, in this environment; ARGV is the
 * launcher's own.  Its exit status, or EXIT_ABSENT or EXIT_UNFIT with the
 * reason said.
 */
int become(int first, char **argv);

#endif
