/* SPDX-License-Identifier: Apache-2.0
 * main: the table of all cases; lists them, plays one, or runs them all. */
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "calls.h"
#include "runner.h"

static const struct family *const tables[] = {
	open_cases, receive_cases, flag_cases, send_cases, ready_cases,
	edge_cases, life_cases, fork_cases, spawn_cases, option_cases,
	end_cases, stdio_cases, thread_cases, pdu_cases, signal_cases,
	flaw_cases, wire_cases, start_cases, fortified_cases,
	idle_cases, meanwhile_cases
};

static struct play *plays;
static size_t nplays;

static void
add_play(const struct family *f, const struct given *g)
{
	struct play *p;

	if (nplays % 64 == 0)
		plays = realloc(plays, (nplays + 64) * sizeof(*plays));
	p = &plays[nplays++];
	p->family = f;
	p->given = *g;
	snprintf(p->name, sizeof(p->name), "%s%s%s%s%s%s%s%s%s%s%s", f->name,
	    g->rx ? "/" : "", g->rx ? g->rx->name : "",
	    g->tx ? "/" : "", g->tx ? g->tx->name : "",
	    g->waiter ? "/" : "", g->waiter ? g->waiter->name : "",
	    g->mode ? "/" : "", g->mode ? g->mode->name : "",
	    g->word ? "/" : "", g->word ? g->word : "");
}

/* Each axis goes through its values and leaves the rest to the next one. */
static void
add_words(const struct family *f, struct given g)
{
	if (f->words == NULL) {
		add_play(f, &g);
		return;
	}
	for (g.n = 0; f->words[g.n] != NULL; g.n++) {
		g.word = f->words[g.n];
		add_play(f, &g);
	}
}

static void
add_modes(const struct family *f, struct given g)
{
	if (!(f->axes & BY_MODE)) {
		add_words(f, g);
		return;
	}
	for (g.mode = modes; g.mode->name != NULL; g.mode++)
		add_words(f, g);
}

static void
add_waiters(const struct family *f, struct given g)
{
	if (!(f->axes & BY_WAITER)) {
		add_modes(f, g);
		return;
	}
	for (g.waiter = waiters; g.waiter->name != NULL; g.waiter++)
		add_modes(f, g);
}

static void
add_senders(const struct family *f, struct given g)
{
	if (!(f->axes & BY_SENDER)) {
		add_waiters(f, g);
		return;
	}
	for (g.tx = senders; g.tx->name != NULL; g.tx++)
		if (g.tx->flags || !(f->axes & FLAGS_ONLY))
			add_waiters(f, g);
}

static void
add_family(const struct family *f)
{
	struct given g = { .family = f };

	if (!(f->axes & BY_RECEIVER)) {
		add_senders(f, g);
		return;
	}
	for (g.rx = receivers; g.rx->name != NULL; g.rx++)
		if (g.rx->flags || !(f->axes & FLAGS_ONLY))
			add_senders(f, g);
}

static void
add_all(void)
{
	const struct family *f;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (f = tables[i]; f->name != NULL; f++)
			add_family(f);
}

/* Keeps the plays that one of the patterns names. */
static void
keep_only(char **patterns)
{
	size_t i, kept = 0;
	char **p;

	for (i = 0; i < nplays; i++)
		for (p = patterns; *p != NULL; p++)
			if (fnmatch(*p, plays[i].name, 0) == 0) {
				plays[kept++] = plays[i];
				break;
			}
	nplays = kept;
}

static int
play_one(const char *name)
{
	size_t i;

	record_open();
	for (i = 0; i < nplays; i++)
		if (strcmp(plays[i].name, name) == 0) {
			plays[i].family->play(&plays[i].given);
			say("end");
			return 0;
		}
	fprintf(stderr, "no case %s\n", name);
	return 2;
}

static int
usage(void)
{
	fprintf(stderr,
	    "usage: calls [-dlpv] [-j jobs] [-r repeat] [-g seconds] [pattern ...]\n"
	    "       calls --play case\n"
	    "  -l  list the cases         -p  over plain TCP twice\n"
	    "  -v  say what was seen      -r  play each so many times\n"
	    "  -d  with the library's whole log\n");
	return 2;
}

static int
list(void)
{
	size_t i;

	for (i = 0; i < nplays; i++)
		puts(plays[i].name);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options opt = { .jobs = 16, .repeat = 1,
	    .guard = TEST_GUARD };
	bool listing = false;
	int c;

	if (argc == 4 && strcmp(argv[1], "--program") == 0) {
		record_open();
		return program_main(argv[2], atoi(argv[3]));
	}
	add_all();
	if (argc == 3 && strcmp(argv[1], "--play") == 0)
		return play_one(argv[2]);
	while ((c = getopt(argc, argv, "dlpvj:r:g:")) != -1)
		switch (c) {
		case 'd': opt.debug = true; break;
		case 'l': listing = true; break;
		case 'p': opt.plain_twice = true; break;
		case 'v': opt.verbose = true; break;
		case 'j': opt.jobs = atoi(optarg); break;
		case 'r': opt.repeat = atoi(optarg); break;
		case 'g': opt.guard = atoi(optarg); break;
		default: return usage();
		}
	if (argv[optind] != NULL)
		keep_only(argv + optind);
	if (listing)
		return list();
	return run_all(plays, nplays, &opt) == 0 ? 0 : 1;
}
