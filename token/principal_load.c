/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An application as it is put on a principal card: its load files, and the script that deletes, loads
 * and installs. New files come beside those there are, and take their place in one commit, that of the
 * script.
 */
#include <string.h>

#include "base/cap_archive.h"
#include "base/log.h"
#include "base/sw.h"
#include "base/tlv.h"
#include "token/principal.h"

enum {
	NUMBER_MAX = 0xFFF, /* of an application; a load file's number has its own place above */
	PLACE_SHIFT = 12,
	FILES_MAX = CK_INTAGLIO_PRINCIPAL_FILES_MAX,
	PARAMETERS_MAX = 128,
	DEFINITION_MAX = 32768,
	COMMAND_MAX = 239,
	STATUS_MAX = 1 << 20,
	LV_MAX = 0x7F,
	P2_RELATED = 0x80,
	TAG_KEY_SET = 0x83,
	TAG_DELETES = 0xA1,
	TAG_FILES = 0xA2,
	TAG_INSTALLS = 0xA3,
	TAG_COMMAND = 0x04,
	TAG_NUMBER = 0x02,
	TAG_AID = 0x4F,
	TAG_PARAMETERS = 0xC9,
};

struct work {
	struct principal p;
	CK_INTAGLIO_PRINCIPAL_LOAD *in;
	struct buf code[FILES_MAX];
	struct cap cap[FILES_MAX];
	uint16_t number[FILES_MAX]; /* on the card */
	CK_ULONG done, total;
};

/* A file of an application has two places, and is in one of them. */
static uint16_t file_number(CK_ULONG application, size_t index, unsigned int place)
{
	return (uint16_t)(application | (CK_ULONG)(2 * index + place) << PLACE_SHIFT);
}

static CK_RV read_files(struct slot *slot, struct work *w)
{
	for (size_t i = 0; i < w->in->ulFileCount; i++) {
		const CK_INTAGLIO_FILE *file = &w->in->pFiles[i];
		const char *why = "";
		enum rc rc =
			cap_archive_read(view_of(file->pData, file->ulDataLen), &w->code[i], &why);

		if (rc == RC_OK)
			rc = cap_parse(view_buf(&w->code[i]), &w->cap[i]);
		if (rc == RC_MALFORMED) {
			log_error("%s cannot be loaded: %s", file->name ? file->name : "the file",
				  why);
			return CKR_DATA_INVALID;
		}
		if (rc != RC_OK)
			return CKR_HOST_MEMORY;
		w->total += w->code[i].len;
	}
	(void)slot;
	return CKR_OK;
}

static const struct cap *last_cap(const struct work *w)
{
	return &w->cap[w->in->ulFileCount - 1];
}

static bool is_wanted(const struct work *w, size_t i)
{
	return !w->in->module.ulLen ||
	       view_equal(content_aid(&w->in->module), aid_view(&last_cap(w)->applets[i]));
}

static CK_RV check(struct slot *slot, struct work *w)
{
	w->in->ulInstalls = 0;
	for (size_t i = 0; i < last_cap(w)->applet_count; i++)
		w->in->ulInstalls += is_wanted(w, i);
	if (w->in->ulInstalls == 0) {
		log_error("card %s: the last package has no such module that could be installed",
			  slot->name);
		return CKR_DATA_INVALID;
	}
	if (w->in->instance.ulLen && w->in->ulInstalls > 1) {
		log_error("card %s: the package has %lu modules; say which one gets the name",
			  slot->name, w->in->ulInstalls);
		return CKR_DATA_INVALID;
	}
	return CKR_OK;
}

/* Length and value, GPCS 11.5.2.3; none here is longer than a byte tells. */
static void put_lv(struct buf *b, struct view v)
{
	if (v.len > LV_MAX)
		buf_u8(b, 0x81);
	buf_u8(b, (uint8_t)v.len);
	buf_view(b, v);
}

static void put_delete(struct buf *b, const struct cap *cap)
{
	uint8_t array[COMMAND_MAX];
	struct buf data;

	buf_fixed(&data, array, sizeof(array));
	buf_u8(&data, P2_RELATED);
	tlv_put(&data, TAG_AID, aid_view(&cap->package.aid));
	tlv_put(b, TAG_COMMAND, view_buf(&data));
}

static enum rc put_install(struct buf *b, const struct work *w, size_t i)
{
	const CK_INTAGLIO_PRINCIPAL_LOAD *in = w->in;
	const struct aid *module = &last_cap(w)->applets[i];
	const CK_BYTE *p = in->privileges;
	uint8_t array[COMMAND_MAX], field[COMMAND_MAX];
	struct buf data, parameters;

	buf_fixed(&data, array, sizeof(array));
	buf_fixed(&parameters, field, sizeof(field));
	tlv_put(&parameters, TAG_PARAMETERS, view_of(in->pParameters, in->ulParametersLen));
	put_lv(&data, aid_view(&last_cap(w)->package.aid));
	put_lv(&data, aid_view(module));
	put_lv(&data, in->instance.ulLen ? content_aid(&in->instance) : aid_view(module));
	put_lv(&data, view_of(p, p[1] || p[2] ? 3 : 1));
	put_lv(&data, view_buf(&parameters));
	put_lv(&data, view_of(NULL, 0));
	tlv_put(b, TAG_COMMAND, view_buf(&data));
	return buf_rc(&data);
}

