/* SPDX-License-Identifier: BSD-2-Clause */
/* The commands of the core, and the tables of the families that make up the token application. */
#include "card/commands.h"

#include "card/certificate.h"
#include "card/channel.h"
#include "card/personalise.h"
#include "card/scp10.h"
#include "card/select.h"
#include "card/trust.h"

const struct command_row core_commands[] = {
	{0x00, 0xA4, STATE_SETUP, 0, false, select_application, "SELECT"},
	{0x00, 0xA4, STATE_SESSION, 0, false, select_application, "SELECT"},
	{0x00, 0x70, STATE_SETUP, 0, false, channel_manage, "MANAGE CHANNEL"},
	{0x00, 0x70, STATE_SESSION, 0, false, channel_manage, "MANAGE CHANNEL"},
	{0x00, 0xCA, STATE_SETUP, 0, false, scp10_step, "GET DATA"},
	{0x00, 0xCB, STATE_SETUP, 0, false, scp10_step, "GET DATA"},
	{0x80, 0xCA, STATE_SETUP, 0, false, scp10_step, "GET DATA"},
	{0x80, 0xCB, STATE_SETUP, 0, false, scp10_step, "GET DATA"},
	{0x00, 0xCA, STATE_SESSION, 0, false, certificate_get_data, "GET DATA"},
	{0x00, 0xCB, STATE_SESSION, 0, false, certificate_get_data, "GET DATA"},
	{0x80, 0xCA, STATE_SESSION, 0, false, certificate_get_data, "GET DATA"},
	{0x80, 0xCB, STATE_SESSION, 0, false, certificate_get_data, "GET DATA"},
	{0x00, 0x22, STATE_SETUP, 0, false, scp10_step, "MANAGE SECURITY ENVIRONMENT"},
	{0x00, 0x2A, STATE_SETUP, 0, false, scp10_step, "PERFORM SECURITY OPERATION"},
	{0x00, 0x84, STATE_SETUP, 0, false, scp10_step, "GET CHALLENGE"},
	{0x00, 0x82, STATE_SETUP, 0, false, scp10_step, "EXTERNAL AUTHENTICATE"},
	{0x00, 0x88, STATE_SETUP, 0, false, scp10_step, "INTERNAL AUTHENTICATE"},
	{0x00, 0x46, STATE_FRESH, 0, false, personalise_generate, "GENERATE ASYMMETRIC KEY PAIR"},
	{0x80, 0xE2, STATE_FRESH, 0, false, personalise_store, "STORE DATA"},
	{0x80, 0xE2, STATE_SESSION, ROLE_ISSUER, true, trust_store, "STORE DATA"},
	{.handler = NULL},
};

const struct command_row *const command_tables[] = {
	core_commands, token_commands,  pin_commands, object_commands,
	key_commands,  ledger_commands, NULL,
};
