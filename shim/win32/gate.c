/* SPDX-License-Identifier: Apache-2.0
 * gate: the settings of this process, and what they say about a connection. */
#include "win32/gate.h"

#include <errno.h>
#include <ifaddrs.h>
#include <string.h>

#include "base/log.h"
#include "win32/names.h"

static struct policy *policy;

int
gate_init(struct fail *f)
{
	const struct logconf *log;

	policy = policy_load();
	if (policy == NULL) {
		fail_set(f, REASON_SYSTEM, "no memory for the settings");
		return -ENOMEM;
	}
	log = policy_log(policy);
	log_open(log->target, log->level, log->json);
	return 0;
}

bool
gate_any(enum role role)
{
	return policy_any(policy, role);
}

static bool
is_tcp(SOCKET s)
{
	int type = 0, len = sizeof type;

	return getsockopt(s, SOL_SOCKET, SO_TYPE, (char *)&type, &len) == 0 &&
	    type == SOCK_STREAM;
}

static enum verdict
refused(void)
{
	const struct fail *why = policy_error(policy);

	log_error("%s", why != NULL ? why->text : "the settings are broken");
	return VERDICT_REFUSE;
}

enum verdict
gate_outgoing(SOCKET s, const struct sockaddr *addr, int len,
    const struct tlsconf **conf, char *name, size_t size)
{
	enum verdict v;

	*name = '\0';
	if (!gate_any(ROLE_CLIENT) || addr == NULL || !is_tcp(s))
		return VERDICT_PLAIN;
	names_find(addr, name, size);
	v = policy_decide(policy, ROLE_CLIENT, addr, len,
	    *name != '\0' ? name : NULL, conf);
	return v == VERDICT_REFUSE ? refused() : v;
}

enum verdict
gate_incoming(SOCKET s, const struct tlsconf **conf)
{
	struct sockaddr_storage local, peer;
	int local_len = sizeof local, peer_len = sizeof peer;
	struct connection c = { .role = ROLE_SERVER,
		.addr = (struct sockaddr *)&local,
		.peer = (struct sockaddr *)&peer };
	struct decision d;

	if (!gate_any(ROLE_SERVER) ||
	    real.getsockname(s, (struct sockaddr *)&local, &local_len) != 0)
		return VERDICT_PLAIN;
	if (real.getpeername(s, (struct sockaddr *)&peer, &peer_len) != 0)
		c.peer = NULL;
	c.len = local_len;
	c.peer_len = peer_len;
	policy_decide_on(policy, &c, &d);
	*conf = d.conf;
	return d.verdict == VERDICT_REFUSE ? refused() : d.verdict;
}

/* With PORT in place of its own. */
static enum verdict
decide_at(const struct sockaddr *a, in_port_t port,
    const struct tlsconf **conf)
{
	struct sockaddr_storage addr;
	int len = a->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) :
	    sizeof(struct sockaddr_in);

	memcpy(&addr, a, (size_t)len);
	((struct sockaddr_in *)&addr)->sin_port = port;
	return policy_decide(policy, ROLE_SERVER, (struct sockaddr *)&addr,
	    len, NULL, conf);
}

/* A rule may be for one address of a socket that is bound to all. */
enum verdict
gate_listener(SOCKET s, const struct tlsconf **conf)
{
	struct sockaddr_storage local;
	struct ifaddrs *all, *i;
	int len = sizeof local;
	enum verdict v;
	in_port_t port;

	if (!gate_any(ROLE_SERVER) || !is_tcp(s) ||
	    real.getsockname(s, (struct sockaddr *)&local, &len) != 0)
		return VERDICT_PLAIN;
	port = ((struct sockaddr_in *)&local)->sin_port;
	v = decide_at((struct sockaddr *)&local, port, conf);
	if (v == VERDICT_PLAIN && getifaddrs(&all) == 0) {
		for (i = all; i != NULL && v == VERDICT_PLAIN; i = i->ifa_next)
			v = decide_at(i->ifa_addr, port, conf);
		freeifaddrs(all);
	}
	return v == VERDICT_REFUSE ? refused() : v;
}
