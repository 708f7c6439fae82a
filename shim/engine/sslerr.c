/* SPDX-License-Identifier: Apache-2.0
 * sslerr: OpenSSL's errors as a reason and a sentence. */
#include "engine/sslerr.h"

#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

const char *
sslerr_text(char *buf, size_t size)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason = ERR_reason_error_string(code);

	snprintf(buf, size, "%s", code == 0 ? "no reason given" :
	    reason != NULL ? reason : "an unnamed error");
	return buf;
}

static const char *
version_name(int version)
{
	static const char *const names[] = { "1.0", "1.1", "1.2", "1.3" };

	return version >= TLS_1_0 && version <= TLS_1_3 ?
	    names[version - TLS_1_0] : "?";
}

/* What we are, for the end of a sentence. */
static void
our_side(const struct sslerr_case *c, char *buf, size_t size)
{
	const struct tlsconf *conf = c->conf;

	snprintf(buf, size, "ours is TLS %s to %s, %s %s",
	    version_name(conf->min_version), version_name(conf->max_version),
	    conf->ciphers != NULL ? "suites" : "profile",
	    conf->ciphers != NULL ? conf->ciphers : conf->profile->name);
}

static void
explain_cipher(const struct sslerr_case *c, struct fail *f)
{
	char ours[600];

	our_side(c, ours, sizeof ours);
	fail_set(f, REASON_NO_SHARED_CIPHER, "%s and we have no cipher suite "
	    "in common (%s%s%s): DICOMTLS_PROFILE=%s allows more",
	    c->peer, ours, c->offered != NULL ? "; it offered " : "",
	    c->offered != NULL ? c->offered : "",
	    c->conf->profile->weak ? "legacy" : "bcp195-nd or legacy");
}

static void
explain_version(const struct sslerr_case *c, struct fail *f)
{
	char ours[600];

	our_side(c, ours, sizeof ours);
	fail_set(f, REASON_VERSION, "%s and we have no TLS version in common "
	    "(%s): for an old peer set DICOMTLS_MIN_VERSION=1.0 or "
	    "DICOMTLS_PROFILE=legacy, for a new one raise "
	    "DICOMTLS_MAX_VERSION", c->peer, ours);
}

static void
explain_verify(const struct sslerr_case *c, struct fail *f)
{
	long v = SSL_get_verify_result(c->ssl);
	const char *said = X509_verify_cert_error_string(v);

	switch (v) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		fail_set(f, REASON_EXPIRED, "%s showed a certificate that has "
		    "expired: renew it there", c->peer);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		fail_set(f, REASON_NOT_YET_VALID, "%s showed a certificate "
		    "that is not yet valid: check the clocks of both hosts",
		    c->peer);
		break;
	case X509_V_ERR_CERT_REVOKED:
		fail_set(f, REASON_REVOKED, "%s showed a certificate that its "
		    "CA has revoked: it needs a new one", c->peer);
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		fail_set(f, REASON_NAME_MISMATCH, "%s showed a certificate for "
		    "another name: connect by a name that is in it, or set "
		    "name= for that peer in dicomtls.conf", c->peer);
		break;
	case X509_V_ERR_EE_KEY_TOO_SMALL:
	case X509_V_ERR_CA_KEY_TOO_SMALL:
	case X509_V_ERR_CA_MD_TOO_WEAK:
		fail_set(f, REASON_WEAK, "%s showed a certificate that is too "
		    "weak (%s): it needs a new one", c->peer, said);
		break;
	default:
		fail_set(f, REASON_UNTRUSTED, "%s showed a certificate that we "
		    "do not trust (%s): add its CA to DICOMTLS_CA, or pin it",
		    c->peer, said);
	}
}

/* Alerts of the peer's have the reasons 1000 + alert (RFC 8446, 6). */
static void
explain_alert(const struct sslerr_case *c, int alert, struct fail *f)
{
	switch (alert) {
	case SSL3_AD_HANDSHAKE_FAILURE:
		explain_cipher(c, f);
		break;
	case TLS1_AD_PROTOCOL_VERSION:
		explain_version(c, f);
		break;
	case TLS13_AD_CERTIFICATE_REQUIRED:
		fail_set(f, REASON_CLIENT_CERT_WANTED, "%s wants a certificate "
		    "of ours: set DICOMTLS_CLIENT_CERT=yes and let it trust "
		    "%s", c->peer, c->conf->cert);
		break;
	default:
		fail_set(f, REASON_REFUSED, "%s refused us with the TLS alert "
		    "\"%s\": its log tells more; a complaint about a "
		    "certificate means that it must trust %s", c->peer,
		    SSL_alert_desc_string_long(alert), c->conf->cert);
	}
}

static void
explain_reason(const struct sslerr_case *c, int reason, struct fail *f)
{
	char text[256];

	switch (reason) {
	case SSL_R_NO_SHARED_CIPHER:
	case SSL_R_NO_CIPHERS_AVAILABLE:
	case SSL_R_WRONG_CIPHER_RETURNED:
	case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
		explain_cipher(c, f);
		break;
	case SSL_R_UNSUPPORTED_PROTOCOL:
	case SSL_R_WRONG_SSL_VERSION:
	case SSL_R_VERSION_TOO_LOW:
	case SSL_R_VERSION_TOO_HIGH:
	case SSL_R_NO_PROTOCOLS_AVAILABLE:
	case SSL_R_INAPPROPRIATE_FALLBACK:
		explain_version(c, f);
		break;
	case SSL_R_CERTIFICATE_VERIFY_FAILED:
		explain_verify(c, f);
		break;
	case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
		fail_set(f, REASON_UNTRUSTED, "%s showed no certificate, and "
		    "DICOMTLS_LISTEN_VERIFY wants one: set "
		    "DICOMTLS_CLIENT_CERT=yes there", c->peer);
		break;
	case SSL_R_DH_KEY_TOO_SMALL:
	case SSL_R_EE_KEY_TOO_SMALL:
	case SSL_R_CA_MD_TOO_WEAK:
		fail_set(f, REASON_WEAK, "%s uses a key that is too weak (%s): "
		    "DICOMTLS_PROFILE=legacy takes it", c->peer,
		    sslerr_text(text, sizeof text));
		break;
	case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
		fail_set(f, REASON_VERSION, "%s does not know secure "
		    "renegotiation (RFC 5746): it is very old, "
		    "DICOMTLS_PROFILE=legacy takes it", c->peer);
		break;
	default:
		fail_set(f, REASON_RECORD, "%s sent %s (%s)", c->peer, c->open ?
		    "a record that is not what TLS allows here: the data may "
		    "have been damaged or tampered with on the way" :
		    "a handshake that cannot be understood",
		    sslerr_text(text, sizeof text));
	}
}

void
sslerr_explain(const struct sslerr_case *c, struct fail *f)
{
	unsigned long code = ERR_peek_last_error();
	int reason = ERR_GET_REASON(code);

	if (code != 0 && (ERR_SYSTEM_ERROR(code) || (reason &
	    ERR_RFLAG_FATAL) != 0))
		fail_set(f, REASON_SYSTEM, "%s: OpenSSL has no memory, or "
		    "cannot go on for another reason of this host's (%s)",
		    c->peer, ERR_reason_error_string(code));
	else if (code == 0 || ERR_GET_LIB(code) != ERR_LIB_SSL)
		explain_reason(c, 0, f);
	else if (reason > SSL_AD_REASON_OFFSET)
		explain_alert(c, reason - SSL_AD_REASON_OFFSET, f);
	else
		explain_reason(c, reason, f);
}
