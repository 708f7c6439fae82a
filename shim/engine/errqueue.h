/* SPDX-License-Identifier: Apache-2.0
 * errqueue: the thread's queue of OpenSSL errors, which is the program's. */
#ifndef DICOMTLS_ERRQUEUE_H
#define DICOMTLS_ERRQUEUE_H

/* ERR_NUM_ERRORS of OpenSSL, which its headers do not tell. */
enum { ERRQUEUE_MAX = 16 };

struct errqueue {
	int n;
	struct errqueue_item {
		unsigned long code;
		int line;
		char *file, *func;	/* allocated, or NULL */
		char *data;		/* the text added to it, or NULL */
	} item[ERRQUEUE_MAX];
};

/*
 * Takes the calling thread's errors away into Q, oldest first.  A mark would
 * not do (ERR_set_mark(3)): a handshake begins by clearing the queue.  Costs
 * one look when there are none.
 */
void errqueue_take(struct errqueue *q);

/* Forgets the errors of the meantime and puts Q's back; Q is empty then. */
void errqueue_put_back(struct errqueue *q);

#endif
