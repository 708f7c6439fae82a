/* SPDX-License-Identifier: Apache-2.0
 * relay: TLS with the peer on one side, the program's own bytes on the other;
 * its life. */
#include "win32/relay.h"

#include <openssl/crypto.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "win32/loop.h"
#include "win32/relay_state.h"

static volatile LONG unfinished, alive;

long
relay_unfinished(void)
{
	return unfinished;
}

long
relay_alive(void)
{
	return alive;
}

void
relay_begins(struct relay *r)
{
	r->counted = r->begun = true;
	InterlockedIncrement(&unfinished);
	InterlockedIncrement(&alive);
}

void
relay_ended(struct relay *r)
{
	if (r->begun)
		InterlockedDecrement(&alive);
	r->begun = false;
}

void
relay_finished(struct relay *r)
{
	if (r->counted)
		InterlockedDecrement(&unfinished);
	r->counted = false;
}

/* Life --------------------------------------------------------------------- */

static void
write_address(const struct sockaddr_storage *a, char *out, size_t size)
{
	const struct sockaddr_in *four = (const void *)a;
	const struct sockaddr_in6 *six = (const void *)a;
	char text[INET6_ADDRSTRLEN] = "?";
	bool is6 = a->ss_family == AF_INET6;

	inet_ntop(a->ss_family, is6 ? (const void *)&six->sin6_addr :
	    (const void *)&four->sin_addr, text, sizeof text);
	if (is6 && strncmp(text, "::ffff:", 7) == 0 && strchr(text, '.'))
		snprintf(out, size, "%s:%u", text + 7, ntohs(six->sin6_port));
	else
		snprintf(out, size, is6 ? "[%s]:%u" : "%s:%u", text,
		    ntohs(four->sin_port));
}

static void
look_at(struct relay *r)
{
	int len = sizeof r->peer;

	real.getpeername(r->net, (struct sockaddr *)&r->peer, &len);
	len = sizeof r->local;
	real.getsockname(r->net, (struct sockaddr *)&r->local, &len);
	write_address(&r->peer, r->peer_text, sizeof r->peer_text);
}

struct relay *
relay_new(const struct relay_args *args)
{
	struct relay *r = calloc(1, sizeof *r);
	u_long yes = 1;
	BOOL on = TRUE;

	if (r == NULL || (args->name != NULL &&
	    (r->name = strdup(args->name)) == NULL)) {
		free(r);
		loop_reset(args->net);
		return NULL;
	}
	r->refs = 1;
	r->role = args->role;
	r->conf = args->conf;
	r->net = args->net;
	r->loop = INVALID_SOCKET;
	look_at(r);
	real.WSAEventSelect(r->net, NULL, 0);
	real.ioctlsocket(r->net, FIONBIO, &yes);
	real.setsockopt(r->net, IPPROTO_TCP, TCP_NODELAY, (char *)&on,
	    sizeof on);
	r->say.role = r->role;
	r->say.peer = r->peer_text;
	r->say.name = r->name;
	r->say.rule = r->conf != NULL ? r->conf->rule : "";
	r->say.began = GetTickCount64();
	return r;
}

void
relay_hold(struct relay *r)
{
	InterlockedIncrement(&r->refs);
}

void
relay_hang_up(SOCKET *s, bool reset)
{
	if (*s == INVALID_SOCKET)
		return;
	if (reset)
		loop_reset(*s);
	else
		real.closesocket(*s);
	*s = INVALID_SOCKET;
}

void
relay_release(struct relay *r)
{
	if (r == NULL || InterlockedDecrement(&r->refs) > 0)
		return;
	relay_finished(r);
	relay_hang_up(&r->net, true);
	relay_hang_up(&r->loop, true);
	relay_ended(r);
	dicomtls_engine.destroy(r->engine);
	buf_free(&r->out);
	buf_free(&r->in);
	free(r->name);
	free(r);
}

void
relay_thread_end(void)
{
	OPENSSL_thread_stop();
}

void
relay_abandoned(struct relay *r)
{
	r->abandoned = true;
}

void
relay_set_option(struct relay *r, int level, int name, const char *value,
    int len)
{
	if ((level == SOL_SOCKET && name == SO_KEEPALIVE) ||
	    (level == IPPROTO_IP && name == IP_TOS))
		real.setsockopt(r->net, level, name, value, len);
}

const struct sockaddr_storage *
relay_peer(const struct relay *r)
{
	return &r->peer;
}

const struct sockaddr_storage *
relay_local(const struct relay *r)
{
	return &r->local;
}
