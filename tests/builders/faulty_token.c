/* A PKCS#11 library that passes every call on to SoftHSM2, keeps a log of some, and fails where a test asks it to.
 *
 * FAULTY_TOKEN names a folder:
 *   calls   one line for each call of a function below is appended
 *   failed  one line for each login that the token counted as failed: the PIN
 *   tries   the tries that are left, where it counts them
 *   pin     two words: the PIN that opens the token, in the place of SoftHSM2's own, and that one
 *   faults  lines "FAULT VALUE": sign, login, token_info, open: the CK_RV to answer with (sign_once: a single time);
 *           hang, hang_open, hang_login: milliseconds that C_Sign, C_OpenSession, an answered C_Login takes;
 *           crash: in which function it ends its process: 1 C_Sign, 2 C_Login before the PIN is looked at, 3 C_Login behind it,
 *           4 C_OpenSession;
 *           tries: it counts wrong PINs and locks after so many, telling so in its flags; lies: in its flags, 1 it tells nothing of its
 *           counter, 2 that a wrong PIN was entered, always;
 *           noise: it prints to both streams and leaves a process behind that keeps them open;
 *           flags: bits added to the token's flags; wrong_pin: the CK_RV that stands in for CKR_PIN_INCORRECT;
 *           gone: the CK_RV that everything asked of the token answers, and goes on to answer until C_Initialize finds no such fault;
 *           finalize: the CK_RV to answer with, the library going on;
 *           slept: a number; when it changes, sessions opened before are lost, as behind the sleep of a machine;
 *           no_modulus: any value but 0 hides CKA_MODULUS of every object;
 *           in_der: SM2 values are answered in DER, as some tokens do; wrong: SM2 values of another text
 *
 * It also has SM2, which SoftHSM2 has not, under numbers of its own as every maker has: an elliptic key whose value can be read is shown as
 * an SM2 key, and signs a digest or a text by the library of OpenSSL (no headers needed).
 * Compile with -DREAL="\"/path/libsofthsm2.so\"", link libcrypto.so.3. The numbers below are places in CK_FUNCTION_LIST (PKCS#11 v2.40,
 * section 3.6).
 */
#include <dlfcn.h>
#include <unistd.h>

#include "faults.h"
#include "sm2_of_openssl.h"

typedef unsigned long rv;
typedef struct { unsigned char version[2]; void *call[68]; } functions;
typedef struct { unsigned long type; void *value; unsigned long length; } attribute;

enum { INITIALIZE = 0, FINALIZE = 1, TOKEN_INFO = 6, OPEN_SESSION = 12, LOGIN = 18, ATTRIBUTE_VALUE = 24, FIND_INIT = 26, SIGN_INIT = 42, SIGN = 43, GET_LIST = 3 };
enum { CKA_MODULUS = 0x120, CKR_ATTRIBUTE_TYPE_INVALID = 0x12, CKR_PIN_INCORRECT = 0xA0, CKR_PIN_LOCKED = 0xA4, CKR_SESSION_HANDLE_INVALID = 0xB3 };
enum { COUNT_LOW = 0x10000, FINAL_TRY = 0x20000, LOCKED = 0x40000, IN_SIGN = 1, BEFORE_LOGIN, BEHIND_LOGIN, IN_OPEN };
enum { FLAGS_AT = 32 + 32 + 16 + 16 }; /* CK_TOKEN_INFO: label, manufacturer, model, serial number, then flags */

enum { CKA_VALUE = 0x11, CKA_KEY_TYPE = 0x100, CKK_EC = 3, CKR_MECHANISM_INVALID = 0x70, CKR_DATA_LEN_RANGE = 0x21 };
static const unsigned long SM2_KEY = 0x80000302, SM2_DIGEST = 0x80000301, SM2_TEXT = 0x80000303; /* this token's own numbers */

static functions *real, ours;

/* What SoftHSM2 is to be told for this PIN; the PIN on the token may have been changed. */
static const char *inner_pin(const unsigned char *pin, unsigned long *length) {
    static char path[4096], outer[64], inner[64];
    snprintf(path, sizeof path, "%s/pin", getenv("FAULTY_TOKEN"));
    FILE *file = fopen(path, "r");
    if (!file) return (const char *)pin;
    int read = fscanf(file, "%63s %63s", outer, inner);
    fclose(file);
    if (read != 2) return (const char *)pin;
    if (strlen(outer) != *length || memcmp(outer, pin, *length)) strcpy(inner, "wrong-pin");
    *length = strlen(inner);
    return inner;
}

