/* SPDX-License-Identifier: Apache-2.0
 * fuzz_rules: lists of rules, and addresses against them. */
#include "fuzz.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "policy/rules.h"

static void
ask(const struct rules *r, uint32_t host, const char *name, unsigned port)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host),
		.sin_port = htons((uint16_t)port) };
	const struct rule *rule;
	struct rules_addr a;

	MUST(rules_addr_set(&a, (struct sockaddr *)&in, sizeof in));
	rule = rules_match(r, &a, name);
	if (rule != NULL)
		MUST(rule->low <= port && port <= rule->high);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum role role = size > 0 && data[0] % 2 != 0 ? ROLE_SERVER :
	    ROLE_CLIENT;
	char *text = fuzz_text(data + (size > 0), size - (size > 0));
	struct pool pool = { 0 };
	struct rules rules = { 0 };
	struct fail f = { 0 };

	if (rules_parse(&rules, &pool, role, text, "the test", &f) < 0)
		MUST(f.reason != REASON_NONE && f.text[0] != '\0');
	ask(&rules, 0x0a010203, NULL, 2762);
	ask(&rules, 0x7f000001, "pacs.example.org", 104);
	pool_free(&pool);
	free(text);
	return 0;
}
