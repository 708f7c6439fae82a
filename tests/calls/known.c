/* SPDX-License-Identifier: Apache-2.0
 * known: the differences that TLS makes unavoidable.  Each is a row of
 * dicomtls(7). */
#include <stddef.h>

#include "calls.h"

const struct known known_differences[] = {
	{ "flags.urgent/*", "main: urgent = 1\n",
	    "main: urgent = -1 EOPNOTSUPP\n",
	    "TLS has no urgent data: MSG_OOB is refused" },
	{ "flaw10.splice-out",
	    "main: splice = 5\nmain: server = 8 \"pipedend\"\n",
	    "main: splice = -1 EINVAL\nmain: server = 3 \"end\"\n",
	    "splice() moves bytes within the kernel: it is refused, and "
	    "programs then read and write" },
	{ "flaw10.splice-in",
	    "main: splice = 6\nmain: left = -1 EAGAIN\n",
	    "main: splice = -1 EINVAL\nmain: left = 6 \"socket\"\n",
	    "splice() moves bytes within the kernel: it is refused, and "
	    "programs then read and write" },
	{ "flaw13.aio/read", "main: aio = 0\nmain: server = 5 \"after\"\n",
	    "main: aio = -1 ENOSYS\nmain: server = 11 \"beforeafter\"\n",
	    "asynchronous I/O is done by threads of libc's own, past the "
	    "library: it is refused" },
	{ "flaw13.aio/*",
	    "main: aio = 0\nmain: server = 17 \"beforesecretafter\"\n",
	    "main: aio = -1 ENOSYS\nmain: server = 11 \"beforeafter\"\n",
	    "asynchronous I/O is done by threads of libc's own, past the "
	    "library: it is refused" },
	{ "option.refused/SO_PEEK_OFF", "main: SO_PEEK_OFF = 0\n",
	    "main: SO_PEEK_OFF = -1 EOPNOTSUPP\n",
	    "SO_PEEK_OFF counts the kernel's bytes, which are ciphertext" },
	{ "option.refused/SO_ZEROCOPY", "main: SO_ZEROCOPY = 0\n",
	    "main: SO_ZEROCOPY = -1 EOPNOTSUPP\n",
	    "what is sent is ciphertext, which is a copy" },
	{ "fork.both-try", "child: child writes = 5\n",
	    "child: child writes = -1 EIO\n",
	    "one process alone can own a TLS session: the first that uses it "
	    "after a fork goes on" },
	{ "spawn.handed-on-late", "main: server = 4 \"over\"\n",
	    "main: server = -1 ECONNRESET\n",
	    "a connection cannot be given to another program after its "
	    "handshake: the session stays behind" },
	{ "thread.close-under-read", "reader: read = 4 \"late\"\n",
	    "reader: read = -1 EBADF\n",
	    "a read that is under way while another thread closes the last "
	    "descriptor ends at once: there is none left to read from" },
	{ "ready.out-before-first-byte/epoll*",
	    "main: fresh server: OUT\n", "main: fresh server: IN OUT\n",
	    "epoll reports the handshake's bytes as input; reading then gives "
	    "EAGAIN" },
	{ "receive.bad-address/*", "main: received = -1 EFAULT\n"
	    "main: received = 4 \"data\"\nmain: end\nexit 0\n",
	    "killed by SEGV\n",
	    "plaintext is put into the program's memory by the library: a bad "
	    "address is a SIGSEGV, not EFAULT" },
	{ "send.bad-address/*", "main: sent = -1 EFAULT\nmain: sent = 1\n"
	    "main: came = 1 \"x\"\nmain: end\nexit 0\n",
	    "killed by SEGV\n",
	    "plaintext is read from the program's memory by the library: a bad "
	    "address is a SIGSEGV, not EFAULT" },
	{ "ready.woken-by-end/epoll*", "main: closed: IN RDHUP\n",
	    "main: closed: IN\n",
	    "a peer's close_notify may come a moment before its FIN: epoll "
	    "then tells of input first, and reading gives the end" },
	{ NULL, NULL, NULL, NULL }
};
