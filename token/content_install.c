/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Installation: the package is announced, loaded block by block, and its applications are made, GPCS
 * 9.3. Whatever goes wrong, or is cancelled, what came onto the card is taken off again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cap_archive.h"
#include "base/log.h"
#include "base/tlv.h"
#include "token/content.h"

enum {
	PARAMETERS_MAX = 240,
	TAG_LOAD_FILE = 0xC4,
	TAG_PARAMETERS = 0xC9,
	LOAD_FILE_MAX = CAP_SIZE_MAX + 8,
	DATA_MAX = 512,
	FRAMEWORK = 7, /* bytes of the AID of javacard.framework */
	BLOCKS_MAX = 256,
	LONG_BLOCK = 4095, /* a whole number of cipher blocks once it is padded */
};

struct work {
	struct content c;
	CK_INTAGLIO_INSTALLATION *in;
	struct cap cap;
	struct buf file; /* the load file, C4 and all */
	uint8_t hash[SHA256_SIZE];
	size_t block;
};

static CK_RV read_file(struct slot *slot, struct work *w)
{
	const char *why = "";
	struct buf block;
	enum rc rc;

	buf_init(&block, CAP_SIZE_MAX);
	rc = cap_archive_read(view_of(w->in->pFile, w->in->ulFileLen), &block, &why);
	if (rc == RC_OK)
		rc = cap_parse(view_buf(&block), &w->cap);
	if (rc == RC_OK)
		rc = crypto_sha256(view_buf(&block), w->hash);
	if (rc == RC_OK) {
		tlv_put(&w->file, TAG_LOAD_FILE, view_buf(&block));
		rc = buf_rc(&w->file);
	}
	buf_free(&block);
	if (rc == RC_OK) {
		content_put_aid(&w->in->package, aid_view(&w->cap.package.aid));
		return CKR_OK;
	}
	if (rc != RC_MALFORMED)
		return CKR_HOST_MEMORY;
	log_error("card %s: the file cannot be loaded: %s", slot->name, why);
	return CKR_DATA_INVALID;
}

/* Whether a module is to become an application. */
static bool is_wanted(const struct work *w, size_t i)
{
	return !(w->in->ulFlags & CK_INTAGLIO_INSTALL_LOAD_ONLY) &&
	       (!w->in->module.ulLen ||
		view_equal(content_aid(&w->in->module), aid_view(&w->cap.applets[i])));
}

static size_t count_wanted(const struct work *w)
{
	size_t n = 0;

	for (size_t i = 0; i < w->cap.applet_count; i++)
		n += is_wanted(w, i);
	return n;
}

static CK_RV check(struct slot *slot, const struct work *w)
{
	const CK_INTAGLIO_INSTALLATION *in = w->in;
	size_t n = count_wanted(w);

	if ((in->module.ulLen && !content_is_aid(&in->module)) ||
	    (in->instance.ulLen && !content_is_aid(&in->instance)) ||
	    in->ulParametersLen > PARAMETERS_MAX || (in->ulParametersLen && !in->pParameters))
		return CKR_ARGUMENTS_BAD;
	if (in->module.ulLen && n == 0 && !(in->ulFlags & CK_INTAGLIO_INSTALL_LOAD_ONLY)) {
		log_error("card %s: the package has no such module", slot->name);
		return CKR_DATA_INVALID;
	}
	if (in->instance.ulLen && n > 1) {
		log_error("card %s: the package has %zu modules; say which one gets the name",
			  slot->name, n);
		return CKR_DATA_INVALID;
	}
	return CKR_OK;
}

/* Whom the callback runs without: nobody is kept from the card or the slot meanwhile. */
static bool may_go_on(struct work *w, size_t done)
{
	struct slot *slot = w->c.slot;
	CK_RV rv;

	if (!w->in->Progress)
		return true;
	gp_pause(w->c.gp);
	slot_unlock(slot);
	rv = w->in->Progress(w->in->pApplication, done, w->file.len);
	slot_lock(slot);
	gp_resume(w->c.gp);
	return rv == CKR_OK;
}

struct looked_for {
	struct view aid;
	bool found;
};

static enum rc look(void *arg, const struct gp_entry *e)
{
	struct looked_for *l = arg;

	l->found = l->found || view_equal(aid_view(&e->aid), l->aid);
	return RC_OK;
}

/* Whether something of this name is on the card; false if that cannot be told. */
static bool is_there(struct work *w, enum gp_kind kind, struct view aid)
{
	struct looked_for l = {.aid = aid};
	uint16_t sw;

	return gp_list(w->c.gp, kind, look, &l, &sw) == RC_OK && l.found;
}

