/* A PKCS#11 library that passes every call on to SoftHSM2, keeps a log of some, and fails where a test asks it to.
 *
 * FAULTY_TOKEN names a folder:
 *   calls   one line for each call of a function below is appended
 *   faults  lines "FAULT VALUE": sign, login, token_info: the CK_RV to answer with (sign_once: a single time);
 *           hang: milliseconds that C_Sign takes;
 *           flags: bits added to the token's flags; wrong_pin: the CK_RV that stands in for CKR_PIN_INCORRECT;
 *           gone: the CK_RV that everything asked of the token answers, and goes on to answer until C_Initialize finds no such fault;
 *           finalize: the CK_RV to answer with, the library going on;
 *           no_modulus: any value but 0 hides CKA_MODULUS of every object
 * Compile with -DREAL="\"/path/libsofthsm2.so\"". The numbers below are places in CK_FUNCTION_LIST (PKCS#11 v2.40, section 3.6).
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef unsigned long rv;
typedef struct { unsigned char version[2]; void *call[68]; } functions;
typedef struct { unsigned long type; void *value; unsigned long length; } attribute;

enum { INITIALIZE = 0, FINALIZE = 1, TOKEN_INFO = 6, OPEN_SESSION = 12, LOGIN = 18, ATTRIBUTE_VALUE = 24, SIGN_INIT = 42, SIGN = 43, GET_LIST = 3 };
enum { CKA_MODULUS = 0x120, CKR_ATTRIBUTE_TYPE_INVALID = 0x12, CKR_PIN_INCORRECT = 0xA0 };
enum { FLAGS_AT = 32 + 32 + 16 + 16 }; /* CK_TOKEN_INFO: label, manufacturer, model, serial number, then flags */

static functions *real, ours;

static unsigned long fault(const char *name) {
    char path[4096], line[256], found[128];
    unsigned long value, result = 0;
    snprintf(path, sizeof path, "%s/faults", getenv("FAULTY_TOKEN"));
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "%127s %lu", found, &value) == 2 && !strcmp(found, name)) result = value;
    fclose(file);
    return result;
}

static void note(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/calls", getenv("FAULTY_TOKEN"));
    FILE *file = fopen(path, "a");
    if (!file) return;
    fprintf(file, "%s\n", name);
    fclose(file);
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
    return ((rv(*)(void *))real->call[INITIALIZE])(arguments);
}

static rv finalize(void *reserved) {
    rv result = fault("finalize");
    return result ? result : ((rv(*)(void *))real->call[FINALIZE])(reserved);
}

static rv open_session(unsigned long slot, unsigned long flags, void *application, void *notify, unsigned long *session) {
    rv result = gone();
    if (result) return result;
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
    flags |= fault("flags");
    memcpy(info + FLAGS_AT, &flags, sizeof flags);
    return result;
}

static rv login(unsigned long session, unsigned long user, unsigned char *pin, unsigned long length) {
    note("login");
    rv result = fault("login");
    if (!result) result = gone();
    if (result) return result;
    result = ((rv(*)(unsigned long, unsigned long, unsigned char *, unsigned long))real->call[LOGIN])(session, user, pin, length);
    return result == CKR_PIN_INCORRECT && fault("wrong_pin") ? fault("wrong_pin") : result;
}

static rv attribute_value(unsigned long session, unsigned long object, attribute *template, unsigned long count) {
    if (fault("no_modulus"))
        for (unsigned long i = 0; i < count; i++)
            if (template[i].type == CKA_MODULUS) {
                template[i].length = (unsigned long)-1;
                return CKR_ATTRIBUTE_TYPE_INVALID;
            }
    return ((rv(*)(unsigned long, unsigned long, attribute *, unsigned long))real->call[ATTRIBUTE_VALUE])(
        session, object, template, count);
}

static rv sign_init(unsigned long session, void *mechanism, unsigned long key) {
    static int done_once;
    rv result = fault("sign"), once = fault("sign_once");
    if (!result) result = gone();
    if (result) return result;
    if (!once) done_once = 0;
    if (once && !done_once++) return once;
    return ((rv(*)(unsigned long, void *, unsigned long))real->call[SIGN_INIT])(session, mechanism, key);
}

static rv sign(unsigned long session, unsigned char *data, unsigned long length, unsigned char *value, unsigned long *size) {
    note("sign");
    unsigned long wait = fault("hang");
    if (wait) nanosleep(&(struct timespec){wait / 1000, wait % 1000 * 1000000}, NULL);
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
        ours.call[SIGN_INIT] = (void *)sign_init;
        ours.call[SIGN] = (void *)sign;
    }
    *list = &ours;
    return 0;
}
