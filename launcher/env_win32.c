/* SPDX-License-Identifier: Apache-2.0
 * env: what sets the environment; not on Windows. */
#include "command.h"

static int
env(const struct command *self, int argc, char **argv)
{
	(void)self;
	(void)argc;
	(void)argv;
	say("no variable makes Windows load a DLL into a program: put "
	    "\"dicomtls run --\" in front of the program in the script; what "
	    "that program starts gets the DLL too");
	return EXIT_WRONG;
}

const struct command env_command = {
	.name = "env",
	.operands = "",
	.summary = "Not on Windows: use run",
	.run = env,
};
