/* SPDX-License-Identifier: BSD-2-Clause */
/* Principal cards: how one is made, what the issuer puts there but applications, and what it tells. */
#include "token/principal.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/secret.h"
#include "base/tlv.h"
#include "token/outcome.h"

enum {
	STEPS = PRINCIPAL_GIVE_UP + 1,
	ROWS = 5,
	TYPE_DES = 0x80,
	TYPE_AES = 0x88,
	KEY_SETS = 16,
	STATUS_MAX = 8 << 20,
	TAG_PARAMETERS = 0xC9,
	NUMBER_MAX = 0xFFFF,
};

struct row {
	uint16_t sw;
	CK_RV rv;
	const char *sentence; /* after "card NAME: " */
};

#define NOT_ISSUER                                                                       \
	{                                                                                \
		SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,                               \
			"not authorised: this needs a host's certificate with the role " \
			"issuer, and a channel that enciphers"                           \
	}
#define NO_MEMORY                                                                                  \
	{                                                                                          \
		SW_NOT_ENOUGH_MEMORY, CKR_DEVICE_MEMORY, "its memory is full; nothing was changed" \
	}
#define NO_APPLICATION                                                                \
	{                                                                             \
		SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,                             \
			"there is no application of this number on it; see intaglio " \
			"principal status"                                            \
	}

static const struct row rows[STEPS][ROWS] = {
	[PRINCIPAL_KEYS] = {NOT_ISSUER,
			    NO_MEMORY,
			    {SW_WRONG_DATA, CKR_DATA_INVALID,
			     "it does not take such a key set; keys that cards share need SCP02 "
			     "with i = 15, or SCP03"}},
	[PRINCIPAL_FILE] = {NOT_ISSUER,
			    NO_MEMORY,
			    {SW_WRONG_DATA, CKR_DATA_INVALID,
			     "the load file did not arrive as it was sent; nothing was changed"},
			    {SW_CONDITIONS, CKR_DATA_INVALID,
			     "a load file of this number is another application's, which keeps it; "
			     "take that application off, or load this one under another number"}},
	[PRINCIPAL_APPLICATION] = {NOT_ISSUER,
				   NO_MEMORY,
				   {SW_WRONG_DATA, CKR_DATA_INVALID,
				    "it does not take such a script"}},
	[PRINCIPAL_CHARGE] = {NOT_ISSUER,
			      NO_MEMORY,
			      NO_APPLICATION,
			      {SW_CONDITIONS, CKR_DATA_INVALID,
			       "this is not the next charge: its serial has to be one above the "
			       "last one's; see intaglio principal status"},
			      {SW_WRONG_DATA, CKR_DATA_INVALID,
			       "it cannot count so many activations"}},
	[PRINCIPAL_STATUS] = {NOT_ISSUER},
	[PRINCIPAL_TRIM] = {NOT_ISSUER,
			    {SW_WRONG_DATA, CKR_DATA_INVALID, "its trail has not got so far yet"}},
	[PRINCIPAL_GIVE_UP] = {{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
				"no installation is pending on it"},
			       {SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,
				"not authorised: this needs a host's certificate with the role "
				"user or issuer"}},
};

uint64_t token_host_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

CK_RV token_judge_principal(struct principal *p, enum principal_step step, enum rc rc,
			    const uint16_t *sw)
{
	struct slot *slot = p->content.slot;

	if (rc != RC_SW)
		return outcome(slot, CALL_OBJECT, rc, sw);
	for (size_t i = 0; i < ROWS && rows[step][i].sw; i++) {
		if (rows[step][i].sw != *sw)
			continue;
		log_error("card %s: %s", slot->name, rows[step][i].sentence);
		return rows[step][i].rv;
	}
	log_error("card %s: it refused the command with status %04X", slot->name, *sw);
	return CKR_DEVICE_ERROR;
}

CK_RV token_open_principal(struct slot *slot, struct principal *ret)
{
	struct principal p = {.content = {.slot = slot}};
	struct sc *sc = NULL;
	enum rc rc = content_connect(&p.content, &sc);

	if (rc == RC_REMOVED)
		return CKR_TOKEN_NOT_PRESENT;
	if (rc == RC_OK)
		rc = principal_card_open(&sc, &p.card);
	if (rc == RC_OK) {
		*ret = p;
		return CKR_OK;
	}
	identity_free(&p.content.identity);
	if (rc == RC_NOT_FOUND)
		return CKR_DATA_INVALID;
	return outcome(slot, CALL_OBJECT, rc, &(uint16_t){0});
}

