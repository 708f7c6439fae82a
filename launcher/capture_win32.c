/* SPDX-License-Identifier: Apache-2.0
 * capture: Windows has no dumpcap that we could run. */
#include "command.h"

static int
capture(const struct command *self, int argc, char **argv)
{
	(void)self;
	(void)argc;
	(void)argv;
	say("capture works on Linux alone: record with Wireshark here, and "
	    "give it the secrets by dicomtls run --keylog FILE (Preferences, "
	    "Protocols, TLS, (Pre)-Master-Secret log filename)");
	return EXIT_WRONG;
}

const struct command capture_command = {
	.name = "capture",
	.operands = "",
	.summary = "Tells what to do instead: it works on Linux alone",
	.run = capture,
};
