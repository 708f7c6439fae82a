/* SPDX-License-Identifier: Apache-2.0
 * record: the memory that the processes of a case write their lines to. */
#ifndef DICOMTLS_TEST_RECORD_H
#define DICOMTLS_TEST_RECORD_H

#include <stdatomic.h>

/* A file of this size, all zero, that CALLS_RECORD names. */
struct record {
	_Atomic size_t used;	/* may exceed the room: then lines are lost */
	char text[(1 << 18) - sizeof(size_t)];	/* "ACTOR: LINE\n" */
};

#endif
