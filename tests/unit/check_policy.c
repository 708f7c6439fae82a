/* SPDX-License-Identifier: Apache-2.0
 * check_policy: settings in, decisions out. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "policy/policy.h"

#define PIN "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct policy *policy;
static struct decision decision;

static void
setup(void)
{
	unit_setup();
	clearenv();
	setenv("DICOMTLS_DIR", unit_dir, 1);
}

static void
teardown(void)
{
	policy_free(policy);
	unit_clean();
}

static void
load(const char *text)
{
	if (text != NULL)
		unit_write("dicomtls.conf", text);
	policy = policy_load();
	ck_assert_ptr_nonnull(policy);
}

static void
good(const char *text)
{
	const struct fail *f;

	load(text);
	f = policy_error(policy);
	ck_assert_msg(f == NULL, "%s", f != NULL ? f->text : "");
}

static void
bad(const char *text, const char *says)
{
	load(text);
	ck_assert_ptr_nonnull(policy_error(policy));
	ck_assert_msg(strstr(policy_error(policy)->text, says) != NULL, "%s",
	    policy_error(policy)->text);
}

static void
address(struct sockaddr_in6 *a, const char *host, unsigned port)
{
	char mapped[64];

	*a = (struct sockaddr_in6){ .sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)port) };
	snprintf(mapped, sizeof mapped, "%s%s",
	    strchr(host, ':') == NULL ? "::ffff:" : "", host);
	ck_assert_int_eq(inet_pton(AF_INET6, mapped, &a->sin6_addr), 1);
}

static enum verdict
decide(enum role role, const char *host, unsigned port, const char *name,
    const char *peer)
{
	struct connection c = { .role = role, .name = name };
	struct sockaddr_in6 addr, from;

	address(&addr, host, port);
	c.addr = (void *)&addr;
	c.len = sizeof addr;
	if (peer != NULL) {
		address(&from, peer, 40000);
		c.peer = (void *)&from;
		c.peer_len = sizeof from;
	}
	policy_decide_on(policy, &c, &decision);
	ck_assert_int_eq(decision.conf != NULL,
	    decision.verdict == VERDICT_TLS);
	return decision.verdict;
}

static enum verdict
client(const char *host, unsigned port, const char *name)
{
	return decide(ROLE_CLIENT, host, port, name, NULL);
}

static enum verdict
server(const char *host, unsigned port, const char *peer)
{
	return decide(ROLE_SERVER, host, port, NULL, peer);
}

START_TEST(defaults)
{
	const struct tlsconf *t;

	good(NULL);
	ck_assert_int_eq(client("10.1.2.3", 2762, NULL), VERDICT_TLS);
	ck_assert_int_eq(client("10.1.2.3", 104, NULL), VERDICT_PLAIN);
	ck_assert_int_eq(server("::1", 2762, NULL), VERDICT_TLS);
	ck_assert_int_eq(server("::1", 11112, NULL), VERDICT_PLAIN);
	t = decision.conf;
	ck_assert_ptr_null(t);
	t = policy_default(policy);
	ck_assert_str_eq(t->dir, unit_dir);
	ck_assert_mem_eq(t->cert, unit_dir, strlen(unit_dir));
	ck_assert_str_eq(t->cert + strlen(unit_dir), "/cert.pem");
	ck_assert_str_eq(t->key + strlen(unit_dir), "/key.pem");
	ck_assert(t->own_files);
	ck_assert_str_eq(t->profile->name, "bcp195");
	ck_assert_int_eq(t->min_version, TLS_1_2);
	ck_assert_int_eq(t->max_version, TLS_1_3);
	ck_assert_ptr_null(t->ciphers);
	ck_assert_ptr_null(t->suites);
	ck_assert_int_eq(t->verify[ROLE_CLIENT], VERIFY_NONE);
	ck_assert_int_eq(t->verify[ROLE_SERVER], VERIFY_NONE);
	ck_assert(!t->client_cert);
	ck_assert_int_eq(t->handshake_timeout, 30);
	ck_assert(t->nodelay);
	ck_assert_ptr_null(t->keylog);
	ck_assert_str_eq(policy_log(policy)->target, "stderr");
	ck_assert_int_eq(policy_log(policy)->level, LOG_LEVEL_WARN);
	ck_assert(!policy_log(policy)->json);
}
END_TEST

START_TEST(every_setting)
{
	const struct tlsconf *t;

	good("cert=c.p12\nkey=k\nkey_password_file=p\nkey_password=secret\n"
	    "profile=legacy\nmin_version=1.1\nmax_version=1.2\n"
	    "ciphers=AES128-SHA TLS_AES_128_GCM_SHA256:AES256-SHA\n"
	    "verify=ca\nlisten_verify=tofu\nca=ca\ncrl=crl\n"
	    "name=pacs\nclient_cert=yes\nhandshake_timeout=5\nnodelay=off\n"
	    "log=none\nlog_level=DEBUG\nlog_format=json\nkeylog=kl\n"
	    "pins=" PIN "\n");
	t = policy_default(policy);
	ck_assert_ptr_nonnull(strstr(t->cert, "/c.p12"));
	ck_assert_ptr_nonnull(strstr(t->key, "/k"));
	ck_assert(!t->own_files);
	ck_assert_ptr_nonnull(strstr(t->password_file, "/p"));
	ck_assert_str_eq(t->password, "secret");
	ck_assert_str_eq(t->profile->name, "legacy");
	ck_assert_int_eq(t->min_version, TLS_1_1);
	ck_assert_int_eq(t->max_version, TLS_1_2);
	ck_assert_str_eq(t->ciphers, "AES128-SHA:AES256-SHA");
	ck_assert_str_eq(t->suites, "TLS_AES_128_GCM_SHA256");
	ck_assert_int_eq(t->verify[ROLE_CLIENT], VERIFY_CA);
	ck_assert_int_eq(t->verify[ROLE_SERVER], VERIFY_TOFU);
	ck_assert_ptr_nonnull(strstr(t->ca, "/ca"));
	ck_assert_ptr_nonnull(strstr(t->crl, "/crl"));
	ck_assert_str_eq(t->pins, PIN);
	ck_assert_str_eq(t->name, "pacs");
	ck_assert(t->client_cert);
	ck_assert_int_eq(t->handshake_timeout, 5);
	ck_assert(!t->nodelay);
	ck_assert_ptr_nonnull(strstr(t->keylog, "/kl"));
	ck_assert_str_eq(policy_log(policy)->target, "none");
	ck_assert_int_eq(policy_log(policy)->level, LOG_LEVEL_DEBUG);
	ck_assert(policy_log(policy)->json);
}
END_TEST

START_TEST(first_section_decides)
{
	good("profile = bcp195-modified\n"
	    "[one]\nconnect = pacs:104, !10.1.2.3:2762, 10.1.0.0/16:2762\n"
	    "profile = aes\n"
	    "[two]\nconnect = 10.1.2.3:2762, 10.1.2.4:2762\n"
	    "profile = legacy\n");
	ck_assert_int_eq(client("10.9.9.9", 104, "PACS"), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "aes");
	ck_assert_str_eq(decision.rule, "pacs:104");
	ck_assert_int_eq(client("10.9.9.9", 104, "other"), VERDICT_PLAIN);
	ck_assert_int_eq(client("10.1.2.4", 2762, NULL), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "aes");
	ck_assert_ptr_eq(decision.conf, policy_section(policy, 0));
	/* "!" in a section: not this section, but still TLS. */
	ck_assert_int_eq(client("10.1.2.3", 2762, NULL), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "legacy");
	ck_assert_int_eq(client("10.2.0.1", 2762, NULL), VERDICT_TLS);
	ck_assert_ptr_eq(decision.conf, policy_default(policy));
	ck_assert_int_eq(server("10.1.2.3", 104, NULL), VERDICT_PLAIN);
	ck_assert_ptr_null(policy_section(policy, 2));
}
END_TEST

