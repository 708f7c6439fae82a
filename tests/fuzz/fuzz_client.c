/* SPDX-License-Identifier: Apache-2.0
 * fuzz_client: what a hostile peer may send to a client. */
#include "engine_in.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	engine_in_start(VERIFY_CA);
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	engine_in_run(ROLE_CLIENT, data, size);
	return 0;
}
