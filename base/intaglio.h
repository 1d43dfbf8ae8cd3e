/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Intaglio's vendor values, for programs that call the module: include a PKCS#11 header first.
 * This header is installed and includes nothing of the project; intaglio-pkcs11(7) explains it.
 */
#ifndef INTAGLIO_H
#define INTAGLIO_H

/* All our values carry "INT" below the vendor bit. */
#define CKX_INTAGLIO 0xC94E5400UL

/* C_EncryptInit with a ledger's key object: seals a record. C_DecryptInit: opens one. */
#define CKM_INTAGLIO_SEAL             (CKX_INTAGLIO | 0x01UL)
/* C_SignInit with an application of a principal card: C_Sign installs it on the card in another slot. */
#define CKM_INTAGLIO_APPLICATION_LOAD (CKX_INTAGLIO | 0x02UL)

/*
 * SM3 (GB/T 32905) and SM4 (GB/T 32907): as CKM_SHA256 and its HMACs with CKK_GENERIC_SECRET, and as
 * CKM_AES_*, of the same parameters, with keys of CKK_INTAGLIO_SM4, which have 16 bytes.
 */
#define CKM_INTAGLIO_SM3              (CKX_INTAGLIO | 0x10UL)
#define CKM_INTAGLIO_SM3_HMAC         (CKX_INTAGLIO | 0x11UL)
#define CKM_INTAGLIO_SM3_HMAC_GENERAL (CKX_INTAGLIO | 0x12UL)
#define CKM_INTAGLIO_SM4_KEY_GEN      (CKX_INTAGLIO | 0x20UL)
#define CKM_INTAGLIO_SM4_ECB          (CKX_INTAGLIO | 0x21UL)
#define CKM_INTAGLIO_SM4_CBC          (CKX_INTAGLIO | 0x22UL)
#define CKM_INTAGLIO_SM4_CBC_PAD      (CKX_INTAGLIO | 0x23UL)
#define CKM_INTAGLIO_SM4_CTR          (CKX_INTAGLIO | 0x24UL)
#define CKK_INTAGLIO_SM4              (CKX_INTAGLIO | 0x02UL)

/*
 * SM2 (GB/T 32918) with keys of CKK_INTAGLIO_SM2, which have the attributes of CKK_EC; CKA_EC_PARAMS
 * may be left out. Signatures are r || s, 64 bytes. CKM_INTAGLIO_SM2 signs a digest e of 32 bytes,
 * CKM_INTAGLIO_SM2_SM3 data, with the signer's identifier as the parameter's bytes, or without one
 * "1234567812345678". CKM_INTAGLIO_SM2_ENCRYPT makes and opens SM2Cipher in DER (GM/T 0009, C1 C3 C2).
 */
#define CKM_INTAGLIO_SM2_KEY_PAIR_GEN (CKX_INTAGLIO | 0x30UL)
#define CKM_INTAGLIO_SM2              (CKX_INTAGLIO | 0x31UL)
#define CKM_INTAGLIO_SM2_SM3          (CKX_INTAGLIO | 0x32UL)
#define CKM_INTAGLIO_SM2_ENCRYPT      (CKX_INTAGLIO | 0x33UL)
#define CKK_INTAGLIO_SM2              (CKX_INTAGLIO | 0x04UL)

/* A ledger and the key that stands for it are one object: CKO_SECRET_KEY of this key type. */
#define CKK_INTAGLIO_LEDGER      (CKX_INTAGLIO | 0x01UL)
/*
 * An application of a principal card: CKO_SECRET_KEY of this key type, found where the template names
 * it; CKA_ID is its number, two bytes.
 */
#define CKK_INTAGLIO_APPLICATION (CKX_INTAGLIO | 0x03UL)

