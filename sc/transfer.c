/* SPDX-License-Identifier: BSD-2-Clause */
/* The operations in their order; each is asked for until the principal has no more of it. */
#include "sc/transfer.h"

#include <string.h>

#include "base/sw.h"

enum {
	CLA_OWN = 0x80,
	INS_INITIALIZE_UPDATE = 0x50,
	INS_OPERATE = 0x80,
	INS_GET_CHALLENGE = 0x84,
	INS_ACTIVATE = 0x88,
	P1_SELECT = 0x00,
	P1_DELETE = 0x10,
	P1_TAKE_BACK = 0x11,
	P1_FILE = 0x20,
	P1_BLOCK = 0x30,
	P1_INSTALL = 0x40,
	P1_AUTHENTICATE = 0x50,
	P1_REPORT = 0x60,
	P1_TIME = 0x71,
	P2_APPLICATION = 0xB0,
	P2_FILE = 0x20,
	P2_DATA = 0x30,
	NIBBLE = 0x0F,
	BYTE = 0xFF,
	LONG_INDEX = 0x02,
	LE_ALL = 65536,
	NUMBER_MAX = 0xFFFF,
	ANSWER_MAX = APDU_RESPONSE_MAX,
	COUNTERS_MAX = 2 << 20,
};

struct run {
	struct principal_card *principal;
	struct gp *target;
	const struct transfer_order *order;
	struct transfer_result *result;
	struct buf answer; /* the target's last, with its status word */
};

static enum rc ask(struct run *r, const struct apdu *header, struct buf *data, struct view *ret)
{
	r->result->by_target = false;
	return principal_card_ask(r->principal, header, data, ret, &r->result->sw);
}

/* An operation without a number. */
static enum rc tell(struct run *r, uint8_t p1, uint8_t p2, struct buf *data, struct view *ret)
{
	const struct apdu header = {
		.cla = CLA_OWN, .ins = INS_OPERATE, .p1 = p1, .p2 = p2, .le = LE_ALL};

	return ask(r, &header, data, ret);
}

/* One with a number: in P2 below kind as far as mask holds it, else in the data. */
static enum rc operate(struct run *r, uint8_t p1, uint8_t kind, uint8_t mask, size_t number,
		       struct view *ret)
{
	struct buf *data = principal_card_scratch(r->principal);

	if (number > NUMBER_MAX)
		return RC_SPACE;
	if (number <= mask)
		return tell(r, p1, (uint8_t)(kind | number), data, ret);
	buf_u8(data, LONG_INDEX);
	buf_u16(data, (uint16_t)number);
	return tell(r, p1, kind, data, ret);
}

/* A command to the target. */
static enum rc carry(struct run *r, struct view command)
{
	enum rc rc;

	r->result->by_target = true;
	buf_reset(&r->answer);
	rc = gp_carry(r->target, command, &r->answer, &r->result->sw);
	return rc == RC_OK && r->result->sw != SW_OK ? RC_SW : rc;
}

static enum rc initialise(struct run *r, struct view challenge)
{
	const struct apdu update = {.cla = CLA_OWN,
				    .ins = INS_INITIALIZE_UPDATE,
				    .p1 = r->order->version,
				    .data = challenge};
	struct view id;
	struct buf command;
	enum rc rc;

	r->result->step = TRANSFER_UPDATE;
	buf_init(&command, APDU_COMMAND_MAX);
	apdu_put(&command, &update);
	rc = buf_rc(&command);
	if (rc == RC_OK)
		rc = carry(r, view_buf(&command));
	buf_free(&command);
	id = view_buf(&r->answer);
	return rc == RC_OK ? view_copy(&id, r->result->target, DIVERSIFY_DATA) : rc;
}

/* A session between principal and target. */
static enum rc open_session(struct run *r)
{
	const struct apdu get = {.ins = INS_GET_CHALLENGE,
				 .le = r->order->s16 ? SCP03_S16 : SCP03_S8};
	uint8_t challenge[SCP03_S16];
	struct view data, sent = view_of(challenge, get.le);
	struct buf *both;
	enum rc rc;

	r->result->step = TRANSFER_CHALLENGE;
	rc = ask(r, &get, NULL, &data);
	if (rc == RC_OK && data.len != get.le)
		rc = RC_MALFORMED;
	if (rc == RC_OK)
		rc = view_copy(&data, challenge, get.le);
	if (rc == RC_OK)
		rc = initialise(r, sent);
	if (rc != RC_OK)
		return rc;
	r->result->step = TRANSFER_CRYPTOGRAM;
	both = principal_card_scratch(r->principal);
	buf_view(both, sent);
	buf_view(both, view_buf(&r->answer));
	rc = tell(r, P1_AUTHENTICATE, 0, both, &data);
	if (rc != RC_OK)
		return rc;
	r->result->step = TRANSFER_AUTHENTICATE;
	return carry(r, data);
}

