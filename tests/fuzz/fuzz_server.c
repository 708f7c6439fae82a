/* SPDX-License-Identifier: Apache-2.0
 * fuzz_server: what a hostile peer may send to a server. */
#include "engine_in.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	engine_in_start(VERIFY_NONE);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	engine_in_run(ROLE_SERVER, data, size);
	return 0;
}
