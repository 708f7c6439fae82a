/* SPDX-License-Identifier: Apache-2.0
 * systemd: a drop-in for a service; not on Windows. */
#include "command.h"

static int
service(const struct command *self, int argc, char **argv)
{
	(void)self;
	(void)argc;
	(void)argv;
	say("systemd is Linux's: put \"dicomtls run --\" in front of the "
	    "service's command line (sc config NAME binPath= ...), and test "
	    "whether the service starts");
	return EXIT_WRONG;
}

const struct command systemd_command = {
	.name = "systemd",
	.operands = "",
	.summary = "Not on Windows: services have no drop-ins",
	.run = service,
};
