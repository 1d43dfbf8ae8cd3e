/* SPDX-License-Identifier: BSD-2-Clause */
/* intaglio: administration of cards through the PKCS#11 module; see intaglio(1). */
#include "tools/tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *noun, *verb;
	subcommand run;
	const char *arguments, *help;
	bool own_options; /* stand after the two words; argv[0] is the verb, for getopt */
} subcommands[] = {
	{"app", "list", app_list, "", "what is on the card: applications, packages, domains", true},
	{"app", "install", app_install, "FILE",
	 "load a CAP file and make its applications, with --keys or as the issuer; or what a\n"
	 "                                       --principal card has as --application, on --target",
	 true},
	{"app", "delete", app_delete, "AID", "delete an application, or a package", true},
	{"app", "move", app_move, "AID", "give it to another security domain, --to", true},
	{"app", "lock", app_lock, "AID", "lock an application", true},
	{"app", "unlock", app_unlock, "AID", "take its lock off", true},
	{"app", "info", app_info, "", "what the card says of itself", true},
	{"audit", "verify", audit_verify_command, "DIR",
	 "check a ledger's export: every record, tile and signature", true},
	{"audit", "compare", audit_compare_command, "DIR",
	 "hold an export's invoices, with --escrow-key, against the book --with FILE", true},
	{"audit", "load", audit_load_command, "DIR",
	 "put an export's records into a --database, SQLite or PostgreSQL", true},
	{"audit", "decrypt", audit_decrypt_command, "DIR",
	 "decipher an export with --escrow-key, into --output", true},
	{"audit", "join", audit_join_command, "DIR REST",
	 "put what a pruned ledger still had, REST, behind the earlier export DIR", true},
	{"audit", "key", audit_key_command, "--output FILE NAME",
	 "make an auditor's key, and print its public text"},
	{"audit", "certify", audit_certify_command, "KEY",
	 "sign, with --signing-key and --certificate, for the KEY that a ledger is made with",
	 true},
	{"audit", "cosign", audit_cosign_command, "DIR",
	 "countersign an export that is in order, with --signing-key, into --output", true},
	{"authority", "create", authority_create_command, "DIR",
	 "make an authority, or an issuer's key", true},
	{"authority", "issue", authority_issue_command, "DIR ...",
	 "certify the key of a host, card or issuer", true},
	{"authority", "renew", authority_renew_command, "DIR CERT ...",
	 "certify the same key and holder again", true},
	{"authority", "revoke", authority_revoke_command, "DIR HOLDER",
	 "have cards refuse a holder's certificates", true},
	{"authority", "link", authority_link_command, "OLDDIR NEWDIR",
	 "lead cards from one authority to the next", true},
	{"authority", "show", authority_show_command, "FILE",
	 "what a certificate says, and whether it holds", true},
	{"card", "list", card_list, "", "the cards there are, and their state"},
	{"card", "insert", card_insert, "NAME", "put a card of intaglio-card into its reader"},
	{"card", "remove", card_remove, "NAME", "take it out"},
	{"card", "reset", card_reset, "NAME", "take it out and put it in again"},
	{"card", "keys", card_keys, "", "its key sets; --put FILE, --delete VERSION", true},
	{"card", "initialise", card_initialise, "", "its life cycle: initialised", true},
	{"card", "secure", card_secure, "", "secured; there is no way back", true},
	{"card", "lock", card_lock, "", "lock the card: nothing on it can be changed or used",
	 true},
	{"card", "unlock", card_unlock, "", "take the lock off", true},
	{"card", "terminate", card_terminate, "", "end the card, for good", true},
	{"card", "personalise", card_personalise, "--authority DIR NAME",
	 "make a card with certificates of an authority", true},
	{"card", "update-trust", card_update_trust, "FILE ...",
	 "bring a link, renewed certificates or revocations to the card"},
	{"ledger", "create", ledger_create, "LABEL", "make a sealed ledger on the card"},
	{"ledger", "list", ledger_list, "", "the card's ledgers, or the records of --ledger"},
	{"ledger", "show", ledger_show, "",
	 "how full a ledger is, what is pruned and countersigned"},
	{"ledger", "cosign", ledger_cosign, "FILE", "bring a countersigned checkpoint to the card"},
	{"ledger", "prune", ledger_prune, "[N]",
	 "drop the first N entries from the card, or those that are countersigned"},
	{"ledger", "seal", ledger_seal, "FILE",
	 "encrypt and store FILE on the card; writes FILE.sealed"},
	{"ledger", "read", ledger_read, "N", "decipher record N, to standard output or --output"},
	{"ledger", "verify", ledger_verify, "FILE.sealed",
	 "check a sealed record and its receipt, with the card's key or --key"},
	{"ledger", "export", ledger_export, "DIR",
	 "write the ledger as files, or what is new since the last time"},
	{"ledger", "proof", ledger_proof, "DIR N",
	 "a proof that record N is in the export's tree (C2SP tlog-proof)"},
	{"ledger", "consistency", ledger_consistency, "DIR M [N]",
	 "a proof that the tree of N entries continues that of M"},
	{"principal", "create", principal_create, "", "make the card a principal card", true},
	{"principal", "keys", principal_keys, "NUMBER FILE",
	 "put target cards' keys on it, masters unless --shared; --delete", true},
	{"principal", "load", principal_load, "NUMBER FILE ...",
	 "put an application on it: CAP files, and what becomes of them", true},
	{"principal", "unload", principal_unload, "NUMBER", "take an application off it", true},
	{"principal", "charge", principal_charge, "NUMBER COUNT",
	 "give an application so many activations more", true},
	{"principal", "status", principal_status, "",
	 "activations left and used, what is pending, the audit trail", true},
	{"principal", "trim", principal_trim, "ENTRY",
	 "take the trail's entries below this one off it", true},
	{"principal", "give-up", principal_give_up, "",
	 "give the pending installation up, with its free tries", true},
};