/* Attributes of a ledger object; all read-only. */
#define CKA_INTAGLIO_LEDGER_ID          (CKX_INTAGLIO | 0x01UL) /* 16 bytes */
#define CKA_INTAGLIO_RECORD_COUNT       (CKX_INTAGLIO | 0x02UL) /* CK_ULONG, leaf 0 included */
#define CKA_INTAGLIO_CHECKPOINT         (CKX_INTAGLIO | 0x03UL) /* the newest signed note, text */
#define CKA_INTAGLIO_VERIFIER_KEY       (CKX_INTAGLIO | 0x04UL) /* signed-note verifier key, text */
/* Given at creation, or absent: who countersigns, and who can decipher an export. */
#define CKA_INTAGLIO_AUDITOR            (CKX_INTAGLIO | 0x05UL) /* tlog-cosignature key (type 04), text */
#define CKA_INTAGLIO_ESCROW             (CKX_INTAGLIO | 0x06UL) /* modulus of an RSA key, exponent 65537 */
/* An auditor's certificate, its data object 96: who vouches for these two; doc/ledger.md. */
#define CKA_INTAGLIO_AUDITOR_PROOF      (CKX_INTAGLIO | 0x13UL)
/* The card's certificate and its signature on the verifier key; doc/ledger.md. */
#define CKA_INTAGLIO_LEDGER_CERTIFICATE (CKX_INTAGLIO | 0x07UL)
/* Given at creation, or as the card has them by default: what the card holds the ledger to. */
#define CKA_INTAGLIO_APPEND_ROLES       (CKX_INTAGLIO | 0x08UL) /* CK_ULONG, CK_INTAGLIO_ROLE_ bits */
#define CKA_INTAGLIO_READ_ROLES         (CKX_INTAGLIO | 0x09UL)
#define CKA_INTAGLIO_PRUNE_ROLES        (CKX_INTAGLIO | 0x0AUL)
#define CKA_INTAGLIO_CAPACITY           (CKX_INTAGLIO | 0x0BUL) /* CK_ULONG, records; 0: no limit */
#define CKA_INTAGLIO_RECORD_MAX         (CKX_INTAGLIO | 0x0CUL) /* CK_ULONG, bytes of one record */
#define CKA_INTAGLIO_COSIGN_NEEDED      (CKX_INTAGLIO | 0x0DUL) /* CK_BBOOL, before records are pruned */
/* The state of the ledger. */
#define CKA_INTAGLIO_PRUNED_COUNT       (CKX_INTAGLIO | 0x0EUL) /* CK_ULONG, leaves, from the front */
#define CKA_INTAGLIO_COSIGNED           (CKX_INTAGLIO | 0x0FUL) /* countersigned note; empty: none */
#define CKA_INTAGLIO_WARNINGS           (CKX_INTAGLIO | 0x10UL) /* CK_ULONG, CK_INTAGLIO_WARNING_ bits */
#define CKA_INTAGLIO_TIME_BACKWARDS     (CKX_INTAGLIO | 0x11UL) /* CK_ULONG, how many records */
/* Of an application: activations that were left when it was searched for. */
#define CKA_INTAGLIO_ACTIVATIONS        (CKX_INTAGLIO | 0x12UL) /* CK_ULONG */

/* Roles of a host's certificate. */
#define CK_INTAGLIO_ROLE_USER    1UL
#define CK_INTAGLIO_ROLE_ISSUER  2UL
#define CK_INTAGLIO_ROLE_UPDATER 4UL
#define CK_INTAGLIO_ROLE_AUDITOR 8UL

#define CK_INTAGLIO_WARNING_CAPACITY 1UL /* 90 % of the ledger's capacity are in use */
#define CK_INTAGLIO_WARNING_MEMORY   2UL /* 90 % of the card's memory are */
#define CK_INTAGLIO_WARNING_FULL     4UL /* the next record may not fit */
#define CK_INTAGLIO_WARNING_TIME     8UL /* the time of a record was before that of the one before */

/*
 * Parameter of CKM_INTAGLIO_SEAL. To seal: nonce, type and time are used, index is ignored. To open
 * a record by its number: give ulIndex and an empty input; to open a sealed record: give its bytes.
 */
typedef struct CK_INTAGLIO_SEAL_PARAMS {
	unsigned char nonce[16]; /* client nonce: host time in ms, 8 bytes, then 8 random bytes */
	unsigned long ulType; /* record type, 1 to 65535 */
	unsigned long long ullTime; /* host time, ms since 1970 */
	unsigned long ulIndex;
} CK_INTAGLIO_SEAL_PARAMS;

/*
 * What C_Encrypt returns is the sealed record, one leaf or two, followed by its receipt; its length is
 * at most the plaintext's, which is at most 65536 bytes, plus this.
 */
#define CK_INTAGLIO_SEAL_OVERHEAD 2048UL

