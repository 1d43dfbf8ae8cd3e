/* SPDX-License-Identifier: BSD-2-Clause */
/* The two cards and the host between them; both targets are made once, and copied. */
#include "tests/card/pair.h"

#include "base/sw.h"
#include "tests/base/hex.h"
#include "tests/suite.h"

enum { ROOM = 1000, WIRE = 70000 };

struct peer pair_principal, pair_target, pair_other;
struct installer pair_host, pair_other_host;

static struct peer second; /* the principal's second channel */
static struct peer originals[2];

uint16_t pair_operate(uint8_t p1, uint8_t p2)
{
	return installer_operate(&pair_host, p1, p2);
}

uint16_t pair_operate_with(uint8_t p1, uint8_t p2, const char *data)
{
	return installer_ask(&pair_host, 0x80, 0x80, p1, p2, hex(data), 65536);
}

bool pair_answered(const char *data)
{
	return view_equal(view_buf(&pair_host.answer), hex(data));
}

void pair_new_target(struct peer *target, size_t which, uint8_t type, uint8_t scp_i, bool shared)
{
	struct peer *original = &originals[which];

	if (!original->card) {
		peer_fresh(original);
		original->name = which ? "DECARD00000003" : "DECARD00000002";
		peer_personalise(original);
	}
	peer_copy(target, original);
	installer_give_keys(target, type, scp_i, shared, NULL);
}

void pair_start(uint8_t type, uint8_t scp_i, uint8_t flags, uint32_t activations)
{
	peer_new(&pair_principal);
	installer_make_principal(&pair_principal);
	pair_new_target(&pair_target, 0, type, scp_i, flags & PRINCIPAL_SHARED);
	installer_init(&pair_host, &pair_principal, &pair_target, PAIR_APPLICATION);
	installer_put_keys(&pair_host, 1, type, type == KEY_TYPE_AES ? 0 : scp_i, flags, 0);
	installer_put_application(&pair_host, PAIR_APPLICATION);
	CU_ASSERT_EQUAL(installer_charge(&pair_host, PAIR_APPLICATION, 1, activations), SW_OK);
	installer_login(&pair_principal, ROLE_USER);
}

void pair_stop(void)
{
	installer_free(&pair_host);
	peer_free(&pair_principal);
	peer_free(&pair_target);
}

bool pair_state_is(uint32_t left, uint32_t used, bool pending)
{
	struct principal_counter n;
	bool is;

	installer_login(&pair_principal, ROLE_ISSUER);
	n = installer_counter(&pair_host, PAIR_APPLICATION);
	is = n.left == left && n.used == used && installer_is_pending(&pair_host) == pending;
	installer_login(&pair_principal, ROLE_USER);
	return is;
}

size_t pair_installed(void)
{
	return installer_instances(&pair_target, INSTALLER_INSTANCE, NULL);
}

uint16_t pair_release(void)
{
	uint16_t sw = installer_begin(&pair_host);

	if (sw == SW_OK)
		sw = installer_load(&pair_host);
	return sw == SW_OK ? installer_activate(&pair_host) : sw;
}

void pair_open_other(uint8_t type, uint8_t scp_i)
{
	pair_new_target(&pair_other, 1, type, scp_i, false);
	installer_init(&pair_other_host, &second, &pair_other, PAIR_APPLICATION);
	second = pair_principal;
	second.channel = 1;
	buf_init(&second.block, ROOM);
	buf_init(&second.signature, ROOM);
	buf_init(&second.wire, WIRE);
	CU_ASSERT_EQUAL(installer_ask(&pair_host, 0, 0x70, 0, 0, view_of(NULL, 0), 1), SW_OK);
	CU_ASSERT(pair_answered("01"));
	installer_login(&second, ROLE_USER);
}

void pair_close_other(void)
{
	buf_free(&second.block);
	buf_free(&second.signature);
	buf_free(&second.wire);
	installer_free(&pair_other_host);
	peer_free(&pair_other);
}

int pair_clean(void)
{
	for (size_t k = 0; k < 2; k++)
		if (originals[k].card)
			peer_free(&originals[k]);
	peer_world_free();
	return 0;
}