/* What is asked to stay plain in general stays so in spite of sections. */
START_TEST(general_exceptions)
{
	setenv("DICOMTLS_LISTEN", "none", 1);
	good("connect = !10.1.2.3:2762, 2762\n"
	    "[a]\nconnect = 10.1.0.0/16:2762\nlisten = 104\n");
	ck_assert_int_eq(client("10.1.2.3", 2762, NULL), VERDICT_PLAIN);
	ck_assert_str_eq(decision.rule, "!10.1.2.3:2762");
	ck_assert_int_eq(client("10.1.2.4", 2762, NULL), VERDICT_TLS);
	ck_assert_int_eq(server("10.1.2.4", 104, NULL), VERDICT_PLAIN);
	ck_assert(policy_any(policy, ROLE_CLIENT));
	ck_assert(!policy_any(policy, ROLE_SERVER));
}
END_TEST

START_TEST(by_client)
{
	good("[old]\nlisten = 11112\nfrom = 10.2.0.0/16, [2001:db8::]/32\n"
	    "profile = legacy\n");
	ck_assert_int_eq(server("10.1.2.3", 11112, "10.2.9.9"), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "legacy");
	ck_assert_int_eq(server("::1", 11112, "2001:db8::5"), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "legacy");
	/* Others come to the same port: never in plaintext. */
	ck_assert_int_eq(server("10.1.2.3", 11112, "10.3.0.1"), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "bcp195");
	ck_assert_int_eq(server("10.1.2.3", 11112, NULL), VERDICT_TLS);
	ck_assert_str_eq(decision.conf->profile->name, "bcp195");
	ck_assert_int_eq(server("10.1.2.3", 11113, "10.2.9.9"),
	    VERDICT_PLAIN);
}
END_TEST

