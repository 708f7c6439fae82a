/* SPDX-License-Identifier: Apache-2.0
 * commands: the launcher's commands on Linux. */
#include <stddef.h>

#include "command.h"

const struct command *const commands[] = {
	&run_command, &capture_command, &doctor_command, &probe_command,
	&env_command, &systemd_command, NULL,
};
