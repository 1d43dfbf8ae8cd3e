/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installation on the card in one slot through the principal card in another, and what each card's
 * refusals mean to people. Both slots are locked, in the order of their numbers, and neither while
 * the application's callback runs.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "sc/transfer.h"
#include "token/outcome.h"
#include "token/principal.h"

enum { ROWS = 5, PATIENCE = 100, PAUSE_NS = 100000000, NUMBER_MAX = 0xFFFF };

struct work {
	struct slot *slot; /* of the principal */
	struct principal principal;
	struct content target;
	CK_INTAGLIO_TRANSFER *in;
	struct transfer_result result;
};

struct row {
	uint16_t sw;
	CK_RV rv;
	const char *sentence; /* after "card NAME: " */
};

#define NOT_INSTALLER                                                                    \
	{                                                                                \
		SW_SECURITY_STATUS, CKR_ACTION_PROHIBITED,                               \
			"not authorised: this needs a host's certificate with the role " \
			"user or issuer"                                                 \
	}

/* At the request; at the activation only if other installations have filled it meanwhile. */
#define TRAIL_FULL                                                               \
	{                                                                        \
		SW_NOT_ENOUGH_MEMORY, CKR_ACTION_PROHIBITED,                     \
			"its audit trail is full; the issuer takes entries off " \
			"with intaglio principal trim"                           \
	}

/* The principal's words. */
static const struct row principal_rows[TRANSFER_DONE][ROWS] = {
	[TRANSFER_CHALLENGE] = {NOT_INSTALLER},
	[TRANSFER_CRYPTOGRAM] = {NOT_INSTALLER,
				 {SW_AUTHENTICATION_FAILED, CKR_DATA_INVALID,
				  "it has no key set of that target card"},
				 {SW_CONDITIONS, CKR_ACTION_PROHIBITED,
				  "it refuses the target card: the card shares its keys with "
				  "others and its challenges can be foretold, or it has SCP03 "
				  "without R-MAC and R-ENC"},
				 {SW_WRONG_DATA, CKR_DATA_INVALID,
				  "it cannot read the target card's greeting: that is neither "
				  "SCP02 nor SCP03, or SCP03 with challenges of the other "
				  "length"}},
	[TRANSFER_REQUEST] = {NOT_INSTALLER,
			      TRAIL_FULL,
			      {SW_FUNCTION_NOT_SUPPORTED, CKR_DATA_INVALID,
			       "a load file of the application has more than 256 blocks of the "
			       "size that the target's key set allows; the target card is as it "
			       "was (--block-size of its keys)"},
			      {SW_RECORD_NOT_FOUND, CKR_DATA_INVALID,
			       "it has no such application, or not all of its load files"},
			      {SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			       "it has no activation left for this application, or the "
			       "application is for targets with another key set; the target card "
			       "is as it was"}},
	[TRANSFER_FILE] = {{SW_CONDITIONS, CKR_DATA_INVALID,
			    "the issuer has changed the application meanwhile; try again"}},
	[TRANSFER_BLOCK] = {{SW_CONDITIONS, CKR_DATA_INVALID,
			     "the issuer has changed the application meanwhile; try again"}},
	[TRANSFER_ACTIVATE] = {{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
				"it refuses the activation: an installation on another card is "
				"charged and not reported yet, which has to be repeated there or "
				"given up (intaglio principal give-up), or the issuer has changed "
				"the application meanwhile; nothing is charged for this card"},
			       TRAIL_FULL},
	[TRANSFER_REPORT] = {{SW_AUTHENTICATION_FAILED, CKR_DEVICE_ERROR,
			      "the target card's report does not prove that it is that card's"}},
};

/* The target's, where a principal makes a difference. */
static const struct row target_rows[TRANSFER_DONE][ROWS] = {
	[TRANSFER_UPDATE] = {{SW_REFERENCE_NOT_FOUND, CKR_DATA_INVALID,
			      "it has no key set, or none of this version"},
			     {SW_WRONG_LENGTH, CKR_DATA_INVALID,
			      "it wants challenges of another length: SCP03 with S8, or with S16 "
			      "(--s16)"},
			     {SW_BLOCKED, CKR_ACTION_PROHIBITED,
			      "it is locked after too many tries with wrong keys"}},
	[TRANSFER_FILE] = {{SW_CONDITIONS, CKR_ACTION_PROHIBITED,
			    "it takes no package of this name now: there is one that the "
			    "application leaves where it is (--keep), which intaglio app delete "
			    "--related takes off, or the card or its security domain is locked; "
			    "nothing is charged, and the same command again does it all"}},
	[TRANSFER_AUTHENTICATE] = {{SW_AUTHENTICATION_FAILED, CKR_DATA_INVALID,
				    "it refuses the principal card's keys"},
				   {SW_CONDITIONS, CKR_DEVICE_ERROR,
				    "another program has opened a channel with it meanwhile; try "
				    "again"}},
};

static const enum content_step steps[TRANSFER_DONE] = {
	[TRANSFER_DELETE] = CONTENT_DELETE,
	[TRANSFER_FILE] = CONTENT_ANNOUNCE,
	[TRANSFER_BLOCK] = CONTENT_BLOCK,
	[TRANSFER_INSTALL] = CONTENT_INSTALL,
};

static const struct row *find_row(const struct row row[ROWS], uint16_t sw)
{
	for (size_t i = 0; i < ROWS && row[i].sw; i++)
		if (row[i].sw == sw)
			return &row[i];
	return NULL;
}

