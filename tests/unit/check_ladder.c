/* SPDX-License-Identifier: Apache-2.0
 * check_ladder: what is made of tshark's words, its own and crafted ones. */
#include "unit.h"

#include "ladder.h"

static struct ladder ladder;

static void
setup(void)
{
	unit_setup();
	memset(&ladder, 0, sizeof ladder);
	ladder.ports.count = 1;
	ladder.ports.range[0].low = ladder.ports.range[0].high = 2762;
}

static void
teardown(void)
{
	ladder_free(&ladder);
	unit_clean();
}

/* A packet as tshark's fields tell it. */
static unsigned long
packet(bool from_client, const char *flags, unsigned len)
{
	static unsigned number;
	char line[256];

	number++;
	snprintf(line, sizeof line, "%u\t1000.%09u\t7\t10.0.0.%d\t\t%d\t"
	    "10.0.0.%d\t\t%d\t%s\t%u\t\n", number, number * 1000,
	    from_client ? 1 : 2, from_client ? 40000 : 2762,
	    from_client ? 2 : 1, from_client ? 2762 : 40000, flags, len);
	return ladder_packet(&ladder, line);
}

static void
lines(const char *text)
{
	char line[1024];
	size_t n;

	for (; *text != '\0'; text += n + (text[n] == '\n')) {
		n = strcspn(text, "\n");
		snprintf(line, sizeof line, "%.*s", (int)n, text);
		ladder_line(&ladder, line);
	}
}

/* One packet with this dissection. */
static void
said(bool from_client, const char *text)
{
	ck_assert_uint_ne(packet(from_client, "0x0018", 100), 0);
	lines(text);
	ladder_packet_end(&ladder);
}

static void
event_is(size_t i, bool from_client, bool trouble, const char *text,
    const char *patient)
{
	const struct event *e = &ladder.events[i];

	ck_assert_uint_lt(i, ladder.count);
	ck_assert_str_eq(e->text, text);
	ck_assert_int_eq(e->from_client, from_client);
	ck_assert_int_eq(e->trouble, trouble);
	if (patient == NULL)
		ck_assert_ptr_null(e->patient);
	else
		ck_assert_str_eq(e->patient, patient);
}

#define PDV(kind, length, flags) \
	"DICOM, x\n    PDU Type: Data (0x04)\n    PDV, x\n" \
	"        PDV Length: " length "\n" \
	"        Context: 0x01 (Explicit VR Little Endian, CT Image Storage)\n" \
	"        Flags: " flags " (" kind ")\n"

START_TEST(tcp)
{
	ck_assert_uint_ne(packet(true, "0x0002", 0), 0);
	ladder_packet_end(&ladder);
	packet(false, "0x0012", 0);
	ladder_packet_end(&ladder);
	packet(true, "0x0011", 0);
	ladder_packet_end(&ladder);
	packet(false, "0x0014", 0);
	ladder_packet_end(&ladder);
	ck_assert_uint_eq(ladder.count, 4);
	event_is(0, true, false, "connect", NULL);
	event_is(1, false, false, "accepted", NULL);
	event_is(2, true, false, "FIN: the end of what is sent", NULL);
	event_is(3, false, false, "RST: the connection is reset", NULL);
	ck_assert_str_eq(ladder.streams[0].client, "10.0.0.1:40000");
	ck_assert_str_eq(ladder.streams[0].server, "10.0.0.2:2762");
	ck_assert_int_eq(ladder.events[1].time - ladder.events[0].time, 1000);
}
END_TEST

START_TEST(resets)
{
	packet(true, "0x0002", 0);
	ladder_packet_end(&ladder);
	packet(false, "0x0014", 0);
	ladder_packet_end(&ladder);
	event_is(1, false, true, "RST: refused, nobody listens there", NULL);
	ladder_free(&ladder);
	setup();
	packet(true, "0x0002", 0);
	ladder_packet_end(&ladder);
	packet(false, "0x0012", 0);
	ladder_packet_end(&ladder);
	packet(true, "0x0004", 0);
	ladder_packet_end(&ladder);
	event_is(2, true, true, "RST: the connection is reset", NULL);
}
END_TEST