/*
 * What no C_* function fits: C_GetInterface with the name "Vendor Intaglio" gives this table. Its
 * functions follow the rules of C_*: CKR codes, C_Initialize first but for LastError.
 */
typedef struct CK_INTAGLIO_FIGURES {
	unsigned long ulApdus; /* exchanged with the slot's card since it was opened */
	unsigned long ulSent; /* bytes to the card */
	unsigned long ulReceived; /* bytes from the card */
	char channel[64]; /* the secure channel in words; empty while there is none */
} CK_INTAGLIO_FIGURES;

/* A file by its bytes. */
typedef struct CK_INTAGLIO_FILE {
	const char *name;
	CK_BYTE *pData;
	CK_ULONG ulDataLen;
} CK_INTAGLIO_FILE;

/*
 * What MakeCard makes. Certify is called once for each suite with the public key that the card has
 * made, a data object 7F49, and writes the card's certificate for it, 7F21, with those of its issuers
 * before it, from the one that the authority signed on: at most four, of at most
 * CK_INTAGLIO_CERTIFICATE_MAX bytes. *len is the room, then the length. It has the authority's
 * private key, which the module never sees; it must not call the module, and no slot is locked while
 * it runs. What it returns but CKR_OK ends everything with CKR_FUNCTION_CANCELED.
 */
/* A host's public key that lies on the card, as the certificates that lead to it. */
typedef struct CK_INTAGLIO_STORED_KEY {
	CK_BYTE version, index; /* its reference, tag 83 */
	CK_BYTE *pChain;
	CK_ULONG ulChainLen;
} CK_INTAGLIO_STORED_KEY;

typedef struct CK_INTAGLIO_CARD {
	const char *name; /* of the card's directory */
	CK_BYTE *pAuthority; /* the authority's certificate, 7F21 */
	CK_ULONG ulAuthorityLen;
	CK_BYTE *pSuites; /* that the card serves: 42, 02, 01 (hexadecimal), each once */
	CK_ULONG ulSuiteCount;
	CK_ULONG ulModulusBits; /* of the card's keys, a multiple of 256 */
	CK_BYTE lowestLevel; /* bits that the level of every session must have; 0: 33 */
	CK_BYTE keyNumbering; /* of suite 01: 0 that of GPCS, 1 that of step 134' */
	CK_BBOOL plainCertificates; /* P2 AE: hosts' certificates need not describe themselves */
	CK_INTAGLIO_STORED_KEY *pStoredKeys; /* host keys that the card knows, for P2 A4 */
	CK_ULONG ulStoredKeyCount;
	/*
	 * The host's identity towards the card, as files beside authority.cvc and card.id, which the
	 * module writes: host.key, host.cvc and those of other suites, revoked.
	 */
	CK_INTAGLIO_FILE *pHostFiles;
	CK_ULONG ulHostFileCount;
	CK_RV(*Certify)
	(void *pApplication, CK_BYTE suite, const CK_BYTE *key, CK_ULONG key_len,
	 CK_BYTE *certificate, CK_ULONG *len);
	void *pApplication; /* what Certify is called with */
} CK_INTAGLIO_CARD;

#define CK_INTAGLIO_CERTIFICATE_MAX 16384UL

/* Management of what is on a card, of any vendor: the card's security domains (GPCS). */

/* 5 to 16 bytes; ulLen 0: none. */
typedef struct CK_INTAGLIO_AID {
	CK_BYTE bytes[16];
	CK_ULONG ulLen;
} CK_INTAGLIO_AID;

/* What a key set's keys are; the derivations take the card's ten key diversification bytes. */
#define CK_INTAGLIO_MASTERS_NONE  0UL /* the card's own */
#define CK_INTAGLIO_MASTERS_OWN   1UL /* as a principal card derives them, doc/principal.md */
#define CK_INTAGLIO_MASTERS_EMV   2UL /* EMV CPS 1.1; 16 bytes */
#define CK_INTAGLIO_MASTERS_VISA2 3UL /* Visa 2; 16 bytes */
#define CK_INTAGLIO_MASTERS_KDF3 \
	4UL /* NIST SP 800-108 with AES-CMAC, as cards of several vendors */
/*
 * The channel to a security domain. With NULL in its place the issuer's domain is meant, over SCP10
 * with the host's certificate, which needs the role issuer.
 */
