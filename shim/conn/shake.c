/* SPDX-License-Identifier: Apache-2.0
 * shake: the handshake, driven by whatever the program calls first. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "conn/state.h"

struct engine_port
shake_port(struct conn *c)
{
	return (struct engine_port){ peek_port, output_port, c };
}

static int
begin(struct conn *c)
{
	struct engine_port port = shake_port(c);

	c->engine = c->ops->create(c->conf, c->role, c->name, c->peer, &port,
	    &c->why);
	if (c->engine == NULL) {
		conn_die(c, -ECONNABORTED);
		return -EPIPE;
	}
	c->stage = STAGE_SHAKING;
	settle_forget(c);	/* the youngest from now on */
	conn_deadline(&c->deadline, c->conf->handshake_timeout * 1000);
	return 0;
}

static int
connected(struct conn *c)
{
	int r;

	if (!c->connecting)
		return 0;
	r = c->wire->state(c->fd);
	if (r == 0)
		c->connecting = false;
	else if (r != -EAGAIN) {
		/* The kernel's own news, and not TLS's: no sentence. */
		c->stage = STAGE_DEAD;
		c->unconnected = true;
		c->rx_end = true;
		c->sticky = true;
		return -EPIPE;
	}
	return r;
}

static void
opened(struct conn *c)
{
	struct engine_info i;
	char ms[16];
	struct log_field fields[] = {
		{ "role", c->role == ROLE_CLIENT ? "client" : "server" },
		{ "peer", c->peer },
		{ "name", c->name },
		{ "version", NULL }, { "cipher", NULL },
		{ "subject", NULL }, { "fingerprint", NULL },
		{ "verified", NULL }, { "rule", c->conf->rule },
		{ "milliseconds", ms }, { NULL, NULL },
	};

	c->stage = STAGE_OPEN;
	if (c->queue_full)
		c->wire->nudge(c->fd);
	if (!log_wants(LOG_LEVEL_INFO))
		return;
	c->ops->info(c->engine, &i);
	snprintf(ms, sizeof ms, "%d", c->conf->handshake_timeout * 1000 -
	    conn_left_ms(&c->deadline));
	fields[3].value = i.version;
	fields[4].value = i.cipher;
	fields[5].value = i.subject;
	fields[6].value = i.fingerprint;
	fields[7].value = i.verified;
	log_event(LOG_LEVEL_INFO, "handshake", fields,
	    "%s %s%s%s%s: %s, %s, key SHA-256 %s%s%s%s, verified: %s, %s ms",
	    c->role == ROLE_CLIENT ? "to" : "from", c->peer,
	    c->name != NULL ? " (" : "", c->name != NULL ? c->name : "",
	    c->name != NULL ? ")" : "", i.version, i.cipher,
	    i.fingerprint[0] != '\0' ? i.fingerprint : "none",
	    i.subject[0] != '\0' ? " (" : "", i.subject,
	    i.subject[0] != '\0' ? ")" : "", i.verified, ms);
}

/*
 * The peer closed before TLS was up.  Over TCP the program would read an end
 * of stream, or a reset if bytes it had sent were never read.
 */
static int
ended(struct conn *c)
{
	bool lost = buf_len(&c->tx) > 0 || c->tx_error == -ECONNRESET;

	c->vanished = !lost;
	if (lost || c->role == ROLE_CLIENT)
		fail_set(&c->why, REASON_RESET, "%s closed the connection "
		    "during the handshake: it may not speak TLS on that port, "
		    "or refuses this profile or our certificate; its log "
		    "tells more", c->peer);
	else
		log_debug("%s closed the connection before the handshake was "
		    "over", c->peer);
	conn_die(c, lost ? -ECONNRESET : 0);
	return -EPIPE;
}

static int
timed_out(struct conn *c)
{
	fail_set(&c->why, REASON_TIMEOUT, "%s did not finish the handshake "
	    "within %d s: it may not speak TLS on that port, or hang; "
	    "DICOMTLS_HANDSHAKE_TIMEOUT allows more", c->peer,
	    c->conf->handshake_timeout);
	conn_die(c, -ETIMEDOUT);
	return -EPIPE;
}

/* Not by a look at the queue: an error would be told there, once. */
bool
shake_awaited(struct conn *c)
{
	return c->wire->poll(c->fd, POLLIN, 0, NULL, NULL) != 0;
}

/* A busy server may come late to what a client has said in time. */
void
shake_overdue(struct conn *c)
{
	if (shake_awaited(c)) {
		shake_step(c);
		return;
	}
	fail_set(&c->why, REASON_TIMEOUT, "%s connected and said nothing for "
	    "%d s: it may wait for us to speak first, as without TLS, or "
	    "hang; DICOMTLS_HANDSHAKE_TIMEOUT allows more", c->peer,
	    c->conf->handshake_timeout);
	conn_die(c, -ETIMEDOUT);
}

static int
failed(struct conn *c)
{
	conn_die(c, -ECONNRESET);
	return -EPIPE;
}

int
shake_step(struct conn *c)
{
	int r;

	if (c->stage == STAGE_OPEN)
		return 0;
	if (c->stage == STAGE_DEAD)
		return -EPIPE;
	if ((r = connected(c)) < 0)
		return r;
	if (c->stage == STAGE_FRESH && (r = begin(c)) < 0)
		return r;
	r = c->ops->handshake(c->engine);
	if (r == -EAGAIN && c->tx_error != 0) {
		c->drained = false;	/* the peer's alert may be there */
		r = c->ops->handshake(c->engine);
		r = r == -EAGAIN ? -ENODATA : r;
	}
	if (r == 0) {
		opened(c);
		output_push(c);
		if (c->fin_owed)
			finish_owed(c);
		return c->stage == STAGE_DEAD ? -EPIPE : 0;
	}
	if (r == -ENODATA)
		return ended(c);
	if (r != -EAGAIN)
		return failed(c);
	peek_take_off(c);
	output_flush(c);
	if (conn_left_ms(&c->deadline) == 0)
		return timed_out(c);
	return -EAGAIN;
}
