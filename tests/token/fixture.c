/* SPDX-License-Identifier: BSD-2-Clause */
#include "tests/token/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "token/files.h"

struct fixture fixture;

/* What the tests provoke is refused with a sentence, and nobody has to read it. */
static const char settings[] = "[log]\nlevel = none\n";

static CK_BBOOL yes = CK_TRUE;

static CK_RV open_all(void)
{
	CK_RV rv = slots_open(&fixture.slots);

	if (rv != CKR_OK)
		return rv;
	fixture.slot = slots_get(fixture.slots, 0);
	rv = session_open(fixture.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, 1,
			  &fixture.rw);
	if (rv == CKR_OK)
		rv = session_open(fixture.slot, CKF_SERIAL_SESSION, NULL, NULL, 2, &fixture.ro);
	return rv;
}

/* Closing the slots closes the sessions. */
static void close_all(void)
{
	fixture.rw = NULL;
	fixture.ro = NULL;
	fixture.slot = NULL;
	slots_close(&fixture.slots);
}

CK_RV fixture_restart(void)
{
	close_all();
	return open_all();
}

static CK_RV initialise(void)
{
	unsigned char label[32];
	struct slots *slots = NULL;
	struct session *s = NULL;
	CK_RV rv;

	memset(label, ' ', sizeof(label));
	memcpy(label, "test", 4);
	rv = slots_open(&slots);
	if (rv == CKR_OK)
		rv = token_init(slots_get(slots, 0), (CK_BYTE_PTR)SO_PIN, strlen(SO_PIN), label);
	if (rv == CKR_OK)
		rv = session_open(slots_get(slots, 0), CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
				  NULL, 1, &s);
	if (rv == CKR_OK)
		rv = session_login(s, CKU_SO, (CK_BYTE_PTR)SO_PIN, strlen(SO_PIN));
	if (rv == CKR_OK)
		rv = session_init_pin(s, (CK_BYTE_PTR)USER_PIN, strlen(USER_PIN));
	slots_close(&slots);
	return rv;
}

int fixture_start(void)
{
	CK_RV rv;

	snprintf(fixture.root, sizeof(fixture.root), "/tmp/intaglio-token-XXXXXX");
	if (!mkdtemp(fixture.root))
		return 1;
	setenv("XDG_DATA_HOME", fixture.root, 1);
	setenv("XDG_CONFIG_HOME", fixture.root, 1);
	unsetenv("INTAGLIO_CONF");
	if (files_make_directory(fixture.root, "intaglio") != RC_OK ||
	    files_write(fixture.root, "intaglio/intaglio.conf", 0600, view_str(settings)) != RC_OK)
		return 1;
	rv = initialise();
	if (rv == CKR_OK)
		rv = open_all();
	if (rv != CKR_OK)
		printf("the card cannot be started: CKR 0x%lx: %s\n", rv, log_last());
	return rv != CKR_OK;
}

int fixture_stop(void)
{
	close_all();
	files_remove_tree(fixture.root);
	return 0;
}

CK_RV fixture_login(const char *pin)
{
	return session_login(fixture.rw, CKU_USER, (CK_BYTE_PTR)pin, strlen(pin));
}

CK_RV fixture_login_so(const char *pin)
{
	return session_login(fixture.rw, CKU_SO, (CK_BYTE_PTR)pin, strlen(pin));
}

CK_RV fixture_logout(void)
{
	return session_logout(fixture.rw);
}

CK_RV fixture_rsa(const char *id, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	CK_MECHANISM mechanism = {CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0};
	CK_ULONG bits = 2048;
	CK_ATTRIBUTE public_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},   {CKA_MODULUS_BITS, &bits, sizeof(bits)},
		{CKA_ID, (void *)id, strlen(id)}, {CKA_VERIFY, &yes, sizeof(yes)},
		{CKA_ENCRYPT, &yes, sizeof(yes)},
	};
	CK_ATTRIBUTE private_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},   {CKA_PRIVATE, &yes, sizeof(yes)},
		{CKA_ID, (void *)id, strlen(id)}, {CKA_SIGN, &yes, sizeof(yes)},
		{CKA_DECRYPT, &yes, sizeof(yes)},
	};

	return session_generate_key_pair(fixture.rw, &mechanism, public_template, 5,
					 private_template, 5, public, private);
}

CK_RV fixture_ec(const char *id, CK_OBJECT_HANDLE *public, CK_OBJECT_HANDLE *private)
{
	static CK_BYTE p256[] = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};
	CK_MECHANISM mechanism = {CKM_EC_KEY_PAIR_GEN, NULL, 0};
	CK_ATTRIBUTE public_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_EC_PARAMS, p256, sizeof(p256)},
		{CKA_ID, (void *)id, strlen(id)},
		{CKA_VERIFY, &yes, sizeof(yes)},
	};
	CK_ATTRIBUTE private_template[] = {
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_ID, (void *)id, strlen(id)},
		{CKA_SIGN, &yes, sizeof(yes)},
	};

	return session_generate_key_pair(fixture.rw, &mechanism, public_template, 4,
					 private_template, 3, public, private);
}

CK_RV fixture_ledger(const char *label, CK_OBJECT_HANDLE *ret)
{
	CK_ULONG class = CKO_SECRET_KEY, type = CKK_INTAGLIO_LEDGER;
	CK_ATTRIBUTE template[] = {
		{CKA_CLASS, &class, sizeof(class)},
		{CKA_KEY_TYPE, &type, sizeof(type)},
		{CKA_TOKEN, &yes, sizeof(yes)},
		{CKA_LABEL, (void *)label, strlen(label)},
	};

	return session_create_object(fixture.rw, template, 4, ret);
}

CK_ULONG fixture_apdus(void)
{
	CK_ULONG apdus = 0, sent, received;

	slot_figures(fixture.slot, &apdus, &sent, &received);
	return apdus;
}
