/* SPDX-License-Identifier: Apache-2.0
 * check_sslerr: every reason that OpenSSL may give has a sentence with who,
 * what was found and what would cure it. */
#include "unit.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "engine/session.h"
#include "engine/sslerr.h"
#include "policy/profile.h"

static struct tlsconf conf;
static struct engine engine;
static struct fail fail;
static SSL_CTX *ctx;
static char blamed[] = "\"CN=x\"";

static void
setup(void)
{
	conf = (struct tlsconf){
		.rule = "a rule", .cert = "/etc/dicomtls/cert.pem",
		.profile = profile_find("bcp195"), .min_version = TLS_1_2,
		.max_version = TLS_1_3,
	};
	ctx = SSL_CTX_new(TLS_method());
	fail_clear(&fail);
	engine = (struct engine){
		.fail = &fail,
		.ssl = SSL_new(ctx), .conf = &conf, .role = ROLE_CLIENT,
		.peer = "10.1.2.3:2762", .blamed = blamed,
	};
	ERR_clear_error();
}

static void
teardown(void)
{
	SSL_free(engine.ssl);
	SSL_CTX_free(ctx);
}

static void
says(enum reason reason, const char *words)
{
	const struct fail *f = &fail;

	sslerr_explain(&engine);
	ck_assert_msg(f->reason == reason && strstr(f->text, words) != NULL,
	    "wanted %s with \"%s\", got %s: %s", fail_reason_name(reason),
	    words, fail_reason_name(f->reason), f->text);
	ck_assert_ptr_nonnull(strstr(f->text, "10.1.2.3:2762"));
	ck_assert_ptr_null(strchr(f->text, '\n'));
	ck_assert_ptr_null(strstr(f->text, "(null)"));
	ck_assert_int_ne(f->text[strlen(f->text) - 1], '.');
	ck_assert_uint_lt(strlen(f->text), sizeof f->text - 1);
}

static const struct {
	int reason;
	enum reason is;
	const char *cure;
} reasons[] = {
	{ SSL_R_NO_SHARED_CIPHER, REASON_NO_SHARED_CIPHER,
	    "`dicomtls probe 10.1.2.3:2762` tells" },
	{ SSL_R_NO_CIPHERS_AVAILABLE, REASON_NO_SHARED_CIPHER,
	    "DICOMTLS_PROFILE" },
	{ SSL_R_WRONG_CIPHER_RETURNED, REASON_NO_SHARED_CIPHER,
	    "DICOMTLS_PROFILE" },
	{ SSL_R_UNSUPPORTED_PROTOCOL, REASON_VERSION,
	    "DICOMTLS_MIN_VERSION=1.0" },
	{ SSL_R_VERSION_TOO_LOW, REASON_VERSION, "DICOMTLS_MIN_VERSION" },
	{ SSL_R_INAPPROPRIATE_FALLBACK, REASON_VERSION, "MAX_VERSION" },
	{ SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, REASON_UNTRUSTED,
	    "DICOMTLS_CLIENT_CERT=yes" },
	{ SSL_R_DH_KEY_TOO_SMALL, REASON_WEAK, "DICOMTLS_PROFILE=legacy" },
	{ SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED, REASON_VERSION,
	    "DICOMTLS_PROFILE=legacy" },
	{ SSL_R_WRONG_VERSION_NUMBER, REASON_RECORD, "may not speak TLS" },
	{ SSL_R_EXCESSIVE_MESSAGE_SIZE, REASON_RECORD, "too many certificates" },
	{ SSL_R_HTTP_REQUEST, REASON_RECORD, "may not speak TLS" },
	{ SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC, REASON_RECORD,
	    "something between changes it" },
	{ 999, REASON_RECORD, "something between changes it" },
};

START_TEST(reason)
{
	ERR_raise(ERR_LIB_SSL, reasons[_i].reason);
	says(reasons[_i].is, reasons[_i].cure);
}
END_TEST

/* Alerts of the peer's (RFC 8446, 6.2), and what they mean before and after
 * it asked for a certificate. */
