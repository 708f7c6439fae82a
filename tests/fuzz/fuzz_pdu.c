/* SPDX-License-Identifier: Apache-2.0
 * fuzz_pdu: a stream in one piece and the same in two tell the same. */
#include "fuzz.h"

#include "dicom/pdu.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pdu whole = { 0 }, parts = { 0 };
	char called[17], calling[17];
	size_t cut;

	if (size < 2)
		return 0;
	cut = (size_t)(data[0] << 8 | data[1]) % (size - 1);
	data += 2;
	size -= 2;
	pdu_feed(&whole, data, size);
	pdu_feed(&parts, data, cut < size ? cut : size);
	if (cut < size)
		pdu_feed(&parts, data + cut, size - cut);
	MUST(pdu_inside(&whole) == pdu_inside(&parts));
	MUST(whole.other == parts.other);
	if (!whole.other)
		MUST(whole.left == parts.left && whole.have == parts.have);
	if (pdu_titles(data, size, called, calling))
		MUST(strlen(called) <= 16 && strlen(calling) <= 16);
	return 0;
}