void token_close_principal(struct principal *p)
{
	principal_card_close(&p->card);
	content_close(&p->content);
}

CK_RV slot_create_principal(struct slot *slot)
{
	static const uint8_t none[1], empty[] = {TAG_PARAMETERS, 0};
	const struct gp_install install = {
		.purpose = GP_FOR_INSTALL | GP_FOR_SELECTABLE,
		.file = principal_card_file(),
		.module = principal_card_module(),
		.instance = principal_card_aid(),
		.privileges = view_of(none, sizeof(none)),
		.parameters = view_of(empty, sizeof(empty)),
	};
	struct content c;
	uint16_t sw = 0;
	CK_RV rv = content_open(slot, NULL, false, &c);
	enum rc rc;

	if (rv != CKR_OK)
		return rv;
	rc = gp_install(c.gp, &install, &sw);
	if (rc == RC_SW && sw == SW_CONDITIONS) {
		log_error("card %s: it is a principal card already", slot->name);
		rv = CKR_DATA_INVALID;
	} else {
		rv = content_judge(&c, CONTENT_INSTALL, rc, &sw);
	}
	content_close(&c);
	return rv;
}

static bool take_target_keys(const CK_INTAGLIO_TARGET_KEYS *from, struct principal_card_keys *to)
{
	*to = (struct principal_card_keys){.number = (uint8_t)from->ulNumber,
					   .type = from->ulProtocol == 3 ? TYPE_AES : TYPE_DES,
					   .i = (uint8_t)from->ulOption,
					   .version = (uint8_t)from->ulVersion,
					   .flags = (uint8_t)from->ulFlags,
					   .block = (uint16_t)from->ulBlockSize,
					   .len = from->ulKeyLen};
	if (from->ulNumber == 0 || from->ulNumber > KEY_SETS)
		return false;
	if (from->ulKeyLen == 0)
		return true;
	if ((from->ulProtocol != 2 && from->ulProtocol != 3) || from->ulOption > 0xFF ||
	    from->ulVersion > 0xFF || from->ulFlags > 0xFF || from->ulBlockSize > NUMBER_MAX ||
	    (from->ulKeyLen != 16 && from->ulKeyLen != 24 && from->ulKeyLen != 32))
		return false;
	for (size_t i = 0; i < PRINCIPAL_CARD_KEYS; i++)
		memcpy(to->key[i], from->keys[i], to->len);
	return true;
}

CK_RV slot_put_target_keys(struct slot *slot, const CK_INTAGLIO_TARGET_KEYS *keys)
{
	struct principal_card_keys set;
	struct principal p;
	uint16_t sw = 0;
	CK_RV rv = CKR_ARGUMENTS_BAD;

	if (take_target_keys(keys, &set))
		rv = token_open_principal(slot, &p);
	else
		log_error("card %s: a key set for targets has a number from 1 to 16 and three keys "
			  "of 16 bytes each, or 24 or 32 for SCP03",
			  slot->name);
	if (rv == CKR_OK) {
		rv = token_judge_principal(&p, PRINCIPAL_KEYS,
					   principal_card_put_keys(p.card, &set, &sw), &sw);
		token_close_principal(&p);
	}
	secret_wipe(&set, sizeof(set));
	return rv;
}

/* The application's counter; RC_NOT_FOUND if there is none. */
static enum rc find_counter(struct principal *p, uint16_t number,
			    struct principal_card_counter *ret, uint16_t *ret_sw)
{
	struct buf all;
	struct view in;
	enum rc rc;

	buf_init(&all, STATUS_MAX);
	rc = principal_card_status(p->card, PRINCIPAL_CARD_COUNTERS, (uint32_t)number - 1, &all,
				   ret_sw);
	in = view_buf(&all);
	if (rc == RC_OK && !in.len)
		rc = RC_NOT_FOUND;
	if (rc == RC_OK)
		rc = principal_card_next_counter(&in, ret);
	if (rc == RC_OK && ret->number != number)
		rc = RC_NOT_FOUND;
	buf_free(&all);
	return rc;
}

