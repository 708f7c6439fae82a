/* SPDX-License-Identifier: Apache-2.0
 * record: dumpcap as a child that records ports. */
#include "record.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ladder_now.h"

enum {
	FILTER = 64 * LADDER_PORTS,
	START_SECONDS = 30,	/* for dumpcap to open the interface */
	STILL = 1000,		/* ms without growth: all is written.  The
				   kernel hands packets over every 250 ms,
				   dumpcap writes every 500 ms */
	STILL_MOST = 10000	/* ms, on a port that never rests */
};

static void
make_filter(char filter[FILTER], const struct ports *p)
{
	size_t i;

	filter[0] = '\0';
	for (i = 0; i < p->count; i++) {
		ladder_append(filter, FILTER, "%s", i > 0 ? " or " : "");
		if (p->range[i].low == p->range[i].high)
			ladder_append(filter, FILTER, "tcp port %u",
			    p->range[i].low);
		else
			ladder_append(filter, FILTER, "tcp portrange %u-%u",
			    p->range[i].low, p->range[i].high);
	}
}

/* "Packets: 12 ", written over and over, and "Packets captured: 12". */
static void
find_packets(struct record *r)
{
	static const char *const words[] = { "Packets: ",
		"Packets captured: " };
	const char *s;
	size_t i;

	for (i = 0; i < 2; i++)
		for (s = r->said; (s = strstr(s, words[i])) != NULL; s++)
			r->packets = strtoul(s + strlen(words[i]), NULL, 10);
}

void
record_hear(struct record *r)
{
	size_t half = sizeof r->said / 2;
	ssize_t n;

	while (r->tool.fd >= 0) {
		if (r->len > half) {
			memmove(r->said, r->said + r->len - half, half);
			r->len = half;
		}
		n = read(r->tool.fd, r->said + r->len, half - 1);
		if (n < 0)
			return;
		if (n == 0) {
			close(r->tool.fd);
			r->tool.fd = -1;
			return;
		}
		r->len += (size_t)n;
		r->said[r->len] = '\0';
		find_packets(r);
	}
}

void
record_ended(struct record *r, int status)
{
	record_hear(r);
	if (r->tool.fd >= 0)
		close(r->tool.fd);
	r->tool = (struct tool){ 0, -1 };
	r->status = status;
}

/* The line that says why, without dumpcap's advice below it. */
static const char *
reason(struct record *r)
{
	char *s = strstr(r->said, "dumpcap: ");

	if (strstr(r->said, "no space left") != NULL)
		return "the disk was full";
	if (s == NULL)
		s = r->said;
	s += strspn(s, "\r\n ");
	if (strncmp(s, "dumpcap: ", 9) == 0)
		s += 9;
	s[strcspn(s, "\r\n")] = '\0';
	ladder_clean(s);
	return *s != '\0' ? s : "dumpcap gave no reason";
}

static void
explain(struct record *r, const char *interface, struct fail *f)
{
	if (r->status == TOOL_ABSENT)
		fail_set(f, REASON_SYSTEM, "dumpcap, which records, is not "
		    "installed: install it (Debian's package "
		    "wireshark-common)");
	else if (r->status == TOOL_UNFIT ||
	    strstr(r->said, "ermission") != NULL)
		fail_set(f, REASON_SYSTEM, "dumpcap may not record on %s for "
		    "this user: run this as root, or let the group wireshark "
		    "record (dpkg-reconfigure wireshark-common, adduser YOU "
		    "wireshark, log in anew), or setcap "
		    "cap_net_raw,cap_net_admin+eip dumpcap", interface);
	else if (strstr(r->said, "No such device") != NULL ||
	    strstr(r->said, "no interface") != NULL)
		fail_set(f, REASON_SYSTEM, "there is no interface \"%s\": "
		    "dumpcap -D lists them, \"any\" is all", interface);
	else
		fail_set(f, REASON_SYSTEM, "dumpcap cannot record on %s: %s",
		    interface, reason(r));
}

/* It names its file when the interface is open and filtered. */
static bool
wait_ready(struct record *r)
{
	struct pollfd p = { .fd = r->tool.fd, .events = POLLIN };
	int tries;

	for (tries = 0; tries < START_SECONDS * 10; tries++) {
		poll(&p, 1, 100);
		record_hear(r);
		if (strstr(r->said, "File: ") != NULL)
			return true;
		if (r->tool.fd < 0)
			return false;
	}
	return false;
}

int
record_start(struct record *r, const char *interface,
    const struct ports *ports, const char *folder, struct fail *f)
{
	char filter[FILTER];
	const char *const argv[] = { "dumpcap", "-p", "-i", interface, "-B",
		"64", "-f", filter, "-w", RECORD_FILE, NULL };
	struct tool_how how = { .listen = STDERR_FILENO, .folder = folder,
		.apart = true };
	int rv;

	*r = (struct record){ .folder = folder };
	make_filter(filter, ports);
	rv = tool_start(&r->tool, argv, &how);
	if (rv < 0) {
		fail_set(f, REASON_SYSTEM, "dumpcap cannot be started: %s",
		    strerror(-rv));
		return rv;
	}
	fcntl(r->tool.fd, F_SETFL, O_NONBLOCK);
	if (wait_ready(r))
		return 0;
	kill(r->tool.pid, SIGKILL);
	record_ended(r, tool_end(&(struct tool){ r->tool.pid, -1 }));
	explain(r, interface, f);
	return -EIO;
}

long long
record_size(const struct record *r)
{
	char path[4200];
	struct stat st;

	snprintf(path, sizeof path, "%s/" RECORD_FILE, r->folder);
	return stat(path, &st) == 0 ? (long long)st.st_size : 0;
}

static void
nap(struct record *r, int ms)
{
	struct pollfd p = { .fd = r->tool.fd, .events = POLLIN };

	poll(&p, r->tool.fd >= 0 ? 1 : 0, ms);
	record_hear(r);
}

static long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

/* Until nothing more comes in. */
static void
wait_still(struct record *r)
{
	long long size = record_size(r), next, begin = now_ms();
	long long since = begin;

	while (r->tool.fd >= 0 && now_ms() - since < STILL &&
	    now_ms() - begin < STILL_MOST) {
		nap(r, 50);
		next = record_size(r);
		if (next != size)
			since = now_ms();
		size = next;
	}
}

int
record_stop(struct record *r, struct fail *f)
{
	if (r->tool.pid != 0) {
		wait_still(r);
		kill(r->tool.pid, SIGINT);
		/* Its pipe ends with it. */
		while (r->tool.fd >= 0)
			nap(r, 1000);
		record_ended(r, tool_end(&(struct tool){ r->tool.pid, -1 }));
	}
	if (r->status == 0)
		return 0;
	if (r->status > 128)
		fail_set(f, REASON_SYSTEM, "dumpcap was ended by signal %d: "
		    "the recording stops there", r->status - 128);
	else
		fail_set(f, REASON_SYSTEM, "the recording is not whole: %s",
		    reason(r));
	return -EIO;
}

/* "Packets received/dropped on interface 'any': 22/0 (...)". */
unsigned long
record_lost(const struct record *r)
{
	const char *s = strstr(r->said, "received/dropped");

	s = s != NULL ? strstr(s, "': ") : NULL;
	s = s != NULL ? strchr(s, '/') : NULL;
	return s != NULL ? strtoul(s + 1, NULL, 10) : 0;
}