/* What is there goes in the order in which nothing of it is needed any more. */
static enum rc put_definition(const struct work *w, struct buf *b)
{
	size_t mark;
	enum rc rc = RC_OK;

	tlv_put_u8(b, TAG_KEY_SET, (uint8_t)w->in->ulKeySet);
	mark = tlv_open(b, TAG_DELETES);
	if (!(w->in->ulFlags & CK_INTAGLIO_PRINCIPAL_KEEP))
		for (size_t i = w->in->ulFileCount; i > 0; i--)
			put_delete(b, &w->cap[i - 1]);
	tlv_close(b, mark);
	mark = tlv_open(b, TAG_FILES);
	for (size_t i = 0; i < w->in->ulFileCount; i++) {
		const uint8_t number[] = {(uint8_t)(w->number[i] >> 8), (uint8_t)w->number[i]};

		tlv_put(b, TAG_NUMBER, view_of(number, sizeof(number)));
	}
	tlv_close(b, mark);
	mark = tlv_open(b, TAG_INSTALLS);
	for (size_t i = 0; rc == RC_OK && i < last_cap(w)->applet_count; i++)
		if (is_wanted(w, i))
			rc = put_install(b, w, i);
	tlv_close(b, mark);
	return rc == RC_OK ? buf_rc(b) : rc;
}

/* Data of INSTALL [for load]. */
static enum rc put_load(const struct work *w, size_t i, struct buf *b)
{
	uint8_t hash[SHA256_SIZE];
	bool hashed = w->in->ulFlags & CK_INTAGLIO_PRINCIPAL_HASH;
	enum rc rc = hashed ? crypto_sha256(view_buf(&w->code[i]), hash) : RC_OK;

	put_lv(b, aid_view(&w->cap[i].package.aid));
	put_lv(b, content_aid(&w->in->domain));
	put_lv(b, view_of(hash, hashed ? sizeof(hash) : 0));
	put_lv(b, view_of(NULL, 0));
	put_lv(b, view_of(NULL, 0));
	return rc == RC_OK ? buf_rc(b) : rc;
}

static bool may_go_on(struct work *w)
{
	struct slot *slot = w->p.content.slot;
	CK_RV rv;

	if (!w->in->Progress)
		return true;
	slot_unlock(slot);
	rv = w->in->Progress(w->in->pApplication, w->done, w->total);
	slot_lock(slot);
	return rv == CKR_OK;
}

/* RC_STATE: cancelled. */
static enum rc put_file(struct work *w, size_t i, uint16_t *ret_sw)
{
	struct view rest = view_buf(&w->code[i]);
	uint8_t array[COMMAND_MAX];
	struct buf install;
	enum rc rc;

	buf_fixed(&install, array, sizeof(array));
	rc = put_load(w, i, &install);
	if (rc == RC_OK)
		rc = principal_card_begin_file(w->p.card, w->number[i], view_buf(&w->code[i]),
					       view_buf(&install), ret_sw);
	while (rc == RC_OK && rest.len) {
		size_t before = rest.len;

		if (!may_go_on(w))
			return RC_STATE;
		rc = principal_card_add_block(w->p.card, &rest, ret_sw);
		w->done += before - rest.len;
	}
	return rc == RC_OK ? principal_card_end_file(w->p.card, ret_sw) : rc;
}

/* Of an application's files, which ones there are: bit 2 * index + place. */
static enum rc find_files(struct principal *p, CK_ULONG application, unsigned int *ret,
			  uint16_t *ret_sw)
{
	struct principal_card_load_file file;
	struct view in;
	struct buf all;
	enum rc rc;

	*ret = 0;
	buf_init(&all, STATUS_MAX);
	rc = principal_card_status(p->card, PRINCIPAL_CARD_FILES, 0, &all, ret_sw);
	in = view_buf(&all);
	while (rc == RC_OK && in.len) {
		rc = principal_card_next_file(&in, &file);
		if (rc == RC_OK && (file.number & NUMBER_MAX) == application)
			*ret |= 1U << (file.number >> PLACE_SHIFT);
	}
	buf_free(&all);
	return rc;
}

/* What another application has stays, and what is gone is gone. */
static enum rc delete_files(struct principal *p, CK_ULONG application, unsigned int which,
			    uint16_t *ret_sw)
{
	enum rc rc = RC_OK;

	for (unsigned int i = 0; rc == RC_OK && i < 2 * FILES_MAX; i++) {
		if (!(which & 1U << i))
			continue;
		rc = principal_card_delete_file(p->card, (uint16_t)(application | i << PLACE_SHIFT),
						ret_sw);
		if (rc == RC_SW && (*ret_sw == SW_CONDITIONS || *ret_sw == SW_REFERENCE_NOT_FOUND))
			rc = RC_OK;
	}
	return rc;
}