typedef struct CK_INTAGLIO_KEY_SET {
	CK_ULONG ulProtocol; /* 2: SCP02, 3: SCP03, 0: the card chooses */
	CK_ULONG ulVersion; /* of the key set, 1 to 127 (255); 0: the card's first */
	CK_ULONG ulLevel; /* security level; 0: the highest there is */
	CK_BBOOL bS16; /* SCP03 with challenges and MACs of 16 bytes */
	CK_BYTE keys[3][32]; /* ENC, MAC, DEK */
	CK_ULONG ulKeyLen; /* of each: 16, and 24 or 32 for AES; 0: no keys, SCP10 all the same */
	CK_INTAGLIO_AID domain; /* none: the issuer's */
	CK_ULONG ulMasters; /* how the card's own keys are derived from these */
} CK_INTAGLIO_KEY_SET;

/* What GET STATUS tells of one application, security domain or load file. */
#define CK_INTAGLIO_CONTENT_ISSUER      0x80UL
#define CK_INTAGLIO_CONTENT_APPLICATION 0x40UL /* or domain, by its privileges */
#define CK_INTAGLIO_CONTENT_FILE        0x20UL
typedef struct CK_INTAGLIO_CONTENT {
	CK_ULONG ulKind;
	CK_INTAGLIO_AID aid, domain, file; /* itself, whose it is, what it was installed from */
	CK_BYTE lifeCycle;
	CK_BYTE privileges[3];
	CK_BYTE version[2]; /* of a load file; zeros: not told */
	CK_INTAGLIO_AID modules[16]; /* of a load file */
	CK_ULONG ulModuleCount;
} CK_INTAGLIO_CONTENT;

/* What a card says of itself; what it does not say is zero. */
typedef struct CK_INTAGLIO_CARD_INFO {
	CK_INTAGLIO_AID domain; /* the selected one */
	CK_BYTE version[3]; /* of GPCS */
	CK_BYTE protocols[8][2]; /* secure channel protocol and its parameter i */
	CK_ULONG ulProtocolCount;
	CK_BYTE keys[32][4]; /* identifier, version, type, length */
	CK_ULONG ulKeyCount;
	CK_BYTE counter[4]; /* of the key set's sessions */
	CK_ULONG ulCounterLen;
	CK_BYTE productionData[64]; /* CPLC, without its tag */
	CK_ULONG ulProductionDataLen;
} CK_INTAGLIO_CARD_INFO;

/* What ChangeCard does with the card's own life cycle, GPCS 5.1.1; its state is then the one named. */
#define CK_INTAGLIO_CARD_INITIALISE 1UL /* INITIALIZED, from OP_READY */
#define CK_INTAGLIO_CARD_SECURE     2UL /* SECURED, from INITIALIZED, or through it from OP_READY */
#define CK_INTAGLIO_CARD_LOCK       3UL /* CARD_LOCKED, from SECURED */
#define CK_INTAGLIO_CARD_UNLOCK     4UL /* SECURED, from CARD_LOCKED */
#define CK_INTAGLIO_CARD_TERMINATE  5UL /* TERMINATED, from any, and for good */

#define CK_INTAGLIO_INSTALL_DRY_RUN        1UL /* everything is looked at, nothing is changed */
#define CK_INTAGLIO_INSTALL_LOAD_ONLY      2UL /* no application is made */
#define CK_INTAGLIO_INSTALL_NOT_SELECTABLE 4UL
#define CK_INTAGLIO_INSTALL_HASH           8UL /* the card is told the SHA-256 of what comes */

typedef struct CK_INTAGLIO_INSTALLATION {
	/*
	 * A CAP file, or a load file. NULL, since 1.5: package is given and on the card already, and
	 * module, of which one application is made; no dry run, no progress.
	 */
	CK_BYTE *pFile;
	CK_ULONG ulFileLen;
	CK_ULONG ulFlags;
	CK_INTAGLIO_AID module; /* which one is made an application; none: each */
	CK_INTAGLIO_AID instance; /* its name; none: the module's */
	CK_BYTE privileges[3];
	CK_BYTE *pParameters; /* application specific ones, at most 240 bytes */
	CK_ULONG ulParametersLen;
	CK_ULONG ulBlockSize; /* bytes of a block; 0: as card and channel allow */
	/*
	 * Called before every block, and after the last one, with bytes sent and to be sent. What it
	 * returns but CKR_OK ends everything with CKR_FUNCTION_CANCELED, and the card is as before.
	 * May be NULL. No slot is locked while it runs; it must not call C_Finalize.
	 */
	CK_RV (*Progress)(void *pApplication, CK_ULONG done, CK_ULONG total);
	void *pApplication; /* what Progress is called with */
	/* Filled: */
	CK_INTAGLIO_AID package; /* without a file: given */
	CK_ULONG ulBlocks, ulBlock; /* how many, of how many bytes at most */
	CK_ULONG ulApplications; /* that were made, or would be */
	CK_ULONG ulSent,
		ulReceived; /* bytes on the wire of all that, the channel's set-up included */
} CK_INTAGLIO_INSTALLATION;

