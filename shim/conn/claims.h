/* SPDX-License-Identifier: Apache-2.0
 * claims: words that a process shares with its forked children: who owns a
 * session. */
#ifndef DICOMTLS_CLAIMS_H
#define DICOMTLS_CLAIMS_H

#include <stdatomic.h>
#include <stddef.h>

/*
 * The words of one fork, in memory that both processes share; each process
 * counts its own references and gives its view of the memory back with the
 * last one.
 */
struct claims {
	atomic_uint refs;
	size_t n;
	atomic_int *word;	/* the owner's pid, 0: nobody yet */
};

/* N words, with one reference; NULL: no memory. */
struct claims *claims_new(size_t n);
struct claims *claims_hold(struct claims *c);
void claims_release(struct claims *c);	/* NULL is allowed */

#endif
