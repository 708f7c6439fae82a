/* SPDX-License-Identifier: Apache-2.0
 * peers: known_peers, the keys of peers that are trusted by fingerprint. */
#include "cert/peers.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cert/files.h"
#include "cert/store.h"

static const char heading[] =
    "# Peers that are trusted by their key, one a line:\n"
    "#\tPEER sha256:FINGERPRINT [REMARK ...]\n"
    "# PEER is HOST:PORT (a server), HOST (a client) or * (any).  See\n"
    "# dicomtls-certtool(1), \"trust\".\n";

/* Gives back the file with a newline at its end; nothing if there is none. */
static int
read_file(const char *dir, struct buf *in, struct fail *f)
{
	char path[PATH_MAX];
	struct fail why = { 0 };
	int rc;

	rc = files_join(path, sizeof path, dir, PEERS_FILE);
	if (rc == 0)
		rc = files_read(path, "the list of peers", FILES_OWN, in,
		    REASON_UNTRUSTED, &why);
	if (rc == -ENOENT || rc == -ENODATA)
		return 0;
	if (rc < 0)
		fail_copy(f, &why);
	else if (in->data[in->tail - 1] != '\n')
		rc = buf_append(in, "\n", 1);
	return rc;
}

static bool
is_comment(const char *line, size_t len)
{
	size_t blank = 0;

	while (blank < len && (line[blank] == ' ' || line[blank] == '\t' ||
	    line[blank] == '\r'))
		blank++;
	return blank == len || line[blank] == '#';
}

/* A word of up to SIZE - 1 bytes to OUT, cut from the front of *LINE. */
static bool
take_word(const char **line, char *out, size_t size)
{
	size_t len;

	*line += strspn(*line, " \t");
	len = strcspn(*line, " \t\r");
	if (len == 0 || len >= size)
		return false;
	memcpy(out, *line, len);
	out[len] = '\0';
	*line += len;
	*line += strspn(*line, " \t\r");
	return true;
}

static int
parse_line(const char *text, size_t len, struct peers_line *l)
{
	char copy[600], fp[100];
	const char *rest = copy;

	if (len >= sizeof copy || memchr(text, '\0', len) != NULL)
		return -EINVAL;
	memcpy(copy, text, len);
	copy[len] = '\0';
	copy[strcspn(copy, "\r")] = '\0';
	if (!take_word(&rest, l->peer, sizeof l->peer) ||
	    !take_word(&rest, fp, sizeof fp) ||
	    describe_parse_fp(fp, l->fingerprint) < 0)
		return -EINVAL;
	snprintf(l->remark, sizeof l->remark, "%s", rest);
	return 0;
}

/* The line at *AT, which moves on: 1 a peer, 0 a comment or -errno. */
static int
next_line(const char *dir, const struct buf *in, size_t *at,
    struct peers_line *l, struct fail *f)
{
	const char *text = (const char *)in->data + *at;
	size_t len = (size_t)((const char *)memchr(text, '\n',
	    in->tail - *at) - text);

	*at += len + 1;
	l->number++;
	if (is_comment(text, len))
		return 0;
	if (parse_line(text, len, l) == 0)
		return 1;
	fail_set(f, REASON_UNTRUSTED, "line %u of %s/" PEERS_FILE " is not "
	    "\"PEER sha256:FINGERPRINT [REMARK]\": correct it, or make it a "
	    "comment with a #", l->number, dir);
	return -EINVAL;
}

static int
each_in(const char *dir, const struct buf *in,
    int (*fn)(const struct peers_line *line, void *arg), void *arg,
    struct fail *f)
{
	struct peers_line l = { .number = 0 };
	size_t at = in->head;
	int rc = 0;

	while (rc == 0 && at < in->tail) {
		rc = next_line(dir, in, &at, &l, f);
		if (rc > 0)
			rc = fn(&l, arg);
	}
	return rc;
}

int
peers_each(const char *dir, int (*fn)(const struct peers_line *line,
    void *arg), void *arg, struct fail *f)
{
	struct buf in = { 0 };
	int rc;

	rc = read_file(dir, &in, f);
	if (rc == 0)
		rc = each_in(dir, &in, fn, arg, f);
	buf_free(&in);
	return rc;
}

struct search {
	const char *peer, *fingerprint;
	bool known, has_lines;
	struct peers_line first;
};

/* LISTED may leave out the port that PEER has; IPv6 ports follow a bracket. */
static bool
same_peer(const char *listed, const char *peer)
{
	size_t len = strlen(listed);
	const char *colon = strrchr(peer, ':');

	if (strcasecmp(listed, peer) == 0)
		return true;
	return colon != NULL && (size_t)(colon - peer) == len &&
	    strncasecmp(listed, peer, len) == 0 &&
	    (peer[0] != '[' ? memchr(peer, ':', len) == NULL :
	    colon[-1] == ']');
}

static int
search_line(const struct peers_line *l, void *arg)
{
	struct search *s = arg;
	bool any = strcmp(l->peer, "*") == 0;

	if (!any && !same_peer(l->peer, s->peer))
		return 0;
	if (strcmp(l->fingerprint, s->fingerprint) == 0)
		s->known = true;
	else if (!any && !s->has_lines) {
		s->has_lines = true;
		s->first = *l;
	}
	return 0;
}

static int
search_in(const char *dir, const struct buf *in, struct search *s,
    struct fail *f)
{
	int rc = each_in(dir, in, search_line, s, f);