/*
 * The principal card: an application on a card of ours that holds target cards' keys, load files and
 * scripts, and a number of activations, and installs applications on other cards through a host that
 * reads nothing of it. doc/principal.md says what it does.
 */
#define CK_INTAGLIO_TARGET_SHARED   1UL /* cards have these very keys: none proves which it is */
#define CK_INTAGLIO_TARGET_CLASS_84 2UL /* SCP02: class 84 also in INSTALL [for load] and LOAD */
typedef struct CK_INTAGLIO_TARGET_KEYS {
	CK_ULONG ulNumber; /* 1 to 16 */
	CK_ULONG ulProtocol; /* 2: SCP02, 3: SCP03 */
	CK_ULONG ulOption; /* SCP02: i, 15 or 55 (hexadecimal) */
	CK_ULONG ulVersion; /* of the target's key set; 0: any */
	CK_ULONG ulFlags;
	CK_ULONG ulBlockSize; /* the largest block that targets take; 0: what a short command holds */
	CK_BYTE keys[3][32]; /* ENC, MAC, DEK: masters, unless they are shared; not told */
	CK_ULONG ulKeyLen; /* of each; 0: the set is deleted */
	CK_BYTE checks[3][3]; /* told: their check values */
} CK_INTAGLIO_TARGET_KEYS;

/*
 * An application as it is put on a principal card: what is deleted on a target first (the packages of
 * all files, with what was made of them), what is loaded, and what of the last file is installed.
 */
#define CK_INTAGLIO_PRINCIPAL_HASH      8UL /* the target is told the SHA-256 of each file */
#define CK_INTAGLIO_PRINCIPAL_KEEP      16UL /* nothing is deleted first */
#define CK_INTAGLIO_PRINCIPAL_FILES_MAX 7UL
typedef struct CK_INTAGLIO_PRINCIPAL_LOAD {
	CK_ULONG ulNumber; /* of the application, 1 to 4095 */
	CK_ULONG ulKeySet; /* that its targets must have; 0: any */
	CK_ULONG ulFlags;
	CK_INTAGLIO_FILE *pFiles; /* CAP files or load files, in the order in which they are loaded */
	CK_ULONG ulFileCount;
	CK_INTAGLIO_AID domain; /* on the target, for INSTALL [for load]; none: the selected one */
	CK_INTAGLIO_AID module, instance; /* as in CK_INTAGLIO_INSTALLATION */
	CK_BYTE privileges[3];
	CK_BYTE *pParameters;
	CK_ULONG ulParametersLen; /* at most 128 */
	/* As in CK_INTAGLIO_INSTALLATION; cancelled, the principal has what it had before. */
	CK_RV (*Progress)(void *pApplication, CK_ULONG done, CK_ULONG total);
	void *pApplication;
	CK_ULONG ulInstalls; /* filled: applications that a target will have of it */
} CK_INTAGLIO_PRINCIPAL_LOAD;

typedef struct CK_INTAGLIO_PRINCIPAL_COUNTER {
	CK_ULONG ulNumber; /* of the application */
	CK_ULONG ulLeft, ulUsed; /* activations */
	CK_ULONG ulSerial, ulLast; /* of the last charge: its number, and how many it gave */
} CK_INTAGLIO_PRINCIPAL_COUNTER;

typedef struct CK_INTAGLIO_PRINCIPAL_FILE {
	CK_ULONG ulNumber; /* on the card; its low twelve bits are the application's */
	CK_ULONG ulSize;
	CK_BYTE hash[32]; /* SHA-256 */
} CK_INTAGLIO_PRINCIPAL_FILE;

