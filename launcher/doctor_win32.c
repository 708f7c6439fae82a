/* SPDX-License-Identifier: Apache-2.0
 * doctor: what would stop dicomtls from working here, and the cure; Windows. */
#include <winsock2.h>
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "become.h"
#include "cert/describe.h"
#include "cert/identity.h"
#include "command.h"
#include "image_win32.h"
#include "options.h"
#include "win32/posix/text.h"

static int wrong;

static void
tell(bool good, const char *what, const char *text)
{
	printf("%-5s %-12s %s\n", good ? "good" : "bad", what, text);
	wrong += !good;
}

static void
look_settings(const struct policy *p)
{
	const struct fail *why = policy_error(p);

	tell(why == NULL, "settings", why != NULL ? why->text :
	    policy_path(p) != NULL ? policy_path(p) :
	    "the environment alone, there is no dicomtls.conf");
}

static void
look_identity(const struct policy *p)
{
	const struct tlsconf *conf = policy_default(p);
	struct identity id = { 0 };
	struct fail why = { 0 };
	char text[300];
	int days;

	if (identity_load(conf, &id, &why) < 0) {
		tell(false, "certificate", why.text);
		return;
	}
	days = describe_days(id.cert);
	snprintf(text, sizeof text, "%s, %d days left", conf->cert, days);
	tell(days >= 0, "certificate", text);
	identity_free(&id);
}

/* 32-bit programs, and files that are no programs. */
static void
look_program(const char *program)
{
	wchar_t *name = text_path(program), path[4096];
	struct fail why = { 0 };

	if (name == NULL || SearchPathW(NULL, name, L".exe", 4096, path,
	    NULL) == 0)
		tell(false, "program", "there is no such program");
	else if (image_fits(path, &why) < 0)
		tell(false, "program", why.text);
	else
		tell(true, "program", "one that the DLL can get into");
	free(name);
}

static int
doctor(const struct command *self, int argc, char **argv)
{
	const char *values[1] = { NULL };
	int first = options_parse(self, argc, argv, values);
	struct policy *p = policy_load();

	if (p == NULL || argc - first > 1)
		options_usage(self);
	tell(become_prepare() == 0, "library", "dicomtls.dll");
	look_settings(p);
	if (policy_error(p) == NULL)
		look_identity(p);
	if (first < argc)
		look_program(argv[first]);
	policy_free(p);
	return wrong > 0 ? EXIT_WRONG : EXIT_GOOD;
}

const struct command doctor_command = {
	.name = "doctor",
	.operands = "[OPTION ...] [PROGRAM]",
	.summary = "Tells what would stop dicomtls from working here",
	.settings = true,
	.run = doctor,
};
