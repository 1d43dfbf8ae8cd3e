/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What PKCS#11 versions 3.0 to 3.2 add to p11-kit's header of 2.40 as far as this project names it:
 * functions and their lists, types, constants. From the published standard of OASIS; the clauses
 * are those of version 3.2.
 */
#ifndef INTAGLIO_BASE_CRYPTOKI3_H
#define INTAGLIO_BASE_CRYPTOKI3_H

#include <p11-kit/pkcs11.h>

/* 5.4.5: interfaces. */
typedef struct CK_INTERFACE {
	CK_UTF8CHAR *pInterfaceName;
	void *pFunctionList;
	CK_FLAGS flags;
} CK_INTERFACE;
typedef CK_INTERFACE *CK_INTERFACE_PTR;
typedef CK_INTERFACE_PTR *CK_INTERFACE_PTR_PTR;
#define CKF_INTERFACE_FORK_SAFE 0x00000001UL

/* 5.22: asynchronous functions. */
typedef struct CK_ASYNC_DATA {
	CK_ULONG ulVersion;
	CK_BYTE_PTR pValue;
	CK_ULONG ulValue;
	CK_OBJECT_HANDLE hObject;
	CK_OBJECT_HANDLE hAdditionalObject;
} CK_ASYNC_DATA;
typedef CK_ASYNC_DATA *CK_ASYNC_DATA_PTR;

/* 5.6.12 */
typedef CK_ULONG CK_SESSION_VALIDATION_FLAGS_TYPE;
#define CKS_LAST_VALIDATION_OK 0x00000001UL

/* 4.4, 4.5, 4.15: object classes, attributes and profiles. */
typedef CK_ULONG CK_PROFILE_ID;
#define CKA_UNIQUE_ID                 0x00000004UL
#define CKA_PROFILE_ID                0x00000601UL
#define CKO_PROFILE                   0x00000009UL
#define CKP_BASELINE_PROVIDER         0x00000001UL
#define CKP_EXTENDED_PROVIDER         0x00000002UL
#define CKP_AUTHENTICATION_TOKEN      0x00000003UL
#define CKP_PUBLIC_CERTIFICATES_TOKEN 0x00000004UL

/* 3.6: flags of mechanisms, which C_SessionCancel takes too (5.6.13). */
#define CKF_MESSAGE_ENCRYPT 0x00000002UL
#define CKF_MESSAGE_DECRYPT 0x00000004UL
#define CKF_MESSAGE_SIGN    0x00000008UL
#define CKF_MESSAGE_VERIFY  0x00000010UL
#define CKF_MULTI_MESSAGE   0x00000020UL
#define CKF_FIND_OBJECTS    0x00000040UL
#define CKF_END_OF_MESSAGE  0x00000001UL

/* 5.1: return values. */
#define CKR_AEAD_DECRYPT_FAILED         0x00000042UL
#define CKR_TOKEN_RESOURCE_EXCEEDED     0x00000201UL
#define CKR_OPERATION_CANCEL_FAILED     0x00000202UL
#define CKR_KEY_EXHAUSTED               0x00000203UL
#define CKR_PENDING                     0x00000204UL
#define CKR_SESSION_ASYNC_NOT_SUPPORTED 0x00000205UL
#define CKR_SEED_RANDOM_REQUIRED        0x00000206UL
#define CKR_OPERATION_NOT_VALIDATED     0x00000207UL
#define CKR_TOKEN_NOT_INITIALIZED       0x00000208UL
#define CKR_PARAMETER_SET_NOT_SUPPORTED 0x00000209UL

/* 6: mechanisms and key types. */
#define CKK_EC_MONTGOMERY              0x00000041UL
#define CKM_EC_MONTGOMERY_KEY_PAIR_GEN 0x00001056UL
#define CKM_SHA3_256                   0x000002B0UL
#define CKM_SHA3_256_HMAC              0x000002B1UL
#define CKM_SHA3_256_HMAC_GENERAL      0x000002B2UL
#define CKM_SHA3_224                   0x000002B5UL
#define CKM_SHA3_224_HMAC              0x000002B6UL
#define CKM_SHA3_384                   0x000002C0UL
#define CKM_SHA3_384_HMAC              0x000002C1UL
#define CKM_SHA3_512                   0x000002D0UL
#define CKM_SHA3_512_HMAC              0x000002D1UL
#define CKM_SHA3_512_HMAC_GENERAL      0x000002D2UL
#define CKM_AES_KEY_WRAP_KWP           0x0000210BUL

/* 6.3.15 */
typedef struct CK_EDDSA_PARAMS {
	CK_BBOOL phFlag;
	CK_ULONG ulContextDataLen;
	CK_BYTE_PTR pContextData;
} CK_EDDSA_PARAMS;