static unsigned long counted(void) {
    unsigned long all = fault("tries"), lies = fault("lies");
    long left = tries_left(-1);
    if (!all) return 0;
    if (lies) return lies == 2 ? COUNT_LOW : 0;
    return (left < (long)all ? COUNT_LOW : 0) | (left == 1 ? FINAL_TRY : 0) | (left == 0 ? LOCKED : 0);
}

static unsigned long stale;

static rv gone(void) {
    unsigned long now = fault("gone");
    if (now) stale = now;
    return stale;
}

static rv initialize(void *arguments) {
    note("initialize");
    stale = fault("gone");
    if (fault("noise")) {
        printf("the maker says hello\n");
        fprintf(stderr, "the maker warns\n");
        fflush(NULL);
        if (!fork()) { sleep(30); _exit(0); }
    }
    return ((rv(*)(void *))real->call[INITIALIZE])(arguments);
}

static rv finalize(void *reserved) {
    rv result = fault("finalize");
    return result ? result : ((rv(*)(void *))real->call[FINALIZE])(reserved);
}

static unsigned long awake;

static rv lost(void) { return fault("slept") == awake ? 0 : CKR_SESSION_HANDLE_INVALID; }

static rv open_session(unsigned long slot, unsigned long flags, void *application, void *notify, unsigned long *session) {
    rv result = gone();
    note("open");
    crash(IN_OPEN);
    wait_for("hang_open");
    if (!result) result = fault("open");
    if (result) return result;
    awake = fault("slept");
    return ((rv(*)(unsigned long, unsigned long, void *, void *, unsigned long *))real->call[OPEN_SESSION])(
        slot, flags, application, notify, session);
}

static rv token_info(unsigned long slot, unsigned char *info) {
    rv result = fault("token_info");
    if (!result) result = gone();
    if (result) return result;
    result = ((rv(*)(unsigned long, unsigned char *))real->call[TOKEN_INFO])(slot, info);
    unsigned long flags;
    memcpy(&flags, info + FLAGS_AT, sizeof flags);
    flags |= fault("flags") | counted();
    if (fault("lies")) flags &= ~(unsigned long)(fault("lies") == 1 ? COUNT_LOW | FINAL_TRY | LOCKED : FINAL_TRY | LOCKED);
    memcpy(info + FLAGS_AT, &flags, sizeof flags);
    return result;
}

static rv login(unsigned long session, unsigned long user, unsigned char *pin, unsigned long length) {
    note("login");
    rv result = fault("login");
    if (!result) result = gone();
    if (result) return result;
    crash(BEFORE_LOGIN);
    if (fault("tries") && tries_left(-1) == 0) return CKR_PIN_LOCKED;
    unsigned long told = length;
    const char *inner = inner_pin(pin, &told);
    result = ((rv(*)(unsigned long, unsigned long, const char *, unsigned long))real->call[LOGIN])(session, user, inner, told);
    if (result == CKR_PIN_INCORRECT) {
        append("failed", (const char *)pin, (int)length);
        if (fault("tries")) tries_left(tries_left(-1) - 1);
    } else if (!result && fault("tries")) tries_left((long)fault("tries"));
    crash(BEHIND_LOGIN);
    wait_for("hang_login");
    return result == CKR_PIN_INCORRECT && fault("wrong_pin") ? fault("wrong_pin") : result;
}

static rv real_attributes(unsigned long session, unsigned long object, attribute *template, unsigned long count) {
    return ((rv(*)(unsigned long, unsigned long, attribute *, unsigned long))real->call[ATTRIBUTE_VALUE])(
        session, object, template, count);
}

static rv attribute_value(unsigned long session, unsigned long object, attribute *template, unsigned long count) {
    if (fault("no_modulus"))
        for (unsigned long i = 0; i < count; i++)
            if (template[i].type == CKA_MODULUS) {
                template[i].length = (unsigned long)-1;
                return CKR_ATTRIBUTE_TYPE_INVALID;
            }
    rv result = real_attributes(session, object, template, count);
    for (unsigned long i = 0; i < count; i++)
        if (template[i].type == CKA_KEY_TYPE && template[i].value && *(unsigned long *)template[i].value == CKK_EC)
            *(unsigned long *)template[i].value = SM2_KEY;
    return result;
}