static CK_RV say_there(struct work *w, const char *what, struct view aid)
{
	char text[2 * AID_MAX + 1] = "";

	for (size_t i = 0; i < aid.len && i < AID_MAX; i++)
		snprintf(text + 2 * i, 3, "%02X", aid.data[i]);
	log_error("card %s: %s %s is on it already; delete it first", w->c.slot->name, what, text);
	return CKR_ACTION_PROHIBITED;
}

/* The reason that a refused package has most often, where the package tells. */
static void say_version(const struct work *w)
{
	static const uint8_t framework[FRAMEWORK] = {0xA0, 0, 0, 0, 0x62, 1, 1};

	for (size_t i = 0; i < w->cap.import_count; i++)
		if (view_equal(aid_view(&w->cap.imports[i].aid), view_of(framework, FRAMEWORK)))
			log_error(
				"card %s: it refuses the package, which imports javacard.framework "
				"%u.%u and %zu other packages: the card's Java Card version may be an older "
				"one, or a package may not be on it",
				w->c.slot->name, w->cap.imports[i].major, w->cap.imports[i].minor,
				w->cap.import_count - 1);
}

static struct view instance_of(const struct work *w, size_t i)
{
	return w->in->instance.ulLen ? content_aid(&w->in->instance) : aid_view(&w->cap.applets[i]);
}

/* What the card would say, without asking for it. */
static CK_RV dry_run(struct work *w)
{
	if (is_there(w, GP_FILES, aid_view(&w->cap.package.aid)))
		return say_there(w, "package", aid_view(&w->cap.package.aid));
	for (size_t i = 0; i < w->cap.applet_count; i++)
		if (is_wanted(w, i) && is_there(w, GP_APPLICATIONS, instance_of(w, i)))
			return say_there(w, "application", instance_of(w, i));
	return CKR_OK;
}

static CK_RV announce(struct work *w)
{
	const struct gp_load load = {
		.file = aid_view(&w->cap.package.aid),
		.domain = gp_domain(w->c.gp),
		.hash = view_of(w->hash,
				w->in->ulFlags & CK_INTAGLIO_INSTALL_HASH ? SHA256_SIZE : 0),
	};
	uint16_t sw = 0;
	enum rc rc = gp_install_for_load(w->c.gp, &load, &sw);

	if (rc == RC_SW && sw != SW_SECURITY_STATUS && is_there(w, GP_FILES, load.file))
		return say_there(w, "package", load.file);
	return content_judge(&w->c, CONTENT_ANNOUNCE, rc, &sw);
}

static CK_RV load(struct work *w)
{
	struct view rest = view_buf(&w->file), part;
	unsigned int n = 0;
	uint16_t sw = 0;
	enum rc rc = RC_OK;
	CK_RV rv;

	while (rc == RC_OK && rest.len) {
		if (!may_go_on(w, w->file.len - rest.len))
			return CKR_FUNCTION_CANCELED;
		rc = view_take(&rest, rest.len < w->block ? rest.len : w->block, &part);
		if (rc == RC_OK)
			rc = gp_load_block(w->c.gp, n++, !rest.len, part, &sw);
	}
	rv = content_judge(&w->c, CONTENT_BLOCK, rc, &sw);
	if (rv == CKR_DATA_INVALID && sw != 0x6438)
		say_version(w);
	return rv;
}

static CK_RV make_one(struct work *w, size_t i)
{
	bool selectable = !(w->in->ulFlags & CK_INTAGLIO_INSTALL_NOT_SELECTABLE);
	const CK_BYTE *p = w->in->privileges;
	struct gp_install install = {
		.purpose = selectable ? GP_FOR_INSTALL | GP_FOR_SELECTABLE : GP_FOR_INSTALL,
		.file = aid_view(&w->cap.package.aid),
		.module = aid_view(&w->cap.applets[i]),
		.instance = instance_of(w, i),
		/* Older cards know one byte. */
		.privileges = view_of(p, p[1] || p[2] ? 3 : 1),
	};
	uint8_t array[DATA_MAX];
	struct buf parameters;
	uint16_t sw = 0;
	enum rc rc;

	buf_fixed(&parameters, array, sizeof(array));
	tlv_put(&parameters, TAG_PARAMETERS, view_of(w->in->pParameters, w->in->ulParametersLen));
	install.parameters = view_buf(&parameters);
	rc = gp_install(w->c.gp, &install, &sw);
	if (rc == RC_SW && sw != SW_SECURITY_STATUS &&
	    is_there(w, GP_APPLICATIONS, install.instance))
		return say_there(w, "application", install.instance);
	return content_judge(&w->c, CONTENT_INSTALL, rc, &sw);
}