static enum rc charge(struct principal *p, uint16_t number, uint32_t *serial, uint32_t count,
		      uint16_t *ret_sw)
{
	struct principal_card_counter counter;
	enum rc rc = RC_OK;

	if (*serial == 0) {
		rc = find_counter(p, number, &counter, ret_sw);
		if (rc == RC_OK)
			*serial = counter.serial + 1;
	}
	return rc == RC_OK ? principal_card_charge(p->card, number, *serial, count, ret_sw) : rc;
}

CK_RV slot_charge_principal(struct slot *slot, CK_ULONG application, CK_ULONG serial,
			    CK_ULONG count)
{
	uint32_t number = (uint32_t)serial;
	struct principal p;
	uint16_t sw = 0;
	enum rc rc = RC_RESET;
	CK_RV rv;

	if (application == 0 || application > NUMBER_MAX || serial > UINT32_MAX ||
	    count > UINT32_MAX)
		return CKR_ARGUMENTS_BAD;
	/* One whose answer was lost gives nothing twice. */
	for (int i = 0; i < 2 && rc == RC_RESET; i++) {
		rv = token_open_principal(slot, &p);
		if (rv != CKR_OK)
			return rv;
		rc = charge(&p, (uint16_t)application, &number, (uint32_t)count, &sw);
		if (rc == RC_NOT_FOUND) {
			sw = SW_REFERENCE_NOT_FOUND;
			rc = RC_SW;
		}
		rv = token_judge_principal(&p, PRINCIPAL_CHARGE, rc, &sw);
		token_close_principal(&p);
	}
	return rv;
}

CK_RV slot_trim_principal(struct slot *slot, CK_ULONG sequence)
{
	struct principal p;
	uint16_t sw = 0;
	CK_RV rv;

	if (sequence > UINT32_MAX)
		return CKR_ARGUMENTS_BAD;
	rv = token_open_principal(slot, &p);
	if (rv != CKR_OK)
		return rv;
	rv = token_judge_principal(&p, PRINCIPAL_TRIM,
				   principal_card_trim(p.card, (uint32_t)sequence, &sw), &sw);
	token_close_principal(&p);
	return rv;
}

CK_RV slot_give_up_principal(struct slot *slot)
{
	struct principal p;
	uint16_t sw = 0;
	CK_RV rv = token_open_principal(slot, &p);

	if (rv != CKR_OK)
		return rv;
	rv = token_judge_principal(&p, PRINCIPAL_GIVE_UP,
				   principal_card_give_up(p.card, token_host_time(), &sw), &sw);
	token_close_principal(&p);
	return rv;
}

/* What a status is made of: takes the next entry, and puts it where to is, unless that is NULL. */
typedef enum rc (*take_entry)(struct view *in, void *to);

static enum rc take_counter(struct view *in, void *to)
{
	struct principal_card_counter n;
	enum rc rc = principal_card_next_counter(in, &n);

	if (rc == RC_OK && to)
		*(CK_INTAGLIO_PRINCIPAL_COUNTER *)to =
			(CK_INTAGLIO_PRINCIPAL_COUNTER){n.number, n.left, n.used, n.serial, n.last};
	return rc;
}

static enum rc take_keys(struct view *in, void *to)
{
	struct principal_card_keys k;
	CK_INTAGLIO_TARGET_KEYS *ret = to;
	enum rc rc = principal_card_next_keys(in, &k);

	if (rc != RC_OK || !ret)
		return rc;
	*ret = (CK_INTAGLIO_TARGET_KEYS){.ulNumber = k.number,
					 .ulProtocol = k.type == TYPE_AES ? 3 : 2,
					 .ulOption = k.i,
					 .ulVersion = k.version,
					 .ulFlags = k.flags,
					 .ulBlockSize = k.block,
					 .ulKeyLen = k.len};
	memcpy(ret->checks, k.check, sizeof(ret->checks));
	return RC_OK;
}

static enum rc take_file(struct view *in, void *to)
{
	struct principal_card_load_file f;
	CK_INTAGLIO_PRINCIPAL_FILE *ret = to;
	enum rc rc = principal_card_next_file(in, &f);

	if (rc != RC_OK || !ret)
		return rc;
	ret->ulNumber = f.number;
	ret->ulSize = f.size;
	memcpy(ret->hash, f.hash, sizeof(ret->hash));
	return RC_OK;
}

static enum rc take_event(struct view *in, void *to)
{
	struct principal_card_event e;
	CK_INTAGLIO_PRINCIPAL_EVENT *ret = to;
	enum rc rc = principal_card_next_event(in, &e);