static rv find_init(unsigned long session, attribute *template, unsigned long count) {
    static unsigned long elliptic = CKK_EC;
    if (lost()) return lost();
    attribute asked[16];
    for (unsigned long i = 0; i < count && i < 16; i++) {
        asked[i] = template[i];
        if (asked[i].type == CKA_KEY_TYPE && *(unsigned long *)asked[i].value == SM2_KEY) asked[i].value = &elliptic;
    }
    return ((rv(*)(unsigned long, attribute *, unsigned long))real->call[FIND_INIT])(session, asked, count);
}

static unsigned long sm2_mechanism;
static unsigned char sm2_secret[32];

/* The next signature is by this SM2 key. */
static rv sm2_init(unsigned long session, unsigned long mechanism, unsigned long key) {
    attribute value = {CKA_VALUE, sm2_secret, sizeof sm2_secret};
    rv result = real_attributes(session, key, &value, 1);
    if (!result) sm2_mechanism = mechanism;
    return result;
}

static rv sm2_sign(unsigned char *data, unsigned long length, unsigned char *value, unsigned long *size) {
    unsigned char der[80];
    size_t made = sizeof der;
    void *context = EVP_PKEY_CTX_new(sm2_key(sm2_secret), NULL);
    unsigned long mechanism = sm2_mechanism;
    if (!value) { *size = sizeof der; return 0; }
    sm2_mechanism = 0;
    if (mechanism == SM2_DIGEST && length != 32) return CKR_DATA_LEN_RANGE;
    if (fault("wrong")) data[0] ^= 1;
    if (mechanism == SM2_DIGEST) {
        EVP_PKEY_sign_init(context);
        EVP_PKEY_sign(context, der, &made, data, length);
    } else {
        void *digesting = EVP_MD_CTX_new();
        EVP_PKEY_CTX_set1_id(context, "1234567812345678", 16);
        EVP_MD_CTX_set_pkey_ctx(digesting, context);
        EVP_DigestSignInit(digesting, NULL, EVP_sm3(), NULL, NULL);
        EVP_DigestSign(digesting, der, &made, data, length);
    }
    if (fault("in_der")) memcpy(value, der, *size = made);
    else { as_raw(der, value); *size = 64; }
    return 0;
}

static rv sign_init(unsigned long session, void *mechanism, unsigned long key) {
    unsigned long number = *(unsigned long *)mechanism;
    static int done_once;
    rv result = fault("sign"), once = fault("sign_once");
    if (!result) result = gone();
    if (!result) result = lost();
    if (result) return result;
    if (!once) done_once = 0;
    if (once && !done_once++) return once;
    sm2_mechanism = 0;
    if (number == SM2_DIGEST || number == SM2_TEXT) return sm2_init(session, number, key);
    if (number & 0x80000000) return CKR_MECHANISM_INVALID;
    return ((rv(*)(unsigned long, void *, unsigned long))real->call[SIGN_INIT])(session, mechanism, key);
}

static rv sign(unsigned long session, unsigned char *data, unsigned long length, unsigned char *value, unsigned long *size) {
    note("sign");
    crash(IN_SIGN);
    wait_for("hang");
    if (sm2_mechanism) return sm2_sign(data, length, value, size);
    return ((rv(*)(unsigned long, unsigned char *, unsigned long, unsigned char *, unsigned long *))real->call[SIGN])(
        session, data, length, value, size);
}

rv C_GetFunctionList(functions **list) {
    if (!real) {
        void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
        rv (*get)(functions **) = library ? (rv(*)(functions **))dlsym(library, "C_GetFunctionList") : NULL;
        if (!get || get(&real)) return 5;
        ours = *real;
        ours.call[GET_LIST] = (void *)C_GetFunctionList;
        ours.call[INITIALIZE] = (void *)initialize;
        ours.call[FINALIZE] = (void *)finalize;
        ours.call[OPEN_SESSION] = (void *)open_session;
        ours.call[TOKEN_INFO] = (void *)token_info;
        ours.call[LOGIN] = (void *)login;
        ours.call[ATTRIBUTE_VALUE] = (void *)attribute_value;
        ours.call[FIND_INIT] = (void *)find_init;
        ours.call[SIGN_INIT] = (void *)sign_init;
        ours.call[SIGN] = (void *)sign;
    }
    *list = &ours;
    return 0;
}