/* 6.13.3: AES-GCM message by message. */
typedef CK_ULONG CK_GENERATOR_FUNCTION;
#define CKG_NO_GENERATE      0x00000000UL
#define CKG_GENERATE         0x00000001UL
#define CKG_GENERATE_COUNTER 0x00000002UL
#define CKG_GENERATE_RANDOM  0x00000003UL
typedef struct CK_GCM_MESSAGE_PARAMS {
	CK_BYTE_PTR pIv;
	CK_ULONG ulIvLen;
	CK_ULONG ulIvFixedBits;
	CK_GENERATOR_FUNCTION ivGenerator;
	CK_BYTE_PTR pTag;
	CK_ULONG ulTagBits;
} CK_GCM_MESSAGE_PARAMS;

/* A function and the type of a pointer to it, as p11-kit's header has them for 2.40. */
#define CRYPTOKI_FUNCTION(name, ...)             \
	typedef CK_RV (*CK_##name)(__VA_ARGS__); \
	CK_RV name(__VA_ARGS__)

/* Version 3.0 */
CRYPTOKI_FUNCTION(C_GetInterfaceList, CK_INTERFACE_PTR list, CK_ULONG_PTR count);
CRYPTOKI_FUNCTION(C_GetInterface, CK_UTF8CHAR_PTR name, CK_VERSION_PTR version,
		  CK_INTERFACE_PTR_PTR ret, CK_FLAGS flags);
CRYPTOKI_FUNCTION(C_LoginUser, CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
		  CK_ULONG pin_len, CK_UTF8CHAR_PTR name, CK_ULONG name_len);
CRYPTOKI_FUNCTION(C_SessionCancel, CK_SESSION_HANDLE session, CK_FLAGS flags);
CRYPTOKI_FUNCTION(C_MessageEncryptInit, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE key);
CRYPTOKI_FUNCTION(C_EncryptMessage, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR in,
		  CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CRYPTOKI_FUNCTION(C_EncryptMessageBegin, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR aad, CK_ULONG aad_len);
CRYPTOKI_FUNCTION(C_EncryptMessageNext, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len, CK_FLAGS flags);
CRYPTOKI_FUNCTION(C_MessageEncryptFinal, CK_SESSION_HANDLE session);
CRYPTOKI_FUNCTION(C_MessageDecryptInit, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE key);
CRYPTOKI_FUNCTION(C_DecryptMessage, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR aad, CK_ULONG aad_len, CK_BYTE_PTR in,
		  CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CRYPTOKI_FUNCTION(C_DecryptMessageBegin, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR aad, CK_ULONG aad_len);
CRYPTOKI_FUNCTION(C_DecryptMessageNext, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len, CK_FLAGS flags);
CRYPTOKI_FUNCTION(C_MessageDecryptFinal, CK_SESSION_HANDLE session);
CRYPTOKI_FUNCTION(C_MessageSignInit, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE key);
CRYPTOKI_FUNCTION(C_SignMessage, CK_SESSION_HANDLE session, void *parameter, CK_ULONG parameter_len,
		  CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CRYPTOKI_FUNCTION(C_SignMessageBegin, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len);
CRYPTOKI_FUNCTION(C_SignMessageNext, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR out,
		  CK_ULONG_PTR out_len);
CRYPTOKI_FUNCTION(C_MessageSignFinal, CK_SESSION_HANDLE session);
CRYPTOKI_FUNCTION(C_MessageVerifyInit, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE key);
CRYPTOKI_FUNCTION(C_VerifyMessage, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		  CK_ULONG signature_len);
CRYPTOKI_FUNCTION(C_VerifyMessageBegin, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len);
CRYPTOKI_FUNCTION(C_VerifyMessageNext, CK_SESSION_HANDLE session, void *parameter,
		  CK_ULONG parameter_len, CK_BYTE_PTR in, CK_ULONG in_len, CK_BYTE_PTR signature,
		  CK_ULONG signature_len);
CRYPTOKI_FUNCTION(C_MessageVerifyFinal, CK_SESSION_HANDLE session);

/* Version 3.2 */
CRYPTOKI_FUNCTION(C_EncapsulateKey, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE public_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		  CK_BYTE_PTR out, CK_ULONG_PTR out_len, CK_OBJECT_HANDLE_PTR ret);
CRYPTOKI_FUNCTION(C_DecapsulateKey, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE private_key, CK_ATTRIBUTE_PTR template, CK_ULONG count,
		  CK_BYTE_PTR in, CK_ULONG in_len, CK_OBJECT_HANDLE_PTR ret);
CRYPTOKI_FUNCTION(C_VerifySignatureInit, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE key, CK_BYTE_PTR signature, CK_ULONG signature_len);
CRYPTOKI_FUNCTION(C_VerifySignature, CK_SESSION_HANDLE session, CK_BYTE_PTR in, CK_ULONG in_len);
CRYPTOKI_FUNCTION(C_VerifySignatureUpdate, CK_SESSION_HANDLE session, CK_BYTE_PTR in,
		  CK_ULONG in_len);
CRYPTOKI_FUNCTION(C_VerifySignatureFinal, CK_SESSION_HANDLE session);
CRYPTOKI_FUNCTION(C_GetSessionValidationFlags, CK_SESSION_HANDLE session,
		  CK_SESSION_VALIDATION_FLAGS_TYPE type, CK_FLAGS *ret);
CRYPTOKI_FUNCTION(C_AsyncComplete, CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function,
		  CK_ASYNC_DATA_PTR ret);
CRYPTOKI_FUNCTION(C_AsyncGetID, CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function,
		  CK_ULONG_PTR ret);
CRYPTOKI_FUNCTION(C_AsyncJoin, CK_SESSION_HANDLE session, CK_UTF8CHAR_PTR function, CK_ULONG id,
		  CK_BYTE_PTR data, CK_ULONG data_len);
CRYPTOKI_FUNCTION(C_WrapKeyAuthenticated, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE wrapping_key, CK_OBJECT_HANDLE key, CK_BYTE_PTR aad,
		  CK_ULONG aad_len, CK_BYTE_PTR out, CK_ULONG_PTR out_len);
CRYPTOKI_FUNCTION(C_UnwrapKeyAuthenticated, CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
		  CK_OBJECT_HANDLE unwrapping_key, CK_BYTE_PTR in, CK_ULONG in_len,
		  CK_ATTRIBUTE_PTR template, CK_ULONG count, CK_BYTE_PTR aad, CK_ULONG aad_len,
		  CK_OBJECT_HANDLE_PTR ret);

#undef CRYPTOKI_FUNCTION

/* Function lists: each begins as the one before it does. */
#define CRYPTOKI_LIST_2_40                              \
	CK_C_Initialize C_Initialize;                   \
	CK_C_Finalize C_Finalize;                       \
	CK_C_GetInfo C_GetInfo;                         \
	CK_C_GetFunctionList C_GetFunctionList;         \
	CK_C_GetSlotList C_GetSlotList;                 \
	CK_C_GetSlotInfo C_GetSlotInfo;                 \
	CK_C_GetTokenInfo C_GetTokenInfo;               \
	CK_C_GetMechanismList C_GetMechanismList;       \
	CK_C_GetMechanismInfo C_GetMechanismInfo;       \
	CK_C_InitToken C_InitToken;                     \
	CK_C_InitPIN C_InitPIN;                         \
	CK_C_SetPIN C_SetPIN;                           \
	CK_C_OpenSession C_OpenSession;                 \
	CK_C_CloseSession C_CloseSession;               \
	CK_C_CloseAllSessions C_CloseAllSessions;       \
	CK_C_GetSessionInfo C_GetSessionInfo;           \
	CK_C_GetOperationState C_GetOperationState;     \
	CK_C_SetOperationState C_SetOperationState;     \
	CK_C_Login C_Login;                             \
	CK_C_Logout C_Logout;                           \
	CK_C_CreateObject C_CreateObject;               \
	CK_C_CopyObject C_CopyObject;                   \
	CK_C_DestroyObject C_DestroyObject;             \
	CK_C_GetObjectSize C_GetObjectSize;             \
	CK_C_GetAttributeValue C_GetAttributeValue;     \
	CK_C_SetAttributeValue C_SetAttributeValue;     \
	CK_C_FindObjectsInit C_FindObjectsInit;         \
	CK_C_FindObjects C_FindObjects;                 \
	CK_C_FindObjectsFinal C_FindObjectsFinal;       \
	CK_C_EncryptInit C_EncryptInit;                 \
	CK_C_Encrypt C_Encrypt;                         \
	CK_C_EncryptUpdate C_EncryptUpdate;             \
	CK_C_EncryptFinal C_EncryptFinal;               \
	CK_C_DecryptInit C_DecryptInit;                 \
	CK_C_Decrypt C_Decrypt;                         \
	CK_C_DecryptUpdate C_DecryptUpdate;             \
	CK_C_DecryptFinal C_DecryptFinal;               \
	CK_C_DigestInit C_DigestInit;                   \
	CK_C_Digest C_Digest;                           \
	CK_C_DigestUpdate C_DigestUpdate;               \
	CK_C_DigestKey C_DigestKey;                     \
	CK_C_DigestFinal C_DigestFinal;                 \
	CK_C_SignInit C_SignInit;                       \
	CK_C_Sign C_Sign;                               \
	CK_C_SignUpdate C_SignUpdate;                   \
	CK_C_SignFinal C_SignFinal;                     \
	CK_C_SignRecoverInit C_SignRecoverInit;         \
	CK_C_SignRecover C_SignRecover;                 \
	CK_C_VerifyInit C_VerifyInit;                   \
	CK_C_Verify C_Verify;                           \
	CK_C_VerifyUpdate C_VerifyUpdate;               \
	CK_C_VerifyFinal C_VerifyFinal;                 \
	CK_C_VerifyRecoverInit C_VerifyRecoverInit;     \
	CK_C_VerifyRecover C_VerifyRecover;             \
	CK_C_DigestEncryptUpdate C_DigestEncryptUpdate; \
	CK_C_DecryptDigestUpdate C_DecryptDigestUpdate; \
	CK_C_SignEncryptUpdate C_SignEncryptUpdate;     \
	CK_C_DecryptVerifyUpdate C_DecryptVerifyUpdate; \
	CK_C_GenerateKey C_GenerateKey;                 \
	CK_C_GenerateKeyPair C_GenerateKeyPair;         \
	CK_C_WrapKey C_WrapKey;                         \
	CK_C_UnwrapKey C_UnwrapKey;                     \
	CK_C_DeriveKey C_DeriveKey;                     \
	CK_C_SeedRandom C_SeedRandom;                   \
	CK_C_GenerateRandom C_GenerateRandom;           \
	CK_C_GetFunctionStatus C_GetFunctionStatus;     \
	CK_C_CancelFunction C_CancelFunction;           \
	CK_C_WaitForSlotEvent C_WaitForSlotEvent;

#define CRYPTOKI_LIST_3_0                               \
	CK_C_GetInterfaceList C_GetInterfaceList;       \
	CK_C_GetInterface C_GetInterface;               \
	CK_C_LoginUser C_LoginUser;                     \
	CK_C_SessionCancel C_SessionCancel;             \
	CK_C_MessageEncryptInit C_MessageEncryptInit;   \
	CK_C_EncryptMessage C_EncryptMessage;           \
	CK_C_EncryptMessageBegin C_EncryptMessageBegin; \
	CK_C_EncryptMessageNext C_EncryptMessageNext;   \
	CK_C_MessageEncryptFinal C_MessageEncryptFinal; \
	CK_C_MessageDecryptInit C_MessageDecryptInit;   \
	CK_C_DecryptMessage C_DecryptMessage;           \
	CK_C_DecryptMessageBegin C_DecryptMessageBegin; \
	CK_C_DecryptMessageNext C_DecryptMessageNext;   \
	CK_C_MessageDecryptFinal C_MessageDecryptFinal; \
	CK_C_MessageSignInit C_MessageSignInit;         \
	CK_C_SignMessage C_SignMessage;                 \
	CK_C_SignMessageBegin C_SignMessageBegin;       \
	CK_C_SignMessageNext C_SignMessageNext;         \
	CK_C_MessageSignFinal C_MessageSignFinal;       \
	CK_C_MessageVerifyInit C_MessageVerifyInit;     \
	CK_C_VerifyMessage C_VerifyMessage;             \
	CK_C_VerifyMessageBegin C_VerifyMessageBegin;   \
	CK_C_VerifyMessageNext C_VerifyMessageNext;     \
	CK_C_MessageVerifyFinal C_MessageVerifyFinal;

#define CRYPTOKI_LIST_3_2                                           \
	CK_C_EncapsulateKey C_EncapsulateKey;                       \
	CK_C_DecapsulateKey C_DecapsulateKey;                       \
	CK_C_VerifySignatureInit C_VerifySignatureInit;             \
	CK_C_VerifySignature C_VerifySignature;                     \
	CK_C_VerifySignatureUpdate C_VerifySignatureUpdate;         \
	CK_C_VerifySignatureFinal C_VerifySignatureFinal;           \
	CK_C_GetSessionValidationFlags C_GetSessionValidationFlags; \
	CK_C_AsyncComplete C_AsyncComplete;                         \
	CK_C_AsyncGetID C_AsyncGetID;                               \
	CK_C_AsyncJoin C_AsyncJoin;                                 \
	CK_C_WrapKeyAuthenticated C_WrapKeyAuthenticated;           \
	CK_C_UnwrapKeyAuthenticated C_UnwrapKeyAuthenticated;

typedef struct CK_FUNCTION_LIST_3_0 {
	CK_VERSION version;
	CRYPTOKI_LIST_2_40
	CRYPTOKI_LIST_3_0
} CK_FUNCTION_LIST_3_0;

typedef struct CK_FUNCTION_LIST_3_2 {
	CK_VERSION version;
	CRYPTOKI_LIST_2_40
	CRYPTOKI_LIST_3_0
	CRYPTOKI_LIST_3_2
} CK_FUNCTION_LIST_3_2;

#endif