#define CK_INTAGLIO_EVENT_CHARGED  1UL
#define CK_INTAGLIO_EVENT_RETRIED  2UL /* released again without a charge */
#define CK_INTAGLIO_EVENT_REPORTED 3UL /* the target has the application */
#define CK_INTAGLIO_EVENT_DROPPED  4UL /* the pending entry: no free retry was left */
#define CK_INTAGLIO_EVENT_GIVEN_UP 5UL /* the pending entry: the host asked */
typedef struct CK_INTAGLIO_PRINCIPAL_EVENT {
	CK_ULONG ulSequence; /* from 1 */
	CK_ULONG ulEvent;
	CK_ULONG ulApplication;
	CK_BYTE target[10]; /* the target's id */
	CK_BYTE digest[32]; /* of what was installed */
	CK_BBOOL bProved; /* by the target's keys, and a report by its MAC */
	CK_ULONG ulDate; /* YYMMDD in decimal digits; the event was not before it */
	unsigned long long ullTime; /* ms since 1970, as the host said; 0: it did not */
} CK_INTAGLIO_PRINCIPAL_EVENT;

/*
 * Each count is the room of its list, and then how many there are; a list may be NULL. bAll, bTrail:
 * whether the host's role may read keys, files and the pending entry, and the trail.
 */
typedef struct CK_INTAGLIO_PRINCIPAL_STATUS {
	CK_INTAGLIO_PRINCIPAL_COUNTER *pCounters;
	CK_ULONG ulCounterCount;
	CK_INTAGLIO_TARGET_KEYS *pKeys;
	CK_ULONG ulKeyCount;
	CK_INTAGLIO_PRINCIPAL_FILE *pFiles;
	CK_ULONG ulFileCount;
	CK_INTAGLIO_PRINCIPAL_EVENT *pEvents;
	CK_ULONG ulEventCount;
	CK_ULONG ulFirst; /* given: the trail from this entry on */
	CK_BBOOL bAll, bTrail;
	/* An installation that was charged and not reported yet. */
	CK_ULONG ulPending; /* its application; 0: there is none */
	CK_BYTE target[10];
	CK_BYTE digest[32];
	CK_ULONG ulRetries; /* that it had for nothing */
} CK_INTAGLIO_PRINCIPAL_STATUS;

/* An installation through a principal card. */
typedef struct CK_INTAGLIO_TRANSFER {
	CK_ULONG ulApplication; /* its number on the principal */
	CK_ULONG ulFlags; /* CK_INTAGLIO_INSTALL_DRY_RUN: until principal and target know each other */
	CK_ULONG ulVersion; /* of the target's key set; 0: its first */
	CK_BBOOL bS16; /* the target speaks SCP03 with challenges and MACs of 16 bytes */
	CK_INTAGLIO_AID domain; /* on the target; none: the issuer's */
	/*
	 * Called before each command that changes the target, and where there might be one more, with
	 * how many it had; how many there will be only the principal knows, and total is 0 until they
	 * are through. While another target's installation is waited for, bWaiting is set and it is
	 * called again and again, ten times a second: as long as others go on, and for ten seconds when
	 * they do not. What it returns but CKR_OK ends everything with CKR_FUNCTION_CANCELED, and the target keeps
	 * nothing that was loaded. After the activation it is called once, at the end. No slot is
	 * locked while it runs; it must not call C_Finalize. May be NULL.
	 */
	CK_RV (*Progress)(void *pApplication, CK_ULONG done, CK_ULONG total);
	void *pApplication;
	/* Filled: */
	CK_BYTE target[10]; /* what the target says is its id */
	CK_ULONG ulCommands; /* that changed it */
	CK_BBOOL bActivated; /* an activation is charged, or one that is charged already was used */
	CK_BBOOL bWaiting; /* while Progress runs: see there. Since 1.5, where there was padding */
	CK_ULONG ulSent, ulReceived; /* bytes on the target's wire */
} CK_INTAGLIO_TRANSFER;

/*
 * Parameter of CKM_INTAGLIO_APPLICATION_LOAD. The data that are signed are empty, the signature is the
 * target's id, CK_INTAGLIO_TARGET_ID bytes. Between commands the session's CK_NOTIFY is called with
 * CKN_SURRENDER, as Progress of CK_INTAGLIO_TRANSFER is; CKR_CANCEL from it ends C_Sign with
 * CKR_FUNCTION_CANCELED. CKR_FUNCTION_REJECTED: what is CKR_ACTION_PROHIBITED of PrincipalInstall.
 */