START_TEST(other_ports)
{
	char line[] = "1\t1000.5\t0\t::1\t\t80\t::2\t\t81\t0x0002\t0\t\n";
	char short_line[] = "1\t2\t3\n";

	ck_assert_uint_eq(ladder_packet(&ladder, line), 0);
	ck_assert_uint_eq(ladder_packet(&ladder, short_line), 0);
	ck_assert_uint_eq(ladder.streams_count, 0);
}
END_TEST

START_TEST(ipv6)
{
	char line[] = "1\t1000.5\t0\t\tfd00::1\t40000\t\tfd00::2\t2762\t"
	    "0x0002\t0\t\n";

	ck_assert_uint_eq(ladder_packet(&ladder, line), 1);
	ladder_packet_end(&ladder);
	ck_assert_str_eq(ladder.streams[0].client, "[fd00::1]:40000");
	ck_assert_str_eq(ladder.streams[0].server, "[fd00::2]:2762");
	event_is(0, true, false, "connect", NULL);
}
END_TEST

START_TEST(alert_behind_data)
{
	said(true, "Transport Layer Security\n"
	    "    TLSv1.2 Record Layer: Handshake Protocol: Finished\n"
	    "        Handshake Protocol: Finished\n"
	    "    TLSv1.2 Record Layer: Application Data Protocol: DICOM\n"
	    "        Length: 30\n"
	    "    TLSv1.2 Record Layer: Alert (Level: Warning, Description: "
	    "Close Notify)\n"
	    "DICOM, A-RELEASE request\n"
	    "    PDU Type: RELEASE Request (0x05)\n");
	ck_assert_uint_eq(ladder.count, 3);
	event_is(0, true, false, "Finished", NULL);
	event_is(1, true, false, "A-RELEASE-RQ", NULL);
	event_is(2, true, false, "close_notify", NULL);
}
END_TEST

START_TEST(server_hello)
{
	said(false, "Transport Layer Security\n"
	    "    TLSv1.3 Record Layer: Handshake Protocol: Multiple\n"
	    "        Handshake Protocol: Server Hello\n"
	    "            Version: TLS 1.2 (0x0303)\n"
	    "            Cipher Suite: TLS_AES_128_GCM_SHA256 (0x1301)\n"
	    "            Extension: supported_versions (len=2)\n"
	    "                Supported Version: TLS 1.3 (0x0304)\n"
	    "        Handshake Protocol: Certificate (fragment)\n"
	    "        Handshake Protocol: Certificate (last fragment)\n");
	event_is(0, false, false, "Server Hello, Certificate (TLS 1.3, "
	    "TLS_AES_128_GCM_SHA256)", NULL);
	said(false, "Transport Layer Security\n"
	    "    TLSv1.3 Record Layer: Alert (Level: Fatal, Description: "
	    "Handshake Failure)\n");
	event_is(1, false, true, "alert: Handshake Failure (Fatal)", NULL);
}
END_TEST

#define SECRET_DATA(length) "Transport Layer Security\n" \
	"    TLSv1.3 Record Layer: Application Data Protocol: DICOM\n" \
	"        Opaque Type: Application Data (23)\n" \
	"        Length: " length "\n"

START_TEST(without_secrets)
{
	said(true, SECRET_DATA("100"));
	said(true, SECRET_DATA("20"));
	said(false, SECRET_DATA("7"));
	said(true, SECRET_DATA("8"));
	ladder_end(&ladder);
	/* What comes behind a message in its packet stands behind it. */
	said(false, "Transport Layer Security\n"
	    "        Handshake Protocol: Certificate\n" SECRET_DATA("3"));
	ck_assert_str_eq(ladder.events[3].text, "Certificate");
	ck_assert_uint_eq(ladder.count, 5);
	event_is(0, true, false, "data without the secrets to read it, "
	    "120 bytes in 2 records", NULL);
	event_is(1, false, false, "data without the secrets to read it, "
	    "7 bytes in 1 record", NULL);
}
END_TEST

START_TEST(not_tls)
{
	said(true, "Transport Layer Security\n");
	said(true, "Transport Layer Security\n");
	ck_assert_uint_eq(ladder.count, 1);
	event_is(0, true, true, "100 bytes that are not TLS", NULL);
}
END_TEST

