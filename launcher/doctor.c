/* SPDX-License-Identifier: Apache-2.0
 * doctor: what would stop the library from working here, and the cure. */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "command.h"
#include "options.h"

static void __attribute__((format(printf, 3, 0)))
line(const char *mark, const char *what, const char *fmt, va_list ap)
{
	printf("%-6s %-12s ", mark, what);
	vprintf(fmt, ap);
	putchar('\n');
}

void
doctor_good(const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("good", what, fmt, ap);
	va_end(ap);
}

void
doctor_note(const char *what, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	line("note", what, fmt, ap);
	va_end(ap);
}

void
doctor_wrong(struct doctor *d, const char *what, const char *fmt, ...)
{
	va_list ap;

	d->wrong++;
	va_start(ap, fmt);
	line("WRONG", what, fmt, ap);
	va_end(ap);
}

static int
doctor(const struct command *self, int argc, char **argv)
{
	int first = options_parse(self, argc, argv, NULL);
	struct policy *p;
	struct doctor d = { 0 };

	if (argc - first > 1)
		options_usage(self);
	d.policy = p = policy_load();
	if (p == NULL) {
		say("there is no memory");
		return EXIT_WRONG;
	}
	doctor_host(&d);
	doctor_settings(&d);
	doctor_ports(&d);
	if (first < argc)
		doctor_program(&d, argv[first]);
	policy_free(p);
	if (d.wrong > 0)
		printf("%d found wrong\n", d.wrong);
	return d.wrong > 0 ? EXIT_WRONG : EXIT_GOOD;
}

const struct command doctor_command = {
	.name = "doctor",
	.operands = "[OPTION ...] [PROGRAM]",
	.summary = "Tells what would stop it from working here, and the cure",
	.text = "\"good\", \"note\" (worth knowing) or \"WRONG\" (it will "
	    "not work): exit status 1.\nPROGRAM is looked at, not run.",
	.settings = true,
	.run = doctor,
};