/* All files, in one of their places. */
static enum rc put_files(struct work *w, unsigned int place, uint16_t *ret_sw)
{
	enum rc rc = RC_OK;

	w->done = 0;
	for (size_t i = 0; i < w->in->ulFileCount; i++)
		w->number[i] = file_number(w->in->ulNumber, i, place);
	for (size_t i = 0; rc == RC_OK && i < w->in->ulFileCount; i++)
		rc = put_file(w, i, ret_sw);
	return rc;
}

/*
 * Places 0, 2, 4.. are of one load, 1, 3, 5.. of the next. A load that was torn has left files in both;
 * those that the application has are refused, and the others it is.
 */
static enum rc put_beside(struct work *w, unsigned int there, unsigned int *ret_place,
			  uint16_t *ret_sw)
{
	unsigned int place = there & 1;
	enum rc rc = put_files(w, place, ret_sw);

	if (rc == RC_SW && *ret_sw == SW_CONDITIONS) {
		place = !place;
		rc = put_files(w, place, ret_sw);
	}
	*ret_place = place;
	return rc;
}

static enum rc put_script(struct work *w, uint16_t *ret_sw)
{
	struct buf definition;
	enum rc rc;

	buf_init(&definition, DEFINITION_MAX);
	rc = put_definition(w, &definition);
	if (rc == RC_OK)
		rc = principal_card_put_application(w->p.card, (uint16_t)w->in->ulNumber,
						    view_buf(&definition), ret_sw);
	buf_free(&definition);
	return rc;
}

/* Of what was there before: the other place's files, and of this place what a longer load has left. */
static unsigned int find_old(const struct work *w, unsigned int there, unsigned int place)
{
	unsigned int mine = 0;

	for (size_t i = 0; i < w->in->ulFileCount; i++)
		mine |= 1U << (2 * i + place);
	return there & ~mine;
}

static CK_RV put_all(struct work *w)
{
	unsigned int there = 0, place = 0;
	CK_ULONG number = w->in->ulNumber;
	uint16_t sw = 0;
	enum rc rc = find_files(&w->p, number, &there, &sw);
	CK_RV rv;

	if (rc == RC_OK)
		rc = put_beside(w, there, &place, &sw);
	if (rc == RC_STATE)
		return CKR_FUNCTION_CANCELED;
	rv = token_judge_principal(&w->p, PRINCIPAL_FILE, rc, &sw);
	if (rv != CKR_OK)
		return rv;
	rv = token_judge_principal(&w->p, PRINCIPAL_APPLICATION, put_script(w, &sw), &sw);
	if (rv != CKR_OK)
		return rv;
	rc = delete_files(&w->p, number, find_old(w, there, place), &sw);
	return token_judge_principal(&w->p, PRINCIPAL_FILE, rc, &sw);
}

static CK_RV load(struct slot *slot, struct work *w)
{
	CK_RV rv = token_open_principal(slot, &w->p);

	if (rv != CKR_OK)
		return rv;
	rv = put_all(w);
	if (rv == CKR_OK)
		may_go_on(w);
	token_close_principal(&w->p);
	return rv;
}

CK_RV slot_load_principal(struct slot *slot, CK_INTAGLIO_PRINCIPAL_LOAD *in)
{
	struct work w = {.in = in};
	CK_RV rv;

	if (in->ulNumber == 0 || in->ulNumber > NUMBER_MAX || in->ulKeySet > 16 ||
	    in->ulFileCount == 0 || in->ulFileCount > FILES_MAX ||
	    in->ulParametersLen > PARAMETERS_MAX || (in->ulParametersLen && !in->pParameters) ||
	    (in->module.ulLen && !content_is_aid(&in->module)) ||
	    (in->instance.ulLen && !content_is_aid(&in->instance)) ||
	    (in->domain.ulLen && !content_is_aid(&in->domain)))
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < in->ulFileCount; i++)
		buf_init(&w.code[i], CAP_SIZE_MAX);
	rv = read_files(slot, &w);
	if (rv == CKR_OK)
		rv = check(slot, &w);
	if (rv == CKR_OK)
		rv = load(slot, &w);
	for (size_t i = 0; i < in->ulFileCount; i++)
		buf_free(&w.code[i]);
	return rv;
}

CK_RV slot_unload_principal(struct slot *slot, CK_ULONG application)
{
	unsigned int there = 0;
	struct principal p;
	uint16_t sw = 0;
	enum rc rc;
	CK_RV rv;

	if (application == 0 || application > NUMBER_MAX)
		return CKR_ARGUMENTS_BAD;
	rv = token_open_principal(slot, &p);
	if (rv != CKR_OK)
		return rv;
	rc = principal_card_put_application(p.card, (uint16_t)application, view_of(NULL, 0), &sw);
	rv = token_judge_principal(&p, PRINCIPAL_APPLICATION, rc, &sw);
	if (rv == CKR_OK) {
		rc = find_files(&p, application, &there, &sw);
		if (rc == RC_OK)
			rc = delete_files(&p, application, there, &sw);
		rv = token_judge_principal(&p, PRINCIPAL_FILE, rc, &sw);
	}
	token_close_principal(&p);
	return rv;
}