START_TEST(association)
{
	said(true, "DICOM, x\n    PDU Type: ASSOC Request (0x01)\n    x\n"
	    "        Called  AE Title: PACS            \n"
	    "        Calling AE Title: MODALITY        \n"
	    "        Presentation Context: CT Image Storage (1.2.3)\n"
	    "        Presentation Context: CT Image Storage (1.2.3)\n"
	    "            Context ID: 0x01\n"
	    "        Presentation Context: Verification SOP Class (1.2)\n"
	    "        User Info: Max PDU Length 16384, Implementation UID 1.2, "
	    "Version V_1\n");
	event_is(0, true, false, "A-ASSOCIATE-RQ, MODALITY calls PACS (V_1), "
	    "3 presentation contexts: CT Image Storage; Verification SOP "
	    "Class", NULL);
	said(false, "DICOM, x\n    PDU Type: ASSOC Accept (0x02)\n"
	    "        Called  AE Title: PACS            \n"
	    "        Calling AE Title: MODALITY        \n"
	    "        Presentation Context: ID 0x01, Accept, Explicit VR Little "
	    "Endian, CT Image Storage\n"
	    "        Presentation Context: ID 0x03, Abstract Syntax Not "
	    "Supported, Verification SOP Class\n");
	event_is(1, false, false, "A-ASSOCIATE-AC to MODALITY from PACS, 1 of "
	    "2 presentation contexts accepted: CT Image Storage", NULL);
	said(false, "DICOM, x\n    PDU Type: ASSOC Accept (0x02)\n"
	    "        Presentation Context: ID 0x03, Abstract Syntax Not "
	    "Supported, Verification SOP Class\n");
	ck_assert(ladder.events[2].trouble);
	said(false, "DICOM, x\n    PDU Type: ASSOC Reject (0x03)\n"
	    "        Result: Reject Permanent\n        Source: User\n"
	    "        Reason: Called AE title not recognized\n");
	event_is(3, false, true, "A-ASSOCIATE-RJ, Reject Permanent, by User, "
	    "Called AE title not recognized", NULL);
}
END_TEST

START_TEST(two_messages_in_a_packet)
{
	said(false, PDV("Command, Last Fragment", "100", "0x03")
	    "        (0000,0100)          2 Command Field        C-FIND-RSP\n"
	    "        (0000,0120)          2 Message ID Being Responded To   "
	    "              4\n"
	    "        (0000,0900)          2 Status          Pending (0xff00)\n"
	    PDV("Data, Last Fragment", "52", "0x02")
	    "        (0010,0010)         16 Patient's Name          [PN] A^B\n"
	    "        (0010,0020)          6 Patient ID              <Empty>\n"
	    PDV("Command, Last Fragment", "100", "0x03")
	    "        (0000,0100)          2 Command Field        C-FIND-RSP\n"
	    "        (0000,0900)          2 Status      Refused (0xa700)\n"
	    "        (0000,0902)          2 Error Comment      for A^B\n");
	ck_assert_uint_eq(ladder.count, 3);
	event_is(0, false, false, "C-FIND-RSP 4, Pending (0xff00)", NULL);
	event_is(1, false, false, "data set, 50 bytes in 1 fragment",
	    "patient A^B");
	event_is(2, false, true, "C-FIND-RSP, Refused (0xa700)",
	    "\"for A^B\"");
}
END_TEST

START_TEST(data_sets)
{
	said(true, PDV("Data, More Fragments", "1002", "0x00"));
	said(true, PDV("Data, More Fragments", "1002", "0x00"));
	said(true, PDV("Data, Last Fragment", "12", "0x02")
	    "        (0010,0020)          6 Patient ID              [LO] 4 2 "
	    "\n");
	said(true, PDV("Data, More Fragments", "1002", "0x00"));
	ladder_end(&ladder);
	ck_assert_uint_eq(ladder.count, 2);
	event_is(0, true, false, "data set, 2010 bytes in 3 fragments",
	    "patient ID 4 2");
	event_is(1, true, true, "data set that never ends, 1000 bytes in 1 "
	    "fragment", NULL);
}
END_TEST

