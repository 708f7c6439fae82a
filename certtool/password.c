/* SPDX-License-Identifier: Apache-2.0
 * password: prints the password that is derived from this host. */
#include <stdio.h>

#include "cert/password.h"
#include "command.h"
#include "tool.h"

static const struct command_option options[] = {
	{ NULL, NULL, NULL }
};

static int
run(const struct command_args *a)
{
	struct password pw = { .source = PASSWORD_NONE };
	const struct tlsconf *conf;
	struct fail f = { 0 };
	int rc = -1;

	(void)a;
	conf = tool_conf(&f);
	if (conf != NULL)
		rc = password_derive(conf->dir, &pw, &f);
	if (rc == 0)
		puts(pw.text);
	password_wipe(&pw);
	return rc < 0 ? tool_fail(&f) : EXIT_GOOD;
}

const struct command command_password = {
	"password", "", "print the password that is derived from this host", 0,
	0, options, run
};
