/* SPDX-License-Identifier: Apache-2.0
 * ladder, DICOM: what tshark says of PDUs (PS3.8 9.3), command sets (PS3.7
 * E.1) and data sets. */
#include <stdlib.h>
#include <string.h>

#include "ladder_now.h"

enum { ASSOCIATE_RQ = 1, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ,
	RELEASE_RP, ABORT };
enum { COMMAND = 1, LAST = 2, CONTEXTS_TOLD = 3 };

/* A copy without the blanks that pad AE titles. */
static void
keep(char *to, size_t size, const char *words)
{
	size_t len = strlen(words);

	while (len > 0 && words[len - 1] == ' ')
		len--;
	snprintf(to, size, "%.*s", (int)len, words);
}

/* Command sets ------------------------------------------------------------ */

static const struct element {
	unsigned number;	/* of group 0000 */
	size_t at, size;
} elements[] = {
#define ELEMENT(number, member) { number, \
	offsetof(struct command_set, member), \
	sizeof ((struct command_set *)NULL)->member }
	ELEMENT(0x0002, class), ELEMENT(0x0003, class),
	ELEMENT(0x0100, name), ELEMENT(0x0110, id), ELEMENT(0x0120, id),
	ELEMENT(0x0600, destination), ELEMENT(0x0900, status),
	ELEMENT(0x0902, comment), ELEMENT(0x1000, instance),
	ELEMENT(0x1001, instance), ELEMENT(0x1020, remaining),
	ELEMENT(0x1021, completed), ELEMENT(0x1022, failed),
	ELEMENT(0x1023, warned),
};

static void
command_element(struct command_set *c, unsigned number, const char *value)
{
	size_t i;

	for (i = 0; i < sizeof elements / sizeof elements[0]; i++)
		if (elements[i].number == number)
			keep((char *)c + elements[i].at, elements[i].size,
			    value);
}

/* "1.2.840.10008.5.1.4.1.1.2 (CT Image Storage)": DICOM's own classes have a
 * name; another UID might be anybody's, so it counts as a patient's. */
static void
class_name(const struct command_set *c, char *text, size_t size,
    char *patient, size_t patient_size)
{
	const char *name = strstr(c->class, " (");
	size_t len = name != NULL ? strlen(name + 2) : 0;

	if (len > 0)
		ladder_append(text, size, ", %.*s", (int)len - 1, name + 2);
	else if (ladder_behind(c->class, "1.2.840.10008.") != NULL)
		ladder_append(text, size, ", %s", c->class);
	else if (c->class[0] != '\0') {
		ladder_append(text, size, ", a private class");
		ladder_append(patient, patient_size, "class %s ", c->class);
	}
}

/* "Implicit VR Little Endian: Default Transfer Syntax for DICOM" is too long
 * to be read. */
static size_t
syntax_length(const char *name, size_t len)
{
	const char *end = strstr(name, ": Default");

	return end != NULL && (size_t)(end - name) < len ?
	    (size_t)(end - name) : len;
}

static void
transfer_syntax(const struct pdv *v, char *text, size_t size)
{
	const char *name = strstr(v->command.class, " (");
	size_t len = strlen(v->context);
	size_t class_len = name != NULL ? strlen(name + 2) - 1 : 0;

	if (name == NULL || class_len + 2 >= len ||
	    strncmp(v->context + len - class_len, name + 2, class_len) != 0)
		return;
	ladder_append(text, size, ", %.*s",
	    (int)syntax_length(v->context, len - class_len - 2), v->context);
}

static void
sub_operations(const struct command_set *c, char *text, size_t size)
{
	if (c->completed[0] == '\0' && c->remaining[0] == '\0')
		return;
	ladder_append(text, size, ", %s remaining, %s completed, %s failed, "
	    "%s with warnings", c->remaining[0] ? c->remaining : "0",
	    c->completed[0] ? c->completed : "0",
	    c->failed[0] ? c->failed : "0", c->warned[0] ? c->warned : "0");
}

/* Success, pending, and nothing else, is as it should be (PS3.7 C): "Success
 * (0x00)". */
static bool
bad_status(const char *status)
{
	const char *code = strstr(status, "(0x");
	unsigned long number;

	if (code == NULL)
		return status[0] != '\0' &&
		    ladder_behind(status, "Success") == NULL;
	number = strtoul(code + 1, NULL, 16);
	return number != 0 && number != 0xff00 && number != 0xff01;
}