/* A class that is nobody knows whose goes with what is about patients. */
START_TEST(classes)
{
	said(true, PDV("Command, Last Fragment", "100", "0x03")
	    "        (0000,0002)         26 Affected SOP Class UID      "
	    "1.2.840.10008.5.1.4.1.1.2 (CT Image Storage)\n"
	    "        (0000,0100)          2 Command Field        C-STORE-RQ\n"
	    "        (0000,1000)         16 Affected SOP Instance UID   "
	    "2.25.1\n");
	event_is(0, true, false, "C-STORE-RQ, CT Image Storage, Explicit VR "
	    "Little Endian", "instance 2.25.1");
	said(true, PDV("Command, Last Fragment", "100", "0x03")
	    "        (0000,0002)         26 Affected SOP Class UID      "
	    "1.3.12.2\n"
	    "        (0000,0100)          2 Command Field        C-STORE-RQ\n");
	event_is(1, true, false, "C-STORE-RQ, a private class",
	    "class 1.3.12.2 ");
}
END_TEST

START_TEST(room_ends)
{
	int i;

	for (i = 0; i < LADDER_EVENTS + 5; i++)
		said(true, "DICOM, x\n    PDU Type: RELEASE Request (0x05)\n");
	said(true, PDV("Data, Last Fragment", "12", "0x02"));
	ladder_end(&ladder);
	ck_assert_uint_eq(ladder.count, LADDER_EVENTS);
	ck_assert_uint_eq(ladder.left_out, 6);
}
END_TEST

static const struct { const char *dirty, *clean; } cleaned[] = {
	{ "plain", "plain" },
	{ "M\xc3\xbcller \xe5\xb1\xb1 \xf0\x9f\x98\x80",
	    "M\xc3\xbcller \xe5\xb1\xb1 \xf0\x9f\x98\x80" },
	{ "M\xfcller", "M?ller" },			/* Latin-1 */
	{ "a\x1b[31m\n\t\x7f", "a?[31m???" },
	{ "\xc2\x9b", "??" },				/* C1 */
	{ "\xe2\x80\xae" "abc", "???abc" },		/* right to left */
	{ "\xc0\xaf\xe0\x80\xaf", "?????" },		/* overlong */
	{ "\xed\xa0\x80", "???" },			/* surrogate */
	{ "\xef\xbf\xbf", "???" },			/* no character */
	{ "\xf4\x90\x80\x80", "????" },			/* beyond Unicode */
	{ "\xe5\xb1", "??" },				/* cut */
};

START_TEST(clean)
{
	char text[64];

	strcpy(text, cleaned[_i].dirty);
	ladder_clean(text);
	ck_assert_str_eq(text, cleaned[_i].clean);
}
END_TEST

static char *
drawn(void (*draw)(const struct ladder *, const struct ladder_title *, FILE *),
    bool redact)
{
	struct ladder_title t = { .program = "p<r>&\"", .arguments = " A^B",
		.recording = "A^B.pcapng", .redact = redact };
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	draw(&ladder, &t, to);
	fclose(to);
	return text;
}

START_TEST(redaction)
{
	char *text;

	said(true, PDV("Data, Last Fragment", "12", "0x02")
	    "        (0010,0010)         16 Patient's Name          [PN] A^B\n");
	text = drawn(ladder_text, false);
	ck_assert_ptr_nonnull(strstr(text, "[patient A^B]"));
	ck_assert_ptr_nonnull(strstr(text, "p<r>&\" A^B\n"));
	free(text);
	text = drawn(ladder_svg, false);
	ck_assert_ptr_nonnull(strstr(text, "patient A^B"));
	ck_assert_ptr_nonnull(strstr(text, "p&lt;r&gt;&amp;&quot; A^B"));
	free(text);
	text = drawn(ladder_text, true);
	ck_assert_ptr_null(strstr(text, "A^B"));
	ck_assert_ptr_nonnull(strstr(text, "10 bytes"));
	free(text);
	text = drawn(ladder_svg, true);
	ck_assert_ptr_null(strstr(text, "A^B"));
	ck_assert_ptr_nonnull(strstr(text, "10 bytes"));
	free(text);
}
END_TEST

/* The stored captures, through tshark itself ------------------------------ */