	if (rc < 0)
		return rc;
	return s->known ? PEERS_KNOWN : s->has_lines ? PEERS_OTHER :
	    PEERS_UNKNOWN;
}

int
peers_find(const char *dir, const char *peer, const char *fingerprint,
    struct peers_line *other, struct fail *f)
{
	struct search s = { .peer = peer, .fingerprint = fingerprint };
	struct buf in = { 0 };
	int rc;

	rc = read_file(dir, &in, f);
	if (rc == 0)
		rc = search_in(dir, &in, &s, f);
	if (rc == PEERS_OTHER && other != NULL)
		*other = s.first;
	buf_free(&in);
	return rc;
}

static int
check_words(const char *peer, const char *fingerprint, struct fail *f)
{
	char fp[DESCRIBE_FP];
	const unsigned char *p;

	for (p = (const unsigned char *)peer; *p > ' ' && *p != 0x7f; p++)
		;
	if (*p != '\0' || p == (const unsigned char *)peer ||
	    *peer == '#' || strlen(peer) >= PEERS_SIZE) {
		fail_set(f, REASON_SETTING, "\"%s\" is no peer: accepted are "
		    "HOST:PORT, HOST and *", peer);
		return -EINVAL;
	}
	if (describe_parse_fp(fingerprint, fp) < 0) {
		fail_set(f, REASON_SETTING, "\"%s\" is no fingerprint: "
		    "accepted are 64 hexadecimal digits, or sha256: in front "
		    "of them", fingerprint);
		return -EINVAL;
	}
	return 0;
}

static int
append_line(struct buf *in, const char *peer, const char *fingerprint,
    const char *remark)
{
	char line[PEERS_SIZE + 400], *p;
	int n;

	if (buf_len(in) == 0 &&
	    buf_append(in, heading, sizeof heading - 1) < 0)
		return -ENOMEM;
	n = snprintf(line, sizeof line - 1, "%s sha256:%s%s%.200s", peer,
	    fingerprint, remark != NULL ? " " : "",
	    remark != NULL ? remark : "");
	for (p = line; *p != '\0'; p++)
		if ((unsigned char)*p < ' ')
			*p = '?';
	strcpy(line + n, "\n");
	return buf_append(in, line, (size_t)n + 1);
}

static int
write_file(struct store *s, struct buf *in, struct fail *f)
{
	int rc;

	rc = store_put(s, PEERS_FILE, buf_head(in), buf_len(in), 0644, f);
	return rc < 0 ? rc : store_commit(s, f);
}

static int
add_to(struct store *s, struct buf *in, const char *peer,
    const char *fingerprint, const char *remark, bool also, struct fail *f)
{
	struct search found = { .peer = peer, .fingerprint = fingerprint };
	int rc;

	rc = search_in(s->path, in, &found, f);
	if (rc == PEERS_KNOWN)
		return 0;
	if (rc == PEERS_OTHER && !also) {
		fail_set(f, REASON_PIN_MISMATCH, "%s is known by another key "
		    "(line %u of %s/" PEERS_FILE ", SHA-256 %s): if it really "
		    "has a new one, remove that line first", peer,
		    found.first.number, s->path, found.first.fingerprint);
		return -EEXIST;
	}
	if (rc >= 0)
		rc = append_line(in, peer, fingerprint, remark);
	if (rc == 0)
		rc = write_file(s, in, f);
	return rc < 0 ? rc : 1;
}

int
peers_add(const char *dir, const char *peer, const char *fingerprint,
    const char *remark, bool also, struct fail *f)
{
	char fp[DESCRIBE_FP];
	struct buf in = { 0 };
	struct store s;
	int rc;

	rc = check_words(peer, fingerprint, f);
	if (rc < 0)
		return rc;
	describe_parse_fp(fingerprint, fp);
	rc = store_open(&s, dir, f);
	if (rc < 0)
		return rc;
	rc = read_file(dir, &in, f);
	if (rc == 0)
		rc = add_to(&s, &in, peer, fp, remark, also, f);
	store_close(&s);
	buf_free(&in);
	return rc;
}

/* Copies the lines that stay: how many do not, or -errno. */
static int
keep_others(const char *dir, const struct buf *in, const char *what,
    struct buf *out, struct fail *f)
{
	struct peers_line l = { .number = 0 };
	char fp[DESCRIBE_FP] = "";
	size_t at = in->head, from;
	int rc, gone = 0;

	describe_parse_fp(what, fp);
	while (at < in->tail) {
		from = at;
		rc = next_line(dir, in, &at, &l, f);
		if (rc < 0)
			return rc;
		if (rc > 0 && (strcasecmp(l.peer, what) == 0 ||
		    strcmp(l.fingerprint, fp) == 0))
			gone++;
		else if (buf_append(out, in->data + from, at - from) < 0)
			return -ENOMEM;
	}
	return gone;
}

int
peers_remove(const char *dir, const char *what, struct fail *f)
{
	struct buf in = { 0 }, out = { 0 };
	struct store s;
	int rc, gone = 0;

	rc = store_open(&s, dir, f);
	if (rc < 0)
		return rc;
	rc = read_file(dir, &in, f);
	if (rc == 0)
		gone = rc = keep_others(dir, &in, what, &out, f);
	if (gone > 0)
		rc = write_file(&s, &out, f);
	store_close(&s);
	buf_free(&in);
	buf_free(&out);
	return rc < 0 ? rc : gone;
}