static void
command(struct ladder *l)
{
	const struct pdv *v = &l->now->pdv;
	const struct command_set *c = &v->command;
	char text[LADDER_TEXT] = "", patient[LADDER_TEXT] = "";

	ladder_append(text, sizeof text, "%s", c->name[0] != '\0' ? c->name :
	    "a command that cannot be read");
	if (c->id[0] != '\0')
		ladder_append(text, sizeof text, " %s", c->id);
	if (c->status[0] != '\0')
		ladder_append(text, sizeof text, ", %s", c->status);
	else {
		class_name(c, text, sizeof text, patient, sizeof patient);
		transfer_syntax(v, text, sizeof text);
	}
	if (c->destination[0] != '\0')
		ladder_append(text, sizeof text, ", to %s", c->destination);
	sub_operations(c, text, sizeof text);
	if (c->instance[0] != '\0')
		ladder_append(patient, sizeof patient, "instance %s",
		    c->instance);
	if (c->comment[0] != '\0')
		ladder_append(patient, sizeof patient, "%s\"%s\"",
		    patient[0] != '\0' ? ", " : "", c->comment);
	ladder_add(l, LAYER_DICOM, bad_status(c->status), text, patient);
}

/* Data sets --------------------------------------------------------------- */

static void
data_set(struct ladder *l)
{
	struct ladder_now *now = l->now;
	struct pdv *v = &now->pdv;
	char patient[LADDER_TEXT] = "";

	/* The length counts context and flags too (PS3.8 9.3.5.1). */
	ladder_gather(l, LAYER_DICOM, v->length > 2 ? v->length - 2 : 0);
	if (!(v->flags & LAST))
		return;
	if (v->patient[0] != '\0')
		ladder_append(patient, sizeof patient, "patient %s",
		    v->patient);
	if (v->patient_id[0] != '\0')
		ladder_append(patient, sizeof patient, "%spatient ID %s",
		    patient[0] != '\0' ? ", " : "", v->patient_id);
	ladder_half_end(l, &now->stream->half[now->from_client], true,
	    patient);
}

static void
pdv_end(struct ladder *l)
{
	struct pdv *v = &l->now->pdv;

	if (v->open && v->told) {
		if (!(v->flags & COMMAND))
			data_set(l);
		else if (v->flags & LAST)
			command(l);
	}
	memset(v, 0, sizeof *v);
}

/* "[PN] DOE^JOHN": the value representation is not told. */
static const char *
without_vr(const char *value)
{
	return value[0] == '[' && value[1] != '\0' && value[2] != '\0' &&
	    value[3] == ']' ? value + 4 + strspn(value + 4, " ") : value;
}

/*
 * "(0010,0010)         16 Patient's Name            [PN] DOE^JOHN".  A name is
 * followed by blanks; it has no two in a row itself.
 */
static void
element(struct ladder *l, const char *words)
{
	struct pdv *v = &l->now->pdv;
	const char *value = strchr(words, ')');
	unsigned group, number;

	if (sscanf(words, "(%4x,%4x)", &group, &number) != 2 || value == NULL)
		return;
	value += 1 + strspn(value + 1, " ");
	value += strcspn(value, " ");
	value += strspn(value, " ");
	value = strstr(value, "  ");
	if (value == NULL)
		return;
	value = without_vr(value + strspn(value, " "));
	if (strcmp(value, "<Empty>") == 0)
		return;
	if (group == 0)
		command_element(&v->command, number, value);
	else if (group == 0x0010 && number == 0x0010)
		keep(v->patient, sizeof v->patient, value);
	else if (group == 0x0010 && number == 0x0020)
		keep(v->patient_id, sizeof v->patient_id, value);
}

/* "0x29 (Explicit VR Little Endian, CT Image Storage)". */
static void
context(struct pdv *v, const char *words)
{
	const char *name = strchr(words, '(');
	size_t len = name != NULL ? strlen(name + 1) : 0;

	if (len > 0)
		snprintf(v->context, sizeof v->context, "%.*s", (int)len - 1,
		    name + 1);
}

static void
pdv_line(struct ladder *l, const char *line)
{
	struct pdv *v = &l->now->pdv;
	const char *words;

	if (line[8] == '(')
		element(l, line + 8);
	else if ((words = ladder_behind(line + 8, "PDV Length: ")) != NULL)
		v->length = strtoul(words, NULL, 10);
	else if ((words = ladder_behind(line + 8, "Context: ")) != NULL)
		context(v, words);
	else if ((words = ladder_behind(line + 8, "Flags: ")) != NULL) {
		v->flags = (unsigned)strtoul(words, NULL, 16);
		v->told = true;
	}
}

/* Associations ------------------------------------------------------------ */

/* The name of a class, if it is new and there is room for it. */
static void
tell_context(struct pdu *p, const char *name, size_t len)
{
	char copy[LADDER_TEXT / 4];

	while (len > 0 && name[len - 1] == ' ')
		len--;
	snprintf(copy, sizeof copy, "%.*s", (int)len, name);
	if (strstr(p->contexts, copy) != NULL)
		return;
	if (p->told++ < CONTEXTS_TOLD)
		ladder_append(p->contexts, sizeof p->contexts, "%s%s",
		    p->contexts[0] != '\0' ? "; " : "", copy);
}

/*
 * Offered: "CT Image Storage (1.2.840.10008.5.1.4.1.1.2)".  Answered: "ID
 * 0x29, Accept, Explicit VR Little Endian, CT Image Storage".
 */