/* A block that does not come to the target would break the chain of MACs: RC_SPACE before the first. */
static enum rc check_longest(const struct run *r, struct view answer)
{
	uint16_t longest = 0;

	if (answer.len && (view_u16(&answer, &longest) != RC_OK || view_end(&answer) != RC_OK))
		return RC_MALFORMED;
	return longest > gp_carry_max(r->target) ? RC_SPACE : RC_OK;
}

static enum rc request(struct run *r)
{
	struct view answer;
	enum rc rc = RC_OK;

	r->result->step = TRANSFER_REQUEST;
	if (r->order->time_ms) {
		struct buf *time = principal_card_scratch(r->principal);

		buf_u64(time, r->order->time_ms);
		rc = tell(r, P1_TIME, 0, time, NULL);
	}
	if (rc == RC_OK)
		rc = operate(r, P1_SELECT, P2_APPLICATION, NIBBLE, r->order->application, &answer);
	return rc == RC_OK ? check_longest(r, answer) : rc;
}

static bool may_go_on(const struct run *r, bool waits)
{
	return !r->order->go_on || r->order->go_on(r->order->arg, r->result->carried, waits);
}

/* The principal has no more of what was asked for. */
static bool is_end(const struct run *r, enum rc rc)
{
	return rc == RC_SW && !r->result->by_target && r->result->sw == SW_RECORD_NOT_FOUND;
}

/* Carries every command of an operation. */
static enum rc carry_all(struct run *r, uint8_t p1, enum transfer_step step)
{
	struct view command;
	enum rc rc = RC_OK;

	r->result->step = step;
	for (size_t n = 1; rc == RC_OK; n++) {
		/* What was released has to be carried, or none that follows has the right MAC. */
		if (!may_go_on(r, false))
			return RC_STATE;
		rc = operate(r, p1, 0, BYTE, n, &command);
		if (is_end(r, rc))
			return RC_OK;
		if (rc == RC_OK) {
			rc = carry(r, command);
			r->result->carried++;
		}
		/* What is to be deleted need not be there. */
		if (rc == RC_SW && p1 == P1_DELETE && r->result->by_target &&
		    r->result->sw == SW_REFERENCE_NOT_FOUND)
			rc = RC_OK;
	}
	return rc;
}

static enum rc load_files(struct run *r)
{
	enum rc rc = RC_OK;

	for (size_t n = 1; rc == RC_OK; n++) {
		r->result->step = TRANSFER_FILE;
		rc = operate(r, P1_SELECT, P2_FILE, NIBBLE, n, NULL);
		if (is_end(r, rc))
			return RC_OK;
		if (rc == RC_OK)
			rc = carry_all(r, P1_FILE, TRANSFER_FILE);
		if (rc == RC_OK)
			rc = operate(r, P1_SELECT, P2_DATA, NIBBLE, n, NULL);
		if (rc == RC_OK)
			rc = carry_all(r, P1_BLOCK, TRANSFER_BLOCK);
		if (rc == RC_OK)
			r->result->files++;
	}
	return rc;
}

/* How many activations all applications have used, and what this one has; it may be gone. */
static enum rc look(struct run *r, uint64_t *ret_used, bool *ret_left, bool *ret_spent)
{
	struct principal_card_counter counter;
	struct view rest;
	struct buf list;
	uint16_t sw;
	enum rc rc;

	*ret_used = 0;
	*ret_left = false;
	*ret_spent = false;
	buf_init(&list, COUNTERS_MAX);
	rc = principal_card_status(r->principal, PRINCIPAL_CARD_COUNTERS, 0, &list, &sw);
	rest = view_buf(&list);
	while (rc == RC_OK && rest.len) {
		rc = principal_card_next_counter(&rest, &counter);
		if (rc != RC_OK)
			break;
		*ret_used += counter.used;
		if (counter.number == r->order->application) {
			*ret_left = counter.left > 0;
			*ret_spent = counter.left == 0;
		}
	}
	buf_free(&list);
	return rc;
}

static enum rc ask_activation(struct run *r)
{
	const struct apdu command = {.ins = INS_ACTIVATE};

	return ask(r, &command, NULL, NULL);
}