static const struct option options[] = {
	{"module", required_argument, NULL, 'm'},
	{"card", required_argument, NULL, 'c'},
	{"pin-file", required_argument, NULL, 'p'},
	{"ledger", required_argument, NULL, 'l'},
	{"output", required_argument, NULL, 'o'},
	{"key", required_argument, NULL, 'k'},
	{"auditor", required_argument, NULL, 1},
	{"escrow-key", required_argument, NULL, 2},
	{"capacity", required_argument, NULL, 4},
	{"record-size", required_argument, NULL, 5},
	{"append-roles", required_argument, NULL, 6},
	{"read-roles", required_argument, NULL, 7},
	{"prune-roles", required_argument, NULL, 8},
	{"type", required_argument, NULL, 't'},
	{"json", no_argument, NULL, 'j'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0},
};

static void usage(FILE *out)
{
	fputs("usage: intaglio [OPTION ...] COMMAND\n\n", out);
	for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		char words[64];

		snprintf(words, sizeof(words), "%s %s %s", subcommands[i].noun, subcommands[i].verb,
			 subcommands[i].arguments);
		fprintf(out, "  %-36s %s\n", words, subcommands[i].help);
	}
	fputs("\n"
	      "  --card NAME      the card, by the name of its slot, its label or its serial number\n"
	      "  --ledger LABEL   the ledger, if the card has several\n"
	      "  --type N         record type, 1 to 65535 (default 1)\n"
	      "  --output FILE    where to write\n"
	      "  --key KEY        a ledger's verifier key, so that no card is needed\n"
	      "  --auditor FILE   who countersigns a ledger that is made: what audit certify wrote, or\n"
	      "                   the text of a tlog-cosignature key\n"
	      "  --escrow-key FILE  who can decipher its export: an RSA public key, PEM\n"
	      "  --capacity N     records that a new ledger holds at a time\n"
	      "  --record-size N  bytes of a record that it takes\n"
	      "  --append-roles, --read-roles, --prune-roles ROLES\n"
	      "                   who may do that to it: user, issuer, auditor, or none\n"
	      "  --pin-file FILE  the user PIN is the first line of FILE\n"
	      "  --module FILE    the PKCS#11 module to load\n"
	      "  --json           answers for programs\n"
	      "\n"
	      "The user PIN is taken from --pin-file, from INTAGLIO_PIN, or asked for.\n",
	      out);
}

static bool parse_type(const char *text, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(text, &end, 10);
	return errno == 0 && *text && !*end && *ret >= 1 && *ret <= 65535;
}

/* False: the options are wrong, or have been answered already with *ret_exit. */
static bool parse_options(struct tool *tool, int argc, char **argv, enum exit_code *ret_exit)
{
	int option;

	*ret_exit = EXIT_USAGE;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'm':
			tool->module_path = optarg;
			break;
		case 'c':
			tool->card = optarg;
			break;
		case 'p':
			tool->pin_file = optarg;
			break;
		case 'l':
			tool->ledger = optarg;
			break;
		case 'o':
			tool->output = optarg;
			break;
		case 'k':
			tool->key = optarg;
			break;
		case 1:
			tool->auditor = optarg;
			break;
		case 2:
			tool->escrow_key = optarg;
			break;
		case 4:
			tool->capacity = optarg;
			break;
		case 5:
			tool->record_size = optarg;
			break;
		case 6:
			tool->append_roles = optarg;
			break;
		case 7:
			tool->read_roles = optarg;
			break;
		case 8:
			tool->prune_roles = optarg;
			break;
		case 'j':
			tool->json = true;
			break;
		case 't':
			if (parse_type(optarg, &tool->type))
				break;
			fprintf(stderr, "intaglio: --type takes a number from 1 to 65535\n");
			return false;
		case 'h':
			usage(stdout);
			*ret_exit = EXIT_DONE;
			return false;
		case 'V':
			puts("intaglio " INTAGLIO_VERSION);
			*ret_exit = EXIT_DONE;
			return false;
		default:
			return false;
		}
	}
	return true;
}

/* The exit code of a subcommand that reads its own options, or -1 if there is none of this name. */
static int run_own(struct tool *tool, int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		enum exit_code code;

		if (!subcommands[i].own_options || strcmp(argv[1], subcommands[i].noun) ||
		    strcmp(argv[2], subcommands[i].verb))
			continue;
		code = subcommands[i].run(tool, argc - 2, argv + 2);
		if (code == EXIT_USAGE)
			fprintf(stderr, "usage: intaglio %s %s %s; see intaglio%s(1)\n", argv[1],
				argv[2], subcommands[i].arguments,
				strcmp(argv[1], "authority") ? "" : "-authority");
		return (int)code;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct tool tool = {.type = 1};
	int own = run_own(&tool, argc, argv);
	enum exit_code code;

	if (own >= 0)
		return own;
	if (!parse_options(&tool, argc, argv, &code))
		return code;
	argc -= optind;
	argv += optind;
	for (size_t i = 0; argc >= 2 && i < sizeof(subcommands) / sizeof(subcommands[0]); i++) {
		if (subcommands[i].own_options || strcmp(argv[0], subcommands[i].noun) ||
		    strcmp(argv[1], subcommands[i].verb))
			continue;
		code = subcommands[i].run(&tool, argc - 2, argv + 2);
		if (code == EXIT_USAGE)
			fprintf(stderr, "usage: intaglio %s %s %s\n", argv[0], argv[1],
				subcommands[i].arguments);
		tool_close(&tool);
		return code;
	}
	usage(stderr);
	return EXIT_USAGE;
}