static void
presentation(struct pdu *p, const char *words)
{
	const char *name = strchr(words, ',');

	p->count++;
	if (p->type == ASSOCIATE_RQ)
		tell_context(p, words, strcspn(words, "("));
	else if (name != NULL && ladder_behind(name, ", Accept") != NULL) {
		p->accepted++;
		name = strrchr(words, ',') + 1;
		tell_context(p, name + strspn(name, " "), strlen(name));
	}
}

static void
associate_line(struct ladder *l, const char *words)
{
	struct pdu *p = &l->now->pdu;
	const char *value;

	if ((value = ladder_behind(words, "Called  AE Title: ")) != NULL)
		keep(p->called, sizeof p->called, value);
	else if ((value = ladder_behind(words, "Calling AE Title: ")) != NULL)
		keep(p->calling, sizeof p->calling, value);
	else if ((value = ladder_behind(words,
	    "Presentation Context: ")) != NULL)
		presentation(p, value);
	else if ((value = ladder_behind(words, "Result: ")) != NULL)
		keep(p->result, sizeof p->result, value);
	else if ((value = ladder_behind(words, "Source: ")) != NULL)
		keep(p->source, sizeof p->source, value);
	else if ((value = ladder_behind(words, "Reason: ")) != NULL)
		keep(p->reason, sizeof p->reason, value);
	else if ((value = ladder_behind(words, "User Info: ")) != NULL &&
	    (value = strstr(value, "Version ")) != NULL)
		keep(p->implementation, sizeof p->implementation, value + 8);
}

static void
associate(struct ladder *l)
{
	const struct pdu *p = &l->now->pdu;
	bool request = p->type == ASSOCIATE_RQ;
	unsigned told = request ? p->count : p->accepted;
	char text[LADDER_TEXT] = "";

	ladder_append(text, sizeof text, request ? "A-ASSOCIATE-RQ, %s calls "
	    "%s" : "A-ASSOCIATE-AC to %s from %s", p->calling, p->called);
	if (p->implementation[0] != '\0')
		ladder_append(text, sizeof text, " (%s)", p->implementation);
	if (!request)
		ladder_append(text, sizeof text, ", %u of", told);
	ladder_append(text, sizeof text, request ? ", %u presentation "
	    "context%s" : " %u presentation context%s accepted", p->count,
	    p->count == 1 ? "" : "s");
	ladder_append(text, sizeof text, "%s%s%s", p->told > 0 ? ": " : "",
	    p->contexts, p->told > CONTEXTS_TOLD ? "; and more" : "");
	ladder_add(l, LAYER_DICOM, !request && told == 0, text, NULL);
}

static void
refusal(struct ladder *l)
{
	const struct pdu *p = &l->now->pdu;
	char text[LADDER_TEXT] = "";

	ladder_append(text, sizeof text, "%s", p->type == ABORT ? "A-ABORT" :
	    "A-ASSOCIATE-RJ");
	if (p->result[0] != '\0')
		ladder_append(text, sizeof text, ", %s", p->result);
	if (p->source[0] != '\0')
		ladder_append(text, sizeof text, ", by %s", p->source);
	if (p->reason[0] != '\0' && strcmp(p->reason, "N/A") != 0)
		ladder_append(text, sizeof text, ", %s", p->reason);
	ladder_add(l, LAYER_DICOM, true, text, NULL);
}

void
ladder_dicom_end(struct ladder *l)
{
	struct pdu *p = &l->now->pdu;

	pdv_end(l);
	switch (p->type) {
	case ASSOCIATE_RQ:
	case ASSOCIATE_AC:
		associate(l);
		break;
	case ASSOCIATE_RJ:
	case ABORT:
		refusal(l);
		break;
	case RELEASE_RQ:
		ladder_add(l, LAYER_DICOM, false, "A-RELEASE-RQ", NULL);
		break;
	case RELEASE_RP:
		ladder_add(l, LAYER_DICOM, false, "A-RELEASE-RP", NULL);
		break;
	}
	memset(p, 0, sizeof *p);
}

void
ladder_dicom_line(struct ladder *l, const char *line)
{
	struct pdu *p = &l->now->pdu;
	const char *words;

	/* DICOM's messages follow TLS's in a packet, but for alerts. */
	ladder_tls_end(l);
	if ((words = ladder_behind(line, "    PDU Type: ")) != NULL) {
		ladder_dicom_end(l);
		words = strstr(words, "(0x");
		p->type = words != NULL ?
		    (unsigned)strtoul(words + 1, NULL, 16) : 0;
	} else if (ladder_behind(line, "    PDV") != NULL) {
		pdv_end(l);
		l->now->pdv.open = true;
	} else if (strncmp(line, "        ", 8) == 0 && line[8] != ' ') {
		if (l->now->pdv.open)
			pdv_line(l, line);
		else
			associate_line(l, line + 8);
	}
}
