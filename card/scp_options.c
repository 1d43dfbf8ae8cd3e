/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of SCP02 and SCP03; what i may be is GPCS E.1.1 and Amendment D table 5-1. */
#include "card/scp_options.h"

#include "base/scp03.h"
#include "base/tlv.h"
#include "card/keyset.h"
#include "card/manager.h"

enum {
	TAG_LIST = 0x81,
	SCP02 = 0x02,
	SCP03 = 0x03,
	I_02_RANDOM = 0x15,
	I_02_DERIVED = 0x55,
	I_03 = SCP03_I_R_MAC | SCP03_I_R_ENC, /* random challenges, S8 */
	I_03_ALL = I_03 | SCP03_I_S16 | SCP03_I_DERIVED_CHALLENGE,
};

/* R-ENC comes with R-MAC only. */
static bool is_possible(uint8_t protocol, uint8_t i)
{
	if (protocol == SCP02)
		return i == I_02_RANDOM || i == I_02_DERIVED;
	return protocol == SCP03 && !(i & ~I_03_ALL) &&
	       (!(i & SCP03_I_R_ENC) || (i & SCP03_I_R_MAC));
}

/* The first option of a protocol in a list; *ret is left where there is none. RC_MALFORMED. */
static enum rc find_option(struct view list, uint8_t protocol, uint8_t *ret)
{
	uint8_t is, i;
	bool found = false;

	while (list.len) {
		if (view_u8(&list, &is) != RC_OK || view_u8(&list, &i) != RC_OK ||
		    !is_possible(is, i))
			return RC_MALFORMED;
		if (is == protocol && !found)
			*ret = i;
		found = found || is == protocol;
	}
	return RC_OK;
}

enum rc scp_options_check(struct view objects)
{
	struct view value, list = {NULL, 0};
	uint8_t unused;
	uint32_t tag;

	while (objects.len) {
		if (tlv_next(&objects, &tag, &value) != RC_OK)
			return RC_MALFORMED;
		/* What is looked for later is the first: there is one. */
		if (tag == TAG_LIST && list.data)
			return RC_MALFORMED;
		if (tag == TAG_LIST)
			list = value;
	}
	return find_option(list, SCP03, &unused);
}

enum rc scp_options_get(struct nvm *nvm, const struct registry_entry *domain, uint8_t key_type,
			uint8_t *ret)
{
	uint8_t protocol = key_type == KEY_TYPE_DES ? SCP02 : SCP03;
	struct view objects, list;
	enum rc rc = manager_stored(nvm, domain->number, TAG_SCP_OPTIONS, &objects);

	*ret = protocol == SCP02 ? I_02_RANDOM : I_03;
	if (rc == RC_NOT_FOUND) {
		objects = view_of(domain->parameters, domain->parameters_len);
		rc = RC_OK;
	}
	/* An entry of before these were looked at may have anything there. */
	if (rc == RC_OK && tlv_find(objects, TAG_LIST, &list) == RC_OK &&
	    find_option(list, protocol, ret) != RC_OK)
		*ret = protocol == SCP02 ? I_02_RANDOM : I_03;
	return rc;
}