/* While another target's report is outstanding, it is refused. */
static enum rc await_activation(struct run *r)
{
	uint64_t used, before = 0;
	bool left;
	enum rc rc = RC_SW;

	for (unsigned int n = 0;
	     rc == RC_SW && r->result->sw == SW_CONDITIONS && n < r->order->patience; n++) {
		enum rc looked = look(r, &used, &left, &r->result->is_spent);

		if (looked != RC_OK)
			return looked;
		if (!left)
			return RC_SW;
		if (used != before)
			n = 0;
		before = used;
		if (!may_go_on(r, true))
			return RC_STATE;
		rc = ask_activation(r);
	}
	return rc;
}

static enum rc activate(struct run *r)
{
	enum rc rc;

	r->result->step = TRANSFER_ACTIVATE;
	if (!may_go_on(r, false))
		return RC_STATE;
	rc = ask_activation(r);
	if (rc == RC_SW && r->result->sw == SW_CONDITIONS)
		rc = await_activation(r);
	if (rc == RC_OK)
		r->result->is_activated = true;
	return rc;
}

/* The target's answer goes to the principal, whatever it is. */
static enum rc report(struct run *r, size_t number)
{
	struct buf *answer = principal_card_scratch(r->principal);
	uint16_t sw = r->result->sw;
	enum rc rc;

	buf_view(answer, view_buf(&r->answer));
	r->result->step = TRANSFER_REPORT;
	rc = tell(r, P1_REPORT, (uint8_t)number, answer, NULL);
	if (rc != RC_OK || sw == SW_OK)
		return rc;
	r->result->step = TRANSFER_INSTALL;
	r->result->by_target = true;
	r->result->sw = sw;
	return RC_SW;
}

static enum rc install_all(struct run *r)
{
	struct view command;
	enum rc rc = RC_OK;

	for (size_t n = 1; rc == RC_OK; n++) {
		r->result->step = TRANSFER_INSTALL;
		rc = operate(r, P1_INSTALL, 0, BYTE, n, &command);
		if (is_end(r, rc))
			return RC_OK;
		if (rc == RC_OK) {
			rc = carry(r, command);
			r->result->carried++;
		}
		if (rc == RC_OK || rc == RC_SW) {
			if (r->result->by_target)
				rc = report(r, n);
		}
	}
	return rc;
}

/* The script's DELETEs once more, for what came onto the target in this session; it may have none. */
static void take_back(struct run *r)
{
	const struct transfer_result before = *r->result;
	struct view command;
	size_t deletes = 0;
	enum rc rc = RC_OK;

	for (size_t n = 1; rc == RC_OK; n++) {
		rc = operate(r, P1_TAKE_BACK, 0, BYTE, n, &command);
		if (rc == RC_OK) {
			rc = carry(r, command);
			deletes++;
		}
		if (rc == RC_SW && r->result->by_target && r->result->sw == SW_REFERENCE_NOT_FOUND)
			rc = RC_OK;
	}
	rc = is_end(r, rc) ? RC_OK : rc;
	*r->result = before;
	/* A file that was not wholly released has no DELETE, and nothing of it is loaded. */
	r->result->is_left = rc != RC_OK || (deletes == 0 && before.files);
}

/* The block that was the last one is known only when there is no more. */
static bool may_be_loaded(const struct transfer_result *result, enum rc rc)
{
	bool is_refused = rc == RC_SW && result->by_target;

	return !result->is_activated &&
	       (result->files || (result->step == TRANSFER_BLOCK && !is_refused));
}

enum rc transfer_run(struct principal_card *principal, struct gp *target,
		     const struct transfer_order *order, struct transfer_result *ret)
{
	struct run r = {.principal = principal, .target = target, .order = order, .result = ret};
	enum rc rc;

	*ret = (struct transfer_result){.step = TRANSFER_CHALLENGE};
	buf_init(&r.answer, ANSWER_MAX);
	rc = open_session(&r);
	if (rc == RC_OK)
		rc = request(&r);
	if (rc == RC_OK && !order->dry_run) {
		rc = carry_all(&r, P1_DELETE, TRANSFER_DELETE);
		if (rc == RC_OK)
			rc = load_files(&r);
		if (rc == RC_OK)
			rc = activate(&r);
		if (rc != RC_OK && may_be_loaded(ret, rc))
			take_back(&r);
		if (rc == RC_OK)
			rc = install_all(&r);
	}
	if (rc == RC_OK)
		ret->step = TRANSFER_DONE;
	buf_free(&r.answer);
	return rc;
}