static const struct {
	int alert;
	enum role role;
	bool asked, shown;
	enum reason is;
	const char *cure;
} alerts[] = {
	{ SSL3_AD_HANDSHAKE_FAILURE, ROLE_CLIENT, false, false,
	    REASON_NO_SHARED_CIPHER, "DICOMTLS_PROFILE" },
	{ SSL3_AD_HANDSHAKE_FAILURE, ROLE_SERVER, false, false,
	    REASON_REFUSED, "trust /etc/dicomtls/cert.pem" },
	{ SSL3_AD_HANDSHAKE_FAILURE, ROLE_CLIENT, true, false,
	    REASON_CLIENT_CERT_WANTED, "DICOMTLS_CLIENT_CERT=yes" },
	{ TLS13_AD_CERTIFICATE_REQUIRED, ROLE_CLIENT, true, false,
	    REASON_CLIENT_CERT_WANTED, "trust /etc/dicomtls/cert.pem" },
	{ SSL3_AD_BAD_CERTIFICATE, ROLE_CLIENT, true, false,
	    REASON_CLIENT_CERT_WANTED, "DICOMTLS_CLIENT_CERT=yes" },
	{ TLS1_AD_INSUFFICIENT_SECURITY, ROLE_CLIENT, false, false,
	    REASON_NO_SHARED_CIPHER, "DICOMTLS_PROFILE" },
	{ TLS1_AD_PROTOCOL_VERSION, ROLE_SERVER, false, false,
	    REASON_VERSION, "DICOMTLS_MIN_VERSION" },
	{ TLS1_AD_UNKNOWN_CA, ROLE_CLIENT, false, true, REASON_REFUSED,
	    "let it trust /etc/dicomtls/cert.pem" },
	{ TLS1_AD_UNKNOWN_CA, ROLE_SERVER, false, false, REASON_REFUSED,
	    "let it trust /etc/dicomtls/cert.pem" },
	{ SSL3_AD_CERTIFICATE_EXPIRED, ROLE_CLIENT, false, false,
	    REASON_REFUSED, "showed no certificate" },
	{ TLS1_AD_INTERNAL_ERROR, ROLE_CLIENT, false, false, REASON_REFUSED,
	    "its log tells more" },
	{ 200, ROLE_CLIENT, false, false, REASON_REFUSED, "its log" },
};

START_TEST(alert)
{
	engine.role = alerts[_i].role;
	engine.asked = alerts[_i].asked;
	conf.client_cert = alerts[_i].shown;
	ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET + alerts[_i].alert);
	says(alerts[_i].is, alerts[_i].cure);
}
END_TEST

static const struct {
	long result;
	enum reason is;
	const char *cure;
} results[] = {
	{ X509_V_ERR_CERT_HAS_EXPIRED, REASON_EXPIRED, "renew it" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, REASON_NOT_YET_VALID, "clocks" },
	{ X509_V_ERR_CERT_REVOKED, REASON_REVOKED, "a new one" },
	{ X509_V_ERR_HOSTNAME_MISMATCH, REASON_NAME_MISMATCH, "name =" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, REASON_NAME_MISMATCH, "name =" },
	{ X509_V_ERR_EE_KEY_TOO_SMALL, REASON_WEAK, "a new one" },
	{ X509_V_ERR_CA_MD_TOO_WEAK, REASON_WEAK, "a new one" },
	{ X509_V_ERR_UNABLE_TO_GET_CRL, REASON_UNTRUSTED, "DICOMTLS_CRL" },
	{ X509_V_ERR_CRL_HAS_EXPIRED, REASON_UNTRUSTED, "DICOMTLS_CRL" },
	{ X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, REASON_UNTRUSTED,
	    "DICOMTLS_CA" },
	{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, REASON_UNTRUSTED,
	    "DICOMTLS_CA" },
};

START_TEST(verification)
{
	SSL_set_verify_result(engine.ssl, results[_i].result);
	ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
	says(results[_i].is, results[_i].cure);
	ck_assert_ptr_nonnull(strstr(fail.text, "CN=x"));
}
END_TEST

START_TEST(after_the_handshake)
{
	engine.open = true;
	ERR_raise(ERR_LIB_SSL, SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC);
	says(REASON_RECORD, "damaged or tampered");
}
END_TEST

/* A server that asked for renegotiation and may not. */
START_TEST(alert_after_the_handshake)
{
	engine.open = true;
	ERR_raise(ERR_LIB_SSL, SSL_AD_REASON_OFFSET +
	    SSL3_AD_HANDSHAKE_FAILURE);
	says(REASON_REFUSED, "its log tells more");
}
END_TEST

/* The first and most specific reason stays. */
START_TEST(first_wins)
{
	fail_set(&fail, REASON_PIN_MISMATCH, "10.1.2.3:2762 first");
	ERR_raise(ERR_LIB_SSL, SSL_R_CERTIFICATE_VERIFY_FAILED);
	says(REASON_PIN_MISMATCH, "first");
}
END_TEST

START_TEST(nothing_known)
{
	says(REASON_RECORD, "no reason given");
}
END_TEST

START_TEST(of_another_library)
{
	ERR_raise(ERR_LIB_EVP, EVP_R_BAD_DECRYPT);
	says(REASON_RECORD, "bad decrypt");
}
END_TEST

START_TEST(long_lists)
{
	static char ciphers[2000], offered[2000];

	memset(ciphers, 'c', sizeof ciphers - 1);
	memset(offered, 'o', sizeof offered - 1);
	conf.ciphers = ciphers;
	engine.offered = offered;
	ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
	says(REASON_NO_SHARED_CIPHER, "or unset it: DICOMTLS_PROFILE=");
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("sslerr");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, reason, 0, sizeof reasons / sizeof reasons[0]);
	tcase_add_loop_test(tc, alert, 0, sizeof alerts / sizeof alerts[0]);
	tcase_add_loop_test(tc, verification, 0,
	    sizeof results / sizeof results[0]);
	tcase_add_test(tc, after_the_handshake);
	tcase_add_test(tc, alert_after_the_handshake);
	tcase_add_test(tc, first_wins);
	tcase_add_test(tc, nothing_known);
	tcase_add_test(tc, of_another_library);
	tcase_add_test(tc, long_lists);
	return unit_run(tc);
}
