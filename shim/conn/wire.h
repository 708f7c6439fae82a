/* SPDX-License-Identifier: Apache-2.0
 * wire: the kernel's socket below a connection, as functions. */
#ifndef DICOMTLS_WIRE_H
#define DICOMTLS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * The real calls, as libc/ found them.  Results are ≥ 0 or -errno; recv, send
 * and the questions never block.  FD is the descriptor that the program used.
 */
struct wire {
	/* MSG_PEEK and MSG_TRUNC are the flags that are used. */
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*send)(int fd, const void *buf, size_t len);

	/*
	 * Waits as a blocking recv() of one byte or send() of none would: with
	 * the socket's own SO_RCVTIMEO, EINTR and SA_RESTART; a thread that is
	 * cancelled in it runs ABANDON(ARG) first.  0: look again.
	 */
	int (*await_data)(int fd, void (*abandon)(void *), void *arg);

	/*
	 * poll() for one descriptor: revents, 0 at the end of TIMEOUT
	 * (milliseconds, -1: none), -EINTR.  Cancellation as above.
	 */
	int (*poll)(int fd, short events, int timeout,
	    void (*abandon)(void *), void *arg);

	/* Whether the call that was just interrupted would have gone on: the
	 * signals' handlers were all set with SA_RESTART. */
	bool (*restarts)(void);

	int (*shutdown)(int fd, int how);
	bool (*nonblocking)(int fd);	/* O_NONBLOCK, asked of the kernel */

	/* Makes the kernel report the socket as writable once more: a program
	 * that waits edge-triggered for room in our queue has no other sign. */
	void (*nudge)(int fd);

	/* Bytes, its own overhead included, that the kernel takes if nothing
	 * else hinders it; 0: none, or unknown.  BUFFER gets SO_SNDBUF. */
	size_t (*room)(int fd, size_t *buffer);

	/* SO_RCVTIMEO or SO_SNDTIMEO in milliseconds, 0: none. */
	int (*timeout)(int fd, int option);

	/* How connect() went: 0 good; -EAGAIN it goes on; -ENOTCONN failed.
	 * error() then takes SO_ERROR as -errno, 0 if it was taken. */
	int (*state)(int fd);
	int (*error)(int fd);

	/* send() of what is of no use to the peer before more of it is sent:
	 * the kernel may keep it for a moment and send all as one.  push lets
	 * it wait no longer (with TCP_NODELAY).  Both NULL: there is none. */
	ssize_t (*send_more)(int fd, const void *buf, size_t len);
	void (*push)(int fd);

	/* Bytes that recv surely finds, 0: not known. */
	size_t (*queued)(int fd);
};

#endif
