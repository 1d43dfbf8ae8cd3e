/* SPDX-License-Identifier: BSD-2-Clause */
/* The file control information of doc/commands.md, Selecting. */
#include "sc/fci.h"

#include "base/tlv.h"

enum { INS_SELECT = 0xA4, P1_BY_NAME = 0x04, LE_SHORT = 256 };

static const uint8_t application_aid[] = {0xF0, 'I', 'n', 't', 'a', 'g', 'l', 'i', 'o', 0x01};

struct view fci_application_aid(void)
{
	return view_of(application_aid, sizeof(application_aid));
}

struct apdu fci_select(void)
{
	return (struct apdu){
		.ins = INS_SELECT,
		.p1 = P1_BY_NAME,
		.data = view_of(application_aid, sizeof(application_aid)),
		.le = LE_SHORT,
	};
}

static enum rc find_u32(struct view in, uint32_t tag, uint32_t *ret)
{
	struct view value;

	if (tlv_find(in, tag, &value) != RC_OK || view_u32(&value, ret) != RC_OK)
		return RC_MALFORMED;
	return view_end(&value);
}

static enum rc find_bytes(struct view in, uint32_t tag, uint8_t *ret, size_t n)
{
	struct view value;

	if (tlv_find(in, tag, &value) != RC_OK || value.len != n)
		return RC_MALFORMED;
	return view_copy(&value, ret, n);
}

/* Objects that it does not name are left for later versions. */
enum rc fci_parse(struct view data, struct fci *ret)
{
	struct view template, aid, own, suites, counter;
	struct fci f = {.flags = 0};

	if (tlv_expect(&data, 0x6F, &template) != RC_OK || data.len ||
	    tlv_find(template, 0x84, &aid) != RC_OK || tlv_find(template, 0xA5, &own) != RC_OK)
		return RC_MALFORMED;
	if (!view_equal(aid, view_of(application_aid, sizeof(application_aid))))
		return RC_MALFORMED;
	if (tlv_find(own, 0xC1, &counter) != RC_OK || counter.len != 8 ||
	    view_u64(&counter, &f.change_counter) != RC_OK ||
	    find_bytes(own, 0xC2, f.digest, sizeof(f.digest)) != RC_OK ||
	    find_bytes(own, 0xC3, &f.flags, 1) != RC_OK ||
	    find_bytes(own, 0xC4, &f.life_cycle, 1) != RC_OK ||
	    find_bytes(own, 0xC5, f.card_id, CVC_ID) != RC_OK ||
	    find_u32(own, 0xC6, &f.command_max) != RC_OK ||
	    find_u32(own, 0xC7, &f.answer_max) != RC_OK || tlv_find(own, 0xC8, &suites) != RC_OK ||
	    suites.len > sizeof(f.suites))
		return RC_MALFORMED;
	f.suite_count = suites.len;
	if (view_copy(&suites, f.suites, f.suite_count) != RC_OK)
		return RC_MALFORMED;
	*ret = f;
	return RC_OK;
}