static CK_RV make_applications(struct work *w)
{
	CK_RV rv = may_go_on(w, w->file.len) ? CKR_OK : CKR_FUNCTION_CANCELED;

	for (size_t i = 0; rv == CKR_OK && i < w->cap.applet_count; i++)
		if (is_wanted(w, i))
			rv = make_one(w, i);
	return rv;
}

/* The package is on the card since this call: it goes, with what was made of it. */
static void take_back(struct work *w)
{
	char *sentence = strdup(log_last());
	uint16_t sw = 0;

	if (gp_delete(w->c.gp, aid_view(&w->cap.package.aid), true, &sw) != RC_OK)
		log_error("card %s: %s; and the package could not be taken off again: delete it",
			  w->c.slot->name, sentence ? sentence : "it failed");
	free(sentence);
}

static CK_RV install(struct work *w)
{
	CK_RV rv = announce(w);

	if (rv == CKR_OK)
		rv = load(w);
	/* A load that was not finished is gone when the channel is. */
	if (rv != CKR_OK)
		return rv;
	rv = make_applications(w);
	if (rv != CKR_OK)
		take_back(w);
	return rv;
}

static void tell_figures(struct work *w)
{
	struct sc_figures f;

	gp_figures(w->c.gp, &f);
	w->in->ulSent = (CK_ULONG)f.sent;
	w->in->ulReceived = (CK_ULONG)f.received;
	w->in->ulBlock = w->block;
	w->in->ulBlocks = (w->file.len + w->block - 1) / w->block;
	w->in->ulApplications = count_wanted(w);
}

static CK_RV run(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, struct work *w)
{
	CK_RV rv = content_open(slot, keys, false, &w->c);

	if (rv != CKR_OK)
		return rv;
	w->block = gp_block_size(w->c.gp, w->in->ulBlockSize);
	/* Longer blocks, where reader and card have them, for a package of more than 256 short ones. */
	if (!w->in->ulBlockSize && w->block && w->file.len > BLOCKS_MAX * w->block)
		w->block = gp_block_size(w->c.gp, LONG_BLOCK);
	if (w->block == 0 || (w->file.len + w->block - 1) / w->block > BLOCKS_MAX) {
		log_error("card %s: the package has %zu bytes, too many for 256 blocks of %zu",
			  slot->name, w->file.len, w->block);
		rv = CKR_DATA_INVALID;
	} else {
		rv = w->in->ulFlags & CK_INTAGLIO_INSTALL_DRY_RUN ? dry_run(w) : install(w);
		tell_figures(w);
	}
	content_close(&w->c);
	return rv;
}

/* One application of a package that is on the card. */
static CK_RV install_from_card(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys, struct work *w)
{
	CK_RV rv;

	if (w->in->ulFlags & (CK_INTAGLIO_INSTALL_DRY_RUN | CK_INTAGLIO_INSTALL_LOAD_ONLY) ||
	    !content_is_aid(&w->in->package) || !content_is_aid(&w->in->module))
		return CKR_ARGUMENTS_BAD;
	w->cap.applet_count = 1;
	rv = aid_set(&w->cap.package.aid, content_aid(&w->in->package)) == RC_OK &&
			     aid_set(&w->cap.applets[0], content_aid(&w->in->module)) == RC_OK
		     ? check(slot, w)
		     : CKR_ARGUMENTS_BAD;
	if (rv == CKR_OK)
		rv = content_open(slot, keys, false, &w->c);
	if (rv != CKR_OK)
		return rv;
	rv = make_one(w, 0);
	w->block = 1;
	tell_figures(w);
	content_close(&w->c);
	return rv;
}

CK_RV slot_install_content(struct slot *slot, const CK_INTAGLIO_KEY_SET *keys,
			   CK_INTAGLIO_INSTALLATION *installation)
{
	struct work w = {.in = installation};
	CK_RV rv;

	if (!installation->pFile)
		return install_from_card(slot, keys, &w);

	buf_init(&w.file, LOAD_FILE_MAX);
	rv = read_file(slot, &w);
	if (rv == CKR_OK)
		rv = check(slot, &w);
	if (rv == CKR_OK)
		rv = run(slot, keys, &w);
	buf_free(&w.file);
	return rv;
}