START_TEST(verify_by_role)
{
	setenv("DICOMTLS_LISTEN_VERIFY", "ca", 1);
	good("verify = tofu\n[a]\nconnect = 1\nlisten = 1\nverify = pin\n"
	    "[b]\nconnect = 2\nconnect_verify = none\n");
	ck_assert_int_eq(policy_default(policy)->verify[0], VERIFY_TOFU);
	ck_assert_int_eq(policy_default(policy)->verify[1], VERIFY_CA);
	ck_assert_int_eq(policy_section(policy, 0)->verify[0], VERIFY_PIN);
	ck_assert_int_eq(policy_section(policy, 0)->verify[1], VERIFY_CA);
	ck_assert_int_eq(policy_section(policy, 1)->verify[0], VERIFY_NONE);
	policy_free(policy);
	setenv("DICOMTLS_VERIFY", "none", 1);
	good(NULL);
	ck_assert_int_eq(policy_section(policy, 0)->verify[0], VERIFY_NONE);
	ck_assert_int_eq(policy_section(policy, 0)->verify[1], VERIFY_CA);
}
END_TEST

START_TEST(pins)
{
	setenv("DICOMTLS_PINS", "SHA256:01:23:45:67:89:AB:CD:EF:01:23:45:67:"
	    "89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF,"
	    PIN, 1);
	good(NULL);
	ck_assert_str_eq(policy_default(policy)->pins, PIN "," PIN);
}
END_TEST

START_TEST(old_versions_bring_suites)
{
	setenv("DICOMTLS_MIN_VERSION", "1.0", 1);
	good(NULL);
	ck_assert_int_eq(policy_default(policy)->min_version, TLS_1_0);
	ck_assert(!policy_names_ciphers(policy_default(policy)));
	ck_assert_ptr_nonnull(strstr(policy_default(policy)->ciphers,
	    ":AES128-SHA:"));
	ck_assert_ptr_nonnull(strstr(policy_default(policy)->ciphers,
	    "ECDHE-RSA-AES128-GCM-SHA256:"));
	policy_free(policy);
	setenv("DICOMTLS_CIPHERS", "AES256-SHA", 1);
	good(NULL);
	ck_assert_str_eq(policy_default(policy)->ciphers, "AES256-SHA");
	ck_assert(policy_names_ciphers(policy_default(policy)));
	policy_free(policy);
	unsetenv("DICOMTLS_CIPHERS");
	setenv("DICOMTLS_PROFILE", "aes", 1);
	good(NULL);
	ck_assert_ptr_null(policy_default(policy)->ciphers);
}
END_TEST

static const struct {
	const char *variable, *value, *says;
} broken[] = {
	{ "DICOMTLS_PROFILE", "bcp", "bcp195-modified" },
	{ "DICOMTLS_PROFILE", "Basic", "3DES" },
	{ "DICOMTLS_PROFILE", "basic", "legacy" },
	{ "DICOMTLS_PROFILE", "iscl", "not TLS" },
	{ "DICOMTLS_MIN_VERSION", "1", "1.0, 1.1, 1.2 or 1.3" },
	{ "DICOMTLS_MAX_VERSION", "TLSv1.2", "1.0, 1.1, 1.2 or 1.3" },
	{ "DICOMTLS_MAX_VERSION", "1.1", "no TLS version is left" },
	{ "DICOMTLS_CIPHERS", ":", "openssl-ciphers(1)" },
	{ "DICOMTLS_VERIFY", "yes", "none, ca, pin or tofu" },
	{ "DICOMTLS_CONNECT_VERIFY", "peer", "none, ca, pin or tofu" },
	{ "DICOMTLS_LISTEN_VERIFY", "1", "none, ca, pin or tofu" },
	{ "DICOMTLS_PINS", "0123", "64 hex digits" },
	{ "DICOMTLS_PINS", PIN "0", "64 hex digits" },
	{ "DICOMTLS_PINS", PIN "x", "64 hex digits" },
	{ "DICOMTLS_CLIENT_CERT", "maybe", "yes or no" },
	{ "DICOMTLS_NODELAY", "2", "yes or no" },
	{ "DICOMTLS_HANDSHAKE_TIMEOUT", "0", "1 to 86400" },
	{ "DICOMTLS_HANDSHAKE_TIMEOUT", "30s", "1 to 86400" },
	{ "DICOMTLS_HANDSHAKE_TIMEOUT", "99999999999999999999", "86400" },
	{ "DICOMTLS_LOG_LEVEL", "warning", "error, warn, info or debug" },
	{ "DICOMTLS_LOG_FORMAT", "xml", "text or json" },
};