	if (rc != RC_OK || !ret)
		return rc;
	*ret = (CK_INTAGLIO_PRINCIPAL_EVENT){.ulSequence = e.sequence,
					     .ulEvent = e.event,
					     .ulApplication = e.application,
					     .bProved = e.proved == 1,
					     .ulDate = e.date,
					     .ullTime = e.time_ms};
	memcpy(ret->target, e.target, sizeof(ret->target));
	memcpy(ret->digest, e.digest, sizeof(ret->digest));
	return RC_OK;
}

/* One list of a status. *ret_denied: not for this host; then there is none of it. */
struct list {
	enum principal_card_list what;
	uint32_t from;
	take_entry take;
	void *entries;
	size_t size; /* of one */
	CK_ULONG *count;
};

static enum rc read_list(struct principal *p, const struct list *list, bool *ret_short,
			 bool *ret_denied, uint16_t *ret_sw)
{
	CK_ULONG room = list->entries ? *list->count : 0, n = 0;
	struct view in;
	struct buf all;
	enum rc rc;

	buf_init(&all, STATUS_MAX);
	rc = principal_card_status(p->card, list->what, list->from, &all, ret_sw);
	*ret_denied = rc == RC_SW && *ret_sw == SW_SECURITY_STATUS;
	in = view_of(all.data, rc == RC_OK ? all.len : 0);
	if (*ret_denied)
		rc = RC_OK;
	while (rc == RC_OK && in.len) {
		void *to = n < room ? (char *)list->entries + n * list->size : NULL;

		rc = list->take(&in, to);
		n++;
	}
	buf_free(&all);
	*ret_short = *ret_short || (list->entries && n > room);
	*list->count = n;
	return rc;
}

static enum rc read_pending(struct principal *p, CK_INTAGLIO_PRINCIPAL_STATUS *s, uint16_t *ret_sw)
{
	struct principal_card_pending e = {.application = 0};
	struct buf all;
	enum rc rc;

	buf_init(&all, STATUS_MAX);
	rc = principal_card_status(p->card, PRINCIPAL_CARD_PENDING, 0, &all, ret_sw);
	if (rc == RC_OK)
		rc = principal_card_take_pending(view_buf(&all), &e);
	buf_free(&all);
	s->ulPending = e.application;
	s->ulRetries = e.retries;
	memcpy(s->target, e.target, sizeof(s->target));
	memcpy(s->digest, e.digest, sizeof(s->digest));
	return rc;
}

static enum rc read_status(struct principal *p, CK_INTAGLIO_PRINCIPAL_STATUS *s, bool *ret_short,
			   uint16_t *ret_sw)
{
	const struct list lists[] = {
		{PRINCIPAL_CARD_COUNTERS, 0, take_counter, s->pCounters, sizeof(*s->pCounters),
		 &s->ulCounterCount},
		{PRINCIPAL_CARD_KEY_SETS, 0, take_keys, s->pKeys, sizeof(*s->pKeys),
		 &s->ulKeyCount},
		{PRINCIPAL_CARD_FILES, 0, take_file, s->pFiles, sizeof(*s->pFiles),
		 &s->ulFileCount},
		{PRINCIPAL_CARD_TRAIL, (uint32_t)s->ulFirst, take_event, s->pEvents,
		 sizeof(*s->pEvents), &s->ulEventCount},
	};
	bool denied[4] = {false};
	enum rc rc = RC_OK;

	for (size_t i = 0; rc == RC_OK && i < 4; i++)
		rc = read_list(p, &lists[i], ret_short, &denied[i], ret_sw);
	s->bAll = !denied[1];
	s->bTrail = !denied[3];
	return rc == RC_OK && s->bAll ? read_pending(p, s, ret_sw) : rc;
}

CK_RV slot_principal_status(struct slot *slot, CK_INTAGLIO_PRINCIPAL_STATUS *status)
{
	bool is_short = false;
	struct principal p;
	uint16_t sw = 0;
	CK_RV rv;

	if (status->ulFirst > UINT32_MAX)
		return CKR_ARGUMENTS_BAD;
	rv = token_open_principal(slot, &p);
	if (rv != CKR_OK)
		return rv;
	status->ulPending = status->ulRetries = 0;
	rv = token_judge_principal(&p, PRINCIPAL_STATUS, read_status(&p, status, &is_short, &sw),
				   &sw);
	token_close_principal(&p);
	return rv == CKR_OK && is_short ? CKR_BUFFER_TOO_SMALL : rv;
}