static const struct {
	const char *name;
	const char *events[13];	/* these texts begin events, in this order */
} stored[] = {
	{ "04-echo-tls13", { "connect", "accepted", "Client Hello",
	    "Server Hello, Encrypted Extensions, Certificate", "Finished",
	    "A-ASSOCIATE-RQ, ECHOSCU calls ANY-SCP", "A-ASSOCIATE-AC",
	    "C-ECHO-RQ 1", "C-ECHO-RSP 1, Success", "A-RELEASE-RQ",
	    "A-RELEASE-RP", "close_notify" } },
	{ "05-store", { "A-ASSOCIATE-RQ, STORESCU",
	    "C-STORE-RQ 1, CT Image Storage, Explicit VR Little Endian",
	    "data set, 8538 bytes in 1 fragment", "C-STORE-RSP 1, Success",
	    "A-RELEASE-RQ", "close_notify", "close_notify", "FIN", "FIN" } },
	{ "06-find", { "C-FIND-RQ 1", "data set", "C-FIND-RSP 1",
	    "data set", "C-FIND-RSP 1, Success" } },
	{ "20-plain-client", { "accepted", "211 bytes that are not TLS",
	    "FIN" } },
	{ "21-untrusted", { "Server Hello", "alert: Unknown CA (Fatal)" } },
	{ "22-expired", { "alert: Certificate Expired (Fatal)", "FIN" } },
	{ "23-truncated", { "C-STORE-RQ 1", "data set",
	    "RST: the connection is reset" } },
};

/* In a check without tshark there is nothing to see, unless it must be. */
static bool
no_tshark(void)
{
	const char *strict = getenv("DICOMTLS_TEST_STRICT");

	if (system("tshark --version >/dev/null 2>&1") == 0)
		return false;
	ck_assert_msg(strict == NULL || strcmp(strict, "1") != 0,
	    "tshark is not installed");
	return true;
}

static void
read_stored(const char *name)
{
	char path[512];
	struct ladder_source src = { .path = path, .folder = unit_dir };
	struct fail f = { 0 };

	snprintf(path, sizeof path, CAPTURES "%s.pcapng", name);
	ck_assert_int_eq(system("openssl genrsa -out any.pem 2048 2>err"), 0);
	ck_assert_msg(ladder_read(&ladder, &src, &f) == 0, "%s", f.text);
}

START_TEST(captures)
{
	const char *const *want = stored[_i].events;
	size_t i;

	if (no_tshark())
		return;
	read_stored(stored[_i].name);
	ck_assert_uint_eq(ladder.streams_count, 1);
	for (i = 0; i < ladder.count && *want != NULL; i++) {
		ck_assert_int_ge(ladder.events[i].time, ladder.start);
		if (strncmp(ladder.events[i].text, *want,
		    strlen(*want)) == 0)
			want++;
	}
	ck_assert_msg(*want == NULL, "%s lacks %s", stored[_i].name, *want);
}
END_TEST

START_TEST(no_recording)
{
	struct ladder_source src = { .path = "/nowhere.pcapng",
		.folder = unit_dir };
	struct fail f = { 0 };

	if (no_tshark())
		return;
	unit_write("any.pem", "");
	ck_assert_int_lt(ladder_read(&ladder, &src, &f), 0);
	ck_assert_ptr_nonnull(strstr(f.text, "/nowhere.pcapng"));
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("ladder");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, tcp);
	tcase_add_test(tc, resets);
	tcase_add_test(tc, other_ports);
	tcase_add_test(tc, ipv6);
	tcase_add_test(tc, alert_behind_data);
	tcase_add_test(tc, server_hello);
	tcase_add_test(tc, without_secrets);
	tcase_add_test(tc, not_tls);
	tcase_add_test(tc, association);
	tcase_add_test(tc, two_messages_in_a_packet);
	tcase_add_test(tc, data_sets);
	tcase_add_test(tc, classes);
	tcase_add_test(tc, room_ends);
	tcase_add_loop_test(tc, clean, 0,
	    sizeof cleaned / sizeof cleaned[0]);
	tcase_add_test(tc, redaction);
	tcase_add_loop_test(tc, captures, 0,
	    sizeof stored / sizeof stored[0]);
	tcase_add_test(tc, no_recording);
	return unit_run(tc);
}