/* Fail closed, but only where the rules say so. */
START_TEST(broken_word)
{
	setenv(broken[_i].variable, broken[_i].value, 1);
	bad(NULL, broken[_i].says);
	ck_assert_ptr_nonnull(strstr(policy_error(policy)->text,
	    broken[_i].variable));
	ck_assert_int_eq(client("10.1.2.3", 2762, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(server("10.1.2.3", 2762, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(client("10.1.2.3", 80, NULL), VERDICT_PLAIN);
	ck_assert_int_eq(server("10.1.2.3", 80, NULL), VERDICT_PLAIN);
}
END_TEST

START_TEST(broken_rules)
{
	setenv("DICOMTLS_CONNECT", "pacs", 1);
	bad(NULL, "DICOMTLS_CONNECT");
	ck_assert_int_eq(client("10.1.2.3", 80, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(client("::1", 80, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(server("10.1.2.3", 80, NULL), VERDICT_PLAIN);
	ck_assert_int_eq(server("10.1.2.3", 2762, NULL), VERDICT_REFUSE);
	ck_assert(policy_any(policy, ROLE_CLIENT));
}
END_TEST

START_TEST(broken_section)
{
	bad("[a]\nlisten = pacs:104\n", ":2: listen");
	ck_assert_int_eq(server("10.1.2.3", 80, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(client("10.1.2.3", 80, NULL), VERDICT_PLAIN);
	policy_free(policy);
	bad("[a]\nprofile = aes\n", "section [a] is for no connection");
	ck_assert_int_eq(client("10.1.2.3", 80, NULL), VERDICT_REFUSE);
	policy_free(policy);
	bad("[a]\nlisten = 104\nfrom = pacs\n", "is no network");
	ck_assert_int_eq(server("10.1.2.3", 104, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(server("10.1.2.3", 80, NULL), VERDICT_PLAIN);
}
END_TEST

START_TEST(broken_file)
{
	bad("conect = 104\n", "(connect?)");
	ck_assert_int_eq(client("10.1.2.3", 104, NULL), VERDICT_REFUSE);
	ck_assert_int_eq(server("10.1.2.3", 104, NULL), VERDICT_REFUSE);
	/* Never more than TCP. */
	ck_assert_int_eq(policy_decide(policy, ROLE_CLIENT,
	    &(struct sockaddr){ .sa_family = AF_UNIX },
	    sizeof(struct sockaddr), NULL, NULL), VERDICT_PLAIN);
}
END_TEST

START_TEST(no_13_suites)
{
	bad("profile = aes\nmax_version = 1.3\n", "no TLS 1.3 suites");
	policy_free(policy);
	good("profile = aes\nmax_version = 1.3\n"
	    "ciphers = AES128-SHA:TLS_AES_128_GCM_SHA256\n");
}
END_TEST

/* The ranges, in the order in which they come. */
static void
ports_are(const char *wanted)
{
	char text[256] = "";
	uint16_t low, high;
	size_t i, len;

	for (i = 0; policy_ports(policy, i, &low, &high); i++) {
		len = strlen(text);
		snprintf(text + len, sizeof text - len, "%u-%u ", low, high);
	}
	ck_assert_str_eq(text, wanted);
	ck_assert(!policy_ports(policy, i + 1, &low, &high));
	policy_free(policy);
}

START_TEST(ports)
{
	good(NULL);
	ports_are("2762-2762 2762-2762 ");
	good("connect = !10.0.0.1:104, 10.0.0.0/8:104, 4000-4010\n"
	    "listen = none\n[a]\nlisten = 11112\nconnect = pacs:8104\n"
	    "[b]\nconnect = !9, 5\n");
	ports_are("104-104 4000-4010 8104-8104 5-5 ");
	good("connect = none\nlisten = none\n");
	ports_are("");
	policy = NULL;
}
END_TEST

START_TEST(unix_sockets)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const struct tlsconf *t;

	good(NULL);
	ck_assert_int_eq(policy_decide(policy, ROLE_CLIENT, (void *)&un,
	    sizeof un, NULL, &t), VERDICT_PLAIN);
	ck_assert_ptr_null(t);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("policy");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, every_setting);
	tcase_add_test(tc, first_section_decides);
	tcase_add_test(tc, general_exceptions);
	tcase_add_test(tc, by_client);
	tcase_add_test(tc, verify_by_role);
	tcase_add_test(tc, pins);
	tcase_add_test(tc, old_versions_bring_suites);
	tcase_add_loop_test(tc, broken_word, 0,
	    sizeof broken / sizeof broken[0]);
	tcase_add_test(tc, broken_rules);
	tcase_add_test(tc, broken_section);
	tcase_add_test(tc, broken_file);
	tcase_add_test(tc, no_13_suites);
	tcase_add_test(tc, ports);
	tcase_add_test(tc, unix_sockets);
	return unit_run(tc);
}
