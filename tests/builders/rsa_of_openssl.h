/* RSA by the library of OpenSSL (libcrypto.so.3), without its headers. */
#include <stddef.h>

enum { RSA_PKCS1 = 1, RSA_BARE = 3 };

void *BIO_new_file(const char *, const char *), *PEM_read_bio_PrivateKey(void *, void **, void *, void *);
void *EVP_PKEY_CTX_new(void *, void *), EVP_PKEY_CTX_free(void *), EVP_PKEY_free(void *);
int BIO_free(void *), EVP_PKEY_sign_init(void *), EVP_PKEY_CTX_set_rsa_padding(void *, int);
int EVP_PKEY_sign(void *, unsigned char *, size_t *, const unsigned char *, size_t);

/* The length of the signature over what is told; 0 where it was not to be made. */
static size_t rsa_sign(const char *key, int padding, const unsigned char *told, size_t length, unsigned char *value, size_t most) {
    void *file = BIO_new_file(key, "r");
    if (!file) return 0;
    void *read = PEM_read_bio_PrivateKey(file, NULL, NULL, NULL), *context = EVP_PKEY_CTX_new(read, NULL);
    EVP_PKEY_sign_init(context);
    EVP_PKEY_CTX_set_rsa_padding(context, padding);
    int is_made = EVP_PKEY_sign(context, value, &most, told, length) == 1;
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(read);
    BIO_free(file);
    return is_made ? most : 0;
}
