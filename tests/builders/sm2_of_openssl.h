/* SM2 by the library of OpenSSL (libcrypto.so.3), without its headers. */
#include <string.h>

enum { NID_SM2 = 1172 };

/* Of libcrypto.so.3. */
void *EC_KEY_new_by_curve_name(int), *EC_KEY_get0_group(void *), *EC_POINT_new(void *), *BN_bin2bn(const void *, int, void *);
int EC_POINT_mul(void *, void *, void *, void *, void *, void *), EC_KEY_set_private_key(void *, void *), EC_KEY_set_public_key(void *, void *);
void *EVP_PKEY_new(void), *EVP_PKEY_CTX_new(void *, void *), *EVP_MD_CTX_new(void), *EVP_sm3(void);
void EVP_MD_CTX_set_pkey_ctx(void *, void *);
int EVP_PKEY_set1_EC_KEY(void *, void *), EVP_PKEY_sign_init(void *), EVP_PKEY_CTX_set1_id(void *, const void *, int);
int EVP_PKEY_sign(void *, unsigned char *, size_t *, const unsigned char *, size_t);
int EVP_DigestSignInit(void *, void *, void *, void *, void *), EVP_DigestSign(void *, unsigned char *, size_t *, const unsigned char *, size_t);

/* The key of that number, 32 bytes. */
static void *sm2_key(const unsigned char *number) {
    void *key = EC_KEY_new_by_curve_name(NID_SM2), *group = EC_KEY_get0_group(key), *point = EC_POINT_new(group);
    void *secret = BN_bin2bn(number, 32, NULL), *made = EVP_PKEY_new();
    EC_POINT_mul(group, point, secret, NULL, NULL, NULL);
    EC_KEY_set_private_key(key, secret);
    EC_KEY_set_public_key(key, point);
    EVP_PKEY_set1_EC_KEY(made, key);
    return made;
}

/* r and s, 32 bytes each, of SEQUENCE { INTEGER, INTEGER }. */
static void as_raw(const unsigned char *der, unsigned char *raw) {
    const unsigned char *number = der + 2;
    memset(raw, 0, 64);
    for (int part = 0; part < 2; part++) {
        int length = number[1], more = length > 32 ? length - 32 : 0;
        memcpy(raw + 32 * part + 32 - (length - more), number + 2 + more, length - more);
        number += 2 + length;
    }
}

/* r and s of the signature over the digest, 32 bytes each. */
static inline void sm2_sign_digest(const unsigned char *number, const unsigned char *digest, unsigned char *raw) {
    unsigned char der[80];
    size_t made = sizeof der;
    void *context = EVP_PKEY_CTX_new(sm2_key(number), NULL);
    EVP_PKEY_sign_init(context);
    EVP_PKEY_sign(context, der, &made, digest, 32);
    as_raw(der, raw);
}
