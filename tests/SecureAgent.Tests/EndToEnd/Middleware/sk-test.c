/*
 * A security key in software, as the middleware that ssh-sk-helper(8) loads (OpenSSH, PROTOCOL.u2f and sk-api.h,
 * version 10 of the interface). The key handle is the private key, which only a test may do. The application tells
 * what happens at a signature:
 *   ssh:crash   the process ends
 *   ssh:hang    it never ends
 *   ssh:absent  no device has the key
 *   ssh:liar    the signature is one of other data
 * Keys that need a PIN (verify-required) take 271828, and the only other answer to a wrong one is the same error.
 * libcrypto's headers are not needed: what is used of them is declared here.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SSH_SK_VERSION_MAJOR 0x000a0000
#define SSH_SK_USER_PRESENCE_REQD 0x01
#define SSH_SK_USER_VERIFICATION_REQD 0x04
#define SSH_SK_ECDSA 0
#define SSH_SK_ED25519 1
#define SSH_SK_ERR_GENERAL -1
#define SSH_SK_ERR_PIN_REQUIRED -3
#define SSH_SK_ERR_DEVICE_NOT_FOUND -4

#define COUNTER 0x01020304
#define POINT_BYTES 65
#define SIGNED_BYTES (32 + 1 + 4 + 32)

struct sk_option;
struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};
struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};
struct sk_resident_key;

typedef struct evp_pkey_st EVP_PKEY;
typedef struct evp_md_ctx_st EVP_MD_CTX;
typedef struct evp_md_st EVP_MD;
EVP_PKEY *EVP_PKEY_Q_keygen(void *context, const char *properties, const char *type, ...);
void EVP_PKEY_free(EVP_PKEY *key);
int EVP_PKEY_get_raw_public_key(const EVP_PKEY *key, unsigned char *out, size_t *length);
int EVP_PKEY_get_octet_string_param(
    const EVP_PKEY *key, const char *name, unsigned char *out, size_t size, size_t *length);
int i2d_PrivateKey(const EVP_PKEY *key, unsigned char **out);
EVP_PKEY *d2i_AutoPrivateKey(EVP_PKEY **key, const unsigned char **in, long length);
EVP_MD_CTX *EVP_MD_CTX_new(void);
void EVP_MD_CTX_free(EVP_MD_CTX *context);
const EVP_MD *EVP_sha256(void);
int EVP_DigestSignInit(EVP_MD_CTX *context, void **key_context, const EVP_MD *digest, void *engine, EVP_PKEY *key);
int EVP_DigestSign(
    EVP_MD_CTX *context, unsigned char *signature, size_t *length, const unsigned char *data, size_t data_length);
unsigned char *SHA256(const unsigned char *data, size_t length, unsigned char *digest);

static uint8_t *copy_of(const uint8_t *bytes, size_t length)
{
    uint8_t *copy = malloc(length);
    if (copy != NULL)
        memcpy(copy, bytes, length);
    return copy;
}

/* Past the header of a DER sequence of two numbers; *der is moved behind the number that is returned. */
static uint8_t *next_number(const uint8_t **der, size_t *length)
{
    const uint8_t *number = *der + 2;
    *length = (*der)[1];
    *der = number + *length;
    return copy_of(number, *length);
}

uint32_t sk_api_version(void)
{
    return SSH_SK_VERSION_MAJOR;
}

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
    const char *pin, struct sk_option **options, struct sk_enroll_response **enrolled)
{
    struct sk_enroll_response *response = calloc(1, sizeof(*response));
    EVP_PKEY *key = alg == SSH_SK_ED25519 ? EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")
                                          : EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    (void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
    if (response == NULL || key == NULL)
        return SSH_SK_ERR_GENERAL;

    response->flags = flags;
    response->public_key = malloc(response->public_key_len = POINT_BYTES);
    if (alg == SSH_SK_ED25519)
        EVP_PKEY_get_raw_public_key(key, response->public_key, &response->public_key_len);
    else
        EVP_PKEY_get_octet_string_param(
            key, "pub", response->public_key, POINT_BYTES, &response->public_key_len);
    response->key_handle_len = (size_t)i2d_PrivateKey(key, &response->key_handle);
    response->signature = calloc(1, response->signature_len = 1); /* Nobody checks it, but it must be there. */
    EVP_PKEY_free(key);
    *enrolled = response;
    return 0;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t data_len, const char *application, const uint8_t *key_handle,
    size_t key_handle_len, uint8_t flags, const char *pin, struct sk_option **options,
    struct sk_sign_response **signed_response)
{
    struct sk_sign_response *response = calloc(1, sizeof(*response));
    EVP_PKEY *key = d2i_AutoPrivateKey(NULL, &key_handle, (long)key_handle_len);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    uint8_t to_sign[SIGNED_BYTES], signature[80];
    size_t length = sizeof(signature);
    (void)options;
    if (strcmp(application, "ssh:crash") == 0)
        abort();
    while (strcmp(application, "ssh:hang") == 0)
        pause();
    if (strcmp(application, "ssh:absent") == 0)
        return SSH_SK_ERR_DEVICE_NOT_FOUND;
    if ((flags & SSH_SK_USER_VERIFICATION_REQD) != 0 && (pin == NULL || strcmp(pin, "271828") != 0))
        return SSH_SK_ERR_PIN_REQUIRED;
    if (response == NULL || key == NULL)
        return SSH_SK_ERR_GENERAL;

    response->flags = flags & (SSH_SK_USER_PRESENCE_REQD | SSH_SK_USER_VERIFICATION_REQD);
    response->counter = COUNTER;
    SHA256((const uint8_t *)application, strlen(application), to_sign);
    to_sign[32] = response->flags;
    to_sign[33] = COUNTER >> 24 & 0xff;
    to_sign[34] = COUNTER >> 16 & 0xff;
    to_sign[35] = COUNTER >> 8 & 0xff;
    to_sign[36] = COUNTER & 0xff;
    SHA256(data, strcmp(application, "ssh:liar") == 0 ? 0 : data_len, to_sign + 37);
    if (EVP_DigestSignInit(context, NULL, alg == SSH_SK_ED25519 ? NULL : EVP_sha256(), NULL, key) != 1
        || EVP_DigestSign(context, signature, &length, to_sign, sizeof(to_sign)) != 1)
        return SSH_SK_ERR_GENERAL;

    if (alg == SSH_SK_ED25519) {
        response->sig_r = copy_of(signature, response->sig_r_len = length);
    } else {
        const uint8_t *der = signature + 2;
        response->sig_r = next_number(&der, &response->sig_r_len);
        response->sig_s = next_number(&der, &response->sig_s_len);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    *signed_response = response;
    return 0;
}

int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***keys, size_t *count)
{
    (void)pin, (void)options;
    *keys = NULL;
    *count = 0;
    return 0;
}