static CK_RV refused_by_target(struct work *w)
{
	const struct transfer_result *r = &w->result;
	const struct row *row = find_row(target_rows[r->step], r->sw);
	const char *name = w->target.slot->name;

	if (row) {
		log_error("card %s: %s", name, row->sentence);
		return row->rv;
	}
	if (r->sw == SW_SECURITY_STATUS) {
		log_error("card %s: it does not accept that from the principal card: the key set "
			  "may not do it, or the channel was ended",
			  name);
		return CKR_ACTION_PROHIBITED;
	}
	return content_judge(&w->target, steps[r->step], RC_SW, &r->sw);
}

static CK_RV refused_by_principal(struct work *w)
{
	const struct transfer_result *r = &w->result;
	const struct row *row = find_row(principal_rows[r->step], r->sw);

	if (r->is_spent) {
		log_error("card %s: it has no activation left for this application: others have "
			  "taken the last one meanwhile; nothing is charged for this card",
			  w->slot->name);
		return CKR_ACTION_PROHIBITED;
	}
	if (row) {
		log_error("card %s: %s", w->slot->name, row->sentence);
		return row->rv;
	}
	log_error("card %s: it refused the command with status %04X", w->slot->name, r->sw);
	return CKR_DEVICE_ERROR;
}

static CK_RV judge(struct work *w, enum rc rc)
{
	if (rc == RC_OK)
		return CKR_OK;
	if (rc == RC_STATE)
		return CKR_FUNCTION_CANCELED;
	if (rc == RC_SW)
		return w->result.by_target ? refused_by_target(w) : refused_by_principal(w);
	if (rc == RC_SPACE) {
		log_error(
			"card %s: a block of the load file, or a command of the script, is too long "
			"for it or its reader; the principal card's key set says how long a "
			"block may be (--block-size of its keys); the target card is as it was",
			w->target.slot->name);
		return CKR_DATA_INVALID;
	}
	return outcome(w->result.by_target ? w->target.slot : w->slot, CALL_OBJECT, rc, NULL);
}

/* What the failure left, behind the sentence for the failure itself. */
static void say_consequence(const struct work *w)
{
	char *sentence = NULL;

	if (!w->result.is_activated && !w->result.is_left)
		return;
	sentence = strdup(log_last());
	if (w->result.is_activated)
		log_error("%s; an activation is spent on this card, and another try costs none "
			  "unless the target shares its keys with others or has had three tries "
			  "under SCP02",
			  sentence && *sentence ? sentence : "it failed");
	else
		log_error(
			"%s; a package that was loaded may be left; another try takes it off, or, "
			"if the application was put on with --keep, intaglio app delete --related",
			sentence && *sentence ? sentence : "it failed");
	free(sentence);
}

static void lock_both(struct work *w)
{
	bool first = w->slot->id < w->target.slot->id;

	slot_lock(first ? w->slot : w->target.slot);
	slot_lock(first ? w->target.slot : w->slot);
}

/* Nobody is kept from cards or slots while the callback runs, or while it is waited. */
static bool go_on(void *arg, size_t carried, bool waits)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	struct work *w = arg;
	CK_RV rv = CKR_OK;

	if (!w->in->Progress && !waits)
		return true;
	gp_pause(w->target.gp);
	slot_unlock(w->slot);
	slot_unlock(w->target.slot);
	w->in->bWaiting = waits;
	if (waits)
		nanosleep(&pause, NULL);
	if (w->in->Progress)
		rv = w->in->Progress(w->in->pApplication, carried, 0);
	lock_both(w);
	gp_resume(w->target.gp);
	return rv == CKR_OK;
}

static void tell(struct work *w)
{
	struct sc_figures f;

	gp_figures(w->target.gp, &f);
	w->in->ulSent = (CK_ULONG)f.sent;
	w->in->ulReceived = (CK_ULONG)f.received;
	w->in->ulCommands = w->result.carried;
	w->in->bActivated = w->result.is_activated;
	w->in->bWaiting = CK_FALSE;
	memcpy(w->in->target, w->result.target, sizeof(w->in->target));
}

static CK_RV run(struct work *w)
{
	const struct transfer_order order = {
		.application = (uint16_t)w->in->ulApplication,
		.version = (uint8_t)w->in->ulVersion,
		.s16 = w->in->bS16,
		.dry_run = w->in->ulFlags & CK_INTAGLIO_INSTALL_DRY_RUN,
		.time_ms = token_host_time(),
		.go_on = go_on,
		.arg = w,
		.patience = PATIENCE,
	};
	CK_RV rv = judge(w, transfer_run(w->principal.card, w->target.gp, &order, &w->result));

	if (rv != CKR_OK)
		say_consequence(w);
	tell(w);
	return rv;
}

CK_RV slot_install_through(struct slot *principal, struct slot *target,
			   CK_INTAGLIO_TRANSFER *transfer)
{
	const CK_INTAGLIO_KEY_SET bare = {.domain = transfer->domain};
	struct work w = {.slot = principal, .in = transfer};
	CK_RV rv;

	if (transfer->ulApplication == 0 || transfer->ulApplication > NUMBER_MAX ||
	    transfer->ulVersion > 0xFF)
		return CKR_ARGUMENTS_BAD;
	rv = token_open_principal(principal, &w.principal);
	if (rv != CKR_OK)
		return rv;
	rv = content_open(target, &bare, true, &w.target);
	if (rv == CKR_OK) {
		rv = run(&w);
		content_close(&w.target);
	}
	token_close_principal(&w.principal);
	if (rv == CKR_OK && transfer->Progress) {
		slot_unlock(principal);
		slot_unlock(target);
		transfer->Progress(transfer->pApplication, transfer->ulCommands,
				   transfer->ulCommands);
		w.target.slot = target;
		lock_both(&w);
	}
	return rv;
}