#define CK_INTAGLIO_TARGET_ID 10UL
typedef struct CK_INTAGLIO_APPLICATION_LOAD_PARAMS {
	CK_SLOT_ID target;
	CK_ULONG ulVersion; /* of the target's key set; 0: its first */
	CK_BBOOL bS16; /* as in CK_INTAGLIO_TRANSFER */
	CK_INTAGLIO_AID domain;
} CK_INTAGLIO_APPLICATION_LOAD_PARAMS;

typedef struct CK_INTAGLIO_FUNCTION_LIST {
	CK_VERSION version; /* of this table: 1.5 */
	/* Figures of one slot. CKR_SLOT_ID_INVALID, CKR_ARGUMENTS_BAD. */
	CK_RV (*Figures)(CK_SLOT_ID slot, CK_INTAGLIO_FIGURES *ret);
	/*
	 * The sentence that explains the calling thread's last failed C_* call: what happened, to which
	 * card, what to do. Two-call rule; the text is not terminated. Empty if nothing failed.
	 */
	CK_RV (*LastError)(CK_UTF8CHAR *text, CK_ULONG *len);
	/*
	 * A leaf of a ledger object by its index, as it is stored. Two-call rule. Needs no login.
	 * CKR_ENCRYPTED_DATA_INVALID: there is none of this index, or it was pruned.
	 */
	CK_RV(*ReadLeaf)
	(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index, CK_BYTE *leaf,
	 CK_ULONG *len);
	/*
	 * The leaves from an index on, one after the other, as many as one answer of the card holds:
	 * at least one, at most CK_INTAGLIO_LEAVES_MAX bytes. Two-call rule. Since 1.1.
	 */
	CK_RV(*ReadLeaves)
	(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG index, CK_BYTE *leaves,
	 CK_ULONG *len);
	/*
	 * Makes an embedded card with its identity, whole or not at all; it is a slot at the next
	 * C_GetSlotList. CKR_ACTION_PROHIBITED if there is a card of this name; CKR_DATA_INVALID if
	 * authority, certificates and host files do not make an identity that opens the card;
	 * CKR_FUNCTION_CANCELED. Since 1.1.
	 */
	CK_RV (*MakeCard)(const CK_INTAGLIO_CARD *card);
	/*
	 * Brings changes of trust to the card, all or none: a link certificate, renewed certificates
	 * of the card, a revocation list, at least one of them, one after the other. Needs a R/W
	 * session of a host with the role issuer (CKR_ACTION_PROHIBITED) and no login;
	 * CKR_DATA_INVALID if the card does not take them. Since 1.1.
	 */
	CK_RV (*UpdateTrust)(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG len);
	/*
	 * Brings a countersigned checkpoint (C2SP tlog-cosignature) back to the ledger's card, which
	 * keeps the newest one. Needs a R/W session and no login; CKR_DATA_INVALID if the auditor's
	 * signature is not on it, or the card's ledger never was that, or it is not newer. Since 1.2.
	 */
	CK_RV(*Cosign)
	(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_BYTE *note, CK_ULONG len);
	/*
	 * Drops the first size leaves of a ledger from the card, for good: what is not exported is lost.
	 * Leaf 0, the tree and all that follows stay. Needs a R/W session of a host with a role that may
	 * (CKR_ACTION_PROHIBITED); CKR_DATA_INVALID if there are not so many, or the ledger's rules ask
	 * for a countersignature that is not there. Since 1.2.
	 */
	CK_RV (*Prune)(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE ledger, CK_ULONG size);
	/*
	 * For an administrator who knows that the card in a slot is to be a token now, e.g. since it
	 * was given the application: a card that was found foreign is left alone until it is taken
	 * out, and this asks it once more, with at most two commands. CKR_OK: it is a token;
	 * CKR_TOKEN_NOT_RECOGNIZED: it is not, and is left alone again; CKR_TOKEN_NOT_PRESENT.
	 * Since 1.2.
	 */
	CK_RV (*RecogniseCard)(CK_SLOT_ID slot);
	/*
	 * Management of a card's contents; all since 1.3. They work on the card in a slot whether it is
	 * a token or not, on a connection of their own, need no session and no login, and leave those
	 * there are alone. keys may be NULL. CKR_ACTION_PROHIBITED: not authorised, or not in this
	 * life cycle; CKR_DATA_INVALID: the card does not take that; CKR_DEVICE_MEMORY. LastError says
	 * which it was.
	 *
	 * What the card says of itself, without a channel unless keys has keys.
	 */
	CK_RV(*CardInfo)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_CARD_INFO *ret);
	/* Everything on the card. Two-call rule; each call asks the card. */
	CK_RV(*ListContent)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_CONTENT *list,
	 CK_ULONG *count);
	/* Loads a package and makes its applications, all or nothing. */
	CK_RV(*InstallContent)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_INTAGLIO_INSTALLATION *installation);
	/* related: a load file with the applications that were made from it. */
	CK_RV(*DeleteContent)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, const CK_INTAGLIO_AID *aid,
	 CK_BBOOL related);
	/* Locks an application or domain, or takes the lock off. */
	CK_RV(*LockContent)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, const CK_INTAGLIO_AID *aid,
	 CK_BBOOL lock);
	/* A new key set for the domain; replaces: the version that it takes the place of, or 0. */
	CK_RV(*PutKeys)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, const CK_INTAGLIO_KEY_SET *fresh,
	 CK_ULONG replaces);
	CK_RV(*DeleteKeys)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG version);
	/*
	 * The principal card in a slot; all since 1.4. As above they need no session and no login; all
	 * but PrincipalStatus, PrincipalInstall and PrincipalGiveUp need the role issuer
	 * (CKR_ACTION_PROHIBITED). CKR_DATA_INVALID: the card is none, or does not take that.
	 *
	 * Makes the card a principal card.
	 */
	CK_RV (*PrincipalCreate)(CK_SLOT_ID slot);
	CK_RV (*PrincipalPutKeys)(CK_SLOT_ID slot, const CK_INTAGLIO_TARGET_KEYS *keys);
	/* Puts an application, in the place of one with this number; it keeps that one's activations. */
	CK_RV (*PrincipalLoad)(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_LOAD *load);
	/* Takes an application off, with its files and its activations. */
	CK_RV (*PrincipalUnload)(CK_SLOT_ID slot, CK_ULONG application);
	/*
	 * Gives an application count activations more. serial: one above the last charge's, or 0, which
	 * means that; a charge whose answer was lost is repeated with the serial that it had, and
	 * gives nothing twice.
	 */
	CK_RV(*PrincipalCharge)
	(CK_SLOT_ID slot, CK_ULONG application, CK_ULONG serial, CK_ULONG count);
	/* CKR_BUFFER_TOO_SMALL: a list has no room for all. */
	CK_RV (*PrincipalStatus)(CK_SLOT_ID slot, CK_INTAGLIO_PRINCIPAL_STATUS *status);
	/* The trail's entries below this sequence number go. */
	CK_RV (*PrincipalTrim)(CK_SLOT_ID slot, CK_ULONG sequence);
	/*
	 * Installs an application of the principal on the card in another slot. A torn installation is
	 * repeated with the same call and costs no second activation. CKR_ACTION_PROHIBITED: no
	 * activation, or another target's installation is not reported yet; CKR_DATA_INVALID: what
	 * the target refuses, or what principal and target have no keys for.
	 */
	CK_RV(*PrincipalInstall)
	(CK_SLOT_ID principal, CK_SLOT_ID target, CK_INTAGLIO_TRANSFER *transfer);
	/* Gives up the pending entry: its target's next installation is charged. */
	CK_RV (*PrincipalGiveUp)(CK_SLOT_ID slot);
	/*
	 * As CardInfo and the following; both since 1.5. change: CK_INTAGLIO_CARD_. There is no way
	 * back from INITIALISE, SECURE and TERMINATE.
	 */
	CK_RV(*ChangeCard)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, CK_ULONG change);
	/* Gives an application, domain or load file to another security domain (extradition). */
	CK_RV(*MoveContent)
	(CK_SLOT_ID slot, const CK_INTAGLIO_KEY_SET *keys, const CK_INTAGLIO_AID *aid,
	 const CK_INTAGLIO_AID *domain);
} CK_INTAGLIO_FUNCTION_LIST;

#define CK_INTAGLIO_LEAVES_MAX 65536UL

#endif
